"""Files, directories and repositories of this machine, and the addresses of repositories, which become such."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.errors import GitError, UsageError
from akpatrol.model.scan import Skipped, Target
from akpatrol.sources.files import FilesSource
from akpatrol.sources.files_cached import CachedFiles
from akpatrol.sources.git import describe, repository
from akpatrol.sources.git.history import HistorySource
from akpatrol.sources.git.plain import plain_finder
from akpatrol.sources.git.runner import Git
from akpatrol.sources.walk import special
from akpatrol.sweep import signature
from akpatrol.sweep.repositories import beneath, common
from akpatrol.sweep.urls import CloneWanted, checked, displayed, is_address

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from akpatrol.sources.base import Source
    from akpatrol.sweep.signature import TargetSignature
    from akpatrol.sweep.target_kinds.base import Planned, ReadingTerms, TargetKind


class _Address(NamedTuple):
    """The address of a repository to clone."""

    url: str

    def targets(self, _first: Callable[[bytes | str], bool], _number: Callable[[], str]) -> Iterator[Planned]:
        yield CloneWanted(self.url)


class _Path(NamedTuple):
    """A file or directory that exists, by its real path."""

    root: str
    mode: int

    def targets(self, first: Callable[[bytes | str], bool], number: Callable[[], str]) -> Iterator[Planned]:
        if not stat.S_ISDIR(self.mode):
            yield from _once("file", self.root, os.path.dirname(self.root), first, number)
            return
        hidden = []
        for met in beneath(os.fsencode(self.root)):
            if isinstance(met, Skipped):
                yield met
                continue
            repo = met.repository
            if met.hidden:
                hidden.append(met.hidden)
            if first(common(repo)):
                place = os.fsdecode(os.path.realpath(repo.root))
                yield Target(number(), "repository", place, base=place)
        itself = repository.at(os.fsencode(self.root))
        if not itself or itself.work_tree:
            yield from _once("directory", self.root, self.root, first, number)
        for work_tree in map(os.fsdecode, map(os.path.realpath, hidden)):
            yield from _once("directory", work_tree, work_tree, first, number)


class _Local:
    """See ``TargetKind``."""

    def named(self, word: str, *, versions: bool) -> _Address | _Path:
        """Return the path, or the address to clone."""
        del versions  # a repository is read with its history
        if word == "-":
            raise UsageError("a sweep does not read standard input", hint="use akpatrol scan -")
        if is_address(word) and not os.path.lexists(word):
            checked(word)
            return _Address(word)
        if word.startswith("-"):
            raise UsageError("a target begins with -", hint="put ./ in front of a file name")
        try:
            root = os.path.realpath(word, strict=True)
            mode = os.stat(root).st_mode
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a path"
            raise UsageError(f"{displayed(word)}: {reason}") from None
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise UsageError(f"{displayed(word)} is a {special(mode)}", hint="a sweep reads files and directories")
        return _Path(root, mode)

    def look(self, target: Target, own_files: Collection[bytes]) -> TargetSignature:
        """Return the signature of its files."""
        return signature.look(target, own_files)

    def source(self, target: Target, terms: ReadingTerms) -> Source:
        """Return the source of its files, or of its history."""
        cache = terms.cache
        if target.kind != "repository":
            os.stat(target.root)
            return CachedFiles([target], terms.leaves_out, cache) if cache else FilesSource([target], terms.leaves_out)
        repo = repository.at(os.fsencode(target.root))
        if not repo:
            raise GitError("no longer a git repository")
        git = Git(repo, common=True)
        if not terms.range_bytes:
            git.plain = plain_finder.found(git)
        named = describe.target(git)._replace(id=target.id, root=target.root)
        return HistorySource(git, named, cache, include_borrowed=False, range_bytes=terms.range_bytes)

    def exists(self, target: Target) -> bool:
        """Return whether there is anything by that name."""
        return os.path.lexists(target.root)


def _once(
    kind: str, root: str, directory: str, first: Callable[[bytes | str], bool], number: Callable[[], str]
) -> Iterator[Target]:
    if first(root):
        repo = repository.holding(os.fsencode(directory))
        base = os.fsdecode(repo.work_tree) if repo and repo.work_tree else None
        yield Target(number(), kind, root, base=base)


KIND: TargetKind = _Local()
