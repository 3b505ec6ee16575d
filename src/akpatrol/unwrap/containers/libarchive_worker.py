"""Read an archive with libarchive, in a process of its own (``worker``), which seals itself before the first byte.

The answers are members, each with its data, and why a member or the rest of the archive cannot be read.
"""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from struct import Struct
from typing import TYPE_CHECKING, Any, Final

from akpatrol.unwrap.containers.worker import (
    DAMAGED,
    ENCRYPTED,
    FAILED,
    MEMORY,
    METHOD,
    PIECE_BYTES,
    TRUNCATED,
    WorkerBounds,
    part,
    send,
    send_data,
    serve,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# A member, why the rest of it cannot be read, libarchive is not there, other data follows the last stream.
MEMBER, FLAW, ABSENT, FOLLOWED = b"M", b"L", b"A", b"N"
FACTS = Struct("<?I")  # whether it is encrypted, and how long its name is; name and target follow
# libarchive's formats and filters for each kind. It has further ones that start programs (lrzip, lzop).
READERS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "7z": (("7zip",), ()),
    "rar": (("rar", "rar5"), ()),
    "cab": (("cab",), ()),
    "xar": (("xar",), ()),
    "lz4": (("raw",), ("lz4",)),
    "compress": (("raw",), ("compress",)),
}
_LIBRARIES = (
    "libarchive.so.13",
    os.path.join(sys.prefix, "lib", "libarchive.so.13"),
    os.path.join(sys.prefix, "lib", "libarchive.13.dylib"),
    "/opt/homebrew/opt/libarchive/lib/libarchive.13.dylib",
    "/usr/local/opt/libarchive/lib/libarchive.13.dylib",
    "/usr/lib/libarchive.2.dylib",
)
_BLOCK = 64 << 10
# Dictionaries of 64 MiB, those of 7z's best compression, take 140 MB.
BOUNDS = WorkerBounds(memory=176 << 20, seconds=3600, sealed=True)
_FAILED, _FATAL = -25, -30
_MOST_FAILURES = 1000
_TYPE, _DIRECTORY = 0o170000, 0o040000
# What libarchive's messages have in common (archive_read_support_format_*.c).
_WORDS = (
    ("ncrypt", ENCRYPTED),
    ("assphrase", ENCRYPTED),
    ("runcated", TRUNCATED),
    ("nexpected end", TRUNCATED),
    ("llocate", MEMORY),
    ("out of memory", MEMORY),
    ("upport", METHOD),
    ("nknown", METHOD),
)


def main() -> None:
    """Answer requests."""
    logging.disable()
    try:
        ffi = _loaded()
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        serve(lambda _request: send(ABSENT), BOUNDS)
    else:
        serve(lambda request: _Archive(ffi, request["kind"], request["size"]).read(), BOUNDS)


def _loaded() -> Any:
    """Import libarchive-c. By itself it searches for the library with the programs of a compiler."""
    if "LIBARCHIVE" not in os.environ:
        os.environ["LIBARCHIVE"] = next(name for name in _LIBRARIES if _is_there(name))
    from libarchive import ffi  # noqa: PLC0415 - its directory is known by now

    return ffi


def _is_there(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


class _Archive:
    def __init__(self, ffi: Any, kind: str, size: int) -> None:
        self._ffi = ffi
        self._size = size
        self._offset = 0
        self._block = ctypes.create_string_buffer(_BLOCK)
        self._pointer = ffi.read_new()
        formats, filters = READERS[kind]
        for name in formats:
            ffi.get_read_format_function(name)(self._pointer)
        for name in filters:
            ffi.get_read_filter_function(name)(self._pointer)
        self._has_filter = bool(filters)
        self._encrypted = self._function("archive_entry_is_data_encrypted")
        # ctypes does not keep what it calls back.
        self._callbacks = ffi.READ_CALLBACK(self._on_read), ffi.SEEK_CALLBACK(self._on_seek)

    def read(self) -> None:
        """Send all members."""
        ffi = self._ffi
        failures = 0
        try:
            if self._size >= 0:
                ffi.read_set_seek_callback(self._pointer, self._callbacks[1])
            ffi.read_open(self._pointer, None, ffi.NO_OPEN_CB, self._callbacks[0], ffi.NO_CLOSE_CB)
            # Without its filter, anything would be the data of the member.
            if self._has_filter and ffi.filter_count(self._pointer) < 2:  # noqa: PLR2004 - itself, and the input
                send(FAILED, DAMAGED)
                return
            entry = ctypes.c_void_p()
            while failures < _MOST_FAILURES:
                try:
                    if ffi.read_next_header(self._pointer, ctypes.byref(entry)) == ffi.ARCHIVE_EOF:
                        if self._has_filter and self._goes_on():
                            send(FOLLOWED)
                        return
                    self._member(entry)
                except ffi.ArchiveError as error:
                    if error.retcode == _FATAL:
                        raise
                    failures += 1
                    send(FLAW, _reason(error))
            send(FAILED, DAMAGED)
        except ffi.ArchiveError as error:
            send(FAILED, _reason(error))

    def _member(self, entry: ctypes.c_void_p) -> None:
        ffi = self._ffi
        name = ffi.entry_pathname(entry)
        if name is None:
            name = (ffi.entry_pathname_w(entry) or "").encode("utf-8", "surrogatepass")
        link = ffi.entry_symlink(entry) or ffi.entry_hardlink(entry) or b""
        size = ffi.entry_size(entry) if ffi.entry_size_is_set(entry) else -1
        encrypted = self._encrypted(entry) > 0
        send(MEMBER, FACTS.pack(encrypted, len(name)) + name + link)
        if encrypted or link or (ffi.entry_filetype(entry) & _TYPE == _DIRECTORY and size <= 0):
            return
        data, length, offset = ctypes.c_void_p(), ctypes.c_size_t(), ctypes.c_longlong()
        sent = 0
        while ffi.read_data_block(self._pointer, *map(ctypes.byref, (data, length, offset))) != ffi.ARCHIVE_EOF:
            for start in range(0, length.value, PIECE_BYTES):
                send_data([ctypes.string_at((data.value or 0) + start, min(PIECE_BYTES, length.value - start))])
            sent = offset.value + length.value
        if sent < size:
            send(FLAW, TRUNCATED)

    def _goes_on(self) -> bool:
        """Return whether there is more than libarchive wanted."""
        return self._ffi.filter_bytes(self._pointer, -1) < self._offset or bool(self._more())

    def _function(self, name: str) -> Callable[[ctypes.c_void_p], int]:
        function = getattr(self._ffi.libarchive, name)
        function.argtypes, function.restype = [ctypes.c_void_p], ctypes.c_int
        return function  # type: ignore[no-any-return]

    def _on_read(self, _archive: int, _context: int, place: Any) -> int:
        data = self._more()
        ctypes.memmove(self._block, data, len(data))
        place[0] = ctypes.addressof(self._block)
        return len(data)

    def _more(self) -> bytes:
        data = part(self._offset, _BLOCK)
        self._offset += len(data)
        return data

    def _on_seek(self, _archive: int, _context: int, offset: int, whence: int) -> int:
        offset += (0, self._offset, self._size)[whence]
        if not 0 <= offset <= self._size:
            return _FATAL
        self._offset = offset
        return offset


def _reason(error: Exception) -> bytes:
    text = str(error)
    return next((code for word, code in _WORDS if word in text), DAMAGED)
