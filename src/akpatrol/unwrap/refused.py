"""Containers that are recognised, so that nobody takes them for read, and not opened."""

from __future__ import annotations

REASONS = {
    "git bundle": "git bundle: its history is not read; clone it and run akpatrol history",
    "7z": "7z archive: it is not opened",
    "rar": "rar archive: it is not opened",
    "lz4": "lz4: it is not expanded",
    "compress": "compress (.Z): it is not expanded",
    "cab": "cabinet (.cab): it is not opened",
}
