"""Whether two terms are one and the same function: by cells, on each of which all is algebra.

The points are cut into cells by the signs of what abs, sign, max, roots, logarithms and conditions
look at (:mod:`diffcli.engines.terms.cells`). On a cell where both terms have a value their
difference is put over one denominator, circular and hyperbolic functions as exponentials, and its
numerator multiplied out. So what is proved holds at every point where both are defined, and where
it fails on a set without an inside, such as a single point, that set is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import sympy
from sympy import CRootOf, Expr, Poly, PolynomialError, Rational, S, pi, real_roots

from diffcli.engines.terms.atoms import LOG, VARIABLE, Atoms
from diffcli.engines.terms.cells import Cell, UnknownError
from diffcli.engines.terms.dag import TermTable, postorder, tree_size
from diffcli.engines.terms.laws import Evaluator, floor
from diffcli.engines.terms.printing import text_of
from diffcli.engines.terms.signs import SIGN, WHOLE, Answers, NowhereError, Question, UndecidedError
from diffcli.errors import LimitError

MAX_TERMS = 300
"""Of the two terms together; multiplying out larger ones may take long."""
MAX_CELLS = 300
MAX_DOUBTS = 6
"""Points of cells on which nothing is proved."""
MAX_DEGREE = 8
"""Of a polynomial whose roots are looked for among the rational and quadratic numbers."""
SAMPLES = (0, 1, -1, 2)
"""Whole numbers that stand for all of them."""

_ZEROS_OF: Mapping[Any, Sequence[Expr]] = MappingProxyType(
    {
        sympy.sin: (S.Zero, pi, -pi),
        sympy.cos: (pi / 2, -pi / 2),
        LOG: (S.One, S.NegativeOne),
        **dict.fromkeys([sympy.sinh, sympy.asin, sympy.atan, sympy.erf], (S.Zero,)),
    }
)
"""Some zeros of functions."""

Margin = tuple[str, Expr]
"""A term, and whether it is its zeros (SIGN) or its whole values (WHOLE) that matter."""


@dataclass(frozen=True)
class Locus:
    """A set of points without an inside, such as the zeros of a term.

    ``text`` says which, as ``x - y = 0`` or ``x is a whole number``. ``points`` are exact points of
    it, by the variables' names; ``is_complete`` is whether there are no others.
    """

    text: str
    points: tuple[Mapping[str, str], ...] = ()
    is_complete: bool = False


@dataclass(frozen=True)
class Identity:
    """What is proved of two terms.

    They are equal wherever both are defined, but for some loci: on those of ``apart`` it isn't
    proved; on ``margins`` the first was not looked at, and the second has values there.
    ``doubts`` are points of cells with an inside on which it isn't proved: with one, nothing is.
    """

    apart: tuple[Locus, ...] = ()
    margins: tuple[Locus, ...] = ()
    doubts: tuple[Mapping[str, str], ...] = ()


def proved_equal(first: Expr, second: Expr, deadline: float | None = None) -> bool:
    """Return whether two terms are proved to be equal wherever both are defined.

    False proves nothing. ``deadline`` is a reading of :func:`diffcli.clock.now`.
    """
    answer = identity(first, second, (), deadline)
    return answer is not None and not (answer.apart or answer.doubts)


def proved_zero(term: Expr, values: Mapping[Expr, Expr], deadline: float | None = None) -> bool:
    """Return whether a term is proved to have the value 0 where constants stand for its symbols."""
    terms = TermTable(deadline)
    cell = Evaluator(Atoms(), {}, values)
    try:
        terms.check()
        return tree_size(term) <= MAX_TERMS and cell.is_zero(cell.value(term))
    except (LimitError, NowhereError, UndecidedError, UnknownError, PolynomialError):
        return False


def identity(
    first: Expr, second: Expr, margins: Sequence[Margin], deadline: float | None = None
) -> Identity | None:
    """Return what is proved of two terms; None where nothing is known.

    ``margins`` say where the first term isn't what is asked for.
    """
    if tree_size(first) + tree_size(second) > MAX_TERMS:
        return None
    try:
        return _Comparison(first, second, margins, TermTable(deadline)).result()
    except (LimitError, UnknownError, PolynomialError):
        return None


def zeros(margins: Sequence[Margin], deadline: float | None = None) -> tuple[Locus, ...]:
    """Return where some terms are 0, or whole numbers, as far as that can be told at once."""
    atoms = Atoms()
    cell, questions = Evaluator(atoms, {}), dict[Question, None]()
    for kind, term in margins:
        try:
            TermTable(deadline).check()
            form = cell.canonical(cell.value(term))
            forms = [form] if kind == WHOLE else [factor for factor, _ in cell.factors(form)[1]]
        except (LimitError, NowhereError, UndecidedError, UnknownError, PolynomialError):
            continue
        questions.update(dict.fromkeys((kind, form) for form in forms if form.free_symbols))
    return tuple(_Places(atoms).locus([question]) for question in questions)


Thin = frozenset[Question]
"""Questions that keep a cell from having an inside."""


class _Comparison:
    """Two terms, cell by cell."""

    def __init__(
        self, first: Expr, second: Expr, margins: Sequence[Margin], terms: TermTable
    ) -> None:
        self._first, self._second, self._margins, self._terms = first, second, margins, terms
        self._symbols = {
            term for term in postorder([first, second]) if isinstance(term, sympy.Symbol)
        }
        self._atoms = Atoms()
        self._has_met = False
        self._apart: set[Thin] = set()
        self._on_margins: set[Thin] = set()

    def result(self) -> Identity | None:
        """Return what is proved; None where there are too many cells, or no common domain."""
        queue: list[Answers] = [{}]
        branch_places, doubts, seen = _Places(self._atoms), list[Mapping[str, str]](), 0
        while queue:
            self._terms.check()
            seen += 1
            answers = queue.pop()
            cell = Evaluator(self._atoms, answers)
            try:
                holds = self._holds(cell, answers)
            except UndecidedError as cut:
                kinds = (-1, 1) if cut.question[0] == WHOLE else (-1, 0, 1)
                queue += ({**answers, cut.question: answer} for answer in kinds)
                continue
            except NowhereError:
                continue
            if not holds:
                doubts.append(branch_places.inside(cell, self._symbols))
            if seen > MAX_CELLS or len(doubts) > MAX_DOUBTS:
                break
        if not doubts and (queue or not self._has_met):
            return None
        return Identity(self._loci(self._apart), self._loci(self._on_margins), tuple(doubts))

    def _holds(self, cell: Cell, answers: Answers) -> bool:
        """Return whether the terms are equal on a cell, or it has no inside, which is noted."""
        is_on_margin = any(_is_on(cell, *margin) for margin in self._margins)
        second = cell.value(self._second)
        if not is_on_margin and cell.is_zero(cell.value(self._first) - second):
            self._has_met = True
            return True
        thin = frozenset(q for q, answer in answers.items() if answer == (q[0] == WHOLE))
        if thin:
            (self._on_margins if is_on_margin else self._apart).add(thin)
        return bool(thin)

    def _loci(self, loci: set[Thin]) -> tuple[Locus, ...]:
        """Return the largest of some sets of points."""
        names = _Places(self._atoms)
        least = [locus for locus in loci if not any(other < locus for other in loci)]
        return tuple(names.locus(sorted(locus, key=str)) for locus in least)


class _Places:
    """Points and texts of loci."""

    def __init__(self, atoms: Atoms) -> None:
        self._atoms = atoms

    def inside(self, cell: Cell, symbols: Iterable[Expr]) -> Mapping[str, str]:
        """Return a point of a cell, if its linear conditions tell."""
        return {
            str(symbol): text_of(cell.inside(self._atoms.of(VARIABLE, symbol)))
            for symbol in symbols
        }

    def locus(self, questions: Sequence[Question]) -> Locus:
        """Return where forms are 0, or whole numbers, all at once."""
        text = " and ".join(map(self._text, questions))
        points, is_complete = self._points(questions)
        return Locus(text, tuple(points), is_complete)

    def _text(self, question: Question) -> str:
        kind, form = question
        written = self._atoms.written(form)
        text = text_of(written) if tree_size(written) <= MAX_TERMS else "a term"
        return f"{text} {'is a whole number' if kind == WHOLE else '= 0'}"

    def _points(self, questions: Sequence[Question]) -> tuple[list[Mapping[str, str]], bool]:
        """Return exact points that answer the questions, and whether they are all."""
        if len(questions) > 1:
            return [], False
        ((kind, form),) = questions
        if kind == WHOLE:
            return [point for n in SAMPLES for point in self._zeros(form - n)[0][:1]], False
        return self._zeros(form)

    def _zeros(self, form: Expr) -> tuple[list[Mapping[str, str]], bool]:
        kind = self._atoms.kind(form)
        if kind in _ZEROS_OF:
            (inner,) = self._atoms.args(form)
            near = [point for value in _ZEROS_OF[kind] for point in self._zeros(inner - value)[0]]
            return near, False
        names = sorted(form.free_symbols, key=str)
        if not names or any(self._atoms.kind(name) != VARIABLE for name in names):
            return [], False
        if len(names) == 1:
            return self._roots(Poly(form, *names))
        for name in names:
            poly = Poly(form, name)
            if poly.degree() == 1:
                return list(self._solutions(name, poly, [x for x in names if x != name])), False
        return [], False

    def _roots(self, poly: Poly) -> tuple[list[Mapping[str, str]], bool]:
        if poly.degree() == 1:
            return [{self._name(poly.gen): text_of(-poly.nth(0) / poly.LC())}], True
        if poly.degree() > MAX_DEGREE or not all(
            coefficient.is_Rational for coefficient in poly.coeffs()
        ):
            return [], False
        roots = list(dict.fromkeys(real_roots(poly)))
        exact = [root for root in roots if not root.has(CRootOf)]
        points: list[Mapping[str, str]] = [{self._name(poly.gen): text_of(root)} for root in exact]
        return points, len(exact) == len(roots)

    def _solutions(
        self, name: Expr, poly: Poly, others: Sequence[Expr]
    ) -> Iterator[Mapping[str, str]]:
        """Yield points with short coordinates, of which the last is solved for."""
        for start in SAMPLES:
            numbers = {x: Rational(start + i, 3) for i, x in enumerate(others)}
            slope, rest = (poly.nth(k).xreplace(numbers) for k in (1, 0))
            if slope.is_Rational and slope and rest.is_Rational:
                solved = {**numbers, name: -rest / slope}
                yield {self._name(x): text_of(value) for x, value in solved.items()}

    def _name(self, atom: Expr) -> str:
        return str(self._atoms.args(atom)[0])


def _is_on(cell: Cell, kind: str, term: Expr) -> bool:
    """Whether a cell lies where a margin's term is 0, or a whole number."""
    try:
        form = cell.value(term)
        return floor(cell, form) == cell.canonical(form) if kind == WHOLE else not cell.sign(form)
    except NowhereError:
        return False


def sign_between(
    term: Expr,
    margins: Sequence[Margin],
    ends: tuple[Expr, Expr],
    x: Expr,
    known: Mapping[str, int],
    deadline: float | None = None,
) -> int | str | None:
    """Return the one sign that a term has on an open interval of its variable.

    Else return the text of a term whose sign there is needed, to be told in ``known``; None where
    nothing helps. ``margins`` must not be 0 there, or whole.
    """
    atoms, answers = Atoms(), dict[Question, int]()
    try:
        for end, side in zip(ends, (1, -1), strict=True):
            constant, factors = Evaluator(atoms, {}).factors(atoms.of(VARIABLE, x) - end)
            for factor, _ in factors:
                answers[SIGN, factor] = side * (1 if constant.is_positive else -1)
        while True:
            TermTable(deadline).check()
            cell = Evaluator(atoms, answers)
            try:
                if any(_is_on(cell, *margin) for margin in margins):
                    return None
                return cell.sign(cell.value(term))
            except UndecidedError as cut:
                kind, form = cut.question
                text = text_of(atoms.written(form))
                if kind == WHOLE:
                    return None
                if text not in known:
                    return text
                answers[cut.question] = known[text]
    except (LimitError, NowhereError, UnknownError, PolynomialError):
        return None
