"""Entries of a systemd journal in the export format (https://systemd.io/JOURNAL_EXPORT_FORMATS/)."""

from __future__ import annotations

import struct

_START = 1_764_000_000_000_000  # microseconds since 1970


def exported(*entries: dict[str, bytes]) -> bytes:
    """Return entries, a second apart; a value with a line end has its length before it."""
    return b"".join(_entry(number, fields) for number, fields in enumerate(entries))


def _entry(number: int, fields: dict[str, bytes]) -> bytes:
    head = (
        f"__CURSOR=s={7:032x};i={number:x}\n__REALTIME_TIMESTAMP={_START + number * 1_000_000}\n"
        f"__MONOTONIC_TIMESTAMP={number * 1_000_000}\n_BOOT_ID={5:032x}\n"
    )
    return head.encode() + b"".join(_field(name.encode(), value) for name, value in fields.items()) + b"\n"


def _field(name: bytes, value: bytes) -> bytes:
    if b"\n" in value:
        return name + b"\n" + struct.pack("<Q", len(value)) + value + b"\n"
    return name + b"=" + value + b"\n"
