"""Wire redaction: over an unencrypted connection go only units without secrets in their names, and places to reread.

The coordinating process reads those few places itself, so it gets the same result as a single process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.detect.redact import Redactor
from akpatrol.model.credential import RawFinding
from akpatrol.model.identity import fingerprint
from akpatrol.model.scan import Chunk, Origin, Place, Target
from akpatrol.scan.execute import examined
from akpatrol.scan.result import ScanResult
from akpatrol.sources.base import RescanUnit
from akpatrol.sources.bucket.unit import BucketUnit
from akpatrol.sources.files import FilesUnit
from akpatrol.sources.git.gitdir import GitDirectoryUnit
from akpatrol.sources.git.units import NamesUnit, ObjectsUnit, SliceUnit
from akpatrol.sources.logs.unit import LogUnit
from akpatrol.sources.registry.unit import BlobUnit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.scan.examine import Examiner
    from akpatrol.sources.base import Unit


class RedactedResult(ScanResult):
    """A scan result without raw findings: ``again`` is to be read for them, None when the result had to be dropped.

    ``fingerprints`` are those of the secrets that ``again`` holds.
    """

    __slots__ = ("again", "fingerprints")

    def __init__(self, again: Unit | None = None, fingerprints: frozenset[str] = frozenset()) -> None:
        super().__init__()
        self.again = again
        self.fingerprints = fingerprints


def reveals(examiner: Examiner, sent: Unit | Target) -> bool:
    """Return whether the names, which the reader must know, hold or may hold a secret."""
    names = _names(sent)
    chunk = Chunk(Origin("0", Place.PATH), b"\0".join(names or ()), names=True)
    return names is None or any(isinstance(item, RawFinding) for item in examiner.examine_item(chunk))


def redacted(examiner: Examiner, unit: Unit, read: ScanResult) -> ScanResult:
    """Return a unit's result without any secret."""
    redact = Redactor(examiner.engine, [finding.match.secret for finding in read.findings])
    texts = [text for skip in read.skipped for text in (skip.item, skip.reason)] + read.uncacheable
    if any(redact(text) != text for text in texts):
        return RedactedResult()
    if not read.findings:
        return read
    left = RedactedResult(_holding(unit, read.findings), _fingerprints(read.findings))
    read.findings = []
    left.merge(read)
    return left


def complete(examiner: Examiner, unit: Unit, read: ScanResult) -> ScanResult:
    """Return a unit's complete result; redacted results are read again."""
    if not isinstance(read, RedactedResult):
        return read
    if read.again:
        findings = [item for item in examined(examiner, read.again) if isinstance(item, RawFinding)]
        if _fingerprints(findings) == read.fingerprints:
            read.findings += findings
            return read
    return read_unit(examiner, unit)


def read_unit(examiner: Examiner, unit: Unit) -> ScanResult:
    """Read a unit."""
    result = ScanResult()
    for item in examined(examiner, unit):
        result.add(item)
    return result


def _names(sent: Unit | Target) -> tuple[bytes, ...] | None:
    if isinstance(sent, Target):
        return tuple(text.encode("utf-8", "surrogateescape") for text in (sent.root, sent.remote or "", sent.api or ""))
    if isinstance(sent, RescanUnit):
        return _names(sent.unit)
    if isinstance(sent, SliceUnit | ObjectsUnit):
        return sent.git.repository.git_dir, sent.git.repository.common_dir
    if isinstance(sent, GitDirectoryUnit):
        return _names(sent.files)
    if isinstance(sent, FilesUnit):
        return sent.root, *sent.files, *sent.names
    return sent.names if isinstance(sent, NamesUnit | BucketUnit | BlobUnit | LogUnit) else None


def _holding(unit: Unit, findings: Iterable[RawFinding]) -> Unit:
    """Return the part of a unit that holds the raw findings, or the whole unit when it cannot be divided."""
    if isinstance(unit, RescanUnit):
        return _holding(unit.unit, findings)
    if isinstance(unit, SliceUnit):
        return ObjectsUnit(
            unit.target, unit.git, tuple(dict.fromkeys(finding.origin.object or "" for finding in findings))
        )
    if isinstance(unit, FilesUnit):
        holding = {finding.origin.path for finding in findings}
        return unit._replace(files=tuple(path for path in unit.files if path in holding), names=())
    if isinstance(unit, BucketUnit):
        paths = {finding.origin.path for finding in findings}
        return unit._replace(objects=tuple(stored for stored in unit.objects if stored.path in paths))
    return unit


def _fingerprints(findings: Iterable[RawFinding]) -> frozenset[str]:
    return frozenset(fingerprint(finding.match.kind, finding.match.secret) for finding in findings)
