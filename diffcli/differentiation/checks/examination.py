"""Numbers held against what the proving engines find: the one loop of all checks.

A number of an answer is a sum of partials, each of an output of a function of numbers at a
position. That function has all components of the formula, or of a large answer one component alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from diffcli.clock import now
from diffcli.differentiation.checks.judge import judge
from diffcli.differentiation.numbers.positions import Places
from diffcli.engines.enclosure import Index
from diffcli.engines.evidence import Evidence, Examiner, combined, directional, normwise
from diffcli.engines.exact import as_constant
from diffcli.engines.remote import Partials
from diffcli.engines.sharing import shared_rule
from diffcli.errors import LimitError
from diffcli.language.expression import node
from diffcli.language.function import Function
from diffcli.operators import Weight
from diffcli.verdict import Check

PartialKey = tuple[int, int, Index]
"""A partial: at which position, of which output, in which variables in turn."""

SymbolicValue = Callable[[tuple[int, Index], Mapping[str, float]], float | None]
"""The symbolic derivative's value for (output, variables in turn) at floats, where it has one."""

CANCELLING_DIGITS = 350
"""The digits of each part that show a sum of parts which cancel to be 0 in every dtype."""

_ONE_OF_A_SUM = "a term of the sum has no derivative, and whether the sum has one isn't known"


@dataclass(frozen=True)
class Formulas:
    """The outputs of a function of numbers, and the positions at which they are examined.

    ``symbolic`` gives their symbolic derivatives' values. Where the function is one component of
    what autograd differentiates, ``whole`` is that.
    """

    function: Function
    positions: Places
    symbolic: SymbolicValue
    whole: Function | None = None

    def shared_rule(self, outputs: Iterable[int]) -> str | None:
        """Return what autograd and the symbolic derivatives of outputs both rest on, if any."""
        if self.whole is not None:
            return shared_rule(self.whole.outputs)
        return shared_rule(self.function.outputs[output] for output in outputs)


def symbolic_values(partials: Partials | None, deadline: float) -> SymbolicValue:
    """Return a callback for the values of symbolic derivatives; it gives None without any."""

    def value(partial: tuple[int, Index], point: Mapping[str, float]) -> float | None:
        if partials is None:
            return None
        try:
            return partials.number(point, partial[1], partial[0], deadline)
        except LimitError:
            return None

    return value


@dataclass(frozen=True)
class Claim:
    """A number of autograd's, or None, and the sum of partials that it stands for.

    With ``is_directional`` that is the derivative along the vector of the weights. ``is_of_nan``
    tells that torch gives no value for what is differentiated. ``closed`` is what a formula of
    tensors gives, which is evidence where the other engines give none.
    """

    label: str
    parts: Sequence[tuple[Weight, PartialKey]]
    number: float | None
    is_directional: bool = False
    is_of_nan: bool = False
    closed: float | None = None


@dataclass
class Examination:
    """Examines partials until the deadline, the first ones in any case, and judges claims by them.

    ``relative`` is how far every number may be off, beside the largest.
    """

    formulas: Formulas
    dtype: str
    digits: int
    deadline: float
    has_enclosure: bool = True
    relative: float = 0.0
    evidence: dict[PartialKey, Evidence | None] = field(default_factory=dict)
    _symbols: dict[PartialKey, float | None] = field(default_factory=dict)
    _examiners: dict[tuple[int, int], Examiner] = field(default_factory=dict)

    def examine(self, batches: Iterable[Iterable[PartialKey]]) -> None:
        """Examine batch by batch; the partials of one output in a batch share their passes."""
        for batch in batches:
            is_first = not self.evidence
            if not is_first and now() > self.deadline:
                break
            self._examine_together(batch, is_first)

    def _examine_together(self, batch: Iterable[PartialKey], is_first: bool) -> None:
        wanted: dict[tuple[int, int], dict[Index, None]] = {}
        for position, output, wrt in batch:
            if (position, output, wrt) not in self.evidence:
                wanted.setdefault((position, output), {})[wrt] = None
        for (position, output), indices in wanted.items():
            evidence = self._evidence_of(position, output, indices, self.digits)
            if not is_first and now() > self.deadline:
                # What was cut short belongs to no sample.
                return
            floats = self.formulas.positions.dyadic(position)
            symbols: dict[Index, float | None] = {}
            for index in evidence or indices:
                # A formula's mixed partials are the same in any order.
                if (one := tuple(sorted(index))) not in symbols:
                    symbols[one] = self.formulas.symbolic((output, index), floats)
                self.evidence[position, output, index] = evidence.get(index)
                self._symbols[position, output, index] = symbols[one]

    def _evidence_of(
        self, position: int, output: int, indices: Iterable[Index], digits: int
    ) -> Mapping[Index, Evidence]:
        """Return the enclosure engine's evidence for partials of an output, where it is asked."""
        if not self.has_enclosure:
            return {}
        if (position, output) not in self._examiners:
            # The next numbers are of the same position, or of a new one.
            self._examiners = {
                (position, output): Examiner(
                    self.formulas.function.outputs[output],
                    self.formulas.positions.typed(position),
                    self.formulas.positions.dyadic(position),
                    dtype=self.dtype,
                )
            }
        examiner = self._examiners[position, output]
        return examiner.examine(indices, digits=digits, deadline=self.deadline)

    def check(self, claim: Claim, size: float) -> Check | None:
        """Weigh the evidence for a claim; None where its partials weren't all examined.

        ``size`` is that of the largest number beside it.
        """
        if any(key not in self.evidence for _, key in claim.parts):
            return None
        evidence = self._combined(claim)
        symbols = [(weight, self._symbols[key]) for weight, key in claim.parts]
        known = [weight * value for weight, value in symbols if value is not None]
        symbolic = sum(known, 0.0) if len(known) == len(symbols) else None
        if symbolic is None and (evidence is None or evidence.is_open):
            symbolic = claim.closed
        return judge(
            claim.label,
            autograd=claim.number,
            symbolic=symbolic,
            evidence=normwise(evidence, self.relative, size),
            dtype=self.dtype,
            digits=self.digits,
            is_of_nan=claim.is_of_nan,
            shared=lambda: self.formulas.shared_rule(
                output for _, (_, output, wrt) in claim.parts if wrt
            ),
        )

    def _combined(self, claim: Claim) -> Evidence | None:
        """Return the evidence for a sum of partials, looking closer where they cancel."""
        parts = [(weight, self.evidence[key]) for weight, key in claim.parts]
        positions = {position for _, (position, _, _) in claim.parts}
        if len(positions) > 1 and any(part and part.has_no_derivative for _, part in parts):
            return Evidence(reason=_ONE_OF_A_SUM, undecided=True)
        if claim.is_directional and len(positions) == 1 and (result := self._directional(claim)):
            return result
        if any(part and part.has_no_derivative for _, part in parts) and (
            result := self._of_sum(claim)
        ):
            return result
        result = combined(parts, self.dtype)
        if len(parts) == 1 or result is None or result.enclosure is None:
            return result
        here = result.at_floats or result.enclosure
        if None not in (result.enclosure.nearest(self.dtype), here.nearest(self.dtype)):
            return result
        closer = self._examined_closer(key for _, key in claim.parts)
        again = combined([(weight, closer[key]) for weight, key in claim.parts], self.dtype)
        return result if again is None or again.enclosure is None else again

    def _directional(self, claim: Claim) -> Evidence | None:
        """Return the evidence for a derivative along a vector where a partial is difficult."""
        (_, (position, output, _)), *_ = claim.parts
        return directional(
            self.formulas.function.outputs[output],
            self.formulas.positions.typed(position),
            [(weight, key[2], self.evidence[key]) for weight, key in claim.parts],
            digits=self.digits,
            deadline=self.deadline,
        )

    def _of_sum(self, claim: Claim) -> Evidence | None:
        """Return the evidence for a sum of outputs, which may have a derivative where they don't.

        None where the parts aren't derivatives of several outputs in the same variables.
        """
        outputs = {output for _, (_, output, _) in claim.parts}
        if len(outputs) < 2 or len({index for _, (_, _, index) in claim.parts}) > 1:
            return None
        ((_, (position, _, index)), *_) = claim.parts
        terms = [
            node("mul", as_constant(weight), self.formulas.function.outputs[output])
            for weight, (_, output, _) in claim.parts
        ]
        examiner = Examiner(
            node("add", *terms),
            self.formulas.positions.typed(position),
            self.formulas.positions.dyadic(position),
            dtype=self.dtype,
        )
        return examiner.examine([index], digits=self.digits, deadline=self.deadline).get(index)

    def _examined_closer(self, keys: Iterable[PartialKey]) -> Mapping[PartialKey, Evidence]:
        """Return the evidence for parts of a sum to many digits, in one pass for each output."""
        indices: dict[tuple[int, int], list[Index]] = {}
        for position, output, index in keys:
            indices.setdefault((position, output), []).append(index)
        return {
            (position, output, index): evidence
            for (position, output), wanted in indices.items()
            for index, evidence in self._evidence_of(
                position, output, wanted, CANCELLING_DIGITS
            ).items()
        }
