"""What a worker is given to do in place of its work; it must be importable there."""

from __future__ import annotations

import os
import time
from pathlib import Path


def endless(*_: object) -> None:
    """Leave a mark in the current directory, and be at it for longer than any test lasts."""
    Path(f"at-work-{os.getpid()}").touch()
    time.sleep(3600)
