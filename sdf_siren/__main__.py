"""The command ``reconstruct``, which is ``python -m sdf_siren`` too."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command line and return its exit code; Ctrl-C is one line even while it is being loaded."""
    try:
        from sdf_siren.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        sys.stderr.write("reconstruct: interrupted; nothing was written\n")
        return 130


if __name__ == "__main__":
    sys.exit(main())
