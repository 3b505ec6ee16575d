"""Names and addresses of a repository: its own, refs, reflogs, remotes. No object is read here.

This runs git: GitPython takes 0.1 seconds to import, fails on names and settings that git accepts, and does not
support reftable.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from akpatrol.errors import GitError
from akpatrol.model.scan import Target
from akpatrol.sources.git.refs import linked

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.sources.git.ref_snapshot import RefSnapshot
    from akpatrol.sources.git.runner import Git

_ORIGIN = "remote.origin.url"
_FIRST_ANSWER_SECONDS = 15


def target(git: Git) -> Target:
    """Return the repository as a target. Raises GitError when git cannot read it at all."""
    head = git.head_commit(_FIRST_ANSWER_SECONDS)
    root = os.fsdecode(git.repository.root)
    return Target("0", "repository", root, remote=remote_url(git), head=head or None, base=root)


def ref_names(git: Git, refs: RefSnapshot) -> tuple[bytes, ...]:
    """Return the full names of all refs and of all reflogs, those of deleted refs included."""
    common = git.repository.common_dir
    names: set[bytes] = set()
    with suppress(GitError):  # said by the completeness check
        names |= {os.fsencode(name) for _, name in refs.listing}
    kinds = (b"logs",) if git.plain else (b"logs", b"refs")  # all files of a plain one's refs are refs
    for git_dir in (common,) if git.plain else (common, *linked(common)):
        for kind in kinds:
            top = git_dir if kind == b"refs" else os.path.join(git_dir, kind)
            for directory, _, files in os.walk(os.path.join(git_dir, kind)):
                names |= {os.path.relpath(os.path.join(directory, file), top) for file in files}
    return tuple(sorted(names))


def remote_url(git: Git) -> str | None:
    """Return the address of ``origin``, else of the first remote, without user name and password."""
    if git.plain:
        return first_url(git.plain.config.remotes)
    # Without includes: a repository may name files outside itself.
    command = ("config", "--local", "--no-includes", "--null", "--get-regexp", r"^remote\..*\.url$")
    try:
        output = git.run(*command, accept=(0, 1)).decode("utf-8", "replace")
    except GitError:
        return None
    return first_url((name, url) for name, _, url in (entry.partition("\n") for entry in output.split("\0")))


def first_url(named: Iterable[tuple[str, str]]) -> str | None:
    """Return the address of ``origin``, else of the first remote, without user name and password, from settings."""
    remotes = sorted(((name, url) for name, url in named if url), key=lambda remote: remote[0] != _ORIGIN)
    return without_user(remotes[0][1]) if remotes else None


def without_user(url: str) -> str:
    """Return an address without ``user:password@``."""
    parts = urlsplit(url)
    if not parts.scheme or not parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
