"""Let the tests of the solvers share boundary_problems.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
