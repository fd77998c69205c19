"""Let the tests of meshes share known_meshes.py and exact_scans.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
