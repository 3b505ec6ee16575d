"""A sweep from its targets to its exit code: scan into a store, verify, and report the store as one run."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple, Protocol

from akpatrol.config.environment import cache_directory
from akpatrol.detect.engine import Engine
from akpatrol.errors import ExitCode, UsageError
from akpatrol.model.report import Coverage, Report
from akpatrol.pipeline import emptiness, rules_in_force
from akpatrol.pipeline.console import Console
from akpatrol.pipeline.stages import Stages, check_outputs, conclude, left_out_notices
from akpatrol.query import hashes
from akpatrol.report import shows_history
from akpatrol.runtime.interrupts import first_noted
from akpatrol.sweep import targets, work
from akpatrol.sweep.clones import CloneError, Clones
from akpatrol.sweep.forges.organization import forges_of
from akpatrol.sweep.forges.table import FORGES
from akpatrol.sweep.run import Sweep, Watch
from akpatrol.sweep.store.address import own_files
from akpatrol.sweep.store.store import SweepStore
from akpatrol.sweep.target_kinds import table
from akpatrol.sweep.tasks import CloneTask
from akpatrol.sweep.worker_pool import open_pool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    from akpatrol.config.settings import Settings
    from akpatrol.model.credential import Credential
    from akpatrol.sweep.forges.organization import Forge
    from akpatrol.sweep.run import Planned
    from akpatrol.sweep.urls import CloneWanted


FORGE_OPTIONS = tuple((kind.option, kind.name, kind.help) for kind in FORGES.values())
"""The options that name organizations, each with the kind of forge and its help."""
FORGE_URLS = {kind.url_option: kind.url_help for kind in FORGES.values() if kind.url_help}
"""The options that name a server of one's own, each with its help."""


class ForgeRequest(NamedTuple):
    """Organizations of forges, as pairs of a kind and a name; what to ``include`` beside code, as a comma list.

    ``urls`` are the addresses of servers of one's own, by option.
    """

    organizations: tuple[tuple[str, str], ...] = ()
    include: str = ""
    urls: tuple[tuple[str, str | None], ...] = ()


class SweepRequest(NamedTuple):
    """The targets of a sweep and its options: ``targets``, and those that ``forges`` list.

    Results go into ``store``, a file or a database, and mirrors into the directory ``clones``. ``scheduler`` is the
    address of a Dask scheduler. With ``prune``, earlier targets that no longer exist count as gone. With
    ``bucket_versions``, buckets are read with their earlier versions.
    """

    targets: tuple[str, ...]
    store: str
    forges: ForgeRequest = ForgeRequest()
    clones: str | None = None
    scheduler: str | None = None
    prune: bool = False
    use_cache: bool = True
    bucket_versions: bool = False


class SweepTotals(NamedTuple):
    """The number of targets of one sweep, by what became of them."""

    targets: int
    read: int
    unchanged: int
    gaps: int


class SweepWatch(Watch, Protocol):
    """Follows a sweep with its clones."""

    def cloning(self, what: str, share: float | None) -> None:
        """Show the progress of a clone; called from several threads."""

    def totals(self, gaps: int) -> SweepTotals:
        """Return how the targets were scanned; ``gaps`` of them were not fully read."""


class SweepConsole(Console, Protocol):
    """A console that follows a sweep."""

    def sweeping(self, settings: Settings) -> AbstractContextManager[SweepWatch]:
        """Show how far the sweep is."""

    def show_table(self, report: Report, totals: SweepTotals) -> None:
        """Show the targets with findings."""


def sweep(request: SweepRequest, settings: Settings, console: SweepConsole) -> ExitCode:
    """Scan all targets into the store, verify, apply the policy, publish every report and return the exit code."""
    check_outputs(settings)
    wanted = request.forges
    forges = forges_of(wanted.organizations, dict(wanted.urls), wanted.include, settings.environment)
    plan = _planned(request, forges)
    spec = _scan_spec(request, settings)
    access = {origin: secret for forge in forges for origin, secret in forge.access().items()}
    directory = request.clones or _mirrors(settings)
    mirrors = Clones(directory, access) if directory else None
    return _SweepRun(request, settings, spec, console).run(plan, mirrors)


class _SweepRun:
    """One sweep, once its targets are known."""

    def __init__(self, request: SweepRequest, settings: Settings, spec: work.ScanSpec, console: SweepConsole) -> None:
        self._request = request
        self._settings = settings
        self._spec = spec
        self._console = console
        self._stages = Stages.prepared(settings)

    def run(self, plan: Iterator[Planned], mirrors: Clones | None) -> ExitCode:
        """Scan into the store, verify what was found, and report what the store holds."""
        with SweepStore(self._request.store, create=True) as store:
            run = store.begin(_now(), self._spec.rules.digest)
            with (
                open_pool(self._settings.jobs, self._request.scheduler) as pool,
                self._console.sweeping(self._settings) as watch,
            ):
                scan = Sweep(pool, self._spec, store, run, watch)
                with first_noted(lambda: self._stop(scan, mirrors)):
                    scan.go(
                        plan,
                        lambda wanted: _clone(wanted, mirrors, watch),
                        lambda wanted: self._clone_task(wanted, mirrors),
                    )
            stopped = scan.stopped or self._verify(store, run, scan.secrets)
            if self._request.prune and not stopped:
                _retire_missing(store, run)
            if not stopped:
                store.finish(run, _now())
            # Another sweep may have begun a run since.
            minimum = hashes.minimum(self._settings, self._stages.queries)
            gaps = sum(not gap.complete and gap.run in (run, None) for gap in store.gaps(run))
            report = store.report(run, minimum=minimum, with_history=shows_history(self._settings.outputs))
        code = self._conclude(report, watch.totals(gaps))
        return ExitCode.INTERRUPTED if stopped else code

    def _clone_task(self, wanted: CloneWanted, mirrors: Clones | None) -> CloneTask | None:
        """Return what a worker needs to clone a repository, None if it is to be cloned by this process.

        A token is not sent over an open connection. Raises UsageError for an unsafe address.
        """
        if not self._request.scheduler or not mirrors:
            return None
        access = mirrors.access_to(wanted)
        if access and self._spec.nameless:
            return None
        return CloneTask(wanted, mirrors.directory, mirrors.mirror(wanted), access)

    def _verify(self, store: SweepStore, run: int, secrets: Mapping[str, Credential]) -> bool:
        """Verify all credentials, keep the answers, and return whether that was interrupted."""
        if not self._settings.options.verify or not secrets:
            return False
        report = Report("sweep", _now(), 0.0, (), Coverage(), tuple(secrets.values()))
        verified = self._stages._replace(inventory=None).verify(report, self._console)
        store.verified(run, work.answers(self._spec, verified.report))
        return verified.interrupted

    def _conclude(self, report: Report, totals: SweepTotals) -> ExitCode:
        """Take the store's report through the stages after a scan; it already holds the API's answers."""
        offline = self._settings._replace(options=self._settings.options._replace(verify=False))
        stages = self._stages._replace(settings=offline)
        unsearched = tuple(rule.id for rule in self._spec.rules.unsearched)
        report = report._replace(
            coverage=report.coverage._replace(unsearched_rules=unsearched),
            notices=(*report.notices, *rules_in_force.notices(self._spec.rules, self._settings)),
        )
        answered = stages.answer(report, (*emptiness.FILES, *emptiness.OBJECTS, *emptiness.REMOTE))
        owned = stages.verify(answered, self._console).report
        decided = stages.decide(owned, scan_kind=None)
        decided = decided._replace(notices=(*decided.notices, *left_out_notices(self._spec.rules)))
        code = conclude(decided, Engine(self._spec.rules), self._settings, self._console)
        if not self._settings.options.quiet:
            self._console.show_table(decided, totals)
        return code

    def _stop(self, scan: Sweep, mirrors: Clones | None) -> None:
        """End the sweep in good order."""
        scan.stop()
        if mirrors:
            mirrors.stop()
        # Standard error may be in use as the signal arrives.
        with suppress(RuntimeError):
            self._console.say("stopping after the targets in progress; press Ctrl-C again to stop at once")


def _clone(wanted: CloneWanted, mirrors: Clones | None, watch: SweepWatch) -> str:
    if not mirrors:
        raise CloneError("no home directory for clones: give --clones DIR")
    return mirrors.fetch(wanted, watch.cloning)


def _retire_missing(store: SweepStore, run: int) -> None:
    for target in store.left_out(run):
        if not table.kind_of(target).exists(target):
            store.retire(run, target)


def _scan_spec(request: SweepRequest, settings: Settings) -> work.ScanSpec:
    """Return how every target is scanned. Raises UsageError if secrets would cross an unencrypted connection."""
    secrets = settings.options.verify
    if request.scheduler and secrets and not request.scheduler.startswith("tls://"):
        raise UsageError("--verify with --dask requires a scheduler with TLS", hint="--dask tls://host:8786")
    return work.ScanSpec(
        rules=rules_in_force.load(settings),
        limits=settings.limits,
        minimum=settings.options.min_confidence,
        exclude=(*settings.options.exclude, *settings.configured_exclude),
        use_cache=request.use_cache,
        secrets=secrets,
        nameless=bool(request.scheduler) and not secrets,
        own_files=_own_files(request.store, settings),
        accept=settings.accept_skip,
    )


def _planned(request: SweepRequest, forges: Sequence[Forge]) -> Iterator[Planned]:
    """Yield the targets. Raises UsageError, at once, for anything that cannot be a target."""
    if not request.targets and not forges:
        raise UsageError("nothing to sweep", hint="give a TARGET, --github-org or --gitlab-group")
    named = targets.resolve(request.targets, versions=request.bucket_versions)
    return chain(named, *(forge.repositories() for forge in forges))


def _mirrors(settings: Settings) -> str | None:
    cache = cache_directory(settings.environment)
    return os.path.join(cache, "clones") if cache else None


def _own_files(store: str, settings: Settings) -> frozenset[bytes]:
    """Return the files that the sweep itself writes, which it must not scan."""
    reports = (os.path.realpath(named) for _, named in settings.outputs if named)
    return frozenset(map(os.fsencode, (*own_files(store), *reports)))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
