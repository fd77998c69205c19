"""From text to a formula: recursive descent over a fixed grammar; nothing is ever handed to Python's own.

condition  = both ("or" both)*
both       = negated ("and" negated)*
negated    = "not" negated | "(" condition ")" | sum ("<" | "<=" | ...) sum
sum        = product (("+" | "-") product)*
product    = signed (("*" | "/") signed)*
signed     = ("-" | "+") signed | power
power      = atom ["**" signed]
atom       = number | name | "(" sum ")" | call
call       = name "(" sum ("," sum)* ")" | "where" "(" condition "," sum "," sum ")"
"""

from __future__ import annotations

import cmath
import difflib
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from sdf_siren.errors import UsageError
from sdf_siren.expressions.expression import Expression
from sdf_siren.expressions.functions import CONSTANTS, FUNCTIONS, IMAGINARY, RESERVED, WHERE, WORDS
from sdf_siren.expressions.nodes import (
    COMPARISONS,
    Call,
    Comparison,
    Condition,
    Constant,
    Coordinate,
    Joined,
    Literal,
    Negation,
    Node,
    Not,
    Power,
    Product,
    Sum,
    Where,
)
from sdf_siren.expressions.tokens import Token, error, tokens

DEEPEST = 40
"""How deep parentheses, signs and powers may be nested; a reader's stack must hold it."""
LARGEST_EXPONENT = 1000

T = TypeVar("T")


def parse(text: str, names: Sequence[str], *, complex: bool = False) -> Expression:
    """Read a formula.

    Args:
        text: the formula; ``^`` is read as ``**``.
        names: what the coordinates are called, in the order of their columns.
        complex: whether the imaginary unit ``i`` may occur.

    Raises:
        UsageError: it is no formula; the message points at the column.
    """
    for k, name in enumerate(names):
        if not (name.isascii() and name.isidentifier()) or name in RESERVED or name in names[:k]:
            raise UsageError(f"expected distinct plain names for the coordinates, found {name!r}; rename it")
    return Expression(_Parser(text, tuple(names), complex).formula(), tuple(names), complex)


class _Parser:
    def __init__(self, text: str, names: tuple[str, ...], complex: bool) -> None:
        self.text, self.names, self.complex = text, names, complex
        self.tokens, self.place, self.depth = tokens(text), 0, 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self, *texts: str) -> Token | None:
        """The next word if it is one of these, else None."""
        token = self.next
        if token.kind == "number" or token.text not in texts:
            return None
        self.place += 1
        return token

    def expect(self, text: str, after: str) -> None:
        if not self.take(text):
            raise self.error(f"expected {text!r} {after}, found {self.next}")

    def error(self, what: str, token: Token | None = None) -> UsageError:
        return error(self.text, (token or self.next).column, what)

    def deeper(self, rule: Callable[[], T]) -> T:
        """One level down, as long as there are any."""
        if self.depth == DEEPEST:
            raise self.error(f"nested deeper than {DEEPEST} levels; write it flatter")
        self.depth += 1
        result = rule()
        self.depth -= 1
        return result

    def formula(self) -> Node:
        node = self.sum()
        if self.next.kind == "end":
            return node
        if self.next.text in COMPARISONS or self.next.text in WORDS:
            raise self.error(f"a comparison belongs inside {WHERE}(condition, a, b), found {self.next}")
        hint = (
            "; write * to multiply" if self.next.kind in {"name", "number"} or self.next.text == "(" else ""
        )
        raise self.error(f"expected an operator or the end, found {self.next}{hint}")

    def sum(self) -> Node:
        return self.chain(Sum, ("+", "-"), self.product)

    def product(self) -> Node:
        return self.chain(Product, ("*", "/"), self.signed)

    def chain(
        self, kind: type[Sum] | type[Product], signs: tuple[str, str], rule: Callable[[], Node]
    ) -> Node:
        first = self.next
        operands, found = [rule()], ""
        while sign := self.take(*signs):
            found += sign.text
            at = self.next
            operands.append(rule())
            if sign.text == "/" and operands[-1].constant == 0:
                raise self.error("division by zero", at)
        if not found:
            return operands[0]
        return self.checked(kind(tuple(operands), found), first)

    def signed(self) -> Node:
        if sign := self.take("-", "+"):
            operand = self.deeper(self.signed)
            return Negation(operand) if sign.text == "-" else operand
        return self.power()

    def power(self) -> Node:
        first = self.next
        base = self.atom()
        if not self.take("**"):
            return base
        at = self.next
        exponent = self.deeper(self.signed)
        if exponent.constant is not None and abs(exponent.constant) > LARGEST_EXPONENT:
            raise self.error(
                f"expected an exponent of at most {LARGEST_EXPONENT}, found {exponent.constant:.6g}", at
            )
        return self.checked(Power(base, exponent), first)

    def atom(self) -> Node:
        token = self.next
        if token.kind == "end" or (token.kind == "sign" and token.text != "("):
            raise self.error(f"expected a number, a name or '(', found {token}")
        self.place += 1
        if token.text == "(":
            node = self.deeper(self.sum)
            self.expect(")", f"to close the '(' of column {token.column}")
            return node
        if token.kind == "number":
            value = float(token.text)
            if math.isinf(value):
                raise self.error("the number is too large", token)
            return Literal(value)
        if self.next.text == "(" and self.next.kind == "sign":
            return self.call(token)
        return self.name(token)

    def name(self, token: Token) -> Node:
        if token.text in self.names:
            return Coordinate(token.text)
        if token.text == IMAGINARY and not self.complex:
            raise self.error("the imaginary unit i is for complex problems only", token)
        if token.text in CONSTANTS:
            return Constant(token.text)
        if token.text in FUNCTIONS or token.text == WHERE:
            raise self.error(f"the function {token.text} needs its arguments in parentheses", token)
        constants = [name for name in CONSTANTS if name != IMAGINARY or self.complex]
        raise self.unknown("name", token, [*self.names, *constants])

    def call(self, token: Token) -> Node:
        if token.text == WHERE:
            return self.where()
        if token.text in self.names or token.text in CONSTANTS:
            raise self.error(f"{token.text} is not a function; write * to multiply", token)
        if token.text not in FUNCTIONS:
            raise self.unknown("function", token, [*FUNCTIONS, WHERE])
        function = FUNCTIONS[token.text]
        self.expect("(", f"after {token.text}")
        arguments = [] if self.next.text == ")" else [self.deeper(self.sum)]
        while arguments and self.take(","):
            arguments.append(self.deeper(self.sum))
        if not function.least <= len(arguments) <= function.most:
            raise self.error(f"{token.text} takes {function.arity}, found {len(arguments)}", token)
        self.expect(")", f"after the arguments of {token.text}")
        if not function.complex_in and any(argument.is_complex for argument in arguments):
            raise self.error(f"{token.text} takes real arguments only; use real(...) or imag(...)", token)
        return self.checked(Call(token.text, tuple(arguments)), token)

    def where(self) -> Node:
        self.expect("(", f"after {WHERE}")
        condition = self.deeper(self.condition)
        self.expect(",", f"after the condition of {WHERE}(condition, a, b)")
        yes = self.deeper(self.sum)
        self.expect(",", f"after the second argument of {WHERE}(condition, a, b)")
        no = self.deeper(self.sum)
        self.expect(")", f"after the third argument of {WHERE}(condition, a, b)")
        return Where(condition, yes, no)

    def condition(self) -> Condition:
        return self.joined("or", lambda: self.joined("and", self.negated))

    def joined(self, word: str, rule: Callable[[], Condition]) -> Condition:
        operands = [rule()]
        while self.take(word):
            operands.append(rule())
        return Joined(word, tuple(operands)) if len(operands) > 1 else operands[0]

    def negated(self) -> Condition:
        if self.take("not"):
            return Not(self.deeper(self.negated))
        if self.next.text == "(" and self.holds_a_condition():
            opened = self.next
            self.place += 1
            condition = self.deeper(self.condition)
            self.expect(")", f"to close the '(' of column {opened.column}")
            return condition
        return self.comparison()

    def holds_a_condition(self) -> bool:
        """Whether the parenthesis that opens here holds a comparison of its own."""
        open_calls: list[bool] = []  # for each open parenthesis, whether a function's name stands before it
        for before, token in zip(self.tokens[self.place - 1 :], self.tokens[self.place :], strict=False):
            if token.text == "(":
                open_calls.append(before.kind == "name" and before.text not in WORDS)
            elif token.text == ")":
                open_calls.pop()
            elif not any(open_calls) and (token.text in COMPARISONS or token.text in WORDS):
                return True
            if not open_calls:
                break
        return False

    def comparison(self) -> Condition:
        first = self.next
        left = self.sum()
        sign = self.take(*COMPARISONS)
        if sign is None:
            raise self.error(f"expected a comparison such as x < 1, found {self.next}")
        right = self.sum()
        if self.next.text in COMPARISONS:
            raise self.error("comparisons do not chain; write a < b and b < c")
        if left.is_complex or right.is_complex:
            raise self.error("complex values have no order; compare real(...) or abs(...)", first)
        return Comparison(sign.text, left, right)

    def checked(self, node: Node, token: Token) -> Node:
        """The node, if its value is no number or a finite and, outside complex formulas, a real one."""
        try:
            value = node.constant
            if value is not None and not cmath.isfinite(value):
                raise OverflowError
        except ZeroDivisionError:
            raise self.error("division by zero", token) from None
        except OverflowError:
            raise self.error("the value here is too large or not a number", token) from None
        if isinstance(value, complex) and not node.is_complex:
            raise self.error("a negative number to a fractional power is not real", token)
        return node

    def unknown(self, kind: str, token: Token, valid: Sequence[str]) -> UsageError:
        close = difflib.get_close_matches(token.text[:100], valid, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]}?" if close else f"expected one of {', '.join(valid)}"
        shown = token.text if len(token.text) <= 40 else token.text[:40] + "..."
        return self.error(f"unknown {kind} {shown!r}; {hint}", token)
