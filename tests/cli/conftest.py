"""The real command on stages of no substance, under the real stages' names and options."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest

from sdf_siren.cli.main import main
from sdf_siren.engine.folder import CHECKPOINT, FIELD, PREVIEW, REPORT
from sdf_siren.engine.stage import Artifacts, Context, Stage
from sdf_siren.errors import InputError, UsageError
from sdf_siren.progress import Progress
from sdf_siren.stages.extract_mesh import ExtractMesh
from sdf_siren.stages.filter_colours import FilterColours
from sdf_siren.stages.filter_mesh import FilterMesh
from sdf_siren.stages.filter_normals import FilterNormals
from sdf_siren.stages.filter_outliers import FilterOutliers
from sdf_siren.stages.filter_surface import FilterSurface
from sdf_siren.stages.fit_sdf import FitSdf
from sdf_siren.stages.measure_fit import MeasureFit
from sdf_siren.stages.measure_support import MeasureSupport
from sdf_siren.stages.read_field import ReadField
from sdf_siren.stages.read_points import ReadPoints
from sdf_siren.stages.write_field import WriteField
from sdf_siren.stages.write_mesh import WriteMesh
from sdf_siren.stages.write_preview import WritePreview
from sdf_siren.stages.write_report import WriteReport


@dataclass(frozen=True)
class FakeReadPoints(ReadPoints):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        text = context.input.read_text()
        if not text.startswith("ply"):
            raise InputError(f"{context.input}: expected a point cloud, found other data")
        context.note("dropped 2 rows")
        return {"points": [text, self.crop], "drawn": None}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return ["3 points, extent 1 x 2 x 3"]


@dataclass(frozen=True)
class FakeReadField(ReadField):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        return {"field": json.loads(context.input.read_text())}


@dataclass(frozen=True)
class FakeFilterOutliers(FilterOutliers):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        return {"points": artifacts["points"]}


@dataclass(frozen=True)
class FakeFilterNormals(FilterNormals):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        return {"points": artifacts["points"]}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return []


@dataclass(frozen=True)
class FakeFilterColours(FilterColours):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        return {"mesh": artifacts["mesh"]}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return []


@dataclass(frozen=True)
class FakeFilterMesh(FilterMesh):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        return {"mesh": artifacts["mesh"]}


@dataclass(frozen=True)
class FakeFitSdf(FitSdf):
    hook: ClassVar[Callable[[int], None]] = staticmethod(lambda step: None)
    taken: ClassVar[list[int]] = []
    measured: ClassVar[int] = 0

    def settled(self, artifacts: Artifacts, context: Context) -> FakeFitSdf:
        """One step a second after the first eight, on a machine that is never the same twice."""
        if self.run_seconds is None:
            return self
        type(self).measured += 1
        steps = int(self.run_seconds) - 8 + self.measured - 1
        return replace(self, run_seconds=None, quality="high", steps=steps)

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        checkpoint = context.folder / CHECKPOINT if context.folder else None
        start = 0
        if checkpoint and context.resume and checkpoint.exists():
            start = int(checkpoint.read_text())
        steps = self.steps or 4
        for step in range(start, steps):
            type(self).hook(step)
            type(self).taken.append(step)
            if checkpoint:
                checkpoint.write_text(str(step + 1))
            context.progress(Progress("fit", step + 1, steps, {"surface": 0.5}))
        field = [artifacts["points"], self.quality, steps, context.seed]
        return {"field": field, "points": artifacts["points"]}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return [f"{self.quality} on {context.device}", "about 1 s"]


@dataclass(frozen=True)
class FakeExtractMesh(ExtractMesh):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        return {"mesh": [artifacts["field"], self.resolution], "support": None, "openness": None}


@dataclass(frozen=True)
class FakeFilterSurface(FilterSurface):
    def settled(self, artifacts: Artifacts, context: Context) -> FilterSurface:
        return self

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        context.record({"surface": "closed" if self.kind == "auto" else self.kind})
        return {"mesh": artifacts["mesh"]}

    def plan(self, artifacts: Artifacts, context: Context) -> list[str]:
        return []


@dataclass(frozen=True)
class FakeMeasureSupport(MeasureSupport):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        context.record({"support": {"beyond": {"2": 0.05, "3": 0.0312, "5": 0.0}, "largest": 4.5}})
        context.record({"points_missed": 0.0123})
        return {"mesh": [*artifacts["mesh"], "support"] if self.write else artifacts["mesh"]}


@dataclass(frozen=True)
class FakeMeasureFit(MeasureFit):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        context.record({"faces": 12345, "watertight": True, "components": 1, "boundary_edges": 0})
        if "points" in artifacts:
            context.record({"residual_median": 0.00123456, "residual_p95": 0.5})
        return {}


@dataclass(frozen=True)
class FakeWriteMesh(WriteMesh):
    def check(self, context: Context) -> None:
        if context.output.suffix not in (".ply", ".obj"):
            raise UsageError(f"{context.output}: expected a name ending in .ply or .obj")

    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        context.output.write_text(json.dumps(artifacts["mesh"]))
        return {}


@dataclass(frozen=True)
class FakeWriteField(WriteField):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        assert context.folder
        (context.folder / FIELD).write_text(json.dumps(artifacts["field"]))
        return {}


@dataclass(frozen=True)
class FakeWritePreview(WritePreview):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        assert context.folder
        (context.folder / PREVIEW).write_text("picture")
        return {}


@dataclass(frozen=True)
class FakeWriteReport(WriteReport):
    def run(self, artifacts: Artifacts, context: Context) -> Artifacts:
        assert context.folder
        (context.folder / REPORT).write_text("page")
        return {}


FAKES: tuple[type[Stage], ...] = (
    FakeReadPoints,
    FakeReadField,
    FakeFilterOutliers,
    FakeFilterNormals,
    FakeFilterColours,
    FakeFilterMesh,
    FakeFitSdf,
    FakeExtractMesh,
    FakeFilterSurface,
    FakeMeasureSupport,
    FakeMeasureFit,
    FakeWriteMesh,
    FakeWriteField,
    FakeWritePreview,
    FakeWriteReport,
)


@pytest.fixture
def fit(monkeypatch):
    """The fitting stage: give it a ``hook``, read the steps ``taken``."""
    monkeypatch.setattr(FakeFitSdf, "hook", staticmethod(lambda step: None))
    monkeypatch.setattr(FakeFitSdf, "taken", [])
    monkeypatch.setattr(FakeFitSdf, "measured", 0)
    return FakeFitSdf


@pytest.fixture
def reconstruct(monkeypatch, tmp_path, capsys, fit):
    """``reconstruct(*words)`` gives (exit code, stdout, stderr); runs in ``tmp_path`` with ``scan.ply``."""
    monkeypatch.setattr("sdf_siren.stages.CATALOGUE", {stage.name: stage for stage in FAKES})
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan.ply").write_text("ply points")

    def run(*words):
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def files(tmp_path):
    """The names of all files in the working folder, as a function."""
    return lambda: {str(p.relative_to(tmp_path)) for p in tmp_path.rglob("*") if p.is_file()}
