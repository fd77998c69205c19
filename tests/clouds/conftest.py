"""Let the tests of the normals share solids.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
