"""Raw runs kept on disk, with the day and the machine but not its name or paths."""

from __future__ import annotations

import json
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def save(directory: Path, what: str, rows: list[dict[str, Any]]) -> None:
    """Keep rows in the day's file; those of the same targets there give way, the others stay."""
    now = datetime.now(UTC)
    path = directory / f"{now:%Y-%m-%d}-{what}.json"
    targets = {row["target"] for row in rows}
    earlier = json.loads(path.read_text())["rows"] if path.exists() else []
    run = {
        "date": now.isoformat(timespec="seconds"),
        "machine": machine(),
        "what": what,
        "rows": [row for row in earlier if row["target"] not in targets] + rows,
    }
    directory.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(run, indent=1) + "\n")


def machine() -> dict[str, str | int | None]:
    """Describe the machine."""
    return {
        "processor": platform.machine(),
        "model": _model(),
        "processors": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30),
        "python": sys.version,
    }


def _model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
