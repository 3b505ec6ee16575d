"""Read PDFs in a process of its own (``worker``): the answers are the parts of one, each with its data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from akpatrol.unwrap.containers import worker
from akpatrol.unwrap.containers.member import Unreadable
from akpatrol.unwrap.containers.pdf import PART
from akpatrol.unwrap.containers.pdfs.reading import PdfPart, Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

# A manual takes four seconds of processor time a MiB. With the process itself, this is less than 200 MB.
BOUNDS = worker.WorkerBounds(memory=144 << 20, seconds=5, seconds_per_mib=12)


def main() -> None:
    """Answer requests."""
    worker.serve(_read, BOUNDS)


def _read(request: dict[str, Any]) -> None:
    wanted = request["wanted"]
    data = worker.part(0, request["size"])
    for part in _parts(data, None if wanted is None else frozenset(wanted)):
        facts = part._asdict()
        content = facts.pop("data")
        worker.send(PART, json.dumps({**facts, "name": part.name.decode("latin-1")}).encode())
        worker.send_data([content] if content else [])


def _parts(data: bytes, wanted: frozenset[int] | None) -> Iterator[PdfPart]:
    try:
        yield from Reading(data, wanted).parts()
    except Unreadable as error:
        yield PdfPart(flaw=str(error))
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a hostile file brings about, the parent is told
        yield PdfPart(flaw=f"PDF: damaged: it cannot all be read ({type(error).__name__})")
