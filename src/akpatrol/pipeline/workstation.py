"""A run over the places on a developer's machine where credentials come to lie."""

from __future__ import annotations

import os
import pwd
import sys
from time import gmtime, strftime, time
from typing import TYPE_CHECKING

from akpatrol.config.path_patterns import excluder
from akpatrol.errors import UsageError
from akpatrol.model.report import LocalSource
from akpatrol.model.scan import Skipped
from akpatrol.pipeline import emptiness
from akpatrol.pipeline.run import CommandHooks, run
from akpatrol.sources.workstation import HomeDirectory, WorkstationSource, survey
from akpatrol.sources.workstation_table import Platform

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.config.settings import Settings
    from akpatrol.errors import ExitCode
    from akpatrol.model.report import Report
    from akpatrol.pipeline.console import Console
    from akpatrol.policy.in_force import Configure
    from akpatrol.sources.workstation import LocationSurvey

_IN = " > "

WINDOWS_PROFILES = "/mnt/c/Users"
"""Where WSL shows the profiles of drive C: https://learn.microsoft.com/windows/wsl/wsl-config#automount-settings"""


def workstation(configure: Configure, console: Console, user: str | None, windows_user: str | None) -> ExitCode:
    """Scan the locations of the table in the home of a user, by default the caller's, and under WSL in a profile.

    No configuration in the home and no comment in its files counts. Raises UsageError for a home that cannot be read.
    """
    settings = configure(None, None)
    home = _home(user, settings.environment)
    windows = _profile(windows_user, os.path.basename(home))
    platform = Platform.MACOS if sys.platform == "darwin" else Platform.LINUX
    homes = [
        HomeDirectory(platform, os.fsencode(home)),
        *(HomeDirectory(Platform.WINDOWS, os.fsencode(path)) for path in windows),
    ]
    surveys = list(survey(homes, excluder(settings), time()))
    hooks = CommandHooks(
        lambda report: _with_sources(report, surveys, home, settings),
        expected=emptiness.FILES,
        remarks=lambda _report: _remarks(windows, windows_user),
    )
    return run("workstation", [WorkstationSource(surveys, homes)], settings, console, hooks)


def _home(user: str | None, environment: Mapping[str, str]) -> str:
    """Return a user's home directory, without links in its path."""
    if user is None:
        named = environment.get("HOME", "")
        path = named if os.path.isabs(named) else _entry(os.getuid(), "the caller").pw_dir
    else:
        path = _entry(user, f"--user {user}").pw_dir
    return _listable(path, "" if user is None else f"--user {user}: ")


def _entry(user: str | int, name: str) -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(user) if isinstance(user, str) else pwd.getpwuid(user)
    except (KeyError, ValueError):  # ValueError: a NUL
        raise UsageError(f"{name}: there is no such user", hint="akpatrol workstation --user NAME") from None


def _listable(path: str, name: str) -> str:
    """Return the real path of a directory that can be listed. Raises UsageError for any other."""
    try:
        home = os.path.realpath(path, strict=True)
        with os.scandir(home):
            return home
    except OSError as error:
        hint = "it must be scanned by somebody who may list it" if isinstance(error, PermissionError) else ""
        raise UsageError(f"{name}{path}: {error.strerror}", hint) from None


def _profile(windows_user: str | None, default: str) -> list[str]:
    """Return the Windows profile to read too, if there is one."""
    if windows_user is not None:
        if not windows_user or windows_user.strip(".") == "" or "/" in windows_user:
            raise UsageError(f"--windows-user {windows_user}: not the name of a profile")
        return [_listable(os.path.join(WINDOWS_PROFILES, windows_user), f"--windows-user {windows_user}: ")]
    path = os.path.join(WINDOWS_PROFILES, default)
    return [os.path.realpath(path)] if is_wsl() and os.path.isdir(path) else []


def is_wsl() -> bool:
    """Return whether this is the Windows Subsystem for Linux: https://github.com/microsoft/WSL/issues/423."""
    return "microsoft" in os.uname().release.lower()


def _remarks(windows: Sequence[str], windows_user: str | None) -> Iterator[str]:
    if is_wsl() and not windows and windows_user is None:
        yield f"no Windows profile was read: name one of {WINDOWS_PROFILES} with --windows-user"


def _with_sources(report: Report, surveys: Sequence[LocationSurvey], home: str, settings: Settings) -> Report:
    """Add what was looked at; where nothing of it exists, that is a gap unless the caller expects it."""
    skipped = [skip.item for skip in report.coverage.skipped if skip.accepted is None]
    report = report._replace(sources=tuple(_described(entry, skipped) for entry in surveys))
    if any(entry.exists for entry in surveys):
        return report
    reason = f"nothing was scanned: none of the {len(surveys)} sources exists; {emptiness.ACCEPTED}"
    skip = Skipped(home, reason, emptiness.ACCEPTED if settings.options.allow_empty else None)
    coverage = report.coverage
    return report._replace(coverage=coverage._replace(skipped=(*coverage.skipped, skip)))


def _described(entry: LocationSurvey, skipped: Sequence[str]) -> LocalSource:
    """Return what was looked at in one source; a file with a gap of its own was not read."""
    files = {os.fsdecode(path) for path in entry.files}
    expected = files | {skip.item for skip in entry.skipped}
    # A skip in a container is named by the file and the path in the container.
    unread = [item for item in skipped if item in expected or item.partition(_IN)[0] in files]
    return LocalSource(
        id=entry.id,
        title=entry.title,
        files=len(files - set(unread)),
        left_out=sum(excluded.number for excluded in entry.left_out),
        skipped=len(unread),
        newest=None if entry.newest is None else strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(entry.newest)),
        advice=entry.location.advice,
        pages=entry.location.pages,
    )
