"""``reconstruct``, but that the worker which is given a scan named abort.* aborts natively, as a library may.

    python benchmarks/faulty_batch.py SCANS -o OUT ...

No file at hand makes a library abort every time, so this stands in for one; all else is the real command.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import Any


def perform(job: Any, observer: Any) -> Any:
    """What the workers do."""
    from sdf_siren.batch import perform

    if job.name.startswith("abort."):
        os.abort()
    return perform.perform(job, observer)


if __name__ == "__main__":
    from pathlib import Path

    from sdf_siren.batch import cluster, local
    from sdf_siren.cli.main import main

    here = str(Path(__file__).resolve().parent)
    os.environ["PYTHONPATH"] = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
    faulty: Any = partial(local.LocalExecutor, function="faulty_batch:perform")
    local.LocalExecutor = faulty  # type: ignore[misc]
    faulty_cluster: Any = partial(cluster.RayExecutor, function="faulty_batch:perform")
    cluster.RayExecutor = faulty_cluster  # type: ignore[misc]
    sys.exit(main())
