"""A run for one credential, wherever it is."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.config.path_patterns import excluder
from akpatrol.errors import UsageError
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Secret, Skipped
from akpatrol.pipeline import emptiness, rules_in_force
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.pipeline.scan import target_of
from akpatrol.pipeline.target_repository import describe_target
from akpatrol.query import credential_query, text_query
from akpatrol.report import trace_screen
from akpatrol.scan.examine import Examiner
from akpatrol.sources.files import FilesSource
from akpatrol.sources.git import repository
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.runner import Git
from akpatrol.sources.stdin import StreamUnit
from akpatrol.sources.walk import NestedRepository, walk
from akpatrol.sweep.store.address import is_store

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.errors import ExitCode
    from akpatrol.kinds import CredentialKind
    from akpatrol.model.report import Report
    from akpatrol.model.scan import Target
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.query.credential_query import CredentialQuery
    from akpatrol.query.text_query import TextQuery
    from akpatrol.sources.base import Source
    from akpatrol.sources.git.repository import Repository

_INVITATION = "One credential, or its fingerprint or the beginning of that, SHA-256 or key id (not shown):"
_UNKNOWN = (
    "found nowhere: no rule recognises it and no key id or fingerprint starts with it; it was searched for as text, "
    "plain and as {encodings}, but may occur in another form"
)


class _Wanted(NamedTuple):
    """The queries, the text if one was given, and the credential that this text is known to be."""

    questions: Sequence[CredentialQuery]
    text: TextQuery | None = None
    known: tuple[CredentialKind, Secret] | None = None


def trace(configure: Configure, console: Console, targets: Sequence[str]) -> ExitCode:
    """Ask for one credential and scan the targets for it, or look it up in a store.

    No configuration or comment of a target counts.
    """
    if any(map(is_store, targets)):
        return _trace_store(configure, console, targets)
    files = list({target.root: target for target in map(target_of, targets)}.values())
    settings = configure(None, None)
    settings = settings._replace(policy=settings.policy._replace(inline=False))
    histories = list({repo.common_dir: repo for target in files for repo in _repositories(target)}.values())
    wanted = _query(settings, console)
    # Results under this run's own rule must not be cached.
    with closing(ScanCache(settings.cache)) as cache:
        sources = list(_sources(files, histories, settings, cache if settings.cache and not wanted.text else None))
        hooks = CommandHooks(
            lambda report: _honest(report, histories, wanted),
            queries=wanted.questions,
            text=trace_screen.render,
            rule=text_query.rule_of(wanted.text) if wanted.text else None,
            expected=(*emptiness.FILES, *emptiness.OBJECTS),
        )
        return run("trace", sources, settings, console, hooks)


def _trace_store(configure: Configure, console: Console, targets: Sequence[str]) -> ExitCode:
    from akpatrol.pipeline.trace_store import trace_store  # noqa: PLC0415 - a database, which a scan does without

    if len(targets) > 1:
        raise UsageError("a store cannot be traced together with other targets", hint="trace one after the other")
    settings = configure(None, None)
    return trace_store(targets[0], _query(settings, console).questions, settings, console)


def _query(settings: Settings, console: Console) -> _Wanted:
    """Return the queries; a credential leaves this function only masked, hashed, and as a rule in memory."""
    typed = console.ask(_INVITATION, one_line=True).strip()
    named = credential_query.named(typed.decode("ascii", "replace"))
    if named and not any(map(_is_text, named)):
        return _Wanted(named)
    unit = StreamUnit("0", Secret(typed))
    examiner = Examiner(rules_in_force.load(settings), settings.limits)
    matches = {item.match.secret: item.match for item in examiner.examine(unit) if isinstance(item, RawFinding)}
    if len(matches) > 1:
        raise UsageError("more than one credential given", hint="trace one at a time, or use --hashes FILE")
    if matches:
        ((secret, match),) = matches.items()
        return _Wanted([credential_query.of_secret(secret)], text_query.of(secret.reveal()), (match.kind, secret))
    if not (text := text_query.of(typed)):
        raise UsageError("no rule recognises the input, and it is too short or too long to search for as text")
    # A hash gives no text to search for.
    doubt = "" if any(query.digest for query in named) else _UNKNOWN.format(encodings=", ".join(text.encodings))
    literal = credential_query.of_text(text.secret, doubt)
    return _Wanted([*(reading._replace(text=literal.text) for reading in named), literal], text)


def _is_text(question: CredentialQuery) -> bool:
    """Return whether the input may be half a secret: neither a fingerprint nor marked as a key id."""
    return bool(question.digest or question.doubt)


def _repositories(target: Target) -> Iterator[Repository]:
    """Yield the repository at or above a target, and all repositories in it."""
    if target.kind != "directory":
        return
    root = os.fsencode(target.root)
    if repo := repository.find(root):
        yield repo
    if not _is_bare(target):
        for entry in walk(root, lambda _path, _is_directory: False):
            if isinstance(entry, NestedRepository):
                nested = repository.at(os.path.normpath(os.path.join(root, entry.path)))
                if nested:
                    yield nested


def _is_bare(target: Target) -> bool:
    repo = repository.holding(os.fsencode(target.root))
    return bool(repo and not repo.work_tree)


def _sources(
    files: list[Target], histories: list[Repository], settings: Settings, cache: ScanCache | None
) -> Iterator[Source]:
    trees = [target for target in files if not _is_bare(target)]
    trees = [target._replace(id=str(number)) for number, target in enumerate(trees)]
    if trees:
        yield FilesSource(trees, excluder(settings))
    for number, repo in enumerate(histories, len(trees)):
        git = Git(repo, common=True)
        yield HistorySource(git, describe_target(git, repo)._replace(id=str(number)), cache)


def _honest(report: Report, histories: list[Repository], wanted: _Wanted) -> Report:
    """Report the histories that were found but not read as gaps, and collect the places of a text."""
    read = {repo.common_dir for repo in histories}
    unread = [path for path in report.unread_histories if _common_dir(path) not in read]
    gaps = [Skipped(path, "its history was not scanned: give it as a TARGET") for path in unread]
    coverage = report.coverage._replace(skipped=(*report.coverage.skipped, *gaps))
    report = report._replace(coverage=coverage, unread_histories=())
    return text_query.gathered(report, wanted.text, wanted.known) if wanted.text else report


def _common_dir(path: str) -> bytes | None:
    repo = repository.at(os.fsencode(path))
    return repo.common_dir if repo else None
