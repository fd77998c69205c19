"""Pictures: meshes and scans by ray casting on the CPU, without display or driver; charts of solutions."""

from sdf_siren.render.preview import write_comparison, write_preview
from sdf_siren.render.sheet import write_sheet

__all__ = ["write_comparison", "write_preview", "write_sheet"]
