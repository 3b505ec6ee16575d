"""Writes the report of a store in each format, in a process of its own that begins with the report as it was read.

So the store is read once for all formats: ``python -m bench.report_formats STORE FORMAT...`` prints a line of JSON for
each, with the largest resident memory of its process and of the one that read the store.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time

from akpatrol.cli.console import Terminal
from akpatrol.config.options import Options
from akpatrol.detect.engine import Engine
from akpatrol.model.scan import Confidence
from akpatrol.pipeline.resolve import resolve
from akpatrol.pipeline.stages import conclude
from akpatrol.rules import rule_file
from akpatrol.sweep.store.store import SweepStore


def main(file: str, formats: list[str]) -> None:
    """Read the store, and write its report in each format."""
    settings = resolve(Options(), None, None)
    engine = Engine(rule_file.load())
    began = time.process_time()
    with SweepStore(file, create=False) as store:
        report = store.report(minimum=Confidence.MEDIUM)
    reading = time.process_time() - began
    print(
        json.dumps({"target": "reading the store", "processor": round(reading, 1), "memory_mb": _memory()}), flush=True
    )
    for name in formats:
        if child := os.fork():
            os.waitpid(child, 0)
            continue
        began = time.process_time()
        code = conclude(report, engine, settings._replace(outputs=((name, os.devnull),)), Terminal())
        spent = round(time.process_time() - began, 1)
        print(json.dumps({"target": name, "processor": spent, "memory_mb": _memory(), "code": code}), flush=True)
        os._exit(0)


def _memory() -> int:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
