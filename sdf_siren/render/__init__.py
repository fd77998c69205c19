"""Pictures of meshes and scans by ray casting on the CPU: no display, no graphics driver."""

from sdf_siren.render.preview import write_comparison, write_preview

__all__ = ["write_comparison", "write_preview"]
