"""Open Parquet, ORC and Arrow files: the values of a row together, each on its own line.

pyarrow reads them, where the extra ``columns`` is installed, in a process of its own.
"""

from __future__ import annotations

import json
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.columns_worker import METADATA, VALUES
from akpatrol.unwrap.containers.container_bytes import STREAM_BYTES
from akpatrol.unwrap.containers.forms import FORMS
from akpatrol.unwrap.containers.member import Flaw, Unreadable
from akpatrol.unwrap.containers.value_lines import member_of
from akpatrol.unwrap.containers.worker_process import Program, StoppedError, asked, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

PROGRAM = Program("akpatrol.unwrap.containers.columns_worker", ("pyarrow", "numpy"))
# The most that one answer has: its values may be long.
_ANSWER_BYTES = 48 << 20
_GROUPS = {"parquet": "row group", "orc": "stripe", "arrow": "batch"}
# A longer name could hide half a secret from the mask when it is cut.
_NAME_LENGTH = 100


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the rows of a file, about 1 MiB in a member. Raises OverLimit and OSError; damage is a flaw."""
    title = FORMS[source.kind].title
    if place("pyarrow") is None:
        yield from _closed(source, level)
        return
    at, size = source.anywhere()
    if at is None:
        yield Flaw(f"{title}: its columns are not expanded in a stream of more than {STREAM_BYTES >> 20} MiB")
        return
    try:
        with asked(PROGRAM, {"kind": source.kind, "size": size}, at, level) as answers:
            while answers.peek()[0] == VALUES:
                answers.next()
                level.member()
                yield _member(source.kind, _joined(answers.pieces()))
            if reason := answers.outcome():
                yield Flaw(f"{title}: {reason}, its columns are not read in full")
    except StoppedError:
        yield Flaw(f"{title}: damaged, or reading it takes too much time: its columns are not read in full")


def _joined(pieces: Iterator[bytes]) -> bytes:
    parts, size = [], 0
    for piece in pieces:
        parts.append(piece)
        size += len(piece)
        if size > _ANSWER_BYTES:
            raise Unreadable(f"a value of more than {_ANSWER_BYTES >> 20} MiB, its columns are not read in full")
    return b"".join(parts)


def _member(kind: str, answer: bytes) -> Member:
    """Return a member of the values that ``columns_worker`` packed."""
    columns, rows, lengths = array("I"), array("Q"), array("Q")
    start = answer.find(b"\n") + 1
    try:
        group, names, count = json.loads(answer[:start])
        for numbers in (columns, rows, lengths):
            size = count * numbers.itemsize
            numbers.frombytes(answer[start : start + size])
            start += size
    except (ValueError, TypeError):
        raise StoppedError from None
    values = [answer[first:last] for first, last in pairwise(accumulate(lengths, initial=start))]

    def label(number: int) -> str:
        name: str = names[columns[number]]
        if group == METADATA:
            return name
        shown = name if 0 < len(name) <= _NAME_LENGTH else "column"
        return f"{shown}[{_GROUPS[kind]} {group}, row {rows[number]}]"

    return member_of(kind, values, label)


def _closed(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield a flaw where columns cannot be read without the extra."""
    if source.kind == "arrow":
        from akpatrol.unwrap.containers import compressed_tables  # noqa: PLC0415 - hardly any file comes here

        yield from compressed_tables.arrow(source, level)
    else:
        pages = "pages" if source.kind == "parquet" else "columns"
        yield Flaw(f"{FORMS[source.kind].title}: its {pages} are not expanded: install akpatrol[columns]")
