"""Refs, HEADs and the stash's reflog as bits, so that one walk can find which of them reach a commit."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError
from akpatrol.model.scan import Skipped
from akpatrol.sources.git import catfile
from akpatrol.sources.git.obstacles import content_of, is_refused
from akpatrol.sources.regular_file import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from akpatrol.sources.git.object_types import ObjectTypes
    from akpatrol.sources.git.runner import Git

_STASH = "refs/stash"
_LISTED = 100
_ID = re.compile(rb"[0-9a-f]+")
_WIDTHS = {b"sha1": 40, b"sha256": 64}
_REF_BYTES = 256
_HEAD = re.compile(rb"ref: (refs/[^\s]+)\n")
_LOGGED = re.compile(rb"([0-9a-f]{40,64}) ([0-9a-f]{40,64}) ")


class Refs(NamedTuple):
    """Each name in ``names`` has a bit, its index; ids map to the bits of the names that lead to them.

    ``seeds`` holds commits, ``others`` trees and blobs, ``tags`` annotated tags on the way, and ``absent`` missing
    objects. ``branches`` and ``stash`` are the bits of branches, remote branches and HEADs, and of the stash.
    """

    names: tuple[str, ...] = ()
    branches: int = 0
    stash: int = 0
    seeds: Mapping[str, int] = {}
    others: Mapping[str, int] = {}
    tags: Mapping[str, int] = {}
    absent: Mapping[str, int] = {}

    def listed(self, bits: int) -> tuple[str, ...]:
        """Return the names of the set bits, branches first, at most 100."""
        ordered: list[str] = []
        for part in (bits & self.branches, bits & ~self.branches):
            rest = part
            while rest and len(ordered) < _LISTED:
                low = rest & -rest
                ordered.append(self.names[low.bit_length() - 1])
                rest ^= low
        return tuple(ordered)


def resolved(git: Git, named: Iterable[tuple[str, str]], types: ObjectTypes) -> Refs:
    """Return what ids with their names lead to. Raises GitError."""
    names: list[str] = []
    tags: set[str] = set()
    pointed: dict[str, int] = defaultdict(int)
    branches = stash = 0
    for id_, name in named:
        bit = 1 << len(names)
        names.append(name)
        pointed[id_] |= bit
        if name.startswith(("refs/heads/", "refs/remotes/")) or not name.startswith("refs/"):
            branches |= bit
        if name.startswith("refs/tags/"):
            tags.add(id_)
        if name == _STASH:
            stash = bit
    if stash:
        for id_ in _reflog(git, _STASH):
            pointed[id_] |= stash
    found = _by_type(git, pointed, types, tags)
    return Refs(tuple(names), branches, stash, found["commit"], found["tree"] | found["blob"], found["tag"], found[""])


def reflogs(git: Git) -> dict[str, str]:
    """Return every commit that a reflog names, with the ref whose reflog it is; those of deleted refs included.

    Format: https://git-scm.com/docs/git-update-ref#_logging_updates
    """
    common = git.repository.common_dir
    found: dict[str, str] = {}
    for git_dir in (common, *linked(common)):
        top = os.path.join(git_dir, b"logs")
        for directory, _, files in os.walk(top):
            for file in (os.path.join(directory, name) for name in files):
                name = os.fsdecode(os.path.relpath(file, top))
                for id_ in _logged_ids(file):
                    found.setdefault(id_, name)
    return found


def broken(git: Git) -> Iterator[Skipped]:
    """Yield the loose refs that git ignores: after a crash, say, they may be empty. Their targets are not known.

    Packed refs are those whose name git refuses. Those of a reftable are not files.
    """
    common = git.repository.common_dir
    if git.plain or _has_reftable(git):
        return
    form = _form(git)
    for directory, _, files in os.walk(os.path.join(common, b"refs")):
        for name in files:
            path = os.path.join(directory, name)
            if not name.startswith(b".") and not name.endswith(b".lock") and not _is_ref(path, form):
                yield Skipped(os.fsdecode(os.path.relpath(path, common)), "broken ref: git ignores it")
    for line in content_of(os.path.join(common, b"packed-refs")).split(b"\n")[:-1]:
        id_, _, name = line.partition(b" refs/")
        if _ID.fullmatch(id_) and is_refused(name):
            reason = "git refuses the name of this packed ref and stops at it: remove its line from packed-refs"
            yield Skipped("refs/" + os.fsdecode(name), reason)


def _form(git: Git) -> re.Pattern[bytes]:
    """Return the beginning of a loose ref; git takes no id of the other hash's width, and none of zeros alone."""
    widths: tuple[int, ...] = tuple(_WIDTHS.values())
    with suppress(GitError, KeyError):  # then the completeness check fails too
        widths = (_WIDTHS[git.object_format()],)
    ids = b"|".join(b"[0-9a-f]{%d}" % width for width in widths)
    return re.compile(rb"ref:\s*\S|(?!0+(?:\s|$))(?:" + ids + rb")(?:\s|$)", re.IGNORECASE)


def _is_ref(path: bytes, form: re.Pattern[bytes]) -> bool:
    """Return whether a file holds an id or another ref's name; an unreadable file is reported elsewhere."""
    if os.path.islink(path):
        return True
    try:
        with opened(path) as file:
            return bool(form.match(file.read(_REF_BYTES)))
    except OSError:
        return True


def ensure_files(git: Git) -> None:
    """Raise GitError where refs and reflogs are not in files."""
    if _has_reftable(git):
        raise GitError("the refs are in a reftable")


def linked(common_dir: bytes) -> list[bytes]:
    """Return the git directories of linked work trees. Raises GitError."""
    top = os.path.join(common_dir, b"worktrees")
    if not os.path.isdir(top):
        return []
    try:
        return [os.path.join(top, name) for name in sorted(os.listdir(top))]
    except OSError as error:
        raise GitError(f"worktrees: {error.strerror}") from None


def _logged_ids(file: bytes) -> Iterator[str]:
    if not os.path.isfile(file):
        return
    try:
        with open(file, "rb") as stream:
            for line in stream:
                if ids := _LOGGED.match(line):
                    yield from (id_.decode() for id_ in ids.groups() if id_.strip(b"0"))
    except OSError:
        return  # reported by the code that reads the git directory's files


def listing(git: Git) -> list[tuple[str, str]]:
    """Return the id and full name of each ref. Raises GitError."""
    # Any other field of for-each-ref needs the object, and git fails at the first missing one.
    lines = git.run("for-each-ref", "--format=%(objectname) %(refname)").splitlines()
    return [(id_, name) for id_, _, name in (line.decode("utf-8", "surrogateescape").partition(" ") for line in lines)]


def heads(git: Git, refs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the id and name of HEAD and of linked work trees' HEADs; a detached one is named by nothing else.

    ``refs`` is the ``listing``: a HEAD that names one of them needs no git. Raises GitError.
    """
    ids = {os.fsencode(name): id_ for id_, name in refs}
    named: list[tuple[str, str]] = []
    others = linked(git.repository.common_dir)
    names = ["HEAD", *(f"worktrees/{os.fsdecode(os.path.basename(directory))}/HEAD" for directory in others)]
    for name, directory in zip(names, (git.git_dir, *others), strict=True):
        id_ = _of_head(os.path.join(directory, b"HEAD"), ids) or _of_name(git, name)
        named += [(id_, name)] if id_ else []
    return named


def _of_head(path: bytes, ids: Mapping[bytes, str]) -> str | None:
    """Return the id of a HEAD that names a listed ref; anything else is for git to say, a link or a reftable's too."""
    if os.path.islink(path):
        return None
    is_ref = _HEAD.fullmatch(content_of(path))
    return ids.get(is_ref[1]) if is_ref else None


def _of_name(git: Git, name: str) -> str:
    return git.run("rev-parse", "--verify", "--quiet", os.fsencode(name), accept=(0, 1, 128)).decode().strip()


def _has_reftable(git: Git) -> bool:
    return os.path.isdir(os.path.join(git.repository.common_dir, b"reftable"))


def _reflog(git: Git, name: str) -> list[str]:
    try:
        return git.run("rev-list", "--walk-reflogs", name, accept=(0, 128)).decode().split()
    except GitError:
        return []


def _by_type(
    git: Git, pointed: Mapping[str, int], types: ObjectTypes, tags: Iterable[str]
) -> dict[str, dict[str, int]]:
    """Return the ids by type, "" for missing objects, and the ids that tags lead to."""
    by_type: dict[str, dict[str, int]] = {"commit": {}, "tree": {}, "blob": {}, "tag": {}, "": {}}
    pending = dict(pointed)
    while pending:
        for id_, type_ in types.of(pending, tags).items():
            bits = by_type[type_]
            bits[id_] = bits.get(id_, 0) | pending[id_]
        targets: dict[str, int] = defaultdict(int)
        for id_, (_, data) in catfile.contents(git, [id_ for id_ in pending if id_ in by_type["tag"]]).items():
            target = data.removeprefix(b"object ").partition(b"\n")[0].decode("ascii", "replace")
            targets[target] |= pending[id_]
        pending, tags = targets, ()
    return by_type
