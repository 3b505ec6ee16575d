"""Compare reports of several scanners, and return the exit code of the comparison."""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from typing import TYPE_CHECKING

from akpatrol.compare import document, findings, git_facts, hashing, paths, readers, view
from akpatrol.compare.git_facts import GitFacts
from akpatrol.compare.labels import labelled
from akpatrol.compare.reasons import Explainer
from akpatrol.compare.rule_selection import selected
from akpatrol.detect.engine import Engine
from akpatrol.detect.redact import Redactor
from akpatrol.errors import AkpatrolError, ExitCode, UsageError
from akpatrol.rules import rule_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.compare.findings import Grouping
    from akpatrol.compare.view import ComparisonView
    from akpatrol.config.settings import Settings

_MOST_BYTES = 1 << 28
_LEAST = 2
_REMEMBERED = 1 << 17
_STORE = b"SQLite format 3\0"


def compare(
    sources: Sequence[str], settings: Settings, only: Sequence[str] = (), without: Sequence[str] = ()
) -> ComparisonView:
    """Return the comparison of reports: files, ``-`` for standard input, each perhaps with a label: LABEL=FILE.

    ``only`` and ``without`` are globs of rules. Raises UsageError for a report that cannot be read or is of an unknown
    format.
    """
    if len(sources) < _LEAST:
        raise UsageError("nothing to compare with", hint="name at least two reports: akpatrol compare A.json B.json")
    files = labelled(sources)
    if [file for _, file in files].count("-") > 1:
        raise UsageError("-: standard input can be read only once", hint="give a file")
    engine = Engine(rule_file.load(settings.rules, strict=settings.options.rules_strict))
    parsed = [readers.read(document.parse(_read(file), _name(file)), _name(file)) for _, file in files]
    redact = Redactor(engine, hashing.secrets_of(parsed))
    judge = lru_cache(_REMEMBERED)(engine.scan)
    named = [
        hashing.named(redact(label), report, judge, redact) for (label, _), report in zip(files, parsed, strict=True)
    ]
    # No raw secret is needed any more.
    del parsed
    judge.cache_clear()
    chosen = [selected(report, only, without) for report in named]
    reports = paths.aligned(chosen)
    grouping = findings.group(reports)
    facts, repository, notices = _facts(grouping)
    explainer = Explainer(reports, grouping, facts)
    masked = None if repository is None else redact(repository)
    return view.build(view.Comparison(reports, grouping, explainer, masked, tuple(map(redact, notices))))


def exit_code(compared: ComparisonView) -> ExitCode:
    """Return 1 when a report misses a finding of another, 3 when entries could not be read, else 0."""
    if not compared["summary"]["agree"]:
        return ExitCode.FINDINGS
    return ExitCode.INCOMPLETE if compared["summary"]["unreadable"] else ExitCode.CLEAN


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _read(file: str) -> bytes:
    try:
        if file != "-":
            with open(file, "rb") as stream:
                content = stream.read(_MOST_BYTES + 1)
        elif sys.stdin:
            content = sys.stdin.buffer.read(_MOST_BYTES + 1)
        else:
            raise UsageError("-: standard input is closed", hint="give a file")
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}") from None
    except ValueError as error:  # a NUL
        raise UsageError(f"{file}: {error}") from None
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{file}: longer than {_MOST_BYTES >> 20} MiB", hint="compare a part of it")
    if content.startswith(_STORE):
        raise UsageError(f"{file}: a store is no report", hint=f"write one: akpatrol report {file} -f json -o REPORT")
    return content


def _facts(grouping: Grouping) -> tuple[GitFacts, str | None, tuple[str, ...]]:
    """Return what the repository of the current directory says, if it has the findings' commits; and its path."""
    from akpatrol.sources.git import repository  # noqa: PLC0415 - only where there is something to compare
    from akpatrol.sources.git.runner import Git  # noqa: PLC0415

    commits = {commit for finding in grouping.findings for commit in finding.commits}
    hint = "run in the repository, or with -C DIR, to see which of these commits are merges and what git does not show"
    try:
        found = repository.find(os.getcwdb()) if commits else None
        facts = git_facts.ask(Git(found), grouping.findings) if found else GitFacts()
    except (AkpatrolError, OSError):
        found, facts = None, GitFacts()
    if found is None or not (facts.commits or facts.unasked):
        return GitFacts(), None, (hint,) if commits else ()
    root = os.fsdecode(found.root)
    return facts, root, (f"{root}: {facts.unasked}",) if facts.unasked else ()
