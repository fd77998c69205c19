"""Memory of processes."""

from __future__ import annotations

import os
import subprocess
import sys

from sdf_siren.batch import memory

BIG = 200_000_000


def test_a_peak_is_seen_and_forgotten():
    memory.forget_peak()
    before = memory.peak()
    hoard = bytearray(b"x") * BIG
    assert len(hoard) == BIG
    assert memory.peak() > before + 0.9 * BIG
    del hoard
    memory.forget_peak()
    assert memory.peak() < before + 0.5 * BIG


def test_a_process_and_its_children():
    code = f"hoard = bytearray(b'x') * {BIG}; print(flush=True); input()"
    gauge = memory.Gauge(os.getpid())
    before = gauge.held()
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1) as child:
        child.stdout.readline()
        assert memory.Gauge(os.getpid()).held() > before + 0.9 * BIG
        own = memory.Gauge(child.pid)
        assert own.held() > 0.9 * BIG
        child.communicate(b"\n")
    assert own.held() == 0
