"""``reconstruct SCAN``: options, the folder it leaves, and what it says."""

from __future__ import annotations

import json
import os
import tomllib

import pytest

from sdf_siren.cli.scan import LEAST_SECONDS
from sdf_siren.errors import InputError

RUN_FILES = {
    "pipeline.toml",
    "manifest.json",
    "events.jsonl",
    "fit.checkpoint",
    "field.safetensors",
    "preview.png",
}


def result(path):
    (((_, crop), quality, steps, seed), resolution) = json.loads(path.read_text())
    return {"crop": crop, "quality": quality, "steps": steps, "seed": seed, "resolution": resolution}


def test_default(reconstruct, files, tmp_path):
    code, out, err = reconstruct("scan.ply")
    assert code == 0
    assert files() == {"scan.ply", "scan_mesh.ply"} | {f"scan_mesh.ply.run/{name}" for name in RUN_FILES}
    defaults = {"crop": None, "quality": "standard", "steps": 4, "seed": 0, "resolution": None}
    assert result(tmp_path / "scan_mesh.ply") == defaults
    lines = out.splitlines()
    assert lines[0] == "scan_mesh.ply: 12,345 faces, watertight, 1 component"
    assert lines[1] == "fit residual at the scan's points: median 0.00123, 95 % 0.5 (scan's units)"
    filled = "3.1 % of the surface is filled in (more than 3 spacings from the scan)"
    assert lines[2] == f"{filled}; 1.2 % of the scan's points are as far from it"
    assert lines[3].startswith("read.points 0.0 s, filter.outliers 0.0 s, filter.normals 0.0 s, fit.sdf")
    assert lines[4] == "run folder scan_mesh.ply.run"
    assert "read.points: dropped 2 rows" in err.splitlines()


class TestReport:
    def test_is_written_where_it_is_asked_for(self, reconstruct, files, tmp_path):
        code, out, _ = reconstruct("scan.ply", "--report")
        assert code == 0
        assert "scan_mesh.ply.run/report.html" in files()
        assert out.splitlines()[-1] == "run folder scan_mesh.ply.run, report scan_mesh.ply.run/report.html"
        resolved = tomllib.loads((tmp_path / "scan_mesh.ply.run" / "pipeline.toml").read_text())
        assert resolved["stages"][-1] == {"use": "write.report", "wanted": True}

    def test_and_not_otherwise(self, reconstruct, files):
        code, _, err = reconstruct("scan.ply", "--no-report", "--verbose")
        assert code == 0
        assert "scan_mesh.ply.run/report.html" not in files()
        assert "write.report: skipped, not asked for" in err

    def test_goes_with_the_run_that_it_is_about(self, reconstruct, files):
        reconstruct("scan.ply", "--report")
        assert reconstruct("scan.ply", "--force")[0] == 0
        assert "scan_mesh.ply.run/report.html" not in files()

    def test_a_pipeline_without_the_stage_has_none(self, reconstruct, tmp_path):
        text = '[[stages]]\nuse = "read.points"\n[[stages]]\nuse = "fit.sdf"\n'
        text += '[[stages]]\nuse = "extract.mesh"\n[[stages]]\nuse = "write.mesh"\n'
        (tmp_path / "my.toml").write_text(text)
        code, _, err = reconstruct("scan.ply", "--pipeline", "my.toml", "--report")
        assert code == 2
        assert err.startswith("reconstruct: error: --report: my.toml has no stage 'write.report'")


class TestTime:
    def test_it_decides_quality_and_steps(self, reconstruct, tmp_path):
        code, _, _ = reconstruct("scan.ply", "--time", "20")
        assert code == 0
        found = result(tmp_path / "scan_mesh.ply")
        assert (found["quality"], found["steps"]) == ("high", 12)
        recorded = (tmp_path / "scan_mesh.ply.run" / "pipeline.toml").read_text()
        assert "steps = 12" in recorded
        assert "seconds" not in recorded

    def test_a_resumed_run_keeps_what_was_decided(self, reconstruct, fit, tmp_path, monkeypatch):
        def stop(step):
            if step == 5:
                raise KeyboardInterrupt

        monkeypatch.setattr(fit, "hook", staticmethod(stop))
        assert reconstruct("scan.ply", "--time", "20")[0] == 130
        monkeypatch.setattr(fit, "hook", staticmethod(lambda step: None))
        code, _, err = reconstruct("scan.ply", "--time", "20", "--resume")
        assert code == 0, err
        assert result(tmp_path / "scan_mesh.ply")["steps"] == 12
        assert fit.taken == [*range(5), *range(5, 12)]

    def test_resume_of_nothing_measures(self, reconstruct, tmp_path):
        assert reconstruct("scan.ply", "--time", "20", "--resume")[0] == 0
        assert result(tmp_path / "scan_mesh.ply")["steps"] == 12

    @pytest.mark.parametrize("seconds", ["0", str(LEAST_SECONDS - 0.1), "-3", "nan", "soon"])
    def test_no_time(self, reconstruct, files, seconds):
        code, _, err = reconstruct("scan.ply", "--time", seconds)
        assert code == 2
        assert "--time" in err
        assert files() == {"scan.ply"}


def test_every_option(reconstruct, tmp_path):
    words = [
        "-o",
        "out.obj",
        "--quality",
        "draft",
        "--resolution",
        "64",
        "--crop",
        "0",
        "0",
        "0",
        "1",
        "2",
        "3",
        "--device",
        "cpu",
        "--seed",
        "9",
    ]
    code, _, _ = reconstruct("scan.ply", *words, "--set", "fit.sdf.steps=2", "--set", "fit.sdf.width=8")
    assert code == 0
    assert result(tmp_path / "out.obj") == {
        "crop": [0, 0, 0, 1, 2, 3],
        "quality": "draft",
        "steps": 2,
        "seed": 9,
        "resolution": 64,
    }
    folder = tmp_path / "out.obj.run"
    resolved = tomllib.loads((folder / "pipeline.toml").read_text())
    fit = next(table for table in resolved["stages"] if table["use"] == "fit.sdf")
    assert fit == {"use": "fit.sdf", "quality": "draft", "steps": 2, "width": 8, "mend": True}
    assert json.loads((folder / "manifest.json").read_text())["device"] == "cpu"


def resolved(folder, stage):
    """The options that the run in ``folder`` resolved for ``stage``."""
    tables = tomllib.loads((folder / "pipeline.toml").read_text())["stages"]
    return next(table for table in tables if table["use"] == stage)


def test_colours(reconstruct, tmp_path):
    assert reconstruct("scan.ply", "-o", "plain.ply", "--no-colours", "--intensity")[0] == 0
    found = resolved(tmp_path / "plain.ply.run", "filter.colours")
    assert found == {"use": "filter.colours", "colours": False, "intensity": True}
    assert reconstruct("scan.ply", "-o", "out.ply")[0] == 0
    found = resolved(tmp_path / "out.ply.run", "filter.colours")
    assert found == {"use": "filter.colours", "colours": True, "intensity": False}


@pytest.mark.parametrize("last", [(), ("--fill-holes",)])
def test_what_is_done_to_the_mesh_on_request(reconstruct, tmp_path, last):
    words = ("--components", "2", "--smooth", "3", "--simplify", "1000")
    assert reconstruct("scan.ply", "-o", "out.ply", *words, *last)[0] == 0
    found = resolved(tmp_path / "out.ply.run", "filter.mesh")
    asked = {"components": 2, "holes": bool(last), "smooth": 3, "faces": 1000}
    assert found == {"use": "filter.mesh", **asked}


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ((), {"components": 0, "holes": False, "smooth": 0}),
        (("--components", "all"), {"components": 0, "holes": False, "smooth": 0}),
        (("--fill-holes", "all"), {"components": 0, "holes": True, "smooth": 0}),
        (("--fill-holes", "0.5"), {"components": 0, "holes": True, "widest_hole": 0.5, "smooth": 0}),
        (("--fill-holes=2",), {"components": 0, "holes": True, "widest_hole": 2.0, "smooth": 0}),
    ],
)
def test_how_much_is_done_to_the_mesh(reconstruct, tmp_path, words, options):
    assert reconstruct("scan.ply", "-o", "out.ply", *words)[0] == 0
    assert resolved(tmp_path / "out.ply.run", "filter.mesh") == {"use": "filter.mesh", **options}


@pytest.mark.parametrize(
    "words",
    [
        ("--components", "0"),
        ("--components", "some"),
        ("--components", "1.5"),
        ("--fill-holes", "0"),
        ("--fill-holes", "nan"),
        ("--fill-holes", "inf"),
        ("--smooth", "0"),
        ("--simplify", "3"),
    ],
)
def test_what_cannot_be_done_to_the_mesh(reconstruct, files, words):
    code, _, err = reconstruct("scan.ply", *words)
    assert code == 2
    assert words[0].partition("=")[0] in err
    assert files() == {"scan.ply"}


def test_a_scan_in_place_of_a_size_is_told(reconstruct):
    code, _, err = reconstruct("--fill-holes", "scan.ply")
    assert code == 2
    assert "found 'scan.ply'" in err


def test_normals(reconstruct, tmp_path):
    words = ("--normals", "estimate", "--viewpoint", "1", "-2", "3.5", "--flip-normals")
    code, _, _ = reconstruct("scan.ply", "-o", "out.ply", *words)
    assert code == 0
    stage = resolved(tmp_path / "out.ply.run", "filter.normals")
    viewpoint = [1, -2, 3.5]
    assert stage == {"use": "filter.normals", "mode": "estimate", "viewpoint": viewpoint, "flip": True}


def test_points_and_outliers(reconstruct, tmp_path):
    code, _, _ = reconstruct("scan.ply", "-o", "out.ply", "--max-points", "1000", "--keep-outliers")
    assert code == 0
    resolved = tomllib.loads((tmp_path / "out.ply.run" / "pipeline.toml").read_text())
    stages = {table["use"]: table for table in resolved["stages"]}
    assert stages["read.points"]["max_points"] == 1000
    assert stages["filter.outliers"]["keep"] is True
    code, _, err = reconstruct("scan.ply", "-o", "few.ply", "--max-points", "3")
    assert code == 2
    assert "--max-points" in err


def test_unknown_ways_to_treat_normals_are_refused(reconstruct):
    code, _, err = reconstruct("scan.ply", "--normals", "guess")
    assert code == 2
    assert "--normals" in err
    assert "auto or keep or estimate" in err


def test_threads(reconstruct, monkeypatch, tmp_path):
    import torch

    asked = []
    monkeypatch.setattr(torch, "set_num_threads", asked.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert reconstruct("scan.ply", "--threads", "3", "--quiet")[0] == 0
    assert asked == [3]
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert json.loads((tmp_path / "scan_mesh.ply.run" / "manifest.json").read_text())["threads"] == 3


def test_its_own_pipeline_file(reconstruct, tmp_path):
    reconstruct("scan.ply", "--seed", "3", "--set", "fit.sdf.steps=2")
    code, _, _ = reconstruct("scan.ply", "--pipeline", "scan_mesh.ply.run/pipeline.toml", "-o", "again.ply")
    assert code == 0
    assert (tmp_path / "again.ply").read_bytes() == (tmp_path / "scan_mesh.ply").read_bytes()
    folders = [tmp_path / f"{name}.run" / "pipeline.toml" for name in ("scan_mesh.ply", "again.ply")]
    assert folders[0].read_bytes() == folders[1].read_bytes()


@pytest.mark.parametrize("quality", ["draft", "standard", "high", "paper"])
@pytest.mark.parametrize("words", [("--quality", "{}"), ("--set", "fit.sdf.quality={}")])
def test_qualities(reconstruct, tmp_path, quality, words):
    assert reconstruct("scan.ply", *[word.format(quality) for word in words])[0] == 0
    assert result(tmp_path / "scan_mesh.ply")["quality"] == quality


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["--quality", "best"],
            "--quality: fit.sdf.quality: expected draft or standard or high or paper, found 'best'",
        ),
        (
            ["--resolution", "1"],
            "--resolution: extract.mesh.resolution: expected a whole number from 8 to 1024",
        ),
        (["--resolution", "1025"], "found 1025"),
        (["--crop", "0", "0", "0", "1", "1"], "6 arguments"),
        (
            ["--crop", "0", "0", "0", "1", "1", "nan"],
            "--crop: read.points.crop: expected a list of 6 numbers",
        ),
        (["--device", "gpu"], "expected auto, cpu, cuda or cuda:<index>, found 'gpu'"),
        (["--device", "cuda:x"], "found 'cuda:x'"),
        (["--seed", "-1"], "--seed"),
        (["--seed", str(2**63)], "--seed"),
        (["--threads", "0"], "--threads"),
        (["--set", "fit.sdf.stepps=3"], "fit.sdf has no option 'stepps'; did you mean steps?"),
        (["--set", "fit.sfd.steps=3"], "has no stage 'fit.sfd'; did you mean fit.sdf?"),
        (["--set", "steps=3"], "expected stage.option=value"),
        (["--quiet", "--verbose"], "contradict"),
        (["--report", "--no-run"], "--report writes into the run folder, which --no-run removes"),
        (["--device", "cuda:99"], "--device cuda:99: found"),
        (["--detail", "0"], "--detail: fit.sdf.detail: expected a number from 0.1 to 10, found 0.0"),
        (["--resume", "--force"], "use one of them"),
        (["-o", "out.xyz"], "expected a name ending in .ply or .obj"),
        (["-o", "none/out.ply"], "the folder none does not exist"),
        (["-o", "scan.ply"], "the output is the input itself"),
        (["-o", "scan.ply", "--force"], "the output is the input itself"),
        (["-o", "./../{}/scan.ply"], "the output is the input itself"),
        (["--pipeline", "none.toml"], "none.toml: cannot read the pipeline file"),
        (["--pipeline", "scan.ply"], "scan.ply: expected a pipeline file in TOML"),
    ],
)
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_refused_and_nothing_written(reconstruct, files, tmp_path, words, message, dry):
    words = [word.format(tmp_path.name) for word in words]
    code, out, err = reconstruct("scan.ply", *dry, *words)
    assert (code, out) == (2, "")
    assert message in err
    assert err.startswith("reconstruct: error: ")
    assert err.count("\n") == 1
    assert files() == {"scan.ply"}


def test_unknown_option_in_a_pipeline_file(reconstruct, tmp_path):
    (tmp_path / "my.toml").write_text('[[stages]]\nuse = "read.points"\nmesh_as_scn = true')
    code, _, err = reconstruct("scan.ply", "--pipeline", "my.toml")
    assert code == 2
    line = "my.toml: read.points has no option 'mesh_as_scn'; did you mean mesh_as_scan?"
    assert err == f"reconstruct: error: {line}\n"


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_unreadable_scan(reconstruct, files, tmp_path, dry):
    (tmp_path / "scan.ply").write_text("<html>")
    code, out, err = reconstruct("scan.ply", *dry)
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert files() == {"scan.ply"}


class TestDryRun:
    def test_says_and_writes_nothing(self, reconstruct, files, fit):
        code, out, err = reconstruct("scan.ply", "--dry-run", "--quality", "high")
        assert (code, err) == (0, "")
        assert files() == {"scan.ply"}
        assert fit.taken == []
        lines = out.splitlines()
        assert lines[0] == "Surface from an oriented scan"
        assert "  read.points     dropped 2 rows" in lines
        assert "                  3 points, extent 1 x 2 x 3" in lines
        assert "  fit.sdf         high on auto" in lines
        assert "  write.mesh      scan_mesh.ply" in lines
        assert lines[-1] == "output scan_mesh.ply, run folder scan_mesh.ply.run; nothing was written"


class TestAgain:
    def test_refused_without_force(self, reconstruct, files, tmp_path):
        reconstruct("scan.ply")
        before = {name: (tmp_path / name).read_bytes() for name in files()}
        code, _, err = reconstruct("scan.ply")
        assert code == 2
        assert "--force" in err
        assert {name: (tmp_path / name).read_bytes() for name in files()} == before

    def test_force(self, reconstruct, tmp_path):
        reconstruct("scan.ply")
        assert reconstruct("scan.ply", "--force", "--seed", "5")[0] == 0
        assert result(tmp_path / "scan_mesh.ply")["seed"] == 5

    def test_resume_of_a_finished_run(self, reconstruct, fit):
        reconstruct("scan.ply")
        code, out, _ = reconstruct("scan.ply", "--resume")
        assert code == 0
        assert "there is nothing to do" in out
        assert fit.taken == [0, 1, 2, 3]

    def test_resume_of_another_run(self, reconstruct):
        reconstruct("scan.ply")
        code, _, err = reconstruct("scan.ply", "--resume", "--resolution", "64")
        assert code == 2
        assert "extract.mesh.resolution was" in err

    def test_resume_of_nothing(self, reconstruct):
        code, _, err = reconstruct("scan.ply", "--resume")
        assert code == 0
        assert "nothing to resume for scan_mesh.ply; starting anew" in err


def test_no_run(reconstruct, files):
    code, out, _ = reconstruct("scan.ply", "--no-run")
    assert code == 0
    assert files() == {"scan.ply", "scan_mesh.ply"}
    assert "run folder" not in out


def test_quiet(reconstruct):
    assert reconstruct("scan.ply", "--quiet") == (0, "", "")


def test_verbose(reconstruct):
    _, _, err = reconstruct("scan.ply", "--verbose", "--no-run")
    assert "fit.sdf: started" in err
    assert "measure.fit: faces 12345" in err
    assert "write.preview: skipped" in err


def test_names_that_are_not_text(reconstruct, tmp_path):
    name = os.fsdecode(b"caf\xe9.ply")
    (tmp_path / name).write_text("ply points")
    code, *_ = reconstruct(name, "--quiet")
    assert code == 0
    assert os.fsencode(tmp_path / os.fsdecode(b"caf\xe9_mesh.ply")) in {
        os.fsencode(path) for path in tmp_path.iterdir()
    }


class TestPaths:
    @pytest.mark.parametrize("output", [".", "/", ".."])
    def test_a_folder_is_no_output(self, reconstruct, files, output):
        code, out, err = reconstruct("scan.ply", "-o", output)
        assert (code, out) == (2, "")
        assert err == (
            f"reconstruct: error: {output}: expected a file to write, found a folder; add a file name to -o\n"
        )
        assert files() == {"scan.ply"}

    @pytest.mark.parametrize("words", [["scan.ply"], ["scan.ply", "scan.ply"]])
    def test_an_empty_text_is_no_output(self, reconstruct, files, words):
        code, _, err = reconstruct(*words, "-o", "")
        assert code == 2
        assert "'-o' / '--output': expected a path, found an empty text" in err
        assert files() == {"scan.ply"}

    def test_nor_an_input(self, reconstruct):
        code, _, err = reconstruct("", "-o", "meshes")
        assert code == 2
        assert "expected a path, found an empty text" in err

    def test_a_scan_that_may_not_be_read_is_an_unreadable_one(self, reconstruct, monkeypatch):
        """As for anyone but root, for whom a test can take no permission away."""
        monkeypatch.setattr(os, "access", lambda path, mode: mode != os.R_OK)

        def refuse(path):
            raise InputError(f"{path}: cannot be read (Permission denied); check the path")

        monkeypatch.setattr("sdf_siren.engine.run.fingerprint", refuse)
        code, _, err = reconstruct("scan.ply")
        assert code == 3
        assert err == "reconstruct: error: scan.ply: cannot be read (Permission denied); check the path\n"
