"""Recognise containers by their content, never by their name."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from akpatrol.model.trigger import Trigger
from akpatrol.unwrap.containers.forms import FORMS, MAGICS, TITLES
from akpatrol.unwrap.containers.member import AFTER_END

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from akpatrol.model.scan import Content

# Other data may precede a zip (PKWARE APPNOTE 4.3.16): the prefilter searches for its end with everything else.
ZIP_END = Trigger(rb"PK\x05\x06", needs=b"PK\5\6")
# Recognised by their end: the footers of LevelDB (table_format.md) and RocksDB (the block based one), PyInstaller's
# cookie, and the marks that begin the last 512 bytes of an image.
_TAIL_BYTES, _TRAILER_END = 512, -504
# The first byte of a disk image: zero, or that of a boot program.
_BOOTS = b"\0\xeb\xe9\x33\xfa\xfc\x31\x8c\xb8\x45"
_BOOT_END, _SUPERBLOCK = b"\x55\xaa", 1080
_FOOTERS = (b"\x57\xfb\x80\x8b\x24\x75\x47\xdb", b"\xf7\xcf\xf4\x85\xb7\x41\xe2\x88")
_COOKIE = b"MEI\x0c\x0b\x0a\x0b\x0e"
_CHECKSUM_ENDS = frozenset((b"\0 ", b" \0"))
_PROGRAMS = (b"\x7fE", b"MZ")  # ELF, PE
_BEGINNINGS = frozenset((*MAGICS, *_PROGRAMS))
_FIRST_OF_IMAGES = frozenset(bytes((byte,)) for byte in _BOOTS)
_ENDS = frozenset(_FOOTERS)
_TRAILERS = {b"koly\0\0\0\4": "dmg", b"conectix": "image"}


def kind_of(data: bytes) -> str | None:
    """Return the form of a container that begins with ``data``, at least 70 kB or all of it; None for most files.

    It is called for every file and object, and so reads two bytes, and the few further places that show a form.
    """
    if data[:2] in MAGICS:
        for magic, kind in MAGICS[data[:2]]:
            if data.startswith(magic) and (not (confirm := FORMS[kind].confirm) or function_named(confirm)(data)):
                return kind
    # A v7 header has no magic; the end of its checksum is hardly ever in text.
    if data[257:262] == b"ustar" or data[154:156] in _CHECKSUM_ENDS:
        from akpatrol.unwrap.containers.tar_header import is_first  # noqa: PLC0415 - hardly any file comes here

        return "tar" if is_first(data) else None
    # The kind of a log's first record, and the upper bytes of its number.
    if data[13:15] == b"\0\0" and data[6:7] in (b"\1", b"\2"):
        from akpatrol.unwrap.containers.leveldb_log import is_log  # noqa: PLC0415 - hardly any file comes here

        if is_log(data):
            return "leveldb-log"
    if data[:1] in _BOOTS and (
        data[510:512] == _BOOT_END
        or data[_SUPERBLOCK : _SUPERBLOCK + 2] == b"\x53\xef"
        or data[32769:32774] in (b"CD001", b"BEA01")
        or data[65600:65608] == b"_BHRfS_M"
    ):
        from akpatrol.unwrap.containers.confirm import image_kind  # noqa: PLC0415 - hardly any file comes here

        return image_kind(data)
    return None


def tail_kind(content: Content) -> str | None:
    """Return the form of a container that ends with ``content``; None for most. Raises OSError as ``at`` does.

    Content that is not in memory needs ``at`` and ``size``.
    """
    if content.read is None:
        return _kind_of_end(content.data)
    if content.at is None or content.size is None:
        return None
    tail = content.at(max(0, content.size - _TAIL_BYTES), _TAIL_BYTES)
    if _COOKIE in tail:
        return "pyinstaller"
    is_program = content.data[:2] in _PROGRAMS
    return _tail_kind(tail) or (_program_kind(content.at, content.size) if is_program else None)


def _kind_of_end(data: bytes) -> str | None:
    """Return the form that whole content is by its end."""
    if data[:2] in _PROGRAMS:
        return _tail_kind(data) or _program_kind(lambda offset, number: data[offset : offset + number], len(data))
    return _tail_kind(data)


def _tail_kind(tail: bytes) -> str | None:
    return "leveldb" if tail.endswith(_FOOTERS) else _TRAILERS.get(tail[-_TAIL_BYTES:_TRAILER_END])


def _program_kind(at: Callable[[int, int], bytes], size: int) -> str | None:
    return "program" if function_named("appended.in_program")(at, size) else None


def containers_among(parts: Sequence[bytes]) -> set[int]:
    """Return the numbers of the whole contents that begin or end like a container."""
    # It is called for every file, and most have none of these.
    suspects = [
        number
        for number, data in enumerate(parts)
        if data[:2] in _BEGINNINGS
        or data[257:262] == b"ustar"
        or data[154:156] in _CHECKSUM_ENDS
        or data[13:15] == b"\0\0"
        # git's trees begin like a boot program, with a digit.
        or (data[:1] in _FIRST_OF_IMAGES and (data[510:512] == _BOOT_END or len(data) > _SUPERBLOCK))
        or data[-8:] in _ENDS
        or data[-_TAIL_BYTES:_TRAILER_END] in _TRAILERS
    ]
    return {number for number in suspects if kind_of(parts[number]) or _kind_of_end(parts[number])}


def has_zip_tail(content: Content) -> bool:
    """Return whether ``content`` ends with a zip, after other data: a program that extracts itself, say.

    Content that is not in memory needs ``at`` and ``size``. Raises OSError as ``at`` does.
    """
    if content.read is None:
        # Hardly any text has this byte, and the search for one byte is the fastest.
        if content.data.rfind(b"\6", max(0, len(content.data) - (66 << 10))) < 0:
            return False
    elif content.at is None or content.size is None:
        return False
    from akpatrol.unwrap.containers.zip_directory import has_directory  # noqa: PLC0415 - hardly any file comes here

    return has_directory(content)


def is_flaw(reason: str, *, of_any_part: bool) -> bool:
    """Return whether a skip's reason is data after a container's end, or with ``of_any_part`` any other damage."""
    return reason.startswith((AFTER_END, "truncated", "damaged")[: 3 if of_any_part else 1])


def is_gap(reason: str) -> bool:
    """Return whether a skip's reason is that its form is not opened, or not in full."""
    return reason.partition(":")[0] in TITLES


@cache
def function_named(name: str) -> Any:
    """Import the module that the table of forms names, and return its function."""
    module, _, function = name.partition(".")
    return getattr(import_module(f"akpatrol.unwrap.containers.{module}"), function)


def is_opened(content: Content) -> bool:
    """Return whether a container begins here; one at the end of small content fires a trigger instead."""
    return bool(kind_of(content.data) or tail_kind(content) or (content.read and has_zip_tail(content)))
