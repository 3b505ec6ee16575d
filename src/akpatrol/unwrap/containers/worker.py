"""A process of ours that reads files for a scan: a hostile one may end it, or take any amount of memory or time.

Requests come on standard input: the length of a body, and JSON, with the file's ``size`` in bytes, -1 for a stream.
Answers go to standard output: a letter, the length of the body, the body. While it reads it asks for parts of the file,
and gets them on standard input: their length, and they. It opens no file and writes none.
"""

from __future__ import annotations

import gc
import json
import os
import time
from contextlib import suppress
from struct import Struct
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# A part of the file is wanted; some data of what was told last; why the file cannot be read; the end of the answers.
# Each kind of process has letters of its own besides.
WANT, DATA, FAILED, END = b"W", b"D", b"F", b"E"
# Whether it can read another file after this one.
READY, SPENT = b"1", b"0"
HEAD, LENGTH, WANTED = Struct("<cI"), Struct("<I"), Struct("<QI")
PIECE_BYTES = 1 << 20
BODY_BYTES = PIECE_BYTES + (64 << 10)
DAMAGED, TRUNCATED, ENCRYPTED, METHOD, MEMORY, KIND = (bytes((code,)) for code in range(6))
REASONS: Final = {
    DAMAGED: "damaged",
    TRUNCATED: "truncated",
    ENCRYPTED: "encrypted",
    METHOD: "compressed by a method that libarchive does not read",
    KIND: "it is of a kind that is not read",
    MEMORY: "reading it takes too much memory",
}
# What it may still have of the last file, in bytes.
_MOST_LEFT = 32 << 20
# Linux's clock of the calling process in ticks (include/linux/posix-timers.h: MAKE_PROCESS_CPUCLOCK, CPUCLOCK_PROF);
# elsewhere it is none.
_TICKS = -8
_FILES = 3  # standard input, output and errors: no further one can be opened


class WorkerBounds(NamedTuple):
    """What reading takes at most: bytes of ``memory`` besides what the process has before, and processor ``seconds``.

    A file may take ``seconds_per_mib`` more. One that is ``sealed`` can open no file and start no program.
    """

    memory: int
    seconds: int
    seconds_per_mib: int = 0
    sealed: bool = False


def serve(read: Callable[[dict[str, Any]], None], bounds: WorkerBounds) -> None:
    """Answer requests until there are no more. What ``read`` needs is imported by now."""
    before = _address_space()
    _bound(bounds, before)
    while length := _received(LENGTH.size, is_first=True):
        request = json.loads(_received(*LENGTH.unpack(length)))
        _bound_time(bounds, max(0, request["size"]))
        try:
            read(request)
        except MemoryError:
            failed = MEMORY
        except Exception:  # noqa: BLE001 - libraries raise many, and only the data can be wrong
            failed = DAMAGED
        else:
            failed = b""
        gc.collect()
        if failed:
            send(FAILED, failed)
        send(END, READY if failed != MEMORY and _address_space() - before <= _MOST_LEFT else SPENT)


def part(offset: int, number: int) -> bytes:
    """Return a part of the file, less at its end."""
    parts = []
    while number > 0:
        send(WANT, WANTED.pack(offset, min(number, PIECE_BYTES)))
        data = _received(*LENGTH.unpack(_received(LENGTH.size)))
        if not data:
            break
        parts.append(data)
        offset += len(data)
        number -= len(data)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def send(letter: bytes, body: bytes = b"") -> None:
    """Send one answer. Raises ValueError for one that is too long."""
    if len(body) > BODY_BYTES:
        raise ValueError("too long an answer")
    _write(HEAD.pack(letter, len(body)))
    _write(body)


def send_data(parts: Iterable[bytes]) -> None:
    """Send data in pieces, small parts together."""
    waiting: list[bytes] = []
    size = 0
    for each in parts:
        if size + len(each) > PIECE_BYTES and waiting:
            send(DATA, b"".join(waiting))
            waiting, size = [], 0
        if len(each) > PIECE_BYTES:
            view = memoryview(each)
            for start in range(0, len(view), PIECE_BYTES):
                send(DATA, bytes(view[start : start + PIECE_BYTES]))
        else:
            waiting.append(each)
            size += len(each)
    if waiting:
        send(DATA, b"".join(waiting))


def _bound(bounds: WorkerBounds, before: int) -> None:
    import resource  # noqa: PLC0415 - not everywhere

    limits = {"FSIZE": 0, "CORE": 0}
    if bounds.sealed:
        limits |= {"NPROC": 0, "NOFILE": _FILES}
    if before:
        limits["AS"] = before + bounds.memory
    for name, value in limits.items():
        # Not every system has each of them.
        with suppress(OSError, ValueError, AttributeError):
            resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (value, value))


def _bound_time(bounds: WorkerBounds, size: int) -> None:
    import resource  # noqa: PLC0415 - not everywhere

    seconds = int(_processor_seconds()) + bounds.seconds + (size * bounds.seconds_per_mib >> 20)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _processor_seconds() -> float:
    """Return how long this process has run, as the limit counts it.

    Linux counts for RLIMIT_CPU in ticks (kernel/time/posix-cpu-timers.c), which may be seconds ahead of what getrusage
    says: the next small file after a large one would have no time left.
    """
    import resource  # noqa: PLC0415 - not everywhere

    with suppress(OSError, AttributeError):
        return time.clock_gettime(_TICKS)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


_statm: int | None = None


def _address_space() -> int:
    """Return the size of this process's address space in bytes, 0 where it is not known."""
    global _statm  # noqa: PLW0603 - a sealed process opens no file later on
    import resource  # noqa: PLC0415 - not everywhere

    with suppress(OSError):
        if _statm is None:
            _statm = os.open("/proc/self/statm", os.O_RDONLY)
        return int(os.pread(_statm, 100, 0).split()[0]) * resource.getpagesize()
    return 0


def _write(data: bytes) -> None:
    left = memoryview(data)
    while left:
        try:
            left = left[os.write(1, left) :]
        except OSError:
            os._exit(1)  # nobody listens


def _received(number: int, *, is_first: bool = False) -> bytes:
    parts = []
    while number:
        data = os.read(0, number)
        if not data:
            os._exit(0 if is_first else 1)
        parts.append(data)
        number -= len(data)
    return b"".join(parts)
