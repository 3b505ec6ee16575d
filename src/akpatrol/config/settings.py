"""The settings of a run, from flags, configuration and environment.

Paths are strings and nothing here is parsed: a hook starts on every commit.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.config.limits import Limits
from akpatrol.config.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from akpatrol.config.files import Files
    from akpatrol.model.credential import Credential


class NamedFile(NamedTuple):
    """A file that was read, and what to call it.

    ``read`` returns a file that it names; None: the file of that path, relative to the current directory. ``is_new``
    says that the scanned change itself adds the file, so it may not decide about other files.
    """

    name: str
    content: bytes
    read: Callable[[str], NamedFile] | None = None
    is_new: bool = False


class AllowEntry(NamedTuple):
    """``[[allow]]`` in the file ``where``: all fields set must match; ``expires`` is the first day without it."""

    where: str
    reason: str
    owner: str = ""
    expires: date | None = None
    fingerprint: str = ""
    key_id: str = ""
    sha256: str = ""
    rule: str = ""
    path: str = ""
    commit: str = ""


class SkipAcceptance(NamedTuple):
    """``[[accept_skip]]``: an item that can never be read, by path pattern, object id or form, and the reason.

    A ``form`` is what a skip's reason begins with, up to its colon, in any case: ``PDF``, say.
    """

    path: str
    object: str
    reason: str
    expires: date | None
    form: str = ""


class PolicySettings(NamedTuple):
    """The sources of allowances. ``trusted`` says whether a credential's inline allowances count; None: all do.

    Owners are those of the scanned tree ``top``, if there is one. They are read from ``base_files`` if these are set,
    else from disk. ``ignored`` is the tree's ``.gitleaksignore``.
    """

    allow: tuple[AllowEntry, ...] = ()
    baseline: NamedFile | None = None
    inline: bool = False
    trusted: Callable[[Credential], bool] | None = None
    fail_on_stale: bool = False
    notices: tuple[str, ...] = ()
    top: str | None = None
    base_files: Files | None = None
    ignored: NamedFile | None = None


class Stated(NamedTuple):
    """One value that a configuration gives to ``key``, in which file; for ``akpatrol config show``."""

    key: str
    value: str
    file: str


class Configuration(NamedTuple):
    """A configuration's content; ``file`` is None when there is none.

    Path patterns are relative to the directory ``base``, or to the target when that is None. ``baseline`` is a path.
    ``options`` holds all that are not paths.
    """

    file: str | None = None
    base: str | None = None
    rules: tuple[NamedFile, ...] = ()
    exclude: tuple[str, ...] = ()
    accept_skip: tuple[SkipAcceptance, ...] = ()
    allow: tuple[AllowEntry, ...] = ()
    baseline: str | None = None
    stated: tuple[Stated, ...] = ()
    options: Options = Options()


class RuleGlobs(NamedTuple):
    """Patterns for ids of rules; ``where`` is the flag that gives them, or the file with its key."""

    globs: tuple[str, ...] = ()
    where: str = ""


class Settings(NamedTuple):
    """One run's settings: ``options`` merged from flags, environment and configuration, and values derived from them.

    An output's file None is standard output. Path patterns of flags are relative to the target. Those of the
    configuration are relative to ``base``, or to the target when that is None. ``cache`` is the directory of the
    caches, None for no cache. ``jobs`` is the number of processes. Rules that ``only_rules`` does not match, or
    ``skip_rule`` matches, are not searched for.
    """

    environment: Mapping[str, str]
    options: Options = Options()
    outputs: tuple[tuple[str, str | None], ...] = (("text", None),)
    rules: tuple[str | NamedFile, ...] = ()
    only_rules: RuleGlobs = RuleGlobs()
    skip_rule: RuleGlobs = RuleGlobs()
    configured_exclude: tuple[str, ...] = ()
    base: str | None = None
    accept_skip: tuple[SkipAcceptance, ...] = ()
    jobs: int = 1
    cache: str | None = None
    configuration: str | None = None
    limits: Limits = Limits()
    policy: PolicySettings = PolicySettings()
    link_template: str | None = None


def most_jobs(wanted: int | None) -> int:
    """Return how many processes may read.

    No process can be started from a directory that was deleted. On Linux, none can be started without shared memory,
    which Python's semaphores take: https://man7.org/linux/man-pages/man7/sem_overview.7.html
    """
    try:
        os.getcwd()
    except OSError:
        return 1
    if sys.platform == "linux" and not os.access("/dev/shm", os.W_OK):  # noqa: S108 - nothing is written
        return 1
    return wanted or default_jobs()


def default_jobs() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
