"""Names and addresses of a repository through GitPython: refs, reflogs, remotes. No object is read here.

GitPython's diff and status calls would run a program that the repository names; none is used. It gives up on names and
settings that git accepts; git's own answer then stands in.
"""

from __future__ import annotations

import os
from configparser import Error as ConfigurationError
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from akpatrol.errors import GitError
from akpatrol.sources.git.refs import linked

if TYPE_CHECKING:
    from akpatrol.sources.git.runner import Git

# ValueError: a name or value that is not UTF-8; the others: what a configuration makes of it.
_REFUSALS = (ValueError, ConfigurationError, OSError, KeyError, TypeError, AttributeError)


def ref_names(git: Git) -> tuple[bytes, ...]:
    """Return the full names of all refs and of all reflogs, those of deleted refs included."""
    common = git.repository.common_dir
    names = _refs(git)
    for own in (common, *linked(common)):
        for kind in (b"logs", b"refs"):
            top = own if kind == b"refs" else os.path.join(own, kind)
            for directory, _, files in os.walk(os.path.join(own, kind)):
                names |= {os.path.relpath(os.path.join(directory, file), top) for file in files}
    return tuple(sorted(names))


def remote_url(git: Git) -> str | None:
    """Return the address of ``origin``, else of the first remote, without user name and password."""
    from git import GitConfigParser  # noqa: PLC0415 - 0.1 seconds

    file = os.path.join(os.fsdecode(git.repository.common_dir), "config")
    try:
        # Without includes: a repository may name files outside itself.
        with GitConfigParser(file, read_only=True, merge_includes=False) as parser:
            sections = [section for section in parser.sections() if section.startswith('remote "')]
            sections.sort(key=lambda section: section != 'remote "origin"')
            urls = (str(parser.get(section, "url")) for section in sections if parser.has_option(section, "url"))
            return without_user(next(urls, "")) or None
    except _REFUSALS:
        return None


def without_user(url: str) -> str:
    """Return an address without ``user:password@``."""
    parts = urlsplit(url)
    if not parts.scheme or not parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _refs(git: Git) -> set[bytes]:
    from git import Reference, Repo  # noqa: PLC0415 - 0.1 seconds
    from git.exc import GitError as GitPythonError  # noqa: PLC0415

    packed = os.path.join(git.repository.common_dir, b"packed-refs")
    try:
        if os.path.exists(packed) and not os.path.isfile(packed):
            raise ValueError("packed-refs: not a file")
        if os.path.isdir(os.path.join(git.repository.common_dir, b"reftable")):
            raise ValueError("reftable: GitPython finds no ref there")
        with Repo(os.fsdecode(git.repository.common_dir), expand_vars=False) as repo:
            return {os.fsencode(reference.path) for reference in Reference.iter_items(repo)}
    except (*_REFUSALS, GitPythonError):
        try:
            return set(git.run("for-each-ref", "--format=%(refname)").splitlines())
        except GitError:
            return set()
