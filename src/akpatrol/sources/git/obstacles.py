"""Find files that git must not open: FIFOs and devices, which block it forever, and links that lead out.

git opens every file with the name of a ref, an object or a setting, so all of these are checked first.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING

from akpatrol.model.scan import Skipped
from akpatrol.sources.git import alternates
from akpatrol.sources.git.repository import is_git_dir
from akpatrol.sources.regular_file import opened, problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.sources.git.repository import Repository

CONFIGURATIONS = (b"config", b"config.worktree")
# A section header; inside a value it does not affect the settings that are read here.
_INCLUDE = re.compile(rb"\[include", re.IGNORECASE)
_USUAL_BYTES, _LARGEST_BYTES = 16 << 10, 8 << 20
# Files that git reads by their names.
_FILES = {b"HEAD", b"config", b"config.worktree", b"packed-refs", b"shallow", b"index", b"commondir", b"gitdir"}
_TREES = {b"refs", b"logs", b"info", b"reftable"}
# git accepts less, and then reports that this is not a git repository.
_HEAD = re.compile(rb"ref:\s*refs/|[0-9a-f]{40}")
_HEAD_BYTES = 256
_FAN_OUT_DIGITS = 2
_OUTSIDE = "symbolic link out of the git directory: not followed"
REFUSED = "git refuses the name of this ref and stops at it: rename the file or remove it"
# https://git-scm.com/docs/git-check-ref-format; other names with a dot in front, and locks, git passes over.
_REFUSED = re.compile(rb"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|\.$", re.DOTALL)


def obstacles(repository: Repository, stores: Sequence[bytes]) -> dict[bytes, str]:
    """Return the paths that must be kept from git, each with the reason."""
    roots = [*dict.fromkeys((repository.common_dir, repository.git_dir))]
    reasons: dict[bytes, str] = {}
    for root in roots:
        reasons.update(_git_directory(root, roots))
    for entry in _entries(os.path.join(repository.common_dir, b"worktrees")):
        if entry.is_dir():
            reasons.update(_git_directory(entry.path, [*roots, entry.path]))
    for store in stores:
        reasons.update(_store(store))
    return reasons


def skips(repository: Repository, stores: Sequence[bytes], reasons: Mapping[bytes, str]) -> Iterator[Skipped]:
    """Yield each obstacle as a skip, named relative to its git directory."""
    bases = {repository.common_dir: "", repository.git_dir: ""}
    bases |= {store: alternates.label([*stores], store) + "/" for store in stores}
    for path, reason in reasons.items():
        base = max((above for above in bases if path.startswith(os.path.join(above, b""))), key=len)
        yield Skipped(bases[base] + os.fsdecode(os.path.relpath(path, base)), reason)


def includes(repository: Repository) -> bool:
    """Return whether a configuration includes other files: git would wait for a FIFO there, or read anything."""
    directories = {repository.common_dir, repository.git_dir}
    directories |= {entry.path for entry in _entries(os.path.join(repository.common_dir, b"worktrees"))}
    return any(
        _INCLUDE.search(content_of(os.path.join(directory, name)))
        for directory in directories
        for name in CONFIGURATIONS
    )


def without_includes(configuration: bytes) -> bytes:
    """Return a configuration that includes nothing."""
    return _INCLUDE.sub(b"[excluded", configuration)


def is_refused(name: bytes) -> bool:
    """Return whether git finds a ref of this name below ``refs`` and refuses it."""
    is_passed_over = any(part.startswith(b".") or part.endswith(b".lock") for part in name.split(b"/"))
    return not is_passed_over and bool(_REFUSED.search(name))


def content_of(path: bytes) -> bytes:
    """Return the beginning of a regular file, empty when unreadable: git reports the problem."""
    try:
        with opened(path) as file:
            content = file.read(_USUAL_BYTES)  # a buffer for the largest would cost more than all else here
            return content if len(content) < _USUAL_BYTES else content + file.read(_LARGEST_BYTES - _USUAL_BYTES)
    except OSError:
        return b""


def _git_directory(directory: bytes, roots: list[bytes]) -> Iterator[tuple[bytes, str]]:
    for entry in _entries(directory):
        if entry.name in _FILES:
            reason = _file(entry, roots)
            if not reason and entry.name == b"HEAD" and not _is_head(entry.path):
                reason = "neither a ref name nor an object id"
            if reason:
                yield entry.path, reason
        elif entry.name in _TREES:
            yield from _tree(entry.path, roots)
        else:
            yield from _blocking(entry)


def _tree(top: bytes, roots: list[bytes]) -> Iterator[tuple[bytes, str]]:
    """Yield the obstacles among refs, reflogs and similar files; git would follow a link to a directory in circles."""
    links_lead_in = os.path.basename(top) in (b"info", b"reftable")
    is_refs = os.path.basename(top) == b"refs"
    pending = [top]
    while pending:
        for entry in _entries(pending.pop()):
            if entry.is_dir(follow_symlinks=False):
                pending.append(entry.path)
            elif entry.is_symlink() and not links_lead_in:
                if entry.path == os.path.join(roots[0], b"logs", b"refs") and os.path.isdir(entry.path):
                    pending.append(entry.path)  # as git-new-workdir makes it
                elif reason := (_OUTSIDE if os.path.isdir(entry.path) else _file(entry, roots)):
                    yield entry.path, reason
            elif is_refs and is_refused(entry.path[len(top) + 1 :]):
                yield entry.path, REFUSED
            else:
                yield from _blocking(entry)


def _store(directory: bytes) -> Iterator[tuple[bytes, str]]:
    for part in _entries(directory):
        yield from _blocking(part)
        holds_files = part.name == b"pack" or len(part.name) == _FAN_OUT_DIGITS
        for entry in _entries(part.path):
            if holds_files and entry.name != b"multi-pack-index.d" and entry.is_dir():
                yield entry.path, problem(entry.path)  # git fails completely if it has to read one
            yield from _blocking(entry)
    for entry in _entries(os.path.join(directory, b"info", b"commit-graphs")):
        yield from _blocking(entry)


def _blocking(entry: os.DirEntry[bytes]) -> Iterator[tuple[bytes, str]]:
    if not (entry.is_file(follow_symlinks=False) or entry.is_dir(follow_symlinks=False)) and (
        why := blocks(entry.path)
    ):
        yield entry.path, why


def blocks(path: bytes) -> str:
    """Return the problem with a FIFO, a device or a link to one, "" for anything else."""
    try:
        mode = os.stat(path).st_mode
    except OSError:
        return ""
    return problem(path) if stat.S_ISFIFO(mode) or stat.S_ISCHR(mode) or stat.S_ISBLK(mode) else ""


def _file(entry: os.DirEntry[bytes], roots: list[bytes]) -> str:
    """Return the problem with an entry that should be a file."""
    if entry.is_file(follow_symlinks=False):
        return ""
    if entry.is_symlink() and os.readlink(entry.path).startswith(b"refs/"):
        return ""  # the name of a branch, which need not have a commit
    return problem(entry.path) or ("" if _leads_inside(entry.path, roots) else _OUTSIDE)


def _leads_inside(path: bytes, roots: list[bytes]) -> bool:
    """Return whether a link leads into this or another git directory: some setups share files between them."""
    real = os.path.realpath(path)
    directories = []
    while (parent := os.path.dirname(real)) != real:
        directories.append(real := parent)
    known = {os.path.realpath(root) for root in roots}
    return any(directory in known or is_git_dir(directory, _names(directory)) for directory in directories)


def _is_head(path: bytes) -> bool:
    if os.path.islink(path):
        return os.readlink(path).startswith(b"refs/")
    return bool(_HEAD.match(content_of(path)[:_HEAD_BYTES]))


def _entries(directory: bytes) -> list[os.DirEntry[bytes]]:
    """Return the entries of a directory; none when it cannot be listed, which its reader reports."""
    try:
        with os.scandir(directory) as entries:
            return list(entries)
    except OSError:
        return []


def _names(directory: bytes) -> set[bytes]:
    return {entry.name for entry in _entries(directory)}
