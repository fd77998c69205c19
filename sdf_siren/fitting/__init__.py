"""Fits: settings from a scan, the training loop, and the field that comes out."""

from sdf_siren.fitting.settings import QUALITIES, SurfaceSettings
from sdf_siren.fitting.surface import fit_surface

__all__ = ["QUALITIES", "SurfaceSettings", "fit_surface"]
