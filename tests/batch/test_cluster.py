"""A real Ray cluster on this machine: jobs are done, lost processes made up for, and nobody else listens."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sdf_siren.batch import status
from sdf_siren.batch.cluster import RayExecutor
from sdf_siren.batch.executor import Limits
from sdf_siren.batch.jobs import Job
from sdf_siren.errors import MissingLibraryError

HERE = Path(__file__).parent
FUNCTION = "ray_jobs:write_name"
WORDS = {
    "a": "one",
    "b": "lose the supervisor",
    "c": "two",
    "d": "abort",
    "e": "refuse",
    "f": "wait",
    "g": "three",
}

SCRIPT = """
import json, os, signal, sys
from pathlib import Path
from sdf_siren.batch.cluster import RayExecutor
from sdf_siren.batch.executor import Limits
from sdf_siren.batch.jobs import Job

folder, interrupt = Path(sys.argv[1]), sys.argv[2] == "interrupt"
jobs = [
    Job(path.stem, path, folder / "out" / (path.stem + ".txt"), folder / "out", "title = 'none'")
    for path in sorted(folder.glob("*.in"))
]
reports = []

def listen(report):
    reports.append([report.kind, report.job.name, report.result and report.result.to_json()])
    if len(reports) == 1:
        import ray
        node = ray.nodes()[0]
        reports.append(["address", node["NodeManagerAddress"], os.environ["RAY_AUTH_MODE"]])
    if interrupt and len(reports) == 2:
        os.kill(os.getpid(), signal.SIGINT)

limits = Limits(timeout=None if interrupt else 15)
try:
    RayExecutor(None, 1, limits=limits, function="ray_jobs:write_name", cpus=2).run(jobs, listen)
except KeyboardInterrupt:
    reports.append(["interrupted", "", None])
(folder / "reports.json").write_text(json.dumps(reports))
"""


def carried_out(folder, words, manner=""):
    """The reports of a batch through a cluster of two CPUs."""
    (folder / "out").mkdir()
    for name, word in words.items():
        (folder / f"{name}.in").write_text(word)
    search = os.pathsep.join([str(HERE.parents[1]), str(HERE), os.environ.get("PYTHONPATH", "")])
    # In a process of its own: Ray leaves threads and warnings behind.
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(folder), manner],
        env={**os.environ, "PYTHONPATH": search},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "reports.json").read_text())


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder of a batch, and what was reported."""
    pytest.importorskip("ray", reason="Ray is not installed (extra ray)")
    folder = tmp_path_factory.mktemp("cluster")
    return folder, carried_out(folder, WORDS)


def tries(folder, name):
    """Of a job: attempt, process and supervisor each time."""
    return [
        tuple(map(int, line.split())) for line in (folder / "out" / f"{name}.tries").read_text().splitlines()
    ]


def ends(reports):
    return {name: result for kind, name, result in reports if kind == "ended"}


def test_every_job_ends_once(ran):
    _, reports = ran
    assert sorted(name for kind, name, _ in reports if kind == "ended") == sorted(WORDS)


def test_good_jobs_are_done(ran):
    folder, reports = ran
    for name in "abcg":
        end = ends(reports)[name]
        assert (end["status"], end["reason"]) == ("done", "")
        assert (folder / "out" / f"{name}.txt").read_text() == f"{WORDS[name]} 1"


def test_a_job_whose_ray_process_was_killed_is_done_by_another(ran):
    folder, reports = ran
    (first, _, lost), (second, _, other) = tries(folder, "b")
    assert (first, second) == (1, 2)
    assert lost != other
    (retry,) = [result for kind, name, result in reports if (kind, name) == ("retry", "b")]
    assert retry["kind"] == "killed"
    assert ends(reports)["b"]["attempts"] == 2


def test_bad_jobs_cost_only_themselves(ran):
    folder, reports = ran
    found = {name: (ends(reports)[name]["status"], ends(reports)[name]["kind"]) for name in "def"}
    assert found == {"d": ("failed", "crash"), "e": ("failed", "input"), "f": ("failed", "timeout")}
    assert len(tries(folder, "d")) == 2, "a crash is tried again"
    assert len(tries(folder, "e")) == 1
    assert "SIGABRT" in ends(reports)["d"]["reason"]


def test_records_tell_the_same(ran):
    folder, reports = ran
    for name, end in ends(reports).items():
        job = Job(name, folder / f"{name}.in", folder / "out" / f"{name}.txt", folder / "out", "")
        record = status.read(job)
        assert record is not None
        assert record.result is not None
        assert record.result.status == end["status"]


def test_a_cluster_of_its_own_stays_on_this_machine(ran):
    _, reports = ran
    ((_, address, mode),) = [report for report in reports if report[0] == "address"]
    assert (address, mode) == ("127.0.0.1", "token")


def test_interrupted_jobs_say_so_and_those_not_begun_say_nothing(tmp_path):
    pytest.importorskip("ray", reason="Ray is not installed (extra ray)")
    reports = carried_out(tmp_path, dict.fromkeys("abcd", "wait"), "interrupt")
    assert reports[-1][0] == "interrupted"
    found = ends(reports)
    assert {end["status"] for end in found.values()} == {"interrupted"}
    assert set(found) == {path.stem for path in (tmp_path / "out").glob("*.tries")}
    assert 1 <= len(found) <= 2


def test_without_ray_the_advice_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingLibraryError, match=r'pip install "sdf-siren\[ray\]"'):
        RayExecutor(None, 1, limits=Limits()).run([], print)
