"""Runs the tests of the recorder example. usage: film.py [unittest's own words]"""
from __future__ import annotations

import importlib.util
import shutil
import sys
import unittest
from typing import Final

SKIPPED: Final = 77
"""The exit status that CTest counts as skipped."""

if __name__ == "__main__":
    missing = [name for name in ("ffmpeg", "Xvfb") if shutil.which(name) is None]
    if importlib.util.find_spec("Xlib") is None:
        missing.append("python3-xlib")
    if missing:
        print(f"skipped, not installed: {', '.join(missing)} (scripts/packages.txt, group check)")
        raise SystemExit(SKIPPED)
    unittest.main(None, argv=[*sys.argv, *(() if sys.argv[1:] else ("screen_test", "film_test"))])
