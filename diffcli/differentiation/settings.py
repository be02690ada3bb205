"""How a derivative is computed and checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from math import inf

ENGINES = ("autograd", "symbolic", "enclosure")
DIGITS = 17
"""How many digits of an enclosure must be certain: those of a float64."""

Progress = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]
"""Opens what is told how many of a number of steps are done, under a name."""


@contextmanager
def silent(_what: str, _total: int) -> Iterator[Callable[[int], None]]:
    """Show no progress."""
    yield lambda _: None


@dataclass(frozen=True)
class Settings:
    """How a derivative is computed and checked.

    ``dtype`` and ``device`` are torch's names; ``engines`` those that take part; ``budget`` the
    seconds of processor time that the symbolic and the enclosure engine may take together,
    ``code_budget`` those of the proof of recorded code; ``digits`` how many certified digits are
    wanted; ``seed`` that of random points and samples; ``compile`` whether very many points are
    worth a compiler's time; ``components`` whether a derivative of tensors is written out number by
    number; ``progress`` shows how many points are done.
    """

    dtype: str = "float64"
    device: str = "cpu"
    engines: tuple[str, ...] = ENGINES
    budget: float = 0.5
    code_budget: float = inf
    digits: int = DIGITS
    seed: int = 0
    compile: bool = False
    components: bool = False
    progress: Progress = silent

    @property
    def proves(self) -> bool:
        """Whether an engine takes part that can check a number of another."""
        return bool({"symbolic", "enclosure"} & set(self.engines))
