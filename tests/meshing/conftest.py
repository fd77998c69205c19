"""Let the tests of what a scan supports share exact_scans.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
