"""Opens containers, recognised by their content and never by their name.

Nothing is written anywhere, members' names are data, and memory does not grow with what a container holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model import Alarm, Chunk, Content, Counted, Place, Skipped
from akpatrol.unwrap.budget import OverLimit
from akpatrol.unwrap.member import Flaw, Unreadable, title
from akpatrol.unwrap.refused import REASONS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Budget, Level
    from akpatrol.unwrap.member import Member
    from akpatrol.unwrap.source import Source

    Found = Content | Chunk | Skipped | Counted

__all__ = ["COMPRESSED", "ZIP_END", "has_zip_tail", "is_flaw", "kind_of", "open_container", "title"]

# A zip may stand behind something else (PKWARE APPNOTE 4.3.16): the gate hears of its end with all the rest.
ZIP_END = Alarm(rb"PK\x05\x06", needs=b"PK\5\6")
COMPRESSED = frozenset(("gzip", "bzip2", "xz", "zstd"))

BLOCK_BYTES = 4 << 20
_NAMES, _NAMES_BYTES = 4096, 256 << 10
# So many members and flaws of a container are named, the others told in one.
_SKIPS = 20

# What a file of each kind begins with, by its first two bytes.
_MAGICS: dict[bytes, tuple[tuple[bytes, str], ...]] = {
    # PKWARE APPNOTE 4.3.7, 4.3.16; 8.5.3 and 8.5.4 for the marks of archives that are split or might have been.
    b"PK": ((b"PK\3\4", "zip"), (b"PK\5\6", "zip"), (b"PK\7\x08PK\3\4", "zip"), (b"PK00PK\3\4", "zip")),
    b"\x1f\x8b": ((b"\x1f\x8b\x08", "gzip"),),  # RFC 1952, 2.3.1: deflate is the only method
    b"BZ": tuple(
        (b"BZh%d" % level + block, "bzip2")
        for level in range(1, 10)
        for block in (b"\x31\x41\x59\x26\x53\x59", b"\x17\x72\x45\x38\x50\x90")
    ),
    b"\xfd7": ((b"\xfd7zXZ\0", "xz"),),  # The .xz File Format 1.2, 2.1.1.1
    b"\x28\xb5": ((b"\x28\xb5\x2f\xfd", "zstd"),),  # RFC 8878, 3.1.1
    **{bytes((0x50 + low, 0x2A)): ((bytes((0x50 + low, 0x2A, 0x4D, 0x18)), "zstd"),) for low in range(16)},  # 3.1.2
    b"7z": ((b"7z\xbc\xaf\x27\x1c", "7z"),),
    b"Ra": ((b"Rar!\x1a\x07", "rar"),),
    b"\x04\x22": ((b"\x04\x22\x4d\x18", "lz4"),),
    b"\x02\x21": ((b"\x02\x21\x4c\x18", "lz4"),),
    b"\x1f\x9d": tuple(
        (b"\x1f\x9d" + bytes((flags | bits,)), "compress") for flags in (0, 128) for bits in range(9, 17)
    ),
    b"MS": ((b"MSCF\0\0\0\0", "cab"),),
    b"# ": ((b"# v2 git bundle\n", "git bundle"), (b"# v3 git bundle\n", "git bundle")),
}


def kind_of(data: bytes) -> str | None:
    """Return what kind of container begins with ``data``, 512 bytes or all there are; None for most files.

    For every file and object there is: a look at two bytes, and at two places where a tar's header tells itself.
    """
    if data[:2] in _MAGICS:
        for magic, kind in _MAGICS[data[:2]]:
            if data.startswith(magic):
                return kind
    # A v7 header has no magic; how its checksum ends is hardly ever in a text.
    if data[257:262] == b"ustar" or data[154:156] in (b"\0 ", b" \0"):
        from akpatrol.unwrap.tar_header import is_first  # noqa: PLC0415 - hardly any file comes here

        return "tar" if is_first(data) else None
    return None


def has_zip_tail(content: Content) -> bool:
    """Return whether a zip ends with ``content``, behind something else: a program that extracts itself, say.

    Content that is not in memory needs ``at`` and ``size``. Raises OSError as ``at`` does.
    """
    if content.read is None:
        # Hardly any text has this byte, and no search is as fast as that for one byte.
        if content.data.rfind(b"\6", max(0, len(content.data) - (66 << 10))) < 0:
            return False
    elif content.at is None or content.size is None:
        return False
    from akpatrol.unwrap.zip_directory import has_directory  # noqa: PLC0415 - hardly any file comes here

    return has_directory(content)


def is_flaw(reason: str, *, of_any_part: bool) -> bool:
    """Tell whether a skip's reason is that something follows a container's end, or that ``of_any_part`` is bad."""
    return reason.startswith(("what follows its end", "truncated", "damaged")[: 3 if of_any_part else 1])


def open_container(content: Content, budget: Budget) -> Iterator[Found]:
    """Yield the direct members of ``content``, their names, and what cannot be read; nothing if it is no container.

    A member of up to 4 MiB comes whole, a larger one as its first 4 MiB with ``read``, and with ``at`` where it is
    stored as it is; it is valid until the next is asked for. After each come its bytes as ``Counted("members")``:
    those that were expanded, as the others are the container's own. Names come in batches, as ``Place.PATH``.

    Raises nothing: what is damaged, or over the budget, is a Skipped.
    """
    try:
        kind = kind_of(content.data[:512]) or ("zip" if has_zip_tail(content) else None)
    except OSError as error:
        yield Skipped(title(content.origin), _reason(error))
        return
    if kind is None:
        return
    if kind in REASONS:
        yield Skipped(title(content.origin), REASONS[kind])
        return
    try:
        with budget.inside(len(content.data) if content.read is None else content.size) as level:
            yield from _Opening(content, kind, level).found()
    except OverLimit as over:
        if budget.first_too_deep():
            yield Skipped(title(content.origin), str(over))


class _Opening:
    """One container while it is open."""

    def __init__(self, content: Content, kind: str, level: Level) -> None:
        self._content = content
        self._kind = kind
        self._level = level
        self._names: list[bytes] = []
        self._names_bytes = 0
        self._skips = 0
        self._repositories: set[int] = set()

    def found(self) -> Iterator[Found]:
        """Yield what the container holds."""
        from akpatrol.unwrap.source import Source  # noqa: PLC0415 - hardly any file comes here

        try:
            for found in _members(self._kind, Source(self._content, self._level), self._level):
                if isinstance(found, Flaw):
                    yield from self._flaw(found.reason)
                    continue
                yield from self._named(found.names)
                yield from self._member(found)
        except OverLimit as over:
            # What is over may be a container round this one: that one says so.
            if over.level is self._level:
                yield Skipped(title(self._content.origin), str(over))
        except (Unreadable, OSError, MemoryError) as error:
            yield from self._flaw(_reason(error))
        yield from self._flush()
        if self._skips > _SKIPS:
            rest = self._skips - _SKIPS
            yield Skipped(title(self._content.origin), f"{rest:,} more of its parts or members cannot be read")

    def _member(self, member: Member) -> Iterator[Found]:
        origin = self._content.origin
        origin = origin._replace(containers=(*origin.containers, member.label))
        if member.flaw is not None:
            yield from self._skip(title(origin), member.flaw)
        if member.pieces is None:
            return
        before = self._level.expanded
        body = _Body(member.pieces)
        data = body.read(BLOCK_BYTES)
        if len(data) < BLOCK_BYTES:
            yield Content(origin, data, size=len(data))
        else:
            yield Content(origin, data, body.read, member.at, member.size)
        yield Counted("members", 1, self._level.expanded - before)
        self._level.check()
        if body.failure is not None:
            yield from self._skip(title(origin), body.failure)

    def _named(self, names: tuple[bytes, ...]) -> Iterator[Found]:
        for name in names:
            self._names.append(name)
            self._names_bytes += len(name)
            if b".git/" in name and (repository := _git_directory(name)) is not None:
                yield from self._repository(repository)
        if len(self._names) >= _NAMES or self._names_bytes >= _NAMES_BYTES:
            yield from self._flush()

    def _flush(self) -> Iterator[Chunk]:
        if self._names:
            origin = self._content.origin
            # What is not content is told apart by its place, so that its source can place it.
            place = Place.PATH if origin.place is Place.CONTENT else origin.place
            origin = origin._replace(place=place, containers=(*origin.containers, self._kind))
            yield Chunk(origin, b"\0".join(self._names), names=True)
        self._names, self._names_bytes = [], 0

    def _repository(self, path: bytes) -> Iterator[Skipped]:
        if hash(path) not in self._repositories:  # which takes the same room however long the path is
            self._repositories.add(hash(path))
            label = f"{self._kind}:{path.decode('utf-8', 'backslashreplace')}"
            reason = "git directory in an archive: its history is not read; extract it and run akpatrol history"
            yield from self._skip(f"{title(self._content.origin)} > {label}", reason)

    def _flaw(self, reason: str) -> Iterator[Skipped]:
        """Say that the container cannot be read in full, unless one round it ended early and that is why."""
        try:
            self._level.check()
        except OverLimit as over:
            if over.level is self._level:
                yield Skipped(title(self._content.origin), str(over))
            return
        yield from self._skip(title(self._content.origin), reason)

    def _skip(self, item: str, reason: str) -> Iterator[Skipped]:
        self._skips += 1
        if self._skips <= _SKIPS:
            yield Skipped(item, reason)


class _Body:
    """A member's bytes in blocks; ``failure`` is why they end early."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._position = 0
        self.failure: str | None = None

    def read(self, number: int) -> bytes:
        """Return the next ``number`` bytes, fewer only at the end."""
        parts = []
        while number > 0:
            if self._position == len(self._piece) and not self._next():
                break
            part = self._piece[self._position : self._position + number]
            self._position += len(part)
            number -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def _next(self) -> bool:
        self._piece, self._position = b"", 0
        try:
            self._piece = next(self._pieces, b"")
        except OverLimit:
            pass  # its level stays over, and says so when the next member is asked for
        except (Unreadable, OSError, MemoryError) as error:
            self.failure = _reason(error)
        return bool(self._piece)


def _members(kind: str, source: Source, level: Level) -> Iterator[Member | Flaw]:
    if kind == "zip":
        from akpatrol.unwrap.zip import members as zip_members  # noqa: PLC0415 - only for its kind

        return zip_members(source, level)
    if kind == "tar":
        from akpatrol.unwrap.tar import members as tar_members  # noqa: PLC0415 - only for its kind

        return tar_members(source, level)
    from akpatrol.unwrap.compressed import members as expanded  # noqa: PLC0415 - only for its kind

    return expanded(source, level, kind, kind_of)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "reading it takes too much memory"
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    return str(error)


def _git_directory(name: bytes) -> bytes | None:
    """Return the path of the git directory that ``name`` shows to be one, None if it does not."""
    path, _, inside = (b"/" + name).partition(b"/.git/")
    if inside == b"HEAD" or inside.startswith(b"objects/"):
        return (path + b"/.git").lstrip(b"/")
    return None
