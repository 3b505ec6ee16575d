"""``akpatrol sweep``."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import click

from akpatrol.cli import emptiness, hashes, policy, verification
from akpatrol.cli.forges import forges_of
from akpatrol.cli.options import Flags, resolve, shared
from akpatrol.cli.run import check_outputs, conclude
from akpatrol.cli.sweep_screen import Screen, Totals, show_table
from akpatrol.config.options import Settings, cache_directory
from akpatrol.config.path_patterns import acceptances, matcher
from akpatrol.detect.engine import Engine
from akpatrol.errors import ExitCode, UsageError
from akpatrol.model.report import Coverage, Report
from akpatrol.rules import rule_file as rules_
from akpatrol.sweep import targets, work
from akpatrol.sweep.clones import CloneError, Clones
from akpatrol.sweep.run import Sweep
from akpatrol.sweep.store.store import SweepStore
from akpatrol.sweep.worker_pool import hired

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from akpatrol.cli.forges import Forge
    from akpatrol.config.options import SkipAcceptance
    from akpatrol.model.credential import Credential
    from akpatrol.model.scan import Target
    from akpatrol.policy.group import AcceptedSkip
    from akpatrol.sweep.run import Planned
    from akpatrol.sweep.urls import CloneWanted

_STORE = "akpatrol.sqlite3"


@click.command("sweep")
@click.argument("words", nargs=-1, metavar="[TARGET]...")
@click.option("--store", "file", default=_STORE, show_default=True, metavar="FILE", help="Where what is found is kept.")
@click.option(
    "--github-org",
    "github",
    multiple=True,
    metavar="NAME",
    help="Every repository of an organization; token from GITHUB_TOKEN; repeatable.",
)
@click.option(
    "--gitlab-group",
    "gitlab",
    multiple=True,
    metavar="NAME",
    help="Every project of a group and its subgroups; token from GITLAB_TOKEN; repeatable.",
)
@click.option("--forge-url", metavar="URL", help="The API of your own GitHub or GitLab server.")
@click.option("--clones", metavar="DIR", help="Where mirrors are kept.  [default: in the user's cache directory]")
@click.option(
    "--dask", "scheduler", metavar="ADDRESS", help="Have the workers of a Dask scheduler read, such as tcp://host:8786."
)
@click.option("--prune", is_flag=True, help="Let earlier targets that are no longer there count as gone.")
@shared
def command(  # noqa: PLR0913 - click gives each option its own
    flags: Flags,
    words: tuple[str, ...],
    *,
    file: str,
    github: tuple[str, ...],
    gitlab: tuple[str, ...],
    forge_url: str | None,
    clones: str | None,
    scheduler: str | None,
    prune: bool,
) -> int:
    """Look through many repositories, directories, files and clone URLs, and keep what is found in one store.

    A TARGET is a repository, a directory with everything in it, a file, an https, ssh or git URL to clone, or @FILE
    with one of these a line. What has not changed since the last sweep is not read again; one that was cut short goes
    on where it was. No target's own configuration counts.
    """
    settings = resolve(flags, None, None)
    check_outputs(settings)
    forges = forges_of(github, gitlab, forge_url, settings.environment) if github or gitlab else ()
    plan = _planned(words, forges)
    order = _order(settings, scheduler)._replace(own=_own(file, settings), remember=not flags.no_cache)
    access = {origin: secret for one in forges for origin, secret in one.access().items()}
    directory = clones or _mirrors(settings)
    mirrors = Clones(directory, access) if directory else None
    return _Run(file, settings, order, prune=prune).through(plan, mirrors, scheduler)


class _Run:
    """One sweep, from what is wanted to the exit code."""

    def __init__(self, file: str, settings: Settings, order: work.ScanSpec, *, prune: bool) -> None:
        self._prune = prune
        self._file = file
        self._settings = settings
        self._order = order
        self._questions = hashes.prepare(settings, ())
        self._inventory = verification.prepare(settings)
        self._known = policy.prepare(settings)

    def through(self, plan: Iterator[Planned], mirrors: Clones | None, scheduler: str | None) -> int:
        """Sweep, verify and tell."""
        with SweepStore(self._file, create=True) as store:
            run = store.begin(_now(), self._order.rules.digest)
            with hired(self._settings.jobs, scheduler) as crew, Screen(self._settings) as screen:
                sweep = Sweep(crew, self._order, store, run, screen)
                with _interrupts(sweep, mirrors):
                    sweep.go(plan, lambda wanted: _brought(wanted, mirrors, screen))
            stopped = sweep.stopped or self._verify(store, run, sweep.secrets)
            if self._prune and not stopped:
                _retire_missing(store, run)
            if not stopped:
                store.finish(run, _now())
            report = store.report(minimum=hashes.least(self._settings, self._questions))
            gaps = sum(not gap.complete and gap.run in (run, None) for gap in store.gaps())
        code = self._tell(report, screen.totals(gaps))
        return ExitCode.INTERRUPTED if stopped else code

    def _verify(self, store: SweepStore, run: int, secrets: Mapping[str, Credential]) -> bool:
        """Ask the API about all credentials, keep its answers, and return whether that was interrupted."""
        if not self._settings.verification.verify or not secrets:
            return False
        asked = Report("sweep", _now(), 0.0, (), Coverage(), tuple(secrets.values()))
        answered = verification.answer(asked, self._settings, None)
        store.verified(run, work.answers(self._order, answered.report))
        return answered.interrupted

    def _tell(self, report: Report, totals: Totals) -> ExitCode:
        expected = (*emptiness.FILES, *emptiness.OBJECTS)
        report = emptiness.told(report, expected, allowed=self._settings.allow_empty)
        told = hashes.answer(report, self._questions)
        offline = self._settings._replace(verification=self._settings.verification._replace(verify=False))
        owned = verification.answer(told, offline, self._inventory).report
        judged = policy.judge(owned, self._known, self._settings, whole=None)
        code = conclude(judged, Engine(self._order.rules), self._settings)
        if not self._settings.quiet:
            show_table(judged, totals)
        return code


def _brought(wanted: CloneWanted, mirrors: Clones | None, screen: Screen) -> str:
    if not mirrors:
        raise CloneError("there is no home directory for clones: name one with --clones DIR")
    return mirrors.bring(wanted, screen.cloning)


def _retire_missing(store: SweepStore, run: int) -> None:
    for target in store.left_out(run):
        if not os.path.lexists(target.root):
            store.retire(run, target)


def _order(settings: Settings, scheduler: str | None) -> work.ScanSpec:
    """Return how all targets are looked at. Raises UsageError where secrets would have to cross an open wire."""
    secrets = settings.verification.verify
    if scheduler and secrets and not scheduler.startswith("tls://"):
        raise UsageError("--verify with --dask needs a scheduler that speaks TLS", hint="--dask tls://host:8786")
    return work.ScanSpec(
        rules=rules_.load(settings.rules),
        limits=settings.limits,
        minimum=settings.min_confidence,
        matcher=matcher,
        exclude=(*settings.exclude, *settings.configured_exclude),
        secrets=secrets,
        nameless=bool(scheduler) and not secrets,
        accept=settings.accept_skip,
        accepts=_accepted,
    )


def _accepted(accept: Sequence[SkipAcceptance], target: Target) -> Sequence[AcceptedSkip]:
    """Return which skips of a target the caller's configuration accepts; at work this is all that is known of it."""
    return acceptances(Settings(environment={}, accept_skip=tuple(accept)), [target])


def _planned(words: tuple[str, ...], forges: Sequence[Forge]) -> Iterator[Planned]:
    """Yield what is to be looked at. Raises UsageError, at once, for what cannot be."""
    if not words and not forges:
        raise UsageError("nothing to sweep", hint="give a TARGET, --github-org or --gitlab-group")
    return chain(targets.resolve(words), *(one.repositories() for one in forges))


def _mirrors(settings: Settings) -> str | None:
    cache = cache_directory(settings.environment)
    return os.path.join(cache, "clones") if cache else None


def _own(file: str, settings: Settings) -> frozenset[bytes]:
    """Return the files that the sweep itself writes: to read them would change them."""
    store = os.path.realpath(file)
    reports = (os.path.realpath(named) for _, named in settings.outputs if named)
    return frozenset(map(os.fsencode, (*(store + suffix for suffix in ("", "-wal", "-shm", "-lock")), *reports)))


@contextmanager
def _interrupts(sweep: Sweep, mirrors: Clones | None) -> Iterator[None]:
    """Let the first Ctrl-C end the sweep in good order; the second ends it at once."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, before)
        click.echo("akpatrol: stopping; what is being read is finished first, Ctrl-C again stops at once", err=True)
        sweep.stop()
        if mirrors:
            mirrors.stop()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
