"""Where a baseline's credentials are today, by a JSON report or by a scan of history and tracked files."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.files import OnDisk
from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.pipeline import baseline_scan
from akpatrol.report import RenderOptions, document, load
from akpatrol.rules import rule_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.report import Report
    from akpatrol.pipeline.baseline import BaselineFile, BaselineRequest
    from akpatrol.pipeline.console import Console
    from akpatrol.report.view import OccurrenceView

_MOST_BYTES = 512 << 20


class BaselinePlaces(NamedTuple):
    """The places of credentials by fingerprint, and whether everything was scanned."""

    places: dict[str, list[OccurrenceView]]
    complete: bool


def by_report(file: str) -> BaselinePlaces:
    """Return the places in a JSON report. Raises UsageError if it is not one."""
    engine = Engine(rule_file.load())
    content = OnDisk().read(file, _MOST_BYTES)
    return _places([load.loads(content, file, lambda secrets: Redactor(engine, secrets))], engine)


def by_scan(place: BaselineFile, request: BaselineRequest, console: Console) -> BaselinePlaces:
    """Return the places that a scan finds. Raises UsageError for a directory that is in no repository."""
    reports = baseline_scan.scan(place.git, place.root, request.configure, request.config, console)
    # Files first: what is there now comes before what is only in history.
    return _places([report for _, report in reports][::-1], Engine(rule_file.load()))


def _places(reports: Sequence[Report], engine: Engine) -> BaselinePlaces:
    places: dict[str, list[OccurrenceView]] = {}
    for report in reports:
        redact = Redactor(engine, [credential.secret for credential in report.credentials])
        options = RenderOptions(redact=redact, rules=engine.rules, now=datetime.now(UTC))
        for credential in document.build_visible(report, options)["credentials"]:
            places.setdefault(credential["fingerprint"], []).extend(credential["occurrences"])
    return BaselinePlaces(places, all(report.coverage.complete for report in reports))
