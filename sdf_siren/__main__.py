"""The command ``reconstruct``, which is ``python -m sdf_siren`` too."""

from __future__ import annotations

import gc
import sys


def main() -> int:
    """Run the command line and return its exit code; Ctrl-C is one line even while it is being loaded."""
    try:
        from sdf_siren.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("reconstruct: interrupted; nothing was written\n")
        return 130
    finally:
        # At its end Python looks through all objects that were ever made, torch's and open3d's too, for what
        # could be freed one by one: most of a second. It is freed anyway.
        gc.freeze()


if __name__ == "__main__":
    sys.exit(main())
