"""``reconstruct evaluate MESH --reference REF``: how far a mesh is from what is known to be true."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdf_siren.cli.options import PATH
from sdf_siren.cli.request import CONTEXT

if TYPE_CHECKING:
    from sdf_siren.artifacts import Mesh
    from sdf_siren.clouds import PointCloud


@click.command(context_settings=CONTEXT)
@click.argument("mesh", type=PATH)
@click.option(
    "--reference",
    required=True,
    type=PATH,
    metavar="REF",
    help="A mesh, or a scan; against a scan only completeness is known.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.option(
    "--samples",
    type=click.IntRange(1, 10_000_000),
    default=100_000,
    show_default=True,
    metavar="N",
    help="Points per surface, uniform by area.",
)
@click.option(
    "--seed", type=click.IntRange(0), default=0, show_default=True, metavar="N", help="Of the samples."
)
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")
def evaluate(mesh: Path, reference: Path, as_json: bool, samples: int, seed: int) -> None:
    """Measure the mesh file MESH against a reference mesh or scan.

    Distances are exact from point to triangle. Accuracy looks from the mesh to the reference,
    completeness from the reference to the mesh, chamfer is their mean.
    """
    from sdf_siren.artifacts import Mesh
    from sdf_siren.io import read_mesh
    from sdf_siren.metrics import compare, topology

    measured = read_mesh(mesh)
    known = _read_reference(reference)
    figures: dict[str, Any] = {
        "mesh": str(mesh),
        "reference": str(reference),
        "reference_kind": "mesh" if isinstance(known, Mesh) else "scan",
        "samples": samples,
        "seed": seed,
        "surface": compare(measured, known, samples, seed).to_dict(),
        "topology": topology(measured).to_dict(),
    }
    click.echo(json.dumps(figures, indent=2, allow_nan=False) if as_json else "\n".join(_table(figures)))


def _read_reference(path: Path) -> Mesh | PointCloud:
    """A mesh where the file holds faces, else a scan."""
    from sdf_siren.io import read_mesh, read_points
    from sdf_siren.io.mesh_reader import MESH_SUFFIXES
    from sdf_siren.io.vertex_files import has_faces

    is_mesh = path.suffix.lower() in MESH_SUFFIXES and has_faces(path)
    return read_mesh(path) if is_mesh else read_points(path)


_LENGTHS = {
    "accuracy": "mean, mesh to reference",
    "completeness": "mean, reference to mesh",
    "chamfer": "mean of the two",
    "hausdorff": "greatest, both ways",
}


def _table(figures: dict[str, Any]) -> list[str]:
    surface, topology = figures["surface"], figures["topology"]
    lines = [f"{figures['mesh']} against the {figures['reference_kind']} {figures['reference']}", ""]
    lines.append(f"  {'':<20} {'units':>12} {'% diagonal':>12}")
    for name, meaning in _LENGTHS.items():
        if surface[name] is not None:
            lines.append(_row(name, f"{surface[name]:.6g}", f"{surface[f'{name}_percent']:.4f}", meaning))
    if surface["normal_consistency"] is not None:
        for percent, score in surface["f_score"].items():
            lines.append(_row(f"F-score {percent} %", f"{score:.4f}"))
        consistency = surface["normal_consistency"]
        inside_out = "the mesh is inside out" if consistency < 0 else ""
        lines.append(_row("normal consistency", f"{consistency:.4f}", "", inside_out))
    lines.append("")
    for name in ("vertices", "faces", "components", "boundary_edges", "non_manifold_edges"):
        lines.append(
            _row(name.replace("_", " ").replace("non manifold", "non-manifold"), f"{topology[name]:,}")
        )
    lines.append(_row("watertight", "yes" if topology["watertight"] else "no"))
    lines.append(_row("volume", f"{topology['volume']:.6g}"))
    return lines


def _row(name: str, value: str, percent: str = "", remark: str = "") -> str:
    return f"  {name:<20} {value:>12} {percent:>12}  {remark}".rstrip()
