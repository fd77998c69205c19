"""Conditions: what a field must satisfy at points, as rows of one linear language, and whole problems."""

from sdf_siren.conditions.ansatz import Ansatz, Solution, ansatz_for
from sdf_siren.conditions.operators import Operator, helmholtz, poisson, screened_poisson, wave
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.conditions.rows import Rows

__all__ = [
    "Ansatz",
    "BoundaryCondition",
    "Operator",
    "Problem",
    "Rows",
    "Solution",
    "ansatz_for",
    "helmholtz",
    "poisson",
    "screened_poisson",
    "wave",
]
