"""What opens each kind of container: a kind is a line here and a line in the table of forms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from akpatrol.unwrap.containers import ar, compressed, compressed_tables, documents, pdf, sqlite, tar
from akpatrol.unwrap.containers import zip as zip_

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from akpatrol.unwrap.budget import Level
    from akpatrol.unwrap.containers.container_bytes import ContainerBytes
    from akpatrol.unwrap.containers.member import Flaw, Member

    Opener = Callable[[ContainerBytes, Level], Iterator[Member | Flaw]]

_OPENERS: Final[dict[str, Opener]] = {
    "zip": zip_.members,
    "tar": tar.members,
    "ar": ar.members,
    "pdf": pdf.members,
    "sqlite": sqlite.members,
    "sqlite-wal": sqlite.log_members,
    "document": documents.members,
    "avro": compressed_tables.avro,
    "arrow": compressed_tables.arrow,
    "journal": compressed_tables.journal,
    "matlab": compressed_tables.matlab,
}


def members(
    kind: str, source: ContainerBytes, level: Level, kind_of: Callable[[bytes], str | None]
) -> Iterator[Member | Flaw]:
    """Yield the members of a container of ``kind``, and what of it cannot be read. Raises OverLimit and OSError.

    ``kind_of`` says of which kind the content of a compressed file is, by its first bytes.
    """
    if opener := _OPENERS.get(kind):
        return opener(source, level)
    return compressed.members(source, level, kind, kind_of)
