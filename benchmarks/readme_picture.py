"""The picture of the README: the skull's points, and the mesh that ``reconstruct`` makes of them.

    python benchmarks/readme_picture.py

Takes about a minute and writes docs/images/skull.png.
"""

from __future__ import annotations

from pathlib import Path

import sdf_siren
from sdf_siren.render import write_comparison

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Fit with the default settings, and draw."""
    points = sdf_siren.read_points(ROOT / "data" / "scans" / "skull_points_100k.ply")
    mesh = sdf_siren.extract_mesh(sdf_siren.fit_surface(points))
    write_comparison(points, mesh, ROOT / "docs" / "images" / "skull.png", size=480)


if __name__ == "__main__":
    main()
