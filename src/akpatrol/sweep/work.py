"""The work on one target, in this process, in another process or on another machine.

The result is a document in which every secret is masked. Raw secrets are included only on request.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from threading import local
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.cache.pattern_cache import PatternCache
from akpatrol.cache.scan_cache import ScanCache
from akpatrol.config.environment import cache_directory, environment
from akpatrol.config.path_patterns import matcher
from akpatrol.detect.redact import Redactor
from akpatrol.errors import AkpatrolError
from akpatrol.model import identity
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Skipped
from akpatrol.report import RenderOptions, document
from akpatrol.scan.accepted_skips import acceptances
from akpatrol.scan.examine import Examiner
from akpatrol.scan.run import ScanOptions, scan_sources
from akpatrol.sweep import wire_redaction
from akpatrol.sweep.target_kinds import table
from akpatrol.sweep.target_kinds.base import ReadingTerms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from akpatrol.config.limits import Limits
    from akpatrol.config.settings import SkipAcceptance
    from akpatrol.model.credential import Credential
    from akpatrol.model.scan import Confidence, Target
    from akpatrol.report.view import ReportView, VerificationView
    from akpatrol.rules.rule import RuleSet
    from akpatrol.scan.run import Reader
    from akpatrol.sources.base import Source, Unit

    Matcher = Callable[[bytes, bool], bool]


class ScanSpec(NamedTuple):
    """The options of a sweep's scans; every task carries them.

    Paths that match ``exclude`` are left out, and skips that fit ``accept`` are accepted. With ``use_cache``, each
    worker keeps its own cache. With ``secrets``, raw secrets are returned too; with ``nameless``, none may cross the
    wire to or from a worker. ``own_files`` are files of the sweep itself, which it must not scan. Targets of more than
    twice ``part_bytes`` are divided into parts of about that size; a worker reads one in a few seconds.
    """

    rules: RuleSet
    limits: Limits
    minimum: Confidence
    exclude: tuple[str, ...] = ()
    use_cache: bool = True
    secrets: bool = False
    nameless: bool = False
    own_files: frozenset[bytes] = frozenset()
    accept: Sequence[SkipAcceptance] = ()
    part_bytes: int = 32 << 20

    def leaves_out(self, root: str) -> Matcher:
        """Return a function that says whether a path below a target's root is left out, as a directory or a file."""
        by_name, above = matcher(self.exclude), os.fsencode(root)
        if not any(path.startswith(above) for path in self.own_files):
            return by_name
        return lambda path, is_directory: by_name(path, is_directory) or os.path.join(above, path) in self.own_files


class TargetResult(NamedTuple):
    """A target's result: its document, and its credentials by fingerprint, without places, if requested."""

    document: ReportView
    secrets: dict[str, Credential]

    @property
    def size(self) -> int:
        """Bytes read."""
        return self.document["coverage"]["bytes"]


_own = local()


def examiner(spec: ScanSpec) -> Examiner:
    """Return this thread's examiner: all targets share its compiled rules, and it serves one thread."""
    key = (spec.rules.digest, spec.limits, spec.use_cache)
    if getattr(_own, "key", None) != key:
        _own.key, _own.examiner = key, Examiner(spec.rules, spec.limits)
        _own.examiner.engine.prefilter.keep_in(PatternCache(_cache(spec)))
    own_examiner: Examiner = _own.examiner
    return own_examiner


def _cache(spec: ScanSpec) -> str | None:
    return cache_directory(environment()) if spec.use_cache else None


def cache(spec: ScanSpec) -> ScanCache:
    """Return this worker's scan cache, to be closed; without one, a cache that keeps nothing."""
    return ScanCache(_cache(spec))


def scan_target(spec: ScanSpec, target: Target) -> TargetResult:
    """Scan one target and return its result; a target that cannot be opened is a skip."""
    return scan_with_reader(spec, target)


def scan_with_reader(spec: ScanSpec, target: Target, reader: Reader | None = None) -> TargetResult:
    """Scan one target, or a divided one, whose units the ``reader`` reads."""
    target_examiner = examiner(spec)
    with ExitStack() as exits:
        try:
            source = exits.enter_context(opened(spec, target, divided=reader is not None))
        except (AkpatrolError, OSError) as error:
            return outcome(spec, failed(target, error))
        excluded = spec.leaves_out(target.root)
        options = ScanOptions(
            minimum=spec.minimum,
            excluded=lambda _target, path: excluded(path, False),  # noqa: FBT003 - a callable's argument
            reader=reader,
            accepted=acceptances(spec.accept, None, [target]),
        )
        report = scan_sources("sweep", [source], target_examiner, options)
        # The repositories met in a directory are targets of their own.
        return outcome(spec, report._replace(unread_histories=()))


@contextmanager
def opened(spec: ScanSpec, target: Target, *, divided: bool) -> Iterator[Source]:
    """Open a target, with this worker's cache; ``divided`` if it is to be read in parts.

    Raises AkpatrolError and OSError for what cannot be opened.
    """
    with closing(cache(spec)) as known:
        is_known = spec.use_cache and not known.problem
        terms = ReadingTerms(spec.leaves_out, known if is_known else None, spec.part_bytes if divided else 0)
        yield table.source(target, terms)


def reveals(spec: ScanSpec, sent: Unit | Target) -> bool:
    """Return whether a request to read something would reveal a secret."""
    return spec.nameless and wire_redaction.reveals(examiner(spec), sent)


def masked(spec: ScanSpec, text: str) -> str:
    """Return a text with every secret in it masked."""
    return Redactor(examiner(spec).engine)(text)


def outcome(spec: ScanSpec, report: Report) -> TargetResult:
    """Return the result of a report: its document, and its raw secrets if requested."""
    redact = Redactor(examiner(spec).engine, [credential.secret for credential in report.credentials])
    options = RenderOptions(redact, spec.rules, datetime.now(UTC))
    credentials = report.credentials if spec.secrets else ()
    return TargetResult(
        document.build(report, options),
        {
            identity.fingerprint(credential.kind, credential.secret): credential._replace(occurrences=())
            for credential in credentials
        },
    )


def answers(spec: ScanSpec, report: Report) -> dict[str, VerificationView]:
    """Return the verification of a report's credentials by fingerprint, as in its document."""
    credentials = outcome(spec, report).document["credentials"]
    return {
        credential["fingerprint"]: credential["verification"]
        for credential in credentials
        if credential["verification"]
    }


def failed(target: Target, error: Exception) -> Report:
    """Return the report of a target that could not be scanned at all."""
    reason = (error.strerror if isinstance(error, OSError) else str(error)) or type(error).__name__
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return Report("sweep", now, 0.0, (target,), Coverage(skipped=(Skipped(target.root, reason),)), ())
