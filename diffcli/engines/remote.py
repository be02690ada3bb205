"""The symbolic engine, asked wherever it is: in the worker process, or in this one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from diffcli import clock
from diffcli.engines import worker
from diffcli.errors import DiffcliError, LimitError, OutOfTimeError
from diffcli.language.expression import Node, postorder
from diffcli.language.formula import Formula
from diffcli.language.function import Function
from diffcli.language.limits import symbolic_excess

if TYPE_CHECKING:
    from sympy import Expr

    from diffcli.engines.program import Program
    from diffcli.engines.symbolic import Symbolic
    from diffcli.engines.terms.identity import Identity, Locus

T = TypeVar("T")
U = TypeVar("U")

Part = tuple[float | Fraction, int, tuple[str, ...]]
"""A weight, an output, and the variables in which it is differentiated in turn."""

_SLOTS = 16
"""Subjects that the worker keeps."""
MAX_UNSIMPLIFIED = 400
"""Terms of a formula times 2 to the order up to which it is written out past its deadline."""
ALLOWANCE = 1.0
"""Processor seconds for that, which takes milliseconds."""
_MOST_FORMULAS = 10_000
"""That are kept, for the next time they are asked for."""


_numbers = count()
_sent: dict[int, tuple[int, int]] = {}
_kept: dict[int, Any] = {}
_formulas: dict[tuple[Function, tuple[Part, ...]], Formula] = {}


def prepare() -> None:
    """Let the worker process import the engine meanwhile, where there is one."""
    worker.prepare()


def ready() -> None:
    """Wait until the engine is imported, wherever it is."""
    _anywhere(worker.load)


def lower(function: Function) -> Program:
    """Return a function as a torch program."""
    return _anywhere(_lowered, function)


def _anywhere(function: Callable[..., T], *arguments: Any) -> T:
    try:
        return worker.call(function, *arguments)
    except worker.LostError:
        return function(*arguments)


def _lowered(function: Function) -> Program:
    from diffcli.engines.lambdify import lambdify
    from diffcli.engines.symbolic import expression, symbol

    return lambdify(expression(function), [symbol(name) for name in function.variables])


class RemoteObject(Generic[T]):
    """What a module's function makes, in the worker or else here, and keeps for later calls.

    Making it raises nothing. Where the worker had to be ended it isn't asked again: it would do
    the same once more, and where there is a ``refusal`` it is never asked.
    """

    def __init__(
        self, make: Callable[..., T], *arguments: Any, refusal: LimitError | None = None
    ) -> None:
        self._make, self._arguments = make, arguments
        self._number = next(_numbers)
        self._stopped = refusal

    def ask(self, function: Callable[..., U], *arguments: Any, deadline: float) -> U:
        """Return what a module's function of the subject, and of arguments, returns.

        ``deadline`` is a reading of :func:`diffcli.clock.now`. Raises OutOfTimeError past it.
        """
        if self._stopped:
            raise self._stopped
        if clock.now() > deadline:
            raise OutOfTimeError("the time for the formula ran out")
        slot = self._number % _SLOTS
        generation = worker.generation()
        is_known = _sent.get(slot) == (self._number, generation)
        _sent[slot] = self._number, generation
        subject = None if is_known else (self._make, self._arguments)
        try:
            result: U = worker.call(_answer, slot, subject, function, arguments, deadline=deadline)
        except worker.LostError:
            return _called(function, self._here, *arguments)
        except LimitError as error:
            if worker.generation() != generation:
                self._stopped = error
            raise
        return result

    @cached_property
    def _here(self) -> T:
        return self._make(*self._arguments)


def _answer(
    slot: int,
    subject: tuple[Callable[..., Any], tuple[Any, ...]] | None,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> Any:
    if subject is not None:
        make, given = subject
        _kept[slot] = make(*given)
    return _called(function, _kept[slot], *arguments)


def _called(function: Callable[..., U], subject: Any, *arguments: Any) -> U:
    """Return what a function returns. Raises LimitError where sympy itself fails at the formula."""
    try:
        return function(subject, *arguments)
    except (DiffcliError, MemoryError):
        raise
    except Exception as error:
        if not _is_sympys(error):
            raise
        raise LimitError(f"sympy fails at this formula: {type(error).__name__}") from None


def _is_sympys(error: Exception) -> bool:
    """Whether an error was raised in sympy, or in mpmath below it."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    module = frame.tb_frame.f_globals.get("__name__", "") if frame is not None else ""
    return module.partition(".")[0] in ("sympy", "mpmath")


class Partials:
    """The partials of one Function, as formulas and as numbers.

    ``deadline`` is a reading of :func:`diffcli.clock.now`; formulas that aren't found by then have
    a reason instead.
    """

    def __init__(self, function: Function, deadline: float) -> None:
        self.function, self.deadline = function, deadline
        self._is_in_time = clock.now() < deadline

    @cached_property
    def _engine(self) -> RemoteObject[Symbolic]:
        # A formula that is too large isn't even sent.
        refusal = symbolic_excess(self.function.nodes)
        return RemoteObject(_symbolic, self.function, self.deadline, refusal=refusal)

    def combination(self, parts: Iterable[Part]) -> Formula:
        """Return a linear combination of partials as text."""
        # A formula's mixed partials are the same in any order.
        positions = {name: k for k, name in enumerate(self.function.variables)}
        turned = (
            (weight, out, tuple(sorted(wrt, key=lambda name: positions.get(name, len(positions)))))
            for weight, out, wrt in parts
        )
        asked = self.function, tuple(turned)
        if asked not in _formulas:
            try:
                formula = self.ask(_combination, asked[1])
            except LimitError as error:
                formula = Formula(reason=str(error))
            if formula.text is None:
                return self._unsimplified(asked[1]) or formula
            if len(_formulas) >= _MOST_FORMULAS:
                _formulas.clear()
            _formulas[asked] = formula
        return _formulas[asked]

    def _unsimplified(self, parts: tuple[Part, ...]) -> Formula | None:
        """Return a combination as it comes out, of a small formula and past the deadline too.

        Its work is bounded by the sizes; None where they are too large, or no time was given.
        """
        order = max((len(wrt) for _, _, wrt in parts), default=0)
        is_small = len(self.function.nodes) * 2**order <= MAX_UNSIMPLIFIED
        if not (is_small and self._is_in_time) or self.function.has_tensors:
            return None
        try:
            formulas = self._plain.ask(_plainly, parts, deadline=clock.now() + ALLOWANCE)
        except LimitError:
            return None
        return formulas if formulas.text is not None else None

    @cached_property
    def _plain(self) -> RemoteObject[Symbolic]:
        return RemoteObject(_symbolic, self.function, None)

    def formula(self, wrt: Iterable[str], output: int = 0) -> Formula:
        """Return a partial as text; where it swells, without one, and the reason."""
        return self.combination([(1.0, output, tuple(wrt))])

    def number(
        self,
        point: Mapping[str, float | Fraction],
        wrt: tuple[str, ...],
        output: int,
        deadline: float,
    ) -> float | None:
        """Return a partial's value at a point, where the function has one too.

        Raises LimitError where the formula swells, OutOfTimeError past the deadline.
        """
        arguments = dict(point), wrt, output, deadline
        return self._engine.ask(_number, *arguments, deadline=deadline)

    def program(self, partials: Sequence[tuple[int, tuple[str, ...]]]) -> Program:
        """Return some partials, of an output in variables in turn, as one torch program.

        Raises LimitError where a formula swells, OutOfTimeError past the deadline.
        """
        return self.ask(_program, tuple(partials))

    def identity(self, wrt: tuple[str, ...], output: int, claim: int) -> Identity | None:
        """Return what is proved of another output as a partial of one; None: nothing is known."""
        try:
            return self.ask(_identity, wrt, output, claim)
        except LimitError:
            return None

    def zeros(self, margins: Iterable[tuple[Node, bool]]) -> tuple[Locus, ...]:
        """Return where terms are 0, or with True whole numbers, as far as that is simple."""
        try:
            return self.ask(_zeros, tuple(margins))
        except LimitError:
            return ()

    def sign_between(
        self,
        wrt: tuple[str, ...],
        ends: tuple[Node, Node],
        known: Mapping[str, int],
    ) -> int | str | None:
        """Return the sign of the one output's partial between two values of its one variable.

        Else the text of a term whose sign there is needed, or None where nothing helps.
        """
        try:
            return self.ask(_sign_between, wrt, Function((), ends, ()), dict(known))
        except LimitError:
            return None

    def is_equal(self, wrt: tuple[str, ...], output: int, claim: int) -> bool:
        """Return whether another output is proved to be a partial of one where it is smooth.

        False proves nothing.
        """
        identical = self.identity(wrt, output, claim)
        return identical is not None and not (identical.apart or identical.doubts)

    def ask(self, function: Callable[..., U], *arguments: Any) -> U:
        """Return what a module's function of the symbolic engine, and of arguments, returns.

        Raises LimitError where it takes too much, OutOfTimeError past the deadline.
        """
        return self._engine.ask(function, *arguments, deadline=self.deadline)


def _symbolic(function: Function, deadline: float | None) -> Symbolic:
    from diffcli.engines.symbolic import Symbolic

    return Symbolic(function, deadline)


def _combination(symbolic: Symbolic, parts: tuple[Part, ...]) -> Formula:
    return symbolic.combination(parts)


def _plainly(symbolic: Symbolic, parts: tuple[Part, ...]) -> Formula:
    return symbolic.combination(parts, simplified=False)


def _program(symbolic: Symbolic, partials: tuple[tuple[int, tuple[str, ...]], ...]) -> Program:
    from diffcli.engines.lambdify import lambdify
    from diffcli.engines.symbolic import symbol

    formulas = [symbolic.partial(wrt, output) for output, wrt in partials]
    return lambdify(formulas, [symbol(name) for name in symbolic.function.variables])


def _number(
    symbolic: Symbolic,
    point: Mapping[str, float | Fraction],
    wrt: tuple[str, ...],
    output: int,
    deadline: float,
) -> float | None:
    return symbolic.number(point, wrt, output, deadline)


def _identity(symbolic: Symbolic, wrt: tuple[str, ...], output: int, claim: int) -> Identity | None:
    from diffcli.engines.terms.identity import identity

    return identity(
        symbolic.partial(wrt, output),
        symbolic.outputs[claim],
        _rough_margins(symbolic, symbolic.function.outputs[output]),
        symbolic.deadline,
    )


def _rough_margins(symbolic: Symbolic, output: Node) -> tuple[tuple[str, Expr], ...]:
    from diffcli.engines.margins import rough_places

    margins = (margin for term in postorder([output]) for margin in rough_places(term))
    return _margins(symbolic, tuple(dict.fromkeys(margins)))


def _sign_between(
    symbolic: Symbolic, wrt: tuple[str, ...], ends: Function, known: Mapping[str, int]
) -> int | str | None:
    from diffcli.engines.symbolic import expression, symbol
    from diffcli.engines.terms.formulas import evaluated
    from diffcli.engines.terms.identity import sign_between

    low, high = map(evaluated, expression(ends))
    (x,) = symbolic.function.variables
    return sign_between(
        symbolic.partial(wrt),
        _rough_margins(symbolic, symbolic.function.outputs[0]),
        (low, high),
        symbol(x),
        known,
        symbolic.deadline,
    )


def _zeros(symbolic: Symbolic, margins: tuple[tuple[Node, bool], ...]) -> tuple[Locus, ...]:
    from diffcli.engines.terms.identity import zeros

    return zeros(_margins(symbolic, margins), symbolic.deadline)


def _margins(
    symbolic: Symbolic, margins: tuple[tuple[Node, bool], ...]
) -> tuple[tuple[str, Expr], ...]:
    from diffcli.engines.symbolic import expression
    from diffcli.engines.terms.signs import SIGN, WHOLE

    terms = expression(
        Function((), tuple(term for term, _ in margins), symbolic.function.variables)
    )
    kinds = (WHOLE if is_whole else SIGN for _, is_whole in margins)
    return tuple(zip(kinds, terms, strict=True))
