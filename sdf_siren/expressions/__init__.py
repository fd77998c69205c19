"""Expressions: formulas read from text, evaluated with their first and second derivatives."""

from sdf_siren.expressions.expression import Expression
from sdf_siren.expressions.parser import parse

__all__ = ["Expression", "parse"]
