"""Open Unix archives: Debian packages and static libraries (ar(5), in the forms of System V and GNU, and of BSD)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.member import Flaw, Member, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes

_MAGIC_BYTES = 8
_HEADER_BYTES = 60
_NAMES_BYTES = 16 << 20
_END = b"`\n"
# Symbols, and names that are too long for a header, are members without a name.
_TABLES = (b"/", b"//", b"/SYM64/", b"__.SYMDEF", b"__.SYMDEF SORTED")


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the members, from front to back. Raises OverLimit and OSError; damage is a flaw."""
    source.skip(_MAGIC_BYTES)
    long_names = b""
    while header := source.read(_HEADER_BYTES):
        start, digits = source.offset, header[48:58].strip()
        if len(header) < _HEADER_BYTES or header[58:] != _END or not digits.isdigit():
            yield Flaw(_damage(start - len(header), header))
            return
        level.member()
        size, name = int(digits), header[:16].rstrip()
        if name == b"//":
            long_names = source.peek(min(size, _NAMES_BYTES))
        name, size = _named(source, name, size, long_names)
        known = () if name in _TABLES else (name,)
        at = source.part(source.offset, size)
        yield Member(f"ar:{text(name)}", known, source.pieces(size), at=at, size=size)
        end = start + int(digits)
        source.skip(end + end % 2 - source.offset)
        if source.offset < end:
            yield Flaw(f"truncated at byte {source.offset}: a member of {size:,} bytes begins at byte {start}")


def _named(source: ContainerBytes, name: bytes, size: int, long_names: bytes) -> tuple[bytes, int]:
    """Return a member's full name and the size of its content; BSD's long names precede the content."""
    if name.startswith(b"#1/") and name[3:].isdigit():
        length = min(int(name[3:]), size, _NAMES_BYTES)
        return source.read(length).rstrip(b"\0"), size - length
    if name[:1] == b"/" and name[1:].isdigit():
        return long_names[int(name[1:]) :].partition(b"\n")[0].removesuffix(b"/"), size
    return name if name in _TABLES else name.removesuffix(b"/"), size


def _damage(offset: int, header: bytes) -> str:
    return f"truncated at byte {offset + len(header)}" if len(header) < _HEADER_BYTES else f"damaged at byte {offset}"
