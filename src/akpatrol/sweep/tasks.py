"""The tasks of a sweep's workers: check, clone, read and divide targets, and put divided ones together.

A target is read, placed and reduced where it is; only results travel. A task returns what became of each target and
raises nothing that one target is the cause of: the text of an error may hold a secret.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import AkpatrolError
from akpatrol.model.scan import Target
from akpatrol.sweep import division, work
from akpatrol.sweep.clones import AbsentError, CloneError, Clones
from akpatrol.sweep.store.target_rows import rows_of
from akpatrol.sweep.target_kinds import table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from akpatrol.model.credential import Credential
    from akpatrol.model.scan import Secret
    from akpatrol.sweep.division import DividedTarget, UnitResults
    from akpatrol.sweep.signature import TargetSignature
    from akpatrol.sweep.store.target_rows import TargetRows
    from akpatrol.sweep.urls import CloneWanted
    from akpatrol.sweep.work import ScanSpec


class ScannedTarget(NamedTuple):
    """A target that was scanned: its rows for the store, and its credentials by fingerprint, if they are requested."""

    rows: TargetRows
    secrets: Mapping[str, Credential]

    @property
    def fingerprints(self) -> list[str]:
        """The credentials that were found."""
        return [credential.fingerprint for credential in self.rows.credentials]


class UnscannedTarget(NamedTuple):
    """A target that could not be scanned, and why; "" for an optional one that does not exist."""

    reason: str


Outcome = ScannedTarget | UnscannedTarget


class CloneTask(NamedTuple):
    """A repository to clone into ``directory``, where ``mirror`` will be; ``access`` is as ``Clones`` wants it."""

    wanted: CloneWanted
    directory: str
    mirror: str
    access: Mapping[str, Secret]


class ClonedTarget(NamedTuple):
    """A mirror with its signature, and what became of it, None when it is unchanged."""

    target: Target
    seen: TargetSignature
    outcome: Outcome | DividedTarget | None


def check(spec: ScanSpec, targets: Sequence[Target]) -> list[TargetSignature]:
    """Return the signatures of targets: the times and sizes of all their files."""
    return [table.look(target, spec.own_files) for target in targets]


def read(spec: ScanSpec, targets: Sequence[Target], large: Sequence[bool]) -> list[Outcome | DividedTarget]:
    """Scan targets; those that are ``large`` may be divided, for other workers to read their parts."""
    return [_read(spec, target, is_large=is_large) for target, is_large in zip(targets, large, strict=True)]


def read_part(spec: ScanSpec, part: bytes) -> bytes:
    """Read a part of a divided target and return the results of its units."""
    return division.read(spec, part)


def unite(spec: ScanSpec, target: Target, results: UnitResults) -> list[Outcome | DividedTarget]:
    """Scan a divided target with what others have read of it."""
    return [_outcome(lambda: division.united(spec, target, results))]


def clone(spec: ScanSpec, task: CloneTask, known: str | None) -> ClonedTarget | UnscannedTarget:
    """Clone a repository, or fetch what is new of it, and scan it unless its signature is ``known``.

    What a worker has cloned, it reads: the mirror may be on a disk that is near to it.
    """
    try:
        path = Clones(task.directory, task.access).fetch(task.wanted, lambda *_: None)
    except (CloneError, AkpatrolError, OSError) as error:
        return UnscannedTarget("" if task.wanted.optional and isinstance(error, AbsentError) else str(error))
    target = Target("0", "repository", path, remote=task.wanted.url)
    seen = table.look(target, spec.own_files)
    if seen.signature and seen.signature == known:
        return ClonedTarget(target, seen, None)
    return ClonedTarget(target, seen, _read(spec, target, is_large=division.is_large(spec, seen.size)))


def _read(spec: ScanSpec, target: Target, *, is_large: bool) -> Outcome | DividedTarget:
    if is_large:
        # Whatever is wrong with it, the scan says so.
        with suppress(AkpatrolError, OSError):
            if divided := division.divided(spec, target):
                return divided
    return _outcome(lambda: work.scan_target(spec, target))


def _outcome(scan: Callable[[], work.TargetResult]) -> Outcome:
    try:
        result = scan()
    except Exception as error:  # noqa: BLE001 - one target must not cost the others; its text may hold a secret
        return UnscannedTarget(f"a bug in akpatrol: {type(error).__name__}")
    return ScannedTarget(rows_of(result.document), result.secrets)
