"""Programs as their formats lay them out: a pool of constants without separators, and what says where each ends.

The layouts are those named in ``akpatrol.programs``.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Order = Literal["little", "big"]

_PAGE = 0x1000
_ADDRESS = 0x40000


class Pool(NamedTuple):
    """Texts one after the other, and where each begins."""

    data: bytes
    starts: list[int]


def pool(texts: Sequence[bytes], end: bytes = b"") -> Pool:
    """Return the texts with ``end`` after each."""
    starts, data = [], b""
    for text in texts:
        starts.append(len(data))
        data += text + end
    return Pool(data, starts)


def pointers(texts: Sequence[bytes], base: int, width: int = 8, order: Order = "little") -> bytes:
    """Return pointers into a pool at ``base``, each with its length behind it."""
    return b"".join(
        (base + start).to_bytes(width, order) + len(text).to_bytes(width, order)
        for text, start in zip(texts, pool(texts).starts, strict=True)
    )


def elf(
    texts: Sequence[bytes], width: int = 8, order: Order = "little", *, is_relocated: bool = False, gap: int = 0
) -> bytes:
    """Return a linked ELF; where it ``is_relocated``, the loader writes the pointers. ``gap`` zeros follow the pool."""
    data = pool(texts).data + bytes(gap)
    pool_at, table_at = _PAGE, _PAGE + len(data) + -len(data) % _PAGE
    base, table = _ADDRESS + pool_at, pointers(texts, _ADDRESS + pool_at, width, order)
    rela_at, rela = table_at + len(table), b""
    if is_relocated:
        kept = b""
        for at in range(0, len(table), 2 * width):
            place = (_ADDRESS + table_at + at).to_bytes(width, order)
            rela += place + (8).to_bytes(width, order) + table[at : at + width]
            kept += bytes(width) + table[at + width : at + 2 * width]
        table = kept
    tags = ((7, _ADDRESS + rela_at), (8, len(rela)), (0, 0))
    dynamic = b"".join(number.to_bytes(width, order) for tag in tags for number in tag)
    end = rela_at + len(rela) + len(dynamic)
    headers = (
        _segment(width, order, 1, 4, (pool_at, base, len(data))),
        _segment(width, order, 1, 6, (table_at, _ADDRESS + table_at, end - table_at)),
        _segment(width, order, 2, 6, (rela_at + len(rela), 0, len(dynamic))),
    )
    head = _elf_header(width, order, 3, (len(headers), 0))
    file = (head + b"".join(headers)).ljust(pool_at, b"\0") + data
    return file.ljust(table_at, b"\0") + table + rela + dynamic


def object_file(texts: Sequence[bytes], width: int = 8, order: Order = "little") -> bytes:
    """Return an ELF that is not linked, with a section for each text."""
    data, starts = pool(texts)
    first = len(_elf_header(width, order, 1, (0, 0)))
    sections = [
        (1).to_bytes(4, order).rjust(8, b"\0")
        + b"".join(number.to_bytes(width, order) for number in (2, 0, first + start, len(text)))
        + bytes(24 if width == 8 else 16)
        for text, start in zip(texts, starts, strict=True)
    ]
    head = _elf_header(width, order, 1, (0, len(sections)), first + len(data))
    return head + data + b"".join(sections)


def _elf_header(width: int, order: Order, kind: int, counts: tuple[int, int], sections_at: int = 0) -> bytes:
    size = 64 if width == 8 else 52

    def number(value: int, wide: int) -> bytes:
        return value.to_bytes(wide, order)

    ident = b"\x7fELF" + bytes((width // 4, 1 if order == "little" else 2, 1)).ljust(12, b"\0")
    return (
        ident
        + number(kind, 2)
        + number(62, 2)
        + number(1, 4)
        + number(0, width)
        + number(size, width)
        + number(sections_at, width)
        + number(0, 4)
        + number(size, 2)
        + number(56 if width == 8 else 32, 2)
        + number(counts[0], 2)
        + number(24 + 5 * width if width == 8 else 40, 2)
        + number(counts[1], 2)
        + number(0, 2)
    )


def _segment(width: int, order: Order, kind: int, flags: int, place: tuple[int, int, int]) -> bytes:

    def number(value: int) -> bytes:
        return value.to_bytes(width, order)

    offset, address, size = map(number, place)
    flag = flags.to_bytes(4, order)
    rest = offset + address + address + size + size
    if width == 8:
        return kind.to_bytes(4, order) + flag + rest + number(_PAGE)
    return kind.to_bytes(4, order) + rest + flag + number(_PAGE)


def pe(texts: Sequence[bytes], width: int = 8) -> bytes:
    """Return a PE."""
    data, base, optional = pool(texts).data, 0x400000, 112
    table = pointers(texts, base + _PAGE, width)
    table_at = 0x400 + len(data) + -len(data) % 0x200
    head = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x40)
    coff = struct.pack("<HHIIIHH", 0x8664 if width == 8 else 0x14C, 2, 0, 0, 0, optional, 0)
    wide = struct.pack("<H22xQ", 0x20B, base) if width == 8 else struct.pack("<H26xI", 0x10B, base)
    sections = struct.pack("<8sIIII12xI", b".rdata", len(data), _PAGE, len(data), 0x400, 0x40000040)
    sections += struct.pack("<8sIIII12xI", b".data", len(table), 0x100000, len(table), table_at, 0xC0000040)
    file = head + b"PE\0\0" + coff + wide.ljust(optional, b"\0") + sections
    return (file.ljust(0x400, b"\0") + data).ljust(table_at, b"\0") + table


def mach_o(texts: Sequence[bytes], width: int = 8, order: Order = "little", chains: int = 0) -> bytes:
    """Return a Mach-O for one architecture, whose pointers are links of ``chains`` of that format."""
    data, base = pool(texts).data, 1 << 32 if width == 8 else _PAGE
    table = pointers(texts, _PAGE if chains == 6 else base + _PAGE, width, order)
    if chains:  # the distance to the next link
        table = b"".join(
            word if at % 16 else (int.from_bytes(word, order) | 4 << 51).to_bytes(8, order)
            for at in range(0, len(table), 8)
            for word in (table[at : at + 8],)
        )
    table_at = _PAGE + len(data) + -len(data) % 16

    def number(value: int, wide: int = 4) -> bytes:
        return value.to_bytes(wide, order)

    def segment(name: bytes, address: int, offset: int, size: int) -> bytes:
        places = b"".join(number(value, width) for value in (address, size, offset, size))
        body = name.ljust(16, b"\0") + places + number(3) + number(3) + number(0) + number(0)
        return number(0x19 if width == 8 else 1) + number(8 + len(body)) + body

    commands = [
        segment(b"__TEXT", base, 0, _PAGE + len(data)),
        segment(b"__DATA", base + 0x100000, table_at, len(table)),
    ]
    fixups = b""
    if chains:
        fixups = number(0) + number(28) + bytes(20) + number(2) + number(0) + number(12)
        fixups += number(22) + number(_PAGE, 2) + number(chains, 2)
        commands.append(number(0x80000034) + number(16) + number(table_at + len(table)) + number(len(fixups)))
    cpu = 0x0100000C if width == 8 else 12
    head = number(0xFEEDFACF if width == 8 else 0xFEEDFACE) + number(cpu) + number(0) + number(2)
    head += number(len(commands)) + number(sum(map(len, commands))) + number(0)
    head += bytes(4 if width == 8 else 0) + b"".join(commands)
    return (head.ljust(_PAGE, b"\0") + data).ljust(table_at, b"\0") + table + fixups


def fat(images: Sequence[bytes]) -> bytes:
    """Return a Mach-O for several architectures."""
    head, body = struct.pack(">II", 0xCAFEBABE, len(images)), b""
    for number, image in enumerate(images):
        head += struct.pack(">IIIII", number, 0, _PAGE + len(body), len(image), 12)
        body += image + bytes(-len(image) % _PAGE)
    return head.ljust(_PAGE, b"\0") + body


def wasm(texts: Sequence[bytes]) -> bytes:
    """Return a module in which code knows every second text, and a table the others."""
    data, starts = pool(texts)
    base, table, code = 1 << 20, b"", b""
    data += bytes(-len(data) % 4)
    for number, (text, start) in enumerate(zip(texts, starts, strict=True)):
        if number % 2:
            code += b"\x41" + _signed(base + start) + b"\x41" + _signed(len(text)) + b"\x10\0"
        else:
            table += struct.pack("<II", base + start, len(text))
    body = b"\0" + code + b"\x0b"
    segment = b"\1\0\x41" + _signed(base) + b"\x0b" + unsigned(len(data + table)) + data + table
    sections = ((1, b"\1\x60\0\0"), (3, b"\1\0"), (10, b"\1" + unsigned(len(body)) + body), (11, segment))
    return b"\0asm\1\0\0\0" + b"".join(bytes((kind,)) + unsigned(len(part)) + part for kind, part in sections)


def hermes(texts: Sequence[bytes], function: int = 16, *, is_packed: bool = False) -> bytes:
    """Return Hermes's bytecode; where it ``is_packed``, a string is the end of another one."""
    data, starts = pool(texts)
    places = [*zip(starts, map(len, texts), strict=True)]
    if is_packed:
        places.append((starts[0] + 1, len(texts[0]) - 1))
    small, long = b"", b""
    for start, size in places:
        if size < 255:
            small += struct.pack("<I", start << 1 | size << 24)
        else:
            small += struct.pack("<I", len(long) // 8 << 1 | 255 << 24)
            long += struct.pack("<II", start, size)
    kinds = struct.pack("<II", len(places) - 1, 1 | 1 << 31)
    counts = struct.pack("<8I", 0, 0, 3, 2, 1, len(places), len(long) // 8, len(data))
    head = (0x1F1903C103BC1FC6).to_bytes(8, "little") + struct.pack("<I20x", 96) + counts
    return head.ljust(128, b"\0") + bytes(3 * function) + kinds + bytes(4) + small + long + data + bytes(40)


def dex(texts: Sequence[bytes]) -> bytes:
    """Return a Dalvik executable."""
    data, starts = pool([unsigned(len(text)) + text for text in sorted(texts)], b"\0")
    first = 112 + 4 * len(texts)
    head = b"dex\n035\0".ljust(0x38, b"\0") + struct.pack("<II", len(texts), 112)
    return head.ljust(112, b"\0") + b"".join(struct.pack("<I", first + start) for start in starts) + data


def class_file(texts: Sequence[bytes]) -> bytes:
    """Return a class file; numbers of each size stand between the texts."""
    others: list[bytes] = [b"\5" + bytes(8), b"\3\0\0\0\1", b"\x0f\1\0\1", b"\x08\0\2"]
    count, body = 1, b""
    for number, text in enumerate(texts):
        other = others[number % len(others)]
        body += other + b"\1" + struct.pack(">H", len(text)) + text
        count += 3 if other[0] == 5 else 2
    return b"\xca\xfe\xba\xbe" + struct.pack(">HHH", 0, 65, count) + body + bytes(12)


def user_strings(texts: Sequence[bytes]) -> bytes:
    """Return .NET's heap of user strings (ECMA-335, II.24.2.4) in what begins like a PE."""
    heap = b"\0"
    for text in texts:
        wide = text.decode().encode("utf-16-le") + b"\0"
        size = len(wide)
        heap += (bytes((size,)) if size < 0x80 else struct.pack(">H", 0x8000 | size)) + wide
    return b"MZ" + bytes(62) + heap + bytes(3)


def unsigned(value: int) -> bytes:
    """Return a number in LEB128."""
    return bytes(_groups(value, lambda rest, _last: not rest))


def _signed(value: int) -> bytes:
    return bytes(_groups(value, lambda rest, last: not rest and not last & 0x40))


def _groups(value: int, is_last: Callable[[int, int], bool]) -> Iterator[int]:
    while True:
        group, value = value & 0x7F, value >> 7
        if is_last(value, group):
            yield group
            return
        yield group | 0x80


FORMS: dict[str, Callable[[Sequence[bytes]], bytes]] = {
    "ELF": elf,
    "ELF, relocated": lambda texts: elf(texts, is_relocated=True),
    "ELF, 32 bits": lambda texts: elf(texts, 4, is_relocated=True),
    "ELF, big-endian": lambda texts: elf(texts, 8, "big", is_relocated=True),
    "ELF, 32 bits, big-endian": lambda texts: elf(texts, 4, "big"),
    "object file": object_file,
    "object file, 32 bits": lambda texts: object_file(texts, 4, "big"),
    "PE": pe,
    "PE, 32 bits": lambda texts: pe(texts, 4),
    "Mach-O": mach_o,
    "Mach-O, chains of addresses": lambda texts: mach_o(texts, chains=2),
    "Mach-O, chains of offsets": lambda texts: mach_o(texts, chains=6),
    "Mach-O, 32 bits, big-endian": lambda texts: mach_o(texts, 4, "big"),
    "Mach-O, fat": lambda texts: fat([mach_o([b"other"]), mach_o(texts)]),
    "wasm": wasm,
    "Hermes": hermes,
    "Hermes, since version 99": lambda texts: hermes(texts, 12, is_packed=True),
    "DEX": dex,
    "class file": class_file,
    ".NET": user_strings,
}
"""Each form by its name: how a file of it is made of texts, of ASCII."""
