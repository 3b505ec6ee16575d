"""Render an earlier result, a report or a store, and return the exit code of its scan."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.errors import UsageError
from akpatrol.pipeline import emptiness
from akpatrol.pipeline.stages import check_outputs, conclude
from akpatrol.policy import group
from akpatrol.report import load, shows_history
from akpatrol.rules import rule_file
from akpatrol.sweep.store.address import HEADER, is_address

if TYPE_CHECKING:
    from akpatrol.config.settings import Settings
    from akpatrol.errors import ExitCode
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Confidence
    from akpatrol.pipeline.console import Console
    from akpatrol.pipeline.notifier import NotifyRequest

_MOST_BYTES = 1 << 30


def report(  # noqa: PLR0913 - one for each option
    source: str,
    settings: Settings,
    console: Console,
    minimum: Confidence | None,
    *,
    since: str | None,
    listing: str,
    notifying: NotifyRequest,
) -> ExitCode:
    """Render a report, ``-`` for standard input, or a store.

    A report keeps all its credentials unless there is a ``minimum``. For a store, ``since`` names the run to compare
    with. ``listing`` asks for a list instead: ``coverage`` lists the targets that were not fully read, ``runs`` the
    runs. ``notifying`` asks to send what is new since a run, after the report is written, or to print only that.
    """
    check_outputs(settings)
    content = _read(source)
    engine = Engine(rule_file.load(settings.rules, strict=settings.options.rules_strict))
    if content is None:
        if listing:
            for option, wanted in (("--since", since), ("--notify", notifying.is_wanted)):
                if wanted:
                    raise UsageError(f"--{listing} and {option} cannot be combined")
            from akpatrol.pipeline import store_listing  # noqa: PLC0415 - SQLite, which a report does without

            return store_listing.LISTINGS[listing](source, settings, console, Redactor(engine))
        if notifying.is_wanted:
            return _notified(source, settings, console, engine, since=since, notifying=notifying)
        earlier = _of_store(source, since, settings)
    else:
        for option, wanted in (("--since", since), (f"--{listing}", listing), ("--notify", notifying.is_wanted)):
            if wanted:
                raise UsageError(f"{option} requires a store", hint="create one: akpatrol sweep")
        name = "standard input" if source == "-" else source
        earlier = load.loads(content, name, lambda secrets: Redactor(engine, secrets))
        if minimum:
            earlier = _at_least(earlier, minimum)
    return conclude(earlier, engine, settings, console)


def _read(source: str) -> bytes | None:
    """Return the content of a report, None for a store."""
    if source == "-":
        if not sys.stdin:
            raise UsageError("-: standard input is closed", hint="give a file")
        content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        if content.startswith(HEADER):
            raise UsageError("-: a store cannot be read from standard input", hint="give its file")
    elif is_address(source):
        return None
    else:
        try:
            with open(source, "rb") as stream:
                head = stream.read(len(HEADER))
                if head == HEADER:
                    return None
                content = head + stream.read(_MOST_BYTES + 1)
        except OSError as error:
            raise UsageError(f"{source}: {error.strerror}") from None
        except ValueError as error:  # a NUL
            raise UsageError(f"{source}: {error}") from None
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{source}: longer than {_MOST_BYTES >> 20} MiB")
    return content


def _of_store(file: str, since: str | None, settings: Settings) -> Report:
    from akpatrol.sweep.store.store import SweepStore  # noqa: PLC0415 - SQLite, which a report does without

    with SweepStore(file, create=False) as store:
        run = store.run_named(since) if since else None
        history = shows_history(settings.outputs)
        report = store.report(since=run, minimum=settings.options.min_confidence, with_history=history)
    return emptiness.with_skip(report, (*emptiness.FILES, *emptiness.OBJECTS), allowed=settings.options.allow_empty)


def _notified(  # noqa: PLR0913 - all that a report needs
    file: str, settings: Settings, console: Console, engine: Engine, *, since: str | None, notifying: NotifyRequest
) -> ExitCode:
    """Report what is new since a run and send it; a failure to send is raised after the report is written."""
    from akpatrol.pipeline import exit_code, notify  # noqa: PLC0415 - few reports are sent

    notifier = notify.prepared(notifying, settings.environment, since)
    earlier = _of_store(file, since, settings)
    message = notify.notification_of(earlier, file, Redactor(engine), engine.rules)
    if notifying.dry_run:
        console.write(f"{message.title}\n\n{message.text}\n", None)
        return exit_code.final(exit_code.exit_code(earlier, settings), earlier, settings)
    code = conclude(earlier, engine, settings, console)
    if notifier:
        notifier.send(message)
    return code


def _at_least(report: Report, minimum: Confidence) -> Report:
    credentials, below = group.at_least(report.credentials, minimum)
    return report._replace(credentials=credentials, below_confidence=report.below_confidence + below)
