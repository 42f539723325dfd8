"""Puts tests/system on the path, behind our own directory: both have a
shapes.py. Import it before anything from there."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.append(os.path.join(ROOT, "tests", "system"))
