"""The real command on a folder: what fails fails alone, and kill -9 loses nothing."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

import sdf_siren

PIPELINE = """
[[stages]]
use = "read.points"
[[stages]]
use = "filter.normals"
[[stages]]
use = "fit.sdf"
steps = 600
width = 16
depth = 1
surface_points = 128
near_points = 64
far_points = 64
refit = false
[[stages]]
use = "extract.mesh"
resolution = 16
[[stages]]
use = "write.mesh"
"""
STEPS = list(range(50, 601, 50))
GOOD = ("one", "two", "sub/three")
BAD = {
    "empty.ply": "the file is empty",
    "page.ply": "expected a PLY file beginning with 'ply'",
    "truncated.npy": "",
}


def command(folder, *words):
    package = str(Path(sdf_siren.__file__).resolve().parent.parent)
    return subprocess.Popen(
        [sys.executable, "-m", "sdf_siren", *map(str, words)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": package},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process):
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def batch(folder, output, *words):
    return command(
        folder, "scans", "--recursive", "-o", output, "--device", "cpu", "--pipeline", "tiny.toml", *words
    )


def wait_for(condition, what):
    for _ in range(600):
        if condition():
            return
        time.sleep(0.1)
    pytest.fail(f"waited in vain for {what}")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with ``scans``: ellipsoids of 600 points with normals, and files that are no scans."""
    folder = tmp_path_factory.mktemp("batches")
    for seed, name in enumerate(GOOD):
        path = folder / "scans" / f"{name}.npy"
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        ball = rng.normal(size=(600, 3))
        ball /= np.linalg.norm(ball, axis=1, keepdims=True)
        axes = 1 + rng.random(3)
        normals = ball / axes
        normals /= np.linalg.norm(normals, axis=1, keepdims=True)
        np.save(path, np.hstack([ball * axes, normals]))
    (folder / "tiny.toml").write_text(PIPELINE)
    (folder / "scans" / "empty.ply").touch()
    (folder / "scans" / "page.ply").write_text("<!doctype html>\n<html></html>")
    whole = (folder / "scans" / "one.npy").read_bytes()
    (folder / "scans" / "truncated.npy").write_bytes(whole[: len(whole) // 2])
    return folder


@pytest.fixture(scope="module")
def whole(folder):
    """The folder after a batch into ``whole``, one job at a time."""
    code, out, err = finish(batch(folder, "whole", "--jobs", "1"))
    assert code == 1, err
    assert "6 jobs: 3 done, 3 failed" in out
    return folder


def statuses(output):
    rows = csv.DictReader((output / "summary.csv").read_text().splitlines())
    return {row["name"]: (row["status"], row["reason"]) for row in rows}


def test_what_fails_fails_alone(whole):
    found = statuses(whole / "whole")
    for name in GOOD:
        assert found[f"{name}.npy"] == ("done", "")
        assert (whole / "whole" / f"{name}.ply").stat().st_size > 1000
    for name, reason in BAD.items():
        assert found[name][0] == "failed"
        assert found[name][1].startswith(reason)
        assert found[name][1]
        assert not (whole / "whole" / Path(name).with_suffix(".ply")).exists()


def fit_steps(output):
    """By job, the steps that its fit reported, in order, by whatever process."""
    found = {}
    for name in GOOD:
        path = output / f"{name}.ply.run" / "events.jsonl"
        events = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        found[name] = [e["done"] for e in events if e["kind"] == "progress" and e["stage"] == "fit.sdf"]
    return found


def test_killed_and_interrupted_and_finished(whole):
    """kill -9, Ctrl-C in the resumed batch, the rest from Python: nothing is lost, nothing done twice."""
    output = whole / "killed"
    process = batch(whole, "killed", "--jobs", "2")
    wait_for(lambda: any(fit_steps(output).values()), "a fit to begin")
    workers = psutil.Process(process.pid).children()
    assert len(workers) == 2
    process.send_signal(signal.SIGKILL)
    process.communicate()
    wait_for(lambda: not any(worker.is_running() for worker in workers), "the workers to end")

    before = fit_steps(output)
    process = batch(whole, "killed", "--jobs", "1", "--resume")
    wait_for(lambda: fit_steps(output) != before, "a fit to go on")
    process.send_signal(signal.SIGINT)
    code, out, err = finish(process)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1].startswith("reconstruct: interrupted; ")
    assert "waiting" in {status for status, _ in statuses(output).values()}

    results = sdf_siren.run_batch(
        whole / "scans", output, recursive=True, pipeline=whole / "tiny.toml", device="cpu", resume=True
    )
    assert {r.name: r.status for r in results if not r.good} == dict.fromkeys(BAD, "failed")
    for name, steps in fit_steps(output).items():
        assert steps[: len(before[name])] == before[name], "the events of the killed batch are kept"
        assert steps == STEPS, f"{name} went on from where it was"
        assert (output / f"{name}.ply").read_bytes() == (whole / "whole" / f"{name}.ply").read_bytes()
