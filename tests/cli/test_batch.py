"""``reconstruct PATH...``: options, exit codes and what is said; jobs are performed in this process."""

from __future__ import annotations

import csv
import json
import re

import pytest

from sdf_siren.batch.executor import Limits, Report
from sdf_siren.batch.perform import perform
from sdf_siren.cli.main import main


class Here:
    """An executor without processes; remembers how it was made."""

    made: tuple = ()

    def __init__(self, *given, **named):
        type(self).made = (*given, *named.items())
        self.manner = "somehow"

    def run(self, jobs, listen):
        for job in jobs:
            listen(Report("started", job))
            result = perform(job, lambda event, job=job: listen(Report("event", job, event)))
            listen(Report("ended", job, result=result))


@pytest.fixture
def batch(reconstruct, monkeypatch, tmp_path):
    """``batch(*words)`` runs the command beside a folder ``in`` with two scans and a web page."""
    monkeypatch.setattr("sdf_siren.batch.local.LocalExecutor", Here)
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("a", "b"):
        (folder / f"{name}.ply").write_text(f"ply {name}")
    (folder / "page.ply").write_text("<html>")
    return reconstruct


def meshes(tmp_path):
    return {path.name for path in (tmp_path / "out").glob("*") if path.suffix in (".ply", ".obj")}


def test_a_folder(batch, tmp_path):
    code, out, err = batch("in", "-o", "out", "--jobs", "1")
    assert code == 1
    assert meshes(tmp_path) == {"a.ply", "b.ply"}
    assert out.splitlines() == [
        f"{tmp_path / 'out'}: 3 jobs: 2 done, 1 failed; summary.csv has the figures",
        "failed page.ply: expected a point cloud, found other data",
    ]
    lines = err.splitlines()
    assert lines[0] == "3 jobs, somehow"
    assert re.fullmatch(r"\[1/3, \d+ s left\] done a\.ply \d\.\d s, 1 part", lines[1])
    assert lines[3] == "[3/3] failed page.ply: expected a point cloud, found other data"
    rows = list(csv.DictReader((tmp_path / "out" / "summary.csv").read_text().splitlines()))
    assert [(row["status"], row["faces"]) for row in rows] == [
        ("done", "12345"),
        ("done", "12345"),
        ("failed", ""),
    ]


def test_all_good(batch, tmp_path):
    assert batch("in/a.ply", "in/b.ply", "-o", "out")[0] == 0
    assert meshes(tmp_path) == {"a.ply", "b.ply"}


def test_a_pattern(batch, tmp_path):
    assert batch("in/[ab].ply", "-o", "out")[0] == 0
    assert meshes(tmp_path) == {"a.ply", "b.ply"}


def test_options_concern_every_job(batch, tmp_path):
    words = ("--quality", "draft", "--seed", "9", "--set", "fit.sdf.steps=2", "--crop", *"000123")
    code, _, _ = batch("in/a.ply", "in/b.ply", "-o", "out", "--format", "obj", "--device", "cpu", *words)
    assert code == 0
    for name in ("a", "b"):
        (((text, crop), quality, steps, seed), _) = json.loads((tmp_path / "out" / f"{name}.obj").read_text())
        assert (text, crop, quality, steps, seed) == (f"ply {name}", [0, 0, 0, 1, 2, 3], "draft", 2, 9)
        manifest = json.loads((tmp_path / "out" / f"{name}.obj.run" / "manifest.json").read_text())
        assert manifest["device"] == "cpu"
        assert "torch" in manifest["versions"]


def test_a_budget_of_time_is_decided_for_each_job_once(batch, fit, tmp_path):
    assert batch("in/a.ply", "in/b.ply", "-o", "out", "--time", "12")[0] == 0
    assert fit.measured == 2
    assert batch("in/a.ply", "in/b.ply", "-o", "out", "--time", "12", "--resume")[0] == 0
    assert fit.measured == 2


def test_limits_reach_the_executor(batch):
    batch("in", "-o", "out", "--jobs", "2", "--threads", "3", "--timeout", "60", "--memory-limit", "1.5")
    assert Here.made == (2, 3, Limits(60.0, 1_500_000_000))


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ((), (None, 3, 0.0, Limits(60.0), ("cpus", 6))),
        (("--device", "cuda"), (None, 3, 1.0, Limits(60.0), ("cpus", 6))),
        (("--device", "cuda", "--gpus-per-job", "0.25"), (None, 3, 0.25, Limits(60.0), ("cpus", 6))),
    ],
)
def test_a_ray_cluster(batch, monkeypatch, words, made):
    monkeypatch.setattr("sdf_siren.batch.cluster.RayExecutor", Here)
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)  # of the workers, whatever there is here
    given = ("--executor", "ray", "--jobs", "2", "--threads", "3", "--timeout", "60", *words)
    assert batch("in/a.ply", "in/b.ply", "-o", "out", *given)[0] == 0
    assert Here.made == made


def test_a_ray_cluster_elsewhere(batch, monkeypatch):
    monkeypatch.setattr("sdf_siren.batch.cluster.RayExecutor", Here)
    assert (
        batch("in/a.ply", "in/b.ply", "-o", "out", "--executor", "ray", "--ray-address", "head:6379")[0] == 0
    )
    assert Here.made == ("head:6379", 1, 0.0, Limits())


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--ray-address", "auto"), "--ray-address is for --executor ray"),
        (("--gpus-per-job", "1"), "--gpus-per-job is for --executor ray"),
        (("--executor", "ray", "--ray-address", "auto", "--jobs", "2"), "--jobs is for this machine"),
    ],
)
def test_words_that_do_not_go_together(batch, words, text, files):
    before = files()
    code, _, err = batch("in", "-o", "out", *words)
    assert code == 2
    assert text in err
    assert files() == before


def test_resume(batch, tmp_path):
    assert batch("in", "-o", "out")[0] == 1
    code, out, err = batch("in", "-o", "out")
    assert (code, out) == (2, "")
    assert "holds 2 of the outputs already, such as a.ply; use --resume" in err
    (tmp_path / "in" / "page.ply").write_text("ply at last")
    code, out, err = batch("in", "-o", "out", "--resume")
    assert code == 0
    assert "3 jobs: 1 done, 2 done before" in out
    assert "[1/3] skipped a.ply, done before" in err
    code, out, _ = batch("in", "-o", "out", "--force")
    assert "3 jobs: 3 done" in out


def test_shards(batch, tmp_path):
    code, _, err = batch("in", "-o", "out", "--shard", "2/2")
    assert code == 0
    assert err.startswith("1 of 3 jobs, ")
    assert meshes(tmp_path) == {"b.ply"}
    assert batch("in", "-o", "out", "--shard", "1/2")[0] == 1
    assert meshes(tmp_path) == {"a.ply", "b.ply"}


def test_dry_run(batch, files, tmp_path):
    before = files()
    code, out, err = batch("in", "-o", "out", "--dry-run", "--jobs", "2", "--threads", "1")
    assert (code, err) == (0, "")
    assert files() == before
    assert out.splitlines() == [
        "3 jobs, somehow",
        *[f"{name}.ply -> {tmp_path / 'out' / name}.ply" for name in ("a", "b", "page")],
        "nothing was written",
    ]


def test_quiet(batch):
    assert batch("in", "-o", "out", "--quiet") == (1, "", "")


def test_verbose(batch):
    _, _, err = batch("in", "-o", "out", "--verbose")
    assert "a.ply: read.points: dropped 2 rows" in err.splitlines()


def test_ctrl_c(batch, fit, monkeypatch, tmp_path):
    def hook(step):
        if len(fit.taken) == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(fit, "hook", staticmethod(hook))
    monkeypatch.setattr(Here, "run", _interrupted_run)
    code, out, err = batch("in", "-o", "out")
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == (
        "reconstruct: interrupted; 1 of 3 are done; repeat the command with --resume to continue"
    )
    rows = csv.DictReader((tmp_path / "out" / "summary.csv").read_text().splitlines())
    assert [row["status"] for row in rows] == ["done", "interrupted", "waiting"]


def _interrupted_run(self, jobs, listen):
    for job in jobs:
        result = perform(job)
        listen(Report("ended", job, result=result))
        if result.status == "interrupted":
            raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["in"], "several scans need a folder for their outputs; give one with -o"),
        (["in", "-o", "in/a.ply"], "expected a folder for the outputs, found a file"),
        (["in", "-o", "in"], "the output of a.ply is one of the inputs"),
        (["in", "-o", "out", "--format", "xyz"], "--format: expected one of ply glb obj off stl"),
        (["in", "-o", "out", "--shard", "3/2"], "--shard: expected i/n"),
        (["in", "-o", "out", "--jobs", "0"], "expected auto or a number from 1 to 4096, found '0'"),
        (["in", "-o", "out", "--jobs", "many"], "found 'many'"),
        (["in", "-o", "out", "--timeout", "0"], "--timeout"),
        (["in", "-o", "out", "--memory-limit", "-1"], "--memory-limit"),
        (["in", "-o", "out", "--timeout", "nan"], "'--timeout': expected a finite number, found nan"),
        (
            ["in", "-o", "out", "--memory-limit", "inf"],
            "'--memory-limit': expected a finite number, found inf",
        ),
        (
            ["in", "-o", "out", "--gpus-per-job", "nan"],
            "'--gpus-per-job': expected a finite number, found nan",
        ),
        (["in", "-o", "out", "--resume", "--force"], "use one of them"),
        (["in", "-o", "out", "--quiet", "--verbose"], "contradict"),
        (["in", "-o", "out", "--report", "--no-run"], "which --no-run removes; use one of them"),
        (["in", "-o", "out", "--device", "cuda:99"], "--device cuda:99: found"),
        (["in", "-o", "out", "--quality", "best"], "expected draft or standard"),
        (["in/*.xyz", "-o", "out"], "matches nothing"),
        ([], "Missing argument 'SCAN...'"),
    ],
)
def test_refused_and_nothing_written(batch, files, words, message):
    before = files()
    code, out, err = batch(*words)
    assert (code, out) == (2 if "matches" not in message else 3, "")
    assert message in err
    assert err.count("\n") == 1
    assert files() == before


@pytest.mark.parametrize(
    "words",
    [
        ["--jobs", "2"],
        ["--recursive"],
        ["--timeout", "9"],
        ["--memory-limit", "1"],
        ["--shard", "1/2"],
        ["--format", "obj"],
    ],
)
def test_options_of_a_batch_are_not_for_one_file(batch, words):
    code, _, err = batch("in/a.ply", *words)
    assert code == 2
    assert f"{words[0]} is for a folder or several files, found one file" in err


def test_images(tmp_path, capsys):
    for name in ("photo.png", "photo.tif", "scan.ply"):
        (tmp_path / name).touch()
    words = [str(tmp_path), "-o", str(tmp_path / "fits"), "--dry-run", "--format", "tif", "--recursive"]
    assert main(["image", *words]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "1 file of another format was left out"
    assert out[-3:-1] == [
        f"photo.png -> {tmp_path / 'fits' / 'photo.png.tif'}",
        f"photo.tif -> {tmp_path / 'fits' / 'photo.tif.tif'}",
    ]
