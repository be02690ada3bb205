"""Memory that chunks take turns with, and the sample of rows that is kept of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from diffcli.batch.chunks import DEPTH, Chunk, Turns, ahead
from diffcli.batch.results import Evaluated
from diffcli.batch.tally import SAMPLE, Tally


def test_no_item_is_written_over_while_it_is_read() -> None:
    memory = Turns(lambda size: [0] * size)

    def items() -> Iterator[list[int]]:
        for place in range(50):
            held = memory.next(1)
            held[0] = place
            yield held

    assert [held[0] for held in ahead(items())] == list(range(50))


def test_memory_is_used_again_and_grows() -> None:
    memory = Turns(bytearray)
    first = [memory.next(10) for _ in range(DEPTH + 2)]
    assert len({id(each) for each in first}) == DEPTH + 2
    assert memory.next(8) is first[0]
    assert len(memory.next(20)) == 20


def evaluated(rows: int, missing: int) -> Evaluated:
    numbers = np.arange(rows, dtype=np.float64)
    lacking = np.arange(rows) < missing
    return Evaluated(Chunk({}, {"x": numbers}, rows, rows), lacking, [numbers], {"f": numbers})


def drawn(tally: Tally) -> list[float]:
    return [float(each) for each in np.array(tally.sample, dtype=np.float64)[:, 1]]


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
