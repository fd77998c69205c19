"""The floors: who may import whom, read from the source without running it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sdf_siren"
FLOORS = {
    **dict.fromkeys(
        ["", "errors", "files", "progress", "frames", "artifacts", "open3d_import", "jets", "memory", "srgb"],
        0,
    ),
    **dict.fromkeys(["fields", "clouds", "domains", "expressions", "signals"], 1),
    **dict.fromkeys(["conditions", "losses", "sampling"], 2),
    **dict.fromkeys(["engine", "fitting", "meshing", "render", "metrics", "io"], 3),
    "report": 4,
    "stages": 5,
    "batch": 6,
    "cli": 7,
    "__main__": 8,
}
# Third-party names and the only places from which they may be imported.
ONLY_IN = {
    "click": {"cli"},
    "rich": {"cli"},
    "open3d": {"open3d_import"},
    "libusb_package": {"open3d_import"},
    "plyfile": {"io"},
    "psutil": {"batch"},
    "trimesh": {"io"},
    "laspy": {"io"},
    "pye57": {"io"},
    "safetensors": {"io", "fitting"},
    "skimage": {"meshing", "signals"},
    "igl": {"meshing"},
    "tifffile": {"io"},
    "PIL": {"io", "render", "report"},
    "ray": {"batch"},
    "skfem": {"metrics"},
    "fast_simplification": {"report"},
}
LIGHT = {"engine", "stages", "batch", "cli"}
HEAVY = {
    "torch",
    "open3d",
    "scipy",
    "numpy",
    "skimage",
    "igl",
    "trimesh",
    "plyfile",
    "psutil",
    "safetensors",
    "rich",
    "ray",
    "laspy",
    "pye57",
    "PIL",
    "tifffile",
    "fast_simplification",
    "skfem",
}
MODULES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    """The package or module on a floor to which a file belongs."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def imports(path: Path) -> list[tuple[str, bool, bool]]:
    """Every imported module: its full name, whether at module level, whether for type checking only."""
    found = []

    def visit(node: ast.AST, top: bool, typing_only: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                found.extend((alias.name, top, typing_only) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                assert child.module is not None
                found.append((child.module, top, typing_only))
                found.extend((f"{child.module}.{alias.name}", top, typing_only) for alias in child.names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
                visit(child, top, True)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                visit(child, top and not inside, typing_only)

    visit(ast.parse(path.read_text("utf-8")), True, False)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
class TestModule:
    def test_stands_on_a_floor(self, path):
        assert part_of(path) in FLOORS, f"put {part_of(path)} on a floor in docs/architecture.md and here"

    def test_imports_only_from_below(self, path):
        here = part_of(path)
        for name, _, typing_only in imports(path):
            parts = name.split(".")
            if parts[0] != "sdf_siren":
                continue
            there = parts[1] if len(parts) > 1 else ""
            if there not in FLOORS:  # a public name of the package itself, such as __version__
                assert len(parts) == 2, name
                there = ""
            if there == here or (here == "" and typing_only):
                continue
            if FLOORS[here] == 0 and here and there == "errors":
                continue  # the one thing that the ground floor stands on
            assert FLOORS[there] < FLOORS[here], f"{here or 'sdf_siren'} may not import {name}"

    def test_third_party_stays_in_its_place(self, path):
        for name, _, _ in imports(path):
            allowed = ONLY_IN.get(name.split(".")[0])
            assert allowed is None or part_of(path) in allowed, f"{name} belongs in {allowed}"

    def test_plyfile_stays_in_the_ply_modules(self, path):
        uses = any(name.split(".")[0] == "plyfile" for name, _, _ in imports(path))
        assert not uses or path.stem in {"ply", "ply_header", "ply_writer"}, path

    def test_upper_floors_and_the_package_load_nothing_heavy(self, path):
        if part_of(path) not in LIGHT | {
            "",
            "__main__",
            "errors",
            "files",
            "memory",
            "progress",
            "open3d_import",
        }:
            return
        for name, top, typing_only in imports(path):
            root = name.split(".")[0]
            assert not (top and not typing_only and root in HEAVY), (
                f"{name} must be imported where it is used"
            )

    def test_only_the_engine_and_the_light_floors_at_the_top_of_stages(self, path):
        if part_of(path) not in {"stages", "batch", "cli"}:
            return
        for name, top, typing_only in imports(path):
            parts = name.split(".")
            if parts[0] == "sdf_siren" and len(parts) > 1 and top and not typing_only:
                assert parts[1] in LIGHT | {"errors", "progress", "__version__", "files", "memory"}, name


def test_engine_knows_no_torch_at_all():
    for path in (PACKAGE / "engine").glob("*.py"):
        assert not {name.split(".")[0] for name, _, _ in imports(path)} & HEAVY


def test_every_package_is_installed():
    """setup.cfg lists the packages by hand, because pipelines/ lives outside."""
    text = (ROOT / "setup.cfg").read_text()
    folders = {
        path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in PACKAGE.rglob("__init__.py")
    }
    listed = set(text.split("packages =")[1].split("package_dir")[0].split())
    assert listed == folders | {"sdf_siren.pipelines"}
