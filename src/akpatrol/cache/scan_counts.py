"""Convert scan counts to JSON values and back, for the caches; anything malformed reads as None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.model.scan import Counted, Excluded, Exclusion
from akpatrol.validate.fields import FieldError, Fields

if TYPE_CHECKING:
    from akpatrol.scan.result import ScanResult


def value_of(read: ScanResult) -> dict[str, object]:
    """Return what reading counted."""
    return {"counts": read.counts, "size": read.size, "excluded": read.excluded}


def told(value: Any) -> tuple[Counted | Excluded, ...] | None:
    """Return the counts of an earlier scan; None for malformed data."""
    try:
        one = Fields(value)
        counts, size, excluded = one.counts("counts"), one.count("size"), one.counts("excluded")
    except FieldError:
        return None
    if not excluded.keys() <= {*Exclusion}:
        return None
    found = [Counted(name, number) for name, number in counts.items()]
    if found:
        found[0] = found[0]._replace(size=size)
    return (*found, *(Excluded(Exclusion(name), number) for name, number in excluded.items()))
