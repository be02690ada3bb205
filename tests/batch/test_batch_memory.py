"""Memory that chunks take turns with, how it is written, and the sample of rows that is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from errno import EINVAL, ENOSPC
from io import BytesIO
from mmap import mmap
from pathlib import Path

import numpy as np
import pytest

from diffcli.batch.results import Evaluated
from diffcli.batch.tally import SAMPLE, Tally
from diffcli.rows import append
from diffcli.rows.append import LEAST, AppendFile, growing
from diffcli.rows.chunks import DEPTH, Chunk, RecycledBuffers, ahead


def test_no_item_is_written_over_while_it_is_read() -> None:
    memory = RecycledBuffers(lambda size: [0] * size)

    def items() -> Iterator[list[int]]:
        for place in range(50):
            held = memory.next(1)
            held[0] = place
            yield held

    with ahead(items()) as found:
        assert [held[0] for held in found] == list(range(50))


def test_memory_is_used_again_and_grows() -> None:
    memory = RecycledBuffers(bytearray)
    first = [memory.next(10) for _ in range(DEPTH + 2)]
    assert len({id(each) for each in first}) == DEPTH + 2
    assert memory.next(8) is first[0]
    assert len(memory.next(20)) == 20


def pages() -> mmap:
    memory = mmap(-1, LEAST)
    memory[:] = np.random.default_rng(0).bytes(LEAST)
    return memory


@pytest.mark.parametrize("head", [b"", b"head"])
def test_bytes_are_added_in_order_past_the_cache_or_not(tmp_path: Path, head: bytes) -> None:
    path, memory = tmp_path / "file", pages()
    with growing(path, new=True) as file:
        for data in (head, memory, b"tail", memory):
            file.write(data)
        file.flush()
        if file.direct and not head:
            assert file.direct.tell() == LEAST
    assert path.read_bytes() == head + memory[:] + b"tail" + memory[:]


def test_a_system_without_direct_writing_writes_as_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(EINVAL, "Invalid argument")

    memory = pages()
    monkeypatch.setattr(append, "FileIO", refused)
    with growing(tmp_path / "file", new=True) as file:
        assert file.direct is None
        file.write(memory)
    assert (tmp_path / "file").read_bytes() == memory[:]
    monkeypatch.delattr(os, "O_DIRECT", raising=False)
    with growing(tmp_path / "other", new=True) as file:
        assert file.direct is None


class Full:
    """A file on a disk that takes one more page."""

    room = 4096

    def write(self, data: memoryview) -> int:
        if not self.room:
            raise OSError(ENOSPC, "No space left on device")
        taken, self.room = min(len(data), self.room), 0
        return taken


def test_a_full_disk_is_told() -> None:
    with pytest.raises(OSError, match="No space left"):
        AppendFile(BytesIO(), Full()).write(pages())


def evaluated(rows: int, missing: int) -> Evaluated:
    numbers = np.arange(rows, dtype=np.float64)
    lacking = np.arange(rows) < missing
    none = np.zeros(rows, dtype=bool)
    chunk = Chunk({}, {"x": numbers}, rows, rows)
    return Evaluated(chunk, lacking, [numbers], {"f": numbers}, none, none, none)


def drawn(tally: Tally) -> list[float]:
    return [float(each) for each in np.array(tally.sample, dtype=np.float64)[:, 2]]


def test_every_row_with_its_numbers_is_as_likely_in_the_sample() -> None:
    """By the mean of the rows drawn, and of the smallest of 2 · 900 uniform keys, 1/1801."""
    found: list[float] = []
    keys: list[float] = []
    for seed in range(200):
        tally = Tally().plus(evaluated(1000, 100), seed).plus(evaluated(1000, 100), seed)
        assert len(tally.sample) == SAMPLE
        found += drawn(tally)
        keys.append(np.array(tally.sample, dtype=np.float64)[0, 0])
    assert min(found) >= 100
    assert abs(np.mean(found) - 549.5) < 4 * 260 / np.sqrt(len(found))
    assert abs(np.mean(keys) * 1801 - 1) < 4 / np.sqrt(len(keys))


def test_few_rows_are_all_in_the_sample_and_none_is_none() -> None:
    few = Tally().plus(evaluated(10, 3), 0)
    assert sorted(drawn(few)) == list(range(3, 10))
    assert not Tally().plus(evaluated(5, 5), 0).sample
    assert not Tally().plus(evaluated(0, 0), 0).sample
