"""Open Parquet, ORC and Arrow files: the values of a row together, each on its own line.

pyarrow reads them, where the extra ``columns`` is installed, in a process of its own that serves file after file.
"""

from __future__ import annotations

import json
from array import array
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

from akpatrol.unwrap.containers.column_process import Ended, process
from akpatrol.unwrap.containers.column_reader import FAILED, METADATA, VALUES
from akpatrol.unwrap.containers.container_bytes import STREAM_BYTES
from akpatrol.unwrap.containers.forms import FORMS
from akpatrol.unwrap.containers.member import Flaw
from akpatrol.unwrap.containers.value_lines import member_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Member

_GROUPS = {"parquet": "row group", "orc": "stripe", "arrow": "batch"}
# A longer name could hide half a secret from the mask when it is cut.
_NAME_LENGTH = 100


def members(source: ContainerBytes, level: Level) -> Iterator[Member | Flaw]:
    """Yield the rows of a file, about 1 MiB in a member. Raises OverLimit and OSError; damage is a flaw."""
    title = FORMS[source.kind].title
    reader = process()
    if reader is None:
        yield from _closed(source, level)
        return
    at, size = source.anywhere()
    if at is None:
        yield Flaw(f"{title}: its columns are not expanded in a stream of more than {STREAM_BYTES >> 20} MiB")
        return
    try:
        for kind, answer in reader.read(source.kind, at, size, level):
            if kind == VALUES:
                level.member()
                level.spend(len(answer))
                yield _member(source.kind, answer)
            elif kind == FAILED:
                yield Flaw(f"{title}: {answer.decode()}, its columns are not read in full")
    except Ended:
        yield Flaw(f"{title}: damaged, its columns are not read in full")


def _member(kind: str, answer: bytes) -> Member:
    """Return a member of the values that ``column_reader`` packed."""
    head, _, packed = answer.partition(b"\n")
    group, names, count = json.loads(head)
    columns, rows, lengths = array("I"), array("Q"), array("Q")
    start = 0
    for numbers in (columns, rows, lengths):
        size = count * numbers.itemsize
        numbers.frombytes(packed[start : start + size])
        start += size
    values = [packed[first:last] for first, last in pairwise(accumulate(lengths, initial=start))]

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
