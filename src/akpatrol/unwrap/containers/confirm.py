"""Confirm forms whose magic bytes are short, or not at the beginning, against data that only looks like them."""

from __future__ import annotations

from akpatrol.unwrap.encodings.lazy_pattern import lazy

# Neither white space nor a character: no text has these bytes.
_BINARY = lazy(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")
_BEGINNING = 512
_CODES = 16  # of nine bits each
_ISO_AT, _BTRFS_AT = 32769, 65600


def image_kind(data: bytes) -> str | None:
    """Return which kind of disk image ``data`` is, by bytes further in."""
    if data[_ISO_AT : _ISO_AT + 5] == b"CD001":  # ECMA-119, 8.4
        return "iso"
    if data[_ISO_AT : _ISO_AT + 5] == b"BEA01":  # UDF alone (ECMA-167, 2/9.2)
        return "image"
    boot = data[510:512] == b"\x55\xaa" and (
        data[3:11] in (b"NTFS    ", b"EXFAT   ") or data[54:57] == b"FAT" or data[82:85] == b"FAT" or _is_mbr(data)
    )
    return "image" if boot or _is_ext(data) or data[_BTRFS_AT : _BTRFS_AT + 8] == b"_BHRfS_M" else None


def is_binary(data: bytes) -> bool:
    """Return whether the beginning of ``data`` is not text."""
    return _BINARY.search(data, 0, _BEGINNING) is not None


def _is_ext(data: bytes) -> bool:
    """Check ext's superblock (Linux, Documentation/filesystems/ext4/super.rst), at byte 1024."""
    number = [int.from_bytes(data[1024 + at : 1028 + at], "little") for at in (0, 24, 76)]
    return data[1080:1082] == b"\x53\xef" and number[0] > 0 and number[1] <= 6 and number[2] <= 1  # noqa: PLR2004 - blocks of 64 KiB at most, two revisions


def _is_mbr(data: bytes) -> bool:
    """Check the four entries of a master boot record: one is used, and none is half empty."""
    entries = [data[at : at + 16] for at in range(446, 510, 16)]
    used = [entry for entry in entries if any(entry)]
    return bool(used) and all(
        entry[0] in (0, 0x80) and entry[4] and any(entry[8:12]) and any(entry[12:]) for entry in used
    )


def is_pgp(data: bytes) -> bool:
    """Return whether a session key comes first, in its third version."""
    return not data.startswith(b"\x85") or data[3:4] == b"\3"


def is_arj(data: bytes) -> bool:
    """Return whether an archive's main header follows."""
    if len(data) <= 10:  # noqa: PLR2004 - the last byte that is read
        return False
    return 0 < int.from_bytes(data[2:4], "little") <= 2600 and 30 <= data[4] <= 60 and data[10] == 2  # noqa: PLR2004 - technical notes of arj


def is_compress(data: bytes) -> bool:
    """Return whether the first codes of compress are possible: each names one that is known by then (compress(1)).

    Three bytes say little of decoded text: of random ones, one in a million begins so.
    """
    first = 257 if data[2] & 0x80 else 256  # with block mode, one code clears the table
    codes = int.from_bytes(data[3 : 3 + 9 * _CODES // 8], "little")
    number = min(_CODES, (len(data) - 3) * 8 // 9)
    return all(codes >> 9 * index & 511 < (first + index if index else 256) for index in range(number))


def is_image(data: bytes) -> bool:
    """Return whether a disk image continues: with a program's name, or with bytes that are not text."""
    return b"VirtualBox" in data[:64] if data.startswith(b"<<<") else is_binary(data)
