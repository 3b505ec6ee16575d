"""Find a credential by the beginning of its fingerprint: in the policy, else in index, files and history."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache.scan_cache import ScanCache
from akpatrol.config.path_patterns import by_target, excluder
from akpatrol.errors import UsageError
from akpatrol.model import identity
from akpatrol.model.scan import Confidence, Target
from akpatrol.policy import baseline
from akpatrol.query import fingerprint_prefix
from akpatrol.rules import rule_file
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sources.files import FilesSource
from akpatrol.sources.git import repository
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.index import IndexSource
from akpatrol.sources.git.runner import Git

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.config.settings import Settings
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.sources.base import Source
    from akpatrol.sources.git.repository import Repository


class NamedCredential(NamedTuple):
    """A credential's fingerprint, and its masked form where that is known."""

    fingerprint: str
    redacted: str = ""


def find(text: str, configure: Configure, console: Console) -> NamedCredential:
    """Return the credential that a fingerprint or its beginning names in the current directory's repository.

    A whole fingerprint is taken as it is. Raises UsageError unless exactly one credential matches.
    """
    name = fingerprint_prefix.wanted(text)
    if fingerprint_prefix.is_whole(name):
        return NamedCredential(name)
    here = os.path.realpath(".")
    repo = repository.find(os.fsencode(here))
    root = os.fsdecode(repo.root) if repo else here
    top = None if repo and not repo.work_tree else root
    settings = configure(here if top else None, top)
    known = _known(settings)
    if fingerprint := fingerprint_prefix.the_one(name, known):
        return NamedCredential(fingerprint, known[fingerprint])
    options = settings.options
    rules = rule_file.load(settings.rules, strict=options.rules_strict)
    examiner = Examiner(rules._replace(everywhere=options.rules_everywhere), settings.limits)
    is_complete = True
    with closing(ScanCache(settings.cache)) as log:
        for source in _sources(repo, root, settings, log if settings.cache else None):
            seen, complete = _scan(source, name, examiner, settings, console)
            is_complete = is_complete and complete
            if fingerprint := fingerprint_prefix.the_one(name, seen):
                return NamedCredential(fingerprint, seen[fingerprint])
    gap = "" if is_complete else ", as far as could be scanned"
    places = "the index, the files and the history of " if repo else "the files of "
    raise UsageError(
        f"{name}: no credential has a fingerprint with this beginning in {places}{root}{gap}",
        hint="run this where it was found, or give all 64 digits, as akpatrol ... -f json prints them",
    )


def _known(settings: Settings) -> dict[str, str]:
    """Return the masked forms of what allowances and the baseline name, by fingerprint."""
    policy = settings.policy
    allowed = {entry.fingerprint: "" for entry in policy.allow if entry.fingerprint}
    entries = baseline.parse(policy.baseline.content, policy.baseline.name) if policy.baseline else {}
    return allowed | {name: entry.redacted for name, entry in entries.items()}


def _sources(repo: Repository | None, root: str, settings: Settings, log: ScanCache | None) -> Iterator[Source]:
    """Yield what to scan, the quickest first: the index, the files that git does not ignore, history, all files."""
    excluded = excluder(settings)
    files = [Target("0", "directory", root, base=root if repo else None)]
    if repo and repo.work_tree:
        index = Target("0", "index", root, base=root)
        yield IndexSource(Git(repo), index, [], os.fsencode(root), excluded(root))
        yield FilesSource(files, excluded, tracked=True)
    if repo:
        yield HistorySource(Git(repo, common=True), Target("0", "repository", root, base=root), log)
    if not repo or repo.work_tree:
        yield FilesSource(files, excluded)


def _scan(
    source: Source, name: str, examiner: Examiner, settings: Settings, console: Console
) -> tuple[dict[str, str], bool]:
    """Return the masked forms by fingerprint, and whether everything was scanned."""
    options = ScanOptions(
        settings.jobs,
        # It may have been reported with --min-confidence low.
        Confidence.LOW,
        excluded=by_target(settings, source.targets()),
        keep_known=True,
        queried=frozenset([name]),
    )
    with console.scanning([source], settings) as progress:
        report = scan_sources("allow", [source], examiner, options, progress)
    redacted = {
        identity.fingerprint(credential.kind, credential.secret): credential.secret.redacted
        for credential in report.credentials
    }
    return redacted, report.coverage.complete
