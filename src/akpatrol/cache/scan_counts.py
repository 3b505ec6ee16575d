"""Convert scan counts to JSON values and back, for the caches; anything malformed reads as None."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from akpatrol.model.scan import Counted, Excluded, Exclusion
from akpatrol.validate.fields import FieldError, Fields

if TYPE_CHECKING:
    from akpatrol.scan.result import ScanResult


def value_of(read: ScanResult) -> dict[str, object]:
    """Return the counts of a scan as JSON values."""
    return {"counts": read.counts, "size": read.size, "excluded": read.excluded}


def parse(value: Any) -> tuple[Counted | Excluded, ...] | None:
    """Return the counts of an earlier scan; None for malformed data."""
    try:
        fields = Fields(value)
        counts, size, excluded = fields.counts("counts"), fields.count("size"), fields.counts("excluded")
    except FieldError:
        return None
    if not excluded.keys() <= {*Exclusion}:
        return None
    counted = [Counted(name, number) for name, number in counts.items()]
    if counted:
        counted[0] = counted[0]._replace(size=size)
    return (*counted, *(Excluded(Exclusion(name), number) for name, number in excluded.items()))
