"""Let the tests of the readers share hostile.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
