"""The tree of a formula: what can be said, how it is evaluated and how it is written.

Sums and products are one node each however long they are, so that the depth of a tree is that of its
parentheses. A subtree without coordinates evaluates to a plain number, once; the parser has seen that it is
finite.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from sdf_siren import jets
from sdf_siren.expressions.functions import CONSTANTS, FUNCTIONS, IMAGINARY, WHERE
from sdf_siren.jets import Jet, Number

# How tightly a node binds, for the parentheses of its text.
SUM, PRODUCT, NEGATION, POWER, ATOM = range(1, 6)
COMPARISONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ONE_POINT = torch.zeros(1, 0, dtype=torch.float64)


@dataclass(frozen=True)
class Points:
    """Where a formula is evaluated: the points (n, d) and the jets of the coordinates by name."""

    x: Tensor
    coordinates: Mapping[str, Jet]

    def jet(self, value: Jet | Number) -> Jet:
        """A value at these points as a jet."""
        return value if isinstance(value, Jet) else Jet.constant(value, self.x)


class Node:
    """A part of a formula. Nodes are equal when their formulas are written alike.

    The text has no parentheses but those that it needs, so it is never nested deeper than what was read.
    """

    binding = ATOM

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts of this part."""
        return ()

    @cached_property
    def names(self) -> frozenset[str]:
        """The coordinates that occur."""
        return frozenset[str]().union(*(child.names for child in self.children))

    @cached_property
    def is_complex(self) -> bool:
        """Whether the value may be complex, seen from the formula alone."""
        return any(child.is_complex for child in self.children)

    @cached_property
    def constant(self) -> Number | None:
        """The value of a part without coordinates; may raise ArithmeticError."""
        if self.names:
            return None
        value = self._evaluate(Points(_ONE_POINT, {}))
        return value.value.item() if isinstance(value, Jet) else value

    def evaluate(self, points: Points) -> Jet | Number:
        """The value at points: a jet, or a number where no coordinate occurs."""
        return self._evaluate(points) if self.constant is None else self.constant

    def _evaluate(self, points: Points) -> Jet | Number:
        raise NotImplementedError

    def text(self, least: int = SUM) -> str:
        """The part as it is written where at least that binding is needed."""
        return str(self) if self.binding >= least else f"({self})"


@dataclass(frozen=True)
class Literal(Node):
    """A number that is not negative."""

    value: float

    def _evaluate(self, points: Points) -> Number:
        return self.value

    def __str__(self) -> str:
        return repr(self.value).removesuffix(".0")


@dataclass(frozen=True)
class Constant(Node):
    """pi, e or i."""

    name: str

    @cached_property
    def is_complex(self) -> bool:
        return self.name == IMAGINARY

    def _evaluate(self, points: Points) -> Number:
        return CONSTANTS[self.name]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Coordinate(Node):
    """A coordinate by its name."""

    name: str

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset([self.name])

    def _evaluate(self, points: Points) -> Jet:
        return points.coordinates[self.name]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Negation(Node):
    """``-a``"""

    operand: Node
    binding = NEGATION

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.operand,)

    def _evaluate(self, points: Points) -> Jet | Number:
        return -self.operand.evaluate(points)

    def __str__(self) -> str:
        return f"-{self.operand.text(NEGATION)}"


@dataclass(frozen=True)
class Sum(Node):
    """``a + b - c``: two or more operands, with ``signs`` "+-"."""

    operands: tuple[Node, ...]
    signs: str
    binding = SUM

    @property
    def children(self) -> tuple[Node, ...]:
        return self.operands

    def _evaluate(self, points: Points) -> Jet | Number:
        total = self.operands[0].evaluate(points)
        for sign, operand in zip(self.signs, self.operands[1:], strict=True):
            other = operand.evaluate(points)
            total = total + other if sign == "+" else total - other
        return total

    def __str__(self) -> str:
        text = self.operands[0].text(PRODUCT)
        for sign, operand in zip(self.signs, self.operands[1:], strict=True):
            text += f" {sign} {operand.text(PRODUCT)}"
        return text


@dataclass(frozen=True)
class Product(Node):
    """``a*b/c``: two or more operands, with ``signs`` "*/"."""

    operands: tuple[Node, ...]
    signs: str
    binding = PRODUCT

    @property
    def children(self) -> tuple[Node, ...]:
        return self.operands

    def _evaluate(self, points: Points) -> Jet | Number:
        total = self.operands[0].evaluate(points)
        for sign, operand in zip(self.signs, self.operands[1:], strict=True):
            other = operand.evaluate(points)
            total = total * other if sign == "*" else total / other
        return total

    def __str__(self) -> str:
        rest = zip(self.signs, self.operands[1:], strict=True)
        return self.operands[0].text(NEGATION) + "".join(f"{sign}{a.text(NEGATION)}" for sign, a in rest)


@dataclass(frozen=True)
class Power(Node):
    """``base**exponent``"""

    base: Node
    exponent: Node
    binding = POWER

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.base, self.exponent)

    def _evaluate(self, points: Points) -> Jet | Number:
        return self.base.evaluate(points) ** self.exponent.evaluate(points)

    def __str__(self) -> str:
        return f"{self.base.text(ATOM)}**{self.exponent.text(NEGATION)}"


@dataclass(frozen=True)
class Call(Node):
    """A function of :data:`FUNCTIONS` with its arguments."""

    name: str
    arguments: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.arguments

    @cached_property
    def is_complex(self) -> bool:
        return FUNCTIONS[self.name].complex_out and any(child.is_complex for child in self.children)

    def _evaluate(self, points: Points) -> Jet:
        return FUNCTIONS[self.name].call(*(points.jet(a.evaluate(points)) for a in self.arguments))

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.arguments))})"


class Condition:
    """What holds or does not at a point: a comparison, or several joined."""

    @property
    def names(self) -> frozenset[str]:
        """The coordinates that occur."""
        raise NotImplementedError

    def holds(self, points: Points) -> Tensor:
        """Whether it holds, (n,) bool."""
        raise NotImplementedError


@dataclass(frozen=True)
class Comparison(Condition):
    """``a < b`` and its like."""

    sign: str
    left: Node
    right: Node

    @property
    def names(self) -> frozenset[str]:
        return self.left.names | self.right.names

    def holds(self, points: Points) -> Tensor:
        left, right = (points.jet(side.evaluate(points)).value for side in (self.left, self.right))
        return COMPARISONS[self.sign](left, right)

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


@dataclass(frozen=True)
class Joined(Condition):
    """Two or more conditions that must all hold (``and``) or of which one must (``or``)."""

    word: str
    operands: tuple[Condition, ...]

    @property
    def names(self) -> frozenset[str]:
        return frozenset[str]().union(*(operand.names for operand in self.operands))

    def holds(self, points: Points) -> Tensor:
        held = torch.stack([operand.holds(points) for operand in self.operands])
        return held.all(0) if self.word == "and" else held.any(0)

    def __str__(self) -> str:
        looser = ("and", "or") if self.word == "and" else ("or",)
        return f" {self.word} ".join(
            f"({a})" if isinstance(a, Joined) and a.word in looser else str(a) for a in self.operands
        )


@dataclass(frozen=True)
class Not(Condition):
    """``not condition``"""

    operand: Condition

    @property
    def names(self) -> frozenset[str]:
        return self.operand.names

    def holds(self, points: Points) -> Tensor:
        return ~self.operand.holds(points)

    def __str__(self) -> str:
        return f"not ({self.operand})" if isinstance(self.operand, Joined) else f"not {self.operand}"


@dataclass(frozen=True)
class Where(Node):
    """``where(condition, a, b)``"""

    condition: Condition
    yes: Node
    no: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.yes, self.no)

    @cached_property
    def names(self) -> frozenset[str]:
        return self.condition.names | self.yes.names | self.no.names

    def _evaluate(self, points: Points) -> Jet:
        yes, no = (points.jet(node.evaluate(points)) for node in (self.yes, self.no))
        return jets.where(self.condition.holds(points), yes, no)

    def __str__(self) -> str:
        return f"{WHERE}({self.condition}, {self.yes}, {self.no})"
