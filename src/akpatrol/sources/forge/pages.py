"""What an earlier run has read of a page: with the page's ETag, a forge need not send it again."""

from __future__ import annotations

from hashlib import sha256
from os.path import commonprefix
from typing import TYPE_CHECKING, Any, NamedTuple

from akpatrol.cache import scan_counts
from akpatrol.model.scan import Place
from akpatrol.sources.forge.items import Lead
from akpatrol.validate.fields import FieldError, Fields

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.model.scan import Counted, Excluded
    from akpatrol.scan.result import ScanResult
    from akpatrol.sources.forge.unit import ForgeText


class PageState(NamedTuple):
    """A page as it was: its ETag, a digest of its items, the following page, and whether it has room for no more.

    ``counts`` are None for a page of leads; ``again`` are the numbers of the items that must be read each time.
    """

    etag: str
    digest: str
    following: str | None
    full: bool = False
    leads: tuple[Lead, ...] = ()
    paths: tuple[str, ...] = ()
    counts: tuple[Counted | Excluded, ...] | None = None
    again: tuple[int, ...] = ()


def digest_of(items: Sequence[ForgeText | Lead]) -> str:
    """Return a digest of what a page holds for us: what else changes on it does not matter."""
    return sha256(repr(items).encode("utf-8", "surrogatepass")).hexdigest()


def parse(value: Any) -> PageState | None:
    """Return the state of a page from the cache; None for malformed data."""
    try:
        fields = Fields(value)
        state = PageState(
            fields.text("etag"),
            fields.text("digest"),
            fields.text("following") or None,
            value["full"] is True,
            tuple(map(_lead, value["leads"])),
            tuple(fields.text("above") + path for path in fields.texts("paths")),
            scan_counts.parse(value) if "counts" in value else None,
            tuple(int(number) for number in value["again"]),
        )
    except (FieldError, KeyError, TypeError, ValueError):
        return None
    return state if all(0 <= number < len(state.paths) for number in state.again) else None


def _lead(value: Any) -> Lead:
    lead = Lead(*value)
    if not isinstance(lead.size, int) or not all(isinstance(text, str) for text in lead._replace(size="")):  # type: ignore[arg-type]
        raise FieldError("leads: not of the form of one")
    return lead


def value_of(state: PageState, read: ScanResult | None = None) -> dict[str, object] | None:
    """Return the JSON value of a page that was read; None if a problem belongs to no single item."""
    above = commonprefix(state.paths)  # noqa: RUF071 - of characters, not of directories
    value: dict[str, object] = {
        "etag": state.etag,
        "digest": state.digest,
        "following": state.following or "",
        "full": state.full,
        "leads": [list(lead) for lead in state.leads],
        "above": above,
        "paths": [path.removeprefix(above) for path in state.paths],
    }
    if read is None:
        return {**value, "again": []}
    again = _again(state.paths, read)
    return None if again is None else {**value, **scan_counts.value_of(read), "again": again}


def _again(paths: Sequence[str], read: ScanResult) -> list[int] | None:
    # A skip in a container is named by the item and the path in the container.
    noted = {skip.item.partition(" > ")[0] for skip in read.skipped}
    noted |= {(finding.origin.path or b"").decode("utf-8", "surrogatepass") for finding in read.findings}
    in_names = any(finding.origin.place is Place.PATH and not finding.origin.containers for finding in read.findings)
    if in_names or read.uncacheable or not noted <= {*paths}:
        return None
    return [number for number, path in enumerate(paths) if path in noted]
