"""Scan sources into one report: read and examine them, then place and group the findings."""

from __future__ import annotations

from contextlib import nullcontext
from time import gmtime, monotonic, strftime
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import OutOfTime
from akpatrol.model.member_path import paths_in
from akpatrol.model.report import ChangedFiles, Coverage, Report
from akpatrol.model.scan import Confidence, Exclusion, Place, Skipped
from akpatrol.runtime.collection import uncollected
from akpatrol.runtime.interrupts import broken_off, first_noted
from akpatrol.scan import execute
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import is_caching, is_changing, is_comparing, is_path_listing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from akpatrol.detect.engine import Engine
    from akpatrol.model.credential import Credential, Occurrence, RawFinding
    from akpatrol.policy.group import AcceptedSkip
    from akpatrol.rules.rule import RuleSet
    from akpatrol.scan.examine import Examiner
    from akpatrol.sources.base import Changing, Placed, Source, Unit

    Reader = Callable[[Source, ScanResult], None]


class ScanOptions(NamedTuple):
    """How to scan: with ``jobs`` processes at most, down to a ``minimum`` confidence, with ``accepted`` skips.

    ``excluded`` and ``allowed`` decide by a target's id and a path; ``narrow`` says that patterns leave paths out.
    With ``keep_known`` credentials that were there before are reported too. A ``reader`` has a source's units read into
    a result; without one, this process and those that it starts read them. ``interrupted`` is called at the first
    Ctrl-C, and the findings until then are reported. ``queried`` has the fingerprints and SHA-256s of queries, which
    decide where credentials end.
    """

    jobs: int = 1
    minimum: Confidence = Confidence.MEDIUM
    accepted: Sequence[AcceptedSkip] = ()
    excluded: Callable[[str, bytes], bool] = lambda _target, _path: False
    allowed: Callable[[str, bytes], bool] = lambda _target, _path: False
    narrow: bool = False
    keep_known: bool = False
    reader: Reader | None = None
    interrupted: Callable[[], None] | None = None
    queried: Collection[str] = ()


def scan_sources(
    command: str,
    sources: Sequence[Source],
    examiner: Examiner,
    options: ScanOptions,
    progress: Callable[[ScanResult], None] = lambda _: None,
) -> Report:
    """Read every source, place and group the findings, and report them with the coverage."""
    started, clock = strftime("%Y-%m-%dT%H:%M:%SZ", gmtime()), monotonic()
    reading = _SourceReader(examiner, options, progress)
    with first_noted(options.interrupted) if options.interrupted else nullcontext():
        # The first source that is interrupted is the last.
        interrupted = any(reading.interrupted(source) for source in sources)
    result = reading.result
    credentials, below = _group(reading.placed, examiner.rules, options)
    return Report(
        command=command,
        started_at=started,
        duration=monotonic() - clock,
        targets=tuple(target for source in sources for target in source.targets()),
        coverage=_coverage(result, options.accepted, interrupted=interrupted)._replace(
            changed=reading.changed, unsearched_rules=tuple(rule.id for rule in examiner.rules.unsearched)
        ),
        credentials=credentials,
        below_confidence=below,
        unread_histories=tuple(dict.fromkeys(path for source in sources for path in source.unread_histories())),
        known=_group(reading.known, examiner.rules, options)[0],
        interrupted=interrupted,
    )


class _SourceReader:
    """Reads sources, places their findings and checks for gaps."""

    def __init__(self, examiner: Examiner, options: ScanOptions, progress: Callable[[ScanResult], None]) -> None:
        self._examiner = examiner
        self._options = options
        self._progress = progress
        self.result = ScanResult()
        self.placed: list[Placed] = []
        self.known: list[Placed] = []
        self.changed: ChangedFiles | None = None

    def interrupted(self, source: Source) -> bool:
        """Read, place and check one source, and return whether that was interrupted."""
        number_before = len(self.result.findings)
        self._broken_off(lambda: self._read(source))
        if findings := self.result.findings[number_before:]:
            # A finding cannot be reported without its place; a second Ctrl-C ends this too.
            self._place(source, findings)
        if self._broken_off(lambda: self._check(source)):
            return True
        if is_caching(source):
            source.store_cached()
        return False

    def _broken_off(self, work: Callable[[], None]) -> bool:
        """Return whether Ctrl-C ended the work. Raises KeyboardInterrupt where the results are not kept."""
        if self._options.interrupted:
            return broken_off(work)
        work()
        return False

    def _read(self, source: Source) -> None:
        try:
            if is_caching(source):
                from akpatrol.cache import scan_cache  # noqa: PLC0415 - a hook does without

                source.load_cached(scan_cache.conditions(self._examiner.rules.digest, self._examiner.limits))
            if self._examiner.engine.path_rules and is_path_listing(source):
                source.list_paths()
            if self._options.reader:
                self._options.reader(source, self.result)
            else:
                execute.read(source, self._examiner, self.result, self._options.jobs, self._progress)
        except OutOfTime as error:
            self.result.add(Skipped("the rest", str(error)))

    def _place(self, source: Source, findings: Sequence[RawFinding]) -> None:
        if is_comparing(source):
            source.compare_with(self._findings)
        engine = self._examiner.engine
        # Earlier content that is examined to compare with it does leave garbage.
        with nullcontext() if is_comparing(source) else uncollected():
            included = _included(_admitted(source.place(findings), engine), self._options, self.result)
            self.placed += _new(included, self._options, engine.admits, self.known)

    def _findings(self, unit: Unit) -> list[RawFinding]:
        result = ScanResult()
        for item in execute.examined(self._examiner, unit):
            result.add(item)
        return result.findings

    def _check(self, source: Source) -> None:
        self.result.skipped += source.check()
        if self._options.narrow and is_changing(source):
            self.changed = _changed(source, self._options, self.result)


def _new(
    placed: Iterable[Placed], options: ScanOptions, admits: Callable[[str, Sequence[bytes]], bool], known: list[Placed]
) -> Iterator[Placed]:
    """Yield the new findings and move the others to ``known``, unless they were not reported at their earlier path."""
    for match, occurrence in placed:
        old = occurrence.moved_from.path if occurrence.moved_from else None
        if not occurrence.known or options.keep_known:
            yield match, occurrence
        elif old is not None and (
            not admits(match.rule_id, paths_in((old,), occurrence.containers))
            or _brings_to_light(occurrence, old, options)
        ):
            yield match, occurrence._replace(known=False)
        else:
            known.append((match, occurrence))


def _brings_to_light(occurrence: Occurrence, old: bytes, options: ScanOptions) -> bool:
    """Return whether a file was renamed from an excluded or allowed path, or to one that the public reads."""
    from akpatrol.model import path_context  # noqa: PLC0415 - few ranges have a rename with a finding

    was = occurrence._replace(path=old, paths=(old,))
    is_public = path_context.browser(path_context.names(occurrence._replace(paths=())))
    is_now = is_public and not path_context.browser(path_context.names(was))
    return is_now or options.excluded(occurrence.target, old) or options.allowed(occurrence.target, old)


def _admitted(placed: Iterable[Placed], engine: Engine) -> Iterator[Placed]:
    """Drop findings that no rule allows on their paths; an object's paths are known once a raw finding is placed."""
    for match, occurrence in placed:
        # It is unknown which rules may match on paths that are not listed.
        commit = occurrence.introduced.id if occurrence.introduced else ""
        paths = paths_in(occurrence.paths, occurrence.containers)
        by = match if occurrence.paths_truncated else engine.admitted(match, paths, commit)
        if by is match:
            yield match, occurrence
        elif by:
            yield by, occurrence._replace(rule_ids=by.rule_ids, lines_before=by.lines_before_by_rule)


def _included(placed: Iterable[Placed], options: ScanOptions, result: ScanResult) -> Iterator[Placed]:
    """Drop findings that are only on excluded paths; an object's paths are known once a raw finding is placed."""
    for match, occurrence in placed:
        # It is unknown whether paths that are not listed are excluded.
        is_listed = occurrence.paths and not occurrence.paths_truncated
        in_files = occurrence.place in (Place.CONTENT, Place.PATH) and is_listed
        if in_files and all(options.excluded(occurrence.target, path) for path in occurrence.paths):
            result.excluded[Exclusion.EXCLUDE_OPTION] += 1
        else:
            yield match, occurrence


def _changed(source: Changing, options: ScanOptions, result: ScanResult) -> ChangedFiles:
    """Count the files of a change and those that patterns exclude, regardless of content."""
    target, paths = source.targets()[0].id, source.changed_paths()
    number = sum(options.excluded(target, path) for path in paths)
    if number:
        result.excluded[Exclusion.EXCLUDE_OPTION] = number
    return ChangedFiles(len(paths), number)


def _group(placed: Sequence[Placed], rules: RuleSet, options: ScanOptions) -> tuple[tuple[Credential, ...], int]:
    if not placed:
        return (), 0
    from akpatrol.policy import group  # noqa: PLC0415 - most runs have no finding

    with uncollected():
        return group.at_least(group.collect(placed, rules, options.queried), options.minimum)


def _coverage(result: ScanResult, accepted: Sequence[AcceptedSkip], *, interrupted: bool) -> Coverage:
    skipped = tuple(dict.fromkeys(result.skipped))
    if accepted:
        from akpatrol.policy import group  # noqa: PLC0415 - most configurations accept nothing

        skipped = group.accept(skipped, accepted)
    if interrupted:
        skipped = (*skipped, Skipped("the rest", "interrupted before it was scanned"))
    return Coverage(result.size, dict(sorted(result.counts.items())), dict(sorted(result.excluded.items())), skipped)
