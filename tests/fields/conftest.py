"""Let the tests of the sweeps share swept_networks.py."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
