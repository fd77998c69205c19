"""The functions and constants that a formula may name; there are no others."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce

from sdf_siren import jets
from sdf_siren.jets import Jet, Number


@dataclass(frozen=True)
class Function:
    """A function of jets.

    Attributes:
        call: from its arguments to its value.
        least, most: how many arguments it takes.
        complex_in: whether an argument may be complex.
        complex_out: whether a complex argument gives a complex value.
    """

    call: Callable[..., Jet]
    least: int = 1
    most: int = 1
    complex_in: bool = True
    complex_out: bool = True

    @property
    def arity(self) -> str:
        """For messages: ``1 argument``, ``2 arguments``, ``2 or more arguments``."""
        if self.most > self.least:
            return f"{self.least} or more arguments"
        return f"{self.least} argument{'s' if self.least > 1 else ''}"


MANY = 64
CONSTANTS: dict[str, Number] = {"pi": math.pi, "e": math.e, "i": 1j}
IMAGINARY = "i"
FUNCTIONS = {
    "sin": Function(jets.sin),
    "cos": Function(jets.cos),
    "tan": Function(jets.tan),
    "asin": Function(jets.asin),
    "acos": Function(jets.acos),
    "atan": Function(jets.atan),
    "sinh": Function(jets.sinh),
    "cosh": Function(jets.cosh),
    "tanh": Function(jets.tanh),
    "exp": Function(jets.exp),
    "log": Function(jets.log),
    "sqrt": Function(jets.sqrt),
    "abs": Function(jets.absolute, complex_out=False),
    "real": Function(lambda a: a.real, complex_out=False),
    "imag": Function(lambda a: a.imag, complex_out=False),
    "conj": Function(Jet.conj),
    "erf": Function(jets.erf, complex_in=False),
    "sign": Function(jets.sign, complex_in=False),
    "heaviside": Function(jets.heaviside, complex_in=False),
    "atan2": Function(jets.atan2, 2, 2, complex_in=False),
    "hypot": Function(jets.hypot, 2, 2, complex_in=False),
    "min": Function(lambda *a: reduce(jets.minimum, a), 2, MANY, complex_in=False),
    "max": Function(lambda *a: reduce(jets.maximum, a), 2, MANY, complex_in=False),
}
WHERE = "where"
"""``where(condition, a, b)``, whose first argument is a comparison."""
WORDS = {"and", "or", "not"}
RESERVED = {*CONSTANTS, *FUNCTIONS, WHERE, *WORDS}
