"""Lists of a store: its runs, and the targets that were not fully scanned, as text or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.errors import ExitCode, UsageError
from akpatrol.report.text_safety import plain, visible
from akpatrol.sweep.store.store import SweepStore

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.pipeline.console import Console
    from akpatrol.sweep.store.coverage import IncompleteTarget
    from akpatrol.sweep.store.schema import SweepRun

    Redact = Callable[[str], str]
    Entries = Sequence[IncompleteTarget] | Sequence[SweepRun]


def list_gaps(file: str, settings: Settings, console: Console, redact: Redact) -> ExitCode:
    """Write the targets that were not fully scanned, and why; return whether there are any."""
    _check_formats("--coverage", settings)
    with SweepStore(file, create=False) as store:
        gaps = store.gaps()
    lines = [f"{gap.target}: {gap.reason}" for gap in gaps] or ["Every target was fully scanned"]
    _write(gaps, lines, settings, console, redact)
    return ExitCode.CLEAN if all(gap.complete for gap in gaps) else ExitCode.INCOMPLETE


def list_runs(file: str, settings: Settings, console: Console, redact: Redact) -> ExitCode:
    """Write the runs, the last one first: its number, when it began and ended, and the program's version."""
    _check_formats("--runs", settings)
    with SweepStore(file, create=False) as store:
        runs = store.runs()[::-1]
    lines = [
        f"run {run.id}  {run.started_at}  {f'to {run.finished_at}' if run.finished_at else 'not finished'}  "
        f"akpatrol {run.version}"
        for run in runs
    ]
    _write(runs, lines or ["This store has no runs yet"], settings, console, redact)
    return ExitCode.CLEAN


def _check_formats(option: str, settings: Settings) -> None:
    for format_, _ in settings.outputs:
        if format_ not in ("text", "json"):
            raise UsageError(f"{option}: no such format: {format_}", hint="choose text or json")


def _write(entries: Entries, lines: Sequence[str], settings: Settings, console: Console, redact: Redact) -> None:
    from akpatrol.report.as_json import indented  # noqa: PLC0415 - only for JSON

    def masked(entry: IncompleteTarget | SweepRun) -> dict[str, Any]:
        return {
            key: redact(plain(value)) if isinstance(value, str) else value for key, value in entry._asdict().items()
        }

    for format_, target in settings.outputs:
        if format_ == "json":
            console.write(indented([masked(entry) for entry in entries]) + "\n", target)
        elif entries or target or not settings.options.quiet:
            console.write("".join(visible(redact(plain(line))) + "\n" for line in lines), target)


LISTINGS = {"coverage": list_gaps, "runs": list_runs}
