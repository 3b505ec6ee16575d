"""Words for the differences from an earlier run, all from a document."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.report.view import ChangesView

_WORDS = ("new", "changed", "gone")


def heading(changes: ChangesView) -> str:
    """Return the heading: since when, and how many are new, changed and gone."""
    since = changes["since"]
    counted = Counter(change["change"] for change in changes["credentials"])
    numbers = ", ".join(f"{counted[word]:,} {word}" for word in _WORDS if counted[word]) or "nothing changed"
    return f"Since run {since['run']} ({since['at'][:10]}): {numbers}"


def entries(changes: ChangesView) -> Sequence[tuple[str, str, str]]:
    """Return (change, masked credential, detail); the detail is empty for a credential that is new or gone."""
    return [(change["change"], change["redacted"], change["detail"]) for change in changes["credentials"]]
