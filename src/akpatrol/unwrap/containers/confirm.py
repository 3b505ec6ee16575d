"""Tells forms whose beginning is short, or stands further in, from what only looks like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from akpatrol.unwrap.containers import decompress
from akpatrol.unwrap.encodings.lazy_pattern import lazy

if TYPE_CHECKING:
    from collections.abc import Callable

# Neither white space nor a character: no text has it.
_BINARY = lazy(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_BEGINNING = 512
_ISO_AT, _BTRFS_AT = 32769, 65600
# The roots of documents whose text stands in runs (ECMA-376 parts 1 and 4, OpenDocument 1.3 part 3).
_ROOT = lazy(
    rb"<(?:[\w.-]+:)?(?:document|hdr|ftr|comments|footnotes|endnotes|glossaryDocument|sst|worksheet|sld|notes"
    rb"|sldLayout|sldMaster|cmLst|chartSpace|wsDr|dataModel|package|document-content|document-styles)[\s>]"
)
_NAMESPACE = lazy(
    rb"schemas\.openxmlformats\.org/|purl\.oclc\.org/ooxml/|schemas\.microsoft\.com/office/"
    rb"|urn:oasis:names:tc:opendocument:"
)


def confirmed(kind: str, data: bytes) -> bool:
    """Return whether ``data``, which begins as ``kind`` does, goes on so."""
    return _CONFIRMATIONS.get(kind, _is_binary)(data)


def image_kind(data: bytes) -> str | None:
    """Return the kind of disk image that ``data`` are, by what stands further in."""
    if data[_ISO_AT : _ISO_AT + 5] == b"CD001":  # ECMA-119, 8.4
        return "iso"
    boot = data[510:512] == b"\x55\xaa" and (
        data[3:11] in (b"NTFS    ", b"EXFAT   ") or data[54:57] == b"FAT" or data[82:85] == b"FAT" or _is_mbr(data)
    )
    return "image" if boot or _is_ext(data) or data[_BTRFS_AT : _BTRFS_AT + 8] == b"_BHRfS_M" else None


def _is_binary(data: bytes) -> bool:
    return _BINARY.search(data, 0, _BEGINNING) is not None


def _is_ext(data: bytes) -> bool:
    """Look at ext's superblock (Linux, Documentation/filesystems/ext4/super.rst), at byte 1024."""
    number = [int.from_bytes(data[1024 + at : 1028 + at], "little") for at in (0, 24, 76)]
    return data[1080:1082] == b"\x53\xef" and number[0] > 0 and number[1] <= 6 and number[2] <= 1  # noqa: PLR2004 - blocks of 64 KiB at most, two revisions


def _is_mbr(data: bytes) -> bool:
    """Look at the four entries of a master boot record: one begins somewhere, and none is half empty."""
    entries = [data[at : at + 16] for at in range(446, 510, 16)]
    used = [entry for entry in entries if any(entry)]
    return bool(used) and all(one[0] in (0, 0x80) and one[4] and any(one[8:12]) and any(one[12:]) for one in used)


def _is_zlib(data: bytes) -> bool:
    if not _is_binary(data) and data[:_BEGINNING].isascii():
        return False  # x^2, say
    decompressor = decompress.unzlibber()
    try:
        expanded = decompressor.decompress(data[:_BEGINNING], 1024)
    except Exception:  # noqa: BLE001 - each library raises its own
        return False
    return decompressor.eof or len(expanded) >= 16  # noqa: PLR2004 - chance does not come so far


def _is_lzma(data: bytes) -> bool:
    """Look at the header as file(1) and liblzma do: its dictionary is a usual one, its size is plausible."""
    dictionary = int.from_bytes(data[1:5], "little")
    size = int.from_bytes(data[5:13], "little")
    usual = any(dictionary in (1 << bits, 3 << bits - 1) for bits in range(12, 32))
    return len(data) > 13 and usual and data[13] == 0 and (size == (1 << 64) - 1 or size < 1 << 38)  # noqa: PLR2004 - the header


def _is_document(data: bytes) -> bool:
    if data.startswith(b"{\\rtf"):
        return data[5:6].isdigit()
    head = data[:4096]
    return _ROOT.search(head) is not None and _NAMESPACE.search(head) is not None


def _is_pgp(data: bytes) -> bool:
    return not data.startswith(b"\x85") or data[3:4] == b"\3"


def _is_arj(data: bytes) -> bool:
    return 0 < int.from_bytes(data[2:4], "little") <= 2600 and 30 <= data[4] <= 60 and data[10] == 2  # noqa: PLR2004 - technical notes of arj


def _is_image(data: bytes) -> bool:
    return b"VirtualBox" in data[:64] if data.startswith(b"<<<") else _is_binary(data)


_CONFIRMATIONS: Final[dict[str, Callable[[bytes], bool]]] = {
    "zlib": _is_zlib,
    "lzma": _is_lzma,
    "document": _is_document,
    "pgp": _is_pgp,
    "arj": lambda data: len(data) > 10 and _is_arj(data),  # noqa: PLR2004 - where the last byte that is looked at is
    "image": _is_image,
    "sqlite-wal": lambda data: data[4:8] == b"\0\x2d\xe2\x18",
}
