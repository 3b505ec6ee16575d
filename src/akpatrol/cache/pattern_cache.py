"""The pattern cache: compiled patterns, one file each in the user's cache directory.

A problem with a file or its directory only means that the patterns are compiled again; it is not an error.
"""

from __future__ import annotations

import os
from contextlib import suppress

from akpatrol import __version__
from akpatrol.cache.directory import refusal

_PREFIX = "patterns-"
_MOST_FILES, _MOST_BYTES = 8, 64 << 20
_HASH_BYTES = 32


class PatternCache:
    """The files in ``directory``; with None nothing is kept."""

    def __init__(self, directory: str | None) -> None:
        self._directory = directory

    def holds(self, key: str) -> bool:
        """Return whether there is a file for this key, whatever it holds."""
        with suppress(OSError):
            file = self._file(key)
            return bool(file and os.path.exists(file))
        return False

    def get(self, key: str) -> bytes | None:
        """Return the value under this key; None when it is missing or was modified."""
        with suppress(OSError):
            if (file := self._file(key)) and os.path.getsize(file) <= _MOST_BYTES:
                with open(file, "rb") as opened:
                    sealed = opened.read()
                if sealed[:_HASH_BYTES] == _seal(key, sealed[_HASH_BYTES:]):
                    return sealed[_HASH_BYTES:]
        return None

    def put(self, key: str, value: bytes) -> None:
        """Store a value under this key; a full cache drops its oldest value."""
        with suppress(OSError):
            if file := self._file(key):
                new = f"{file}.{os.getpid()}.new"
                with open(new, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as opened:
                    opened.write(_seal(key, value) + value)
                os.replace(new, file)
                self._make_room()

    def _file(self, key: str) -> str | None:
        if not self._directory:
            return None
        file = os.path.join(self._directory, _PREFIX + _seal(key, b"").hex()[:_HASH_BYTES])
        return None if refusal(self._directory, file) else file

    def _make_room(self) -> None:
        with os.scandir(self._directory) as entries:
            files = [(entry.stat().st_mtime, entry.path) for entry in entries if entry.name.startswith(_PREFIX)]
        for _, file in sorted(files)[:-_MOST_FILES]:
            os.unlink(file)


def _sha256(data: bytes) -> bytes:
    """Return a hash, by Python's own small module where there is one: OpenSSL costs milliseconds at start-up."""
    try:
        from _sha256 import sha256  # type: ignore[import-not-found]  # noqa: PLC0415 - until Python 3.12
    except ImportError:
        from hashlib import sha256  # noqa: PLC0415
    digest: bytes = sha256(data).digest()
    return digest


def _seal(key: str, value: bytes) -> bytes:
    """Return a hash of a value, its key and the program's version."""
    return _sha256(f"{__version__} {key}\0".encode() + value)
