"""``python -m sdf_siren``: the same as the command ``reconstruct``."""

from __future__ import annotations

import sys

from sdf_siren.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
