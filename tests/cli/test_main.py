"""Which command is meant, and how every failure is told."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sdf_siren.errors import DivergenceError, InputError, UsageError

ROOT = Path(__file__).parents[2]


def one_line(text):
    assert text.endswith("\n")
    assert text.count("\n") == 1
    return text


class OutOfMemoryError(RuntimeError):
    """Named like torch's."""


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("scan.ply: too few points"), 3, "error: scan.ply: too few points"),
        (UsageError("no such device"), 2, "error: no such device"),
        (DivergenceError("the loss is NaN"), 1, "error: the loss is NaN"),
        (MemoryError(), 1, "error: out of memory; lower --resolution"),
        (OutOfMemoryError("CUDA"), 1, "error: out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried 9"), 1, "error: out of memory"),
        (
            OSError(errno.ENOSPC, "No space left on device", "x.ply"),
            1,
            "error: x.ply: No space left on device",
        ),
        (ZeroDivisionError("a\nb"), 1, "internal error: ZeroDivisionError: a b; run again with --debug"),
    ],
)
def test_one_line_and_the_exit_code(reconstruct, fit, monkeypatch, files, error, code, message):
    def hook(step):
        raise error

    monkeypatch.setattr(fit, "hook", staticmethod(hook))
    found, out, err = reconstruct("scan.ply", "--quiet")
    assert found == code
    assert out == ""
    assert message in one_line(err)
    assert err.startswith("reconstruct: ")
    assert files() == {"scan.ply"}


def test_debug_shows_the_traceback(reconstruct, fit, monkeypatch):
    def hook(step):
        raise ZeroDivisionError("x")

    monkeypatch.setattr(fit, "hook", staticmethod(hook))
    code, _, err = reconstruct("scan.ply", "--quiet", "--debug")
    assert code == 1
    assert "Traceback" in err
    assert "in hook" in err


class TestInterruption:
    def test_before_a_checkpoint(self, reconstruct, fit, monkeypatch, files):
        def hook(step):
            raise KeyboardInterrupt

        monkeypatch.setattr(fit, "hook", staticmethod(hook))
        code, _, err = reconstruct("scan.ply", "--quiet")
        assert code == 130
        assert one_line(err) == "reconstruct: interrupted in fit.sdf; nothing was written\n"
        assert files() == {"scan.ply"}

    @pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_resumable(self, reconstruct, fit, monkeypatch, files, tmp_path, number, expected):
        def hook(step):
            if step == 2:
                os.kill(os.getpid(), number)

        monkeypatch.setattr(fit, "hook", staticmethod(hook))
        before = signal.getsignal(signal.SIGTERM)
        code, _, err = reconstruct("scan.ply", "--quiet", "--no-run")
        assert signal.getsignal(signal.SIGTERM) is before
        assert code == expected
        assert "--resume" in one_line(err)
        assert "scan_mesh.ply.run/fit.checkpoint" in files()
        assert "scan_mesh.ply" not in files()
        monkeypatch.setattr(fit, "hook", staticmethod(lambda step: None))
        code, _, _ = reconstruct("scan.ply", "--resume", "--no-run")
        assert code == 0
        assert fit.taken == [0, 1, 2, 3]
        assert files() == {"scan.ply", "scan_mesh.ply"}

    def test_outside_of_a_run(self, reconstruct, monkeypatch):
        def interrupt(*_):
            raise KeyboardInterrupt

        monkeypatch.setattr("sdf_siren.engine.run.fingerprint", interrupt)
        code, _, err = reconstruct("scan.ply")
        assert code == 130
        assert "interrupted; nothing was written" in err


class TestDispatch:
    def test_subcommand_wins_over_a_path(self, reconstruct, tmp_path):
        (tmp_path / "mesh").write_text("ply points")
        code, _, err = reconstruct("mesh")
        assert code == 2
        assert "Missing argument 'FIELD'" in one_line(err)
        code, _, _ = reconstruct("./mesh")
        assert code == 0
        assert (tmp_path / "mesh_mesh.ply").exists()

    def test_subcommand_comes_first(self, reconstruct):
        code, _, err = reconstruct("--force", "mesh", "field.safetensors")
        assert code == 2
        assert "the subcommand comes first: reconstruct mesh" in one_line(err)

    @pytest.mark.parametrize("words", [(), ("--nope",), ("a", "b"), ("scan.ply", "--resolution", "x")])
    def test_usage(self, reconstruct, words, files):
        code, out, err = reconstruct(*words)
        assert (code, out) == (2, "")
        assert "see reconstruct --help" in one_line(err)
        assert files() == {"scan.ply"}

    def test_version(self, reconstruct):
        import sdf_siren

        assert reconstruct("--version") == (0, f"reconstruct {sdf_siren.__version__}\n", "")

    @pytest.mark.parametrize("words", [("--help",), ("mesh", "--help")])
    def test_help(self, reconstruct, words):
        code, out, err = reconstruct(*words)
        assert (code, err) == (0, "")
        assert "Usage: reconstruct" in out


@pytest.mark.parametrize("words", [["--help"], ["mesh", "--help"], ["image", "--help"], ["--version"]])
def test_help_loads_nothing_heavy(words):
    code = f"""
import sys
from sdf_siren.cli.main import main
assert main({words!r}) == 0
heavy = {{"torch", "open3d", "numpy", "scipy", "skimage", "trimesh", "rich"}} & sys.modules.keys()
sys.exit(f"loaded {{heavy}}" if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "sdf_siren", "no-such-scan.ply"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 3
    assert one_line(done.stderr).startswith("reconstruct: error: no-such-scan.ply: cannot be read")
