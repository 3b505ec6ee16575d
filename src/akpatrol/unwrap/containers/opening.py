"""Open containers, depth first, within a budget.

Nothing is written anywhere, members' names are data, and memory does not grow with the size of a container.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from akpatrol.model.batch import ContentBatch
from akpatrol.model.scan import Chunk, Content, Counted, Excluded, Exclusion, Place, Skipped
from akpatrol.unwrap.budget import OverLimit
from akpatrol.unwrap.containers.forms import FORMS
from akpatrol.unwrap.containers.git_directory import GitDirectories
from akpatrol.unwrap.containers.member import Flaw, Naming, Together, Unreadable, text, title
from akpatrol.unwrap.containers.recognise import function_named, has_zip_tail, kind_of, tail_kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Budget, Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

    ContainerItem = Content | ContentBatch | Naming | Chunk | Skipped | Counted | Excluded

BLOCK_BYTES = 4 << 20
_NAMES, _NAMES_BYTES = 4096, 256 << 10
# So many members and flaws of a container are named; one skip counts the others.
_SKIPS = 20


class Opener(Protocol):
    """A function that opens a form; the table of forms names it."""

    def __call__(self, source: ContainerBytes, level: Level) -> Iterator[Member | Flaw | Together | Naming]:
        """Yield the members, from front to back, and a flaw for each part that cannot be read.

        ``level`` counts each member before it is yielded, and the decompressed bytes.
        Raises OverLimit, Unreadable and OSError.
        """


def open_container(content: Content, budget: Budget) -> Iterator[ContainerItem]:
    """Yield the direct members of ``content``, their names, and skips; nothing if it is not a container.

    A member of up to 4 MiB comes as a whole. A larger one comes as its first 4 MiB with ``read``, and also with ``at``
    if it is stored uncompressed. It is valid until the next is requested. After each member comes
    ``Counted("members")`` with the number of expanded bytes; stored bytes are counted with the container. Names come in
    batches, as ``Place.PATH``.

    Raises nothing: damage, or a container over the budget, is a Skipped.
    """
    try:
        kind = kind_of(content.data) or ("zip" if has_zip_tail(content) else tail_kind(content))
    except OSError as error:
        yield Skipped(title(content.origin), _reason(error))
        return
    if kind is None:
        return
    form = FORMS[kind]
    if form.reason:
        yield Skipped(title(content.origin), form.reason)
        return
    if form.is_encrypted:
        yield Excluded(Exclusion.ENCRYPTED)
        return
    try:
        with budget.inside(len(content.data) if content.read is None else content.size) as level:
            yield from _Opening(content, kind, level).items()
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
        self._repositories = GitDirectories()

    def items(self) -> Iterator[ContainerItem]:
        """Yield the items in the container."""
        from akpatrol.unwrap.containers.container_bytes import ContainerBytes  # noqa: PLC0415 - hardly any file comes here

        opener: Opener = function_named(FORMS[self._kind].opener)
        try:
            for item in opener(ContainerBytes(self._content, self._level, self._kind), self._level):
                if isinstance(item, Flaw):
                    yield from self._flaw(item.reason)
                    continue
                if isinstance(item, Naming):
                    yield item
                    continue
                if isinstance(item, Together):
                    yield from self._together(item)
                    continue
                yield from self._named(item.names)
                yield from self._member(item)
        except OverLimit as over:
            # If a container around this one is over its bound, that one reports it.
            if over.level is self._level:
                yield Skipped(title(self._content.origin), str(over))
        except (Unreadable, OSError, MemoryError) as error:
            yield from self._flaw(_reason(error))
        yield from self._flush()
        yield from self._missing()
        if self._skips > _SKIPS:
            rest = self._skips - _SKIPS
            yield Skipped(title(self._content.origin), f"{rest:,} more of its parts or members cannot be read")

    def _member(self, member: Member) -> Iterator[ContainerItem]:
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
            yield Content(origin, data, size=len(data), part_at=member.part_at)
        else:
            yield Content(origin, data, body.read, member.at, member.size, part_at=member.part_at)
        yield Counted("members", 1, self._level.expanded - before)
        self._level.check()
        if body.failure is not None:
            yield from self._skip(title(origin), body.failure)

    def _together(self, members: Together) -> Iterator[ContainerItem]:
        origin, contents = self._content.origin, members.contents

        def content(number: int) -> Content:
            place = members.place(number) if origin.place is Place.CONTENT else origin.place
            containers = (*origin.containers, members.label(number))
            return Content(origin._replace(place=place, containers=containers), contents[number])

        yield ContentBatch(contents, content)
        yield Counted("members", len(contents), sum(map(len, contents)))
        self._level.check()

    def _named(self, names: tuple[bytes, ...]) -> Iterator[ContainerItem]:
        for name in names:
            self._names.append(name)
            self._names_bytes += len(name)
            self._repositories.note(name)
        if len(self._names) >= _NAMES or self._names_bytes >= _NAMES_BYTES:
            yield from self._flush()

    def _flush(self) -> Iterator[Chunk]:
        if self._names:
            origin = self._content.origin
            # Other places than content stay, so that the source can place the finding.
            place = Place.PATH if origin.place is Place.CONTENT else origin.place
            origin = origin._replace(place=place, containers=(*origin.containers, self._kind))
            yield Chunk(origin, b"\0".join(self._names), names=True)
        self._names, self._names_bytes = [], 0

    def _missing(self) -> Iterator[Skipped]:
        for directory, reason in self._repositories.missing():
            label = f" > {self._kind}:{text(directory)}" if directory else ""
            yield from self._skip(title(self._content.origin) + label, reason)

    def _flaw(self, reason: str) -> Iterator[Skipped]:
        """Report that the container cannot be read in full, unless that is because one around it ended early."""
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
            pass  # its level stays over, and raises again when the next member is requested
        except (Unreadable, OSError, MemoryError) as error:
            self.failure = _reason(error)
        return bool(self._piece)


def _reason(error: Exception) -> str:
    if isinstance(error, MemoryError):
        return "reading it takes too much memory"
    if isinstance(error, OSError):
        return error.strerror or "cannot be read"
    return str(error)
