"""Conditions: what a field must satisfy at points, as rows of one linear language, and whole problems."""

from sdf_siren.conditions.ansatz import Ansatz, Solution
from sdf_siren.conditions.construction import ansatz_for
from sdf_siren.conditions.operators import (
    AbsorbingLayer,
    Operator,
    helmholtz,
    poisson,
    screened_poisson,
    wave,
)
from sdf_siren.conditions.point_sources import PointSource, incident_field
from sdf_siren.conditions.problem import BoundaryCondition, Problem
from sdf_siren.conditions.rows import Rows
from sdf_siren.conditions.surveys import InverseProblem, Slowness, Survey

__all__ = [
    "AbsorbingLayer",
    "Ansatz",
    "BoundaryCondition",
    "InverseProblem",
    "Operator",
    "PointSource",
    "Problem",
    "Rows",
    "Slowness",
    "Solution",
    "Survey",
    "ansatz_for",
    "helmholtz",
    "incident_field",
    "poisson",
    "screened_poisson",
    "wave",
]
