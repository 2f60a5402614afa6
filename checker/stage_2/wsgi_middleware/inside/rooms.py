"""The folder that holds `checker`: what runs in a process of the learner's imports us from there, by PYTHONPATH.

It may be the one with Django in it, so whoever is imported from it moves it to the end of sys.path.
"""

from __future__ import annotations

from pathlib import Path

import checker

ROOMS = str(Path(checker.__file__).resolve().parents[1])
