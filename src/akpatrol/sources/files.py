"""Files and directories: batches of paths to read, block by block."""

from __future__ import annotations

import errno
import os
import stat
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.batch import SMALL_BYTES, TOGETHER, TOGETHER_BYTES, ContentBatch
from akpatrol.model.chunks import BLOCK_BYTES
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Exclusion, Origin, Place, Skipped, State
from akpatrol.sources.base import Amount
from akpatrol.sources.file_opener import FileOpener
from akpatrol.sources.git import repository
from akpatrol.sources.walk import DirectoryEntry, NestedRepository, special, walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from threading import Thread

    from akpatrol.model.credential import RawFinding
    from akpatrol.model.scan import Secret, Target
    from akpatrol.sources.base import Item, Placed, Planned

_BATCH = 256
_NAMES_BATCH = 4096


class FilesUnit(NamedTuple):
    """Paths relative to ``root``: ``files`` to read, ``names`` to scan by name only.

    ``named`` says that the caller named the one file, instead of a directory above it.
    """

    target: str
    root: bytes
    files: tuple[bytes, ...]
    names: tuple[bytes, ...] = ()
    place: Place = Place.CONTENT
    named: bool = False

    @property
    def title(self) -> str:
        """Return the first path and the number of the others."""
        paths = (*self.files, *self.names)
        more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
        return os.fsdecode(paths[0]) + more

    def read(self) -> Iterator[Item | ContentBatch]:
        """Yield the names and then the files' content, that of small files in batches."""
        names = b"\0".join(self.files + self.names)
        yield Chunk(Origin(self.target, Place.PATH), names, names=True, files=len(self.files))
        # Thousands of files pass here each second: what a call for each takes is seen.
        paths: list[bytes] = []
        contents: list[bytes] = []
        size = 0
        with FileOpener(self.root) as opener:
            for path in self.files:
                try:
                    handle = opener.open(path)
                except OSError as error:
                    is_link = error.errno == errno.ELOOP
                    yield Skipped(os.fsdecode(path), "became a symbolic link" if is_link else _reason(error))
                    continue
                try:
                    data = _small(handle)
                    if data is None:
                        expected = _regular_size(handle)
                        data = read_fully(handle, BLOCK_BYTES, expected)
                        if len(data) > SMALL_BYTES:
                            yield self._content(handle, data, expected, path)
                            continue
                except OSError as error:
                    yield Skipped(os.fsdecode(path), _reason(error))
                    continue
                finally:
                    os.close(handle)
                paths.append(path)
                contents.append(data)
                size += len(data)
                if size > TOGETHER_BYTES or len(paths) == TOGETHER:
                    yield from self._together(paths, contents, size)
                    paths, contents, size = [], [], 0
        if paths:
            yield from self._together(paths, contents, size)

    @property
    def _counter(self) -> str:
        return "files" if self.place is Place.CONTENT else "git_dir_files"

    def _together(self, paths: list[bytes], contents: list[bytes], size: int) -> Iterator[ContentBatch | Counted]:
        def content(number: int) -> Content:
            data = contents[number]
            return Content(Origin(self.target, self.place, paths[number]), data, size=len(data), named=self.named)

        yield ContentBatch(contents, content)
        yield Counted(self._counter, len(contents), size)

    def _content(self, handle: int, data: bytes, expected: int, path: bytes) -> Content:
        content = Content(
            Origin(self.target, self.place, path), data, size=expected, named=self.named, counter=self._counter
        )
        if len(content.data) < BLOCK_BYTES:
            return content
        size = BLOCK_BYTES

        def read(number: int) -> bytes:
            nonlocal size
            data = read_fully(handle, number, expected - size)
            size += len(data)
            return data

        return content._replace(read=read, at=lambda offset, number: _read_at(handle, offset, number))


def _small(handle: int) -> bytes | None:
    """Return all of a small file that is not empty; None for any other, which is at its beginning. Raises OSError.

    What has an end, and as many bytes before it, is a regular file. Where it is uncertain, ``fstat`` takes longer.
    """
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
    except OSError:  # a FIFO, or one of /proc's
        return None
    if 0 < size <= SMALL_BYTES and len(data := os.pread(handle, size + 1, 0)) == size:
        return data
    os.lseek(handle, 0, os.SEEK_SET)
    return None


def _regular_size(handle: int) -> int:
    """Return the size of a regular file in bytes. Raises OSError for anything else."""
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode):
        raise OSError(0, f"became a {special(status.st_mode)}")
    return status.st_size


def read_fully(handle: int, number: int, expected: int) -> bytes:
    """Return ``number`` bytes, fewer only at the end; ``expected`` bytes should be left.

    Network file systems and /proc may return fewer bytes than requested long before the end.
    """
    parts = []
    while number > 0:
        # One byte more than expected: fewer bytes mean that this is the end.
        wanted = min(number, expected + 1) if expected >= 0 else number
        parts.append(data := os.read(handle, wanted))
        if not data or len(data) == expected:
            break
        number -= len(data)
        expected -= len(data)
    return b"".join(parts)


def _read_at(handle: int, offset: int, number: int) -> bytes:
    parts = []
    while number > 0 and (data := os.pread(handle, number, offset)):
        parts.append(data)
        number -= len(data)
        offset += len(data)
    return b"".join(parts)


class FilesSource:
    """Regular files named on the command line and everything under the directories named there.

    ``excluder(root)`` returns, for a named directory, the ``excluded`` argument of ``walk``.
    """

    parallel = True
    # Whether a path begins a batch, regardless of the paths before it.
    begins_batch: Callable[[bytes], bool] | None = None

    def __init__(
        self,
        targets: Sequence[Target],
        excluder: Callable[[str], Callable[[bytes, bool], bool]],
        *,
        tracked: bool = False,
    ) -> None:
        self._targets = tuple(targets)
        self._excluder = excluder
        self._tracked = tracked
        self._histories: dict[str, None] = {}
        self._counting: Thread | None = None
        self._total: int | None = None

    def targets(self) -> tuple[Target, ...]:
        """Return the files and directories."""
        return self._targets

    def size_hint(self) -> tuple[int, str] | None:
        """Return the number of files once a thread has counted them; the first call starts it."""
        if self._counting is None:
            from threading import Thread  # noqa: PLC0415 - only when a person watches

            self._counting = Thread(target=self._count, daemon=True)
            self._counting.start()
        return None if self._total is None else (self._total, "files")

    def amount(self) -> Amount:
        """Return that it is not known without a walk."""
        return Amount.UNKNOWN

    def plan(self) -> Iterator[Planned]:
        """Yield batches of files in the order of their paths."""
        for target in self._targets:
            root = os.fsencode(target.root)
            if target.kind == "file":
                yield FilesUnit(target.id, os.path.dirname(root), (os.path.basename(root),), named=True)
            else:
                yield from self._directory(target, root)

    def _count(self) -> None:
        files = 0
        for target in self._targets:
            if target.kind == "file":
                files += 1
            else:
                entries = self._entries(os.fsencode(target.root))
                files += sum(isinstance(entry, DirectoryEntry) and entry.readable for entry in entries)
        self._total = files

    def _entries(self, root: bytes) -> Iterator[DirectoryEntry | NestedRepository | Excluded | Skipped]:
        excluded = self._excluder(os.fsdecode(root))
        return self._listed(root, excluded) if self._tracked else walk(root, excluded)

    def _directory(self, target: Target, root: bytes) -> Iterator[FilesUnit | Skipped | Excluded]:
        if is_bare(root):  # named by the caller, so it is read as any directory
            self._histories[target.root] = None
        files: list[bytes] = []
        names: list[bytes] = []
        for entry in self._entries(root):
            if isinstance(entry, DirectoryEntry):
                if self.begins_batch and (files or names) and self.begins_batch(entry.path):
                    yield FilesUnit(target.id, root, tuple(files), tuple(names))
                    files, names = [], []
                (files if entry.readable else names).append(entry.path)
                if len(files) == _BATCH or len(names) == _NAMES_BATCH:
                    yield FilesUnit(target.id, root, tuple(files), tuple(names))
                    files, names = [], []
            elif isinstance(entry, NestedRepository):
                self._histories[os.path.normpath(os.path.join(target.root, os.fsdecode(entry.path)))] = None
            else:
                yield entry
        if files or names:
            yield FilesUnit(target.id, root, tuple(files), tuple(names))

    def _listed(
        self, root: bytes, excluded: Callable[[bytes, bool], bool]
    ) -> Iterator[DirectoryEntry | NestedRepository | Excluded | Skipped]:
        from akpatrol.errors import GitError  # noqa: PLC0415 - most scans do not ask git
        from akpatrol.sources.git import worktree  # noqa: PLC0415

        yield NestedRepository(b".")
        try:
            listed = list(worktree.tracked_or_untracked(root, excluded))
        except GitError as error:
            yield Skipped(os.fsdecode(root), f"git cannot list it: {error}")
            return
        for entry in listed:
            if isinstance(entry, DirectoryEntry) and excluded(entry.path, False):  # noqa: FBT003 - a callable's argument
                yield Excluded(Exclusion.EXCLUDE_OPTION)
            else:
                yield entry

    def place(self, findings: Sequence[RawFinding]) -> Iterator[Placed]:
        """Yield each raw finding as in the work tree, or as ignored when git ignores its file.

        A file in two of the named directories counts once, in the one named first.
        """
        from akpatrol.sources.occurrence import occurrence  # noqa: PLC0415 - most scans find nothing

        roots = {target.id: _directory_of(target) for target in self._targets}
        ignored = _ignored(
            {os.path.join(roots[finding.origin.target], finding.origin.path or b"") for finding in findings}
        )
        placed: set[tuple[bytes, Origin, int, str, Secret]] = set()
        for finding in findings:
            root = roots[finding.origin.target]
            absolute = os.path.join(root, finding.origin.path or b"")
            in_name = finding.origin.place is Place.PATH and not finding.origin.containers
            offset = finding.offset + (len(root) if in_name else 0)
            where = (
                absolute,
                finding.origin._replace(target="", path=None),
                offset,
                finding.match.rule_id,
                finding.match.secret,
            )
            if where not in placed:
                placed.add(where)
                yield finding.match, occurrence(finding, State.IGNORED if absolute in ignored else State.WORKTREE)

    def check(self) -> Iterator[Skipped]:
        """Yield nothing: the walk reports what it could not read."""
        return iter(())

    def unread_histories(self) -> tuple[str, ...]:
        """Return the repositories met; complete once ``plan`` is exhausted."""
        return tuple(self._histories)


def is_bare(directory: bytes) -> bool:
    """Return whether the directory itself is a git directory."""
    repo = repository.at(directory)
    return repo is not None and repo.work_tree is None


def _directory_of(target: Target) -> bytes:
    root = os.fsencode(target.root)
    return os.path.dirname(root) if target.kind == "file" else root


def _reason(error: OSError) -> str:
    return error.strerror or "cannot be read"


def _ignored(paths: Iterable[bytes]) -> set[bytes]:
    """Return the absolute ``paths`` that git ignores in their repository."""
    from akpatrol.sources.git import worktree  # noqa: PLC0415 - most scans find nothing
    from akpatrol.sources.git.runner import Git  # noqa: PLC0415

    by_repository: dict[repository.Repository, list[bytes]] = defaultdict(list)
    for path in paths:
        repo = repository.holding(os.path.dirname(path))
        if repo and repo.work_tree:
            by_repository[repo].append(path)
    ignored: set[bytes] = set()
    for repo, members in by_repository.items():
        ignored |= worktree.ignored(Git(repo), members)
    return ignored
