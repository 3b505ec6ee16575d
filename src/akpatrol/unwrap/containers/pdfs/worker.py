"""The process in which PDFs are read, one after another: requests on standard input, parts on standard output.

Its time and memory are bounded by the system, because a hostile file may take any amount of either.
"""

from __future__ import annotations

import gc
import json
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO

from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.pdfs.reading import PdfPart, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

# Processor time and memory for one PDF: at least, and for each of its bytes. A manual takes four seconds a MiB.
_SECONDS, _SECONDS_PER_MIB = 5, 12
_MEMORY_BYTES, _MEMORY_PER_BYTE = 128 << 20, 4
_MOST_LEFT = 80 << 20


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends this process
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    while header := requests.readline():
        request = json.loads(header)
        data = requests.read(request["size"])
        _limit(len(data))
        try:
            for part in _parts(data, request["wanted"]):
                _answer(answers, part._asdict())
        except MemoryError:
            del data
            _answer(answers, {"flaw": "PDF: reading it takes too much memory", "last": True})
            return
        del data
        gc.collect()
        # What a large one leaves behind would be added to what the next one may take.
        _answer(answers, {"last": True, "spent": _memory()[1] > _MOST_LEFT})


def _parts(data: bytes, wanted: list[int] | None) -> Iterator[PdfPart]:
    try:
        yield from Reading(data, None if wanted is None else frozenset(wanted)).parts()
    except Unreadable as error:
        yield PdfPart(flaw=str(error))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a hostile file brings about, the parent is told
        yield PdfPart(flaw=f"PDF: damaged: it cannot all be read ({type(error).__name__})")


def _answer(answers: BinaryIO, values: dict[str, Any]) -> None:
    data = values.pop("data", b"")
    values["name"] = values.get("name", b"").decode("latin-1")
    answers.write(json.dumps({**values, "size": len(data)}).encode() + b"\n")
    answers.write(data)
    answers.flush()


def _limit(size: int) -> None:
    """Bound what the next PDF may take, where the system can."""
    import resource  # noqa: PLC0415 - not everywhere

    usage = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(usage.ru_utime + usage.ru_stime) + _SECONDS + (size * _SECONDS_PER_MIB >> 20)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    if now := _memory()[0]:
        most = now + _MEMORY_BYTES + size * _MEMORY_PER_BYTE
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (most, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _memory() -> tuple[int, int]:
    """Return this process's address space and what of it is in memory, in bytes; zeros where that is not known."""
    import resource  # noqa: PLC0415 - not everywhere

    with suppress(OSError), open("/proc/self/statm", "rb") as file:
        pages = [int(number) * resource.getpagesize() for number in file.read().split()[:2]]
        return pages[0], pages[1]
    return 0, 0
