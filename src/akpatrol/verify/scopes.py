"""A credential's abilities, in words for a responder.

The scopes are those that the documentation names ("Roles and permissions", "Partner console"); it names dialling
without spelling its scope, so any scope with ``dial`` as one of its parts counts as it. Any other scope is shown by
name: its effect is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORDS = {
    "child_organizations:manage": "acts on every descendant organization",
    "conversations:read_sensitive": "reads transcripts and recordings",
    "dial": "places calls",
    "members:manage": "manages members",
    "billing:manage": "manages billing",
    "organizations:manage": "manages organizations",
    "conversations:read": "reads conversations",
    "members:read": "reads the list of members",
}
"""The worst first."""


def blast_radius(scopes: Iterable[str]) -> tuple[str, ...]:
    """Return what holders of these scopes can do, the worst first, then the scopes without a documented meaning."""
    granted = list(dict.fromkeys(scopes))
    known = {_documented(scope) for scope in granted}
    words = [word for scope, word in _WORDS.items() if scope in known]
    return (*words, *(scope for scope in granted if _documented(scope) is None))


def _documented(scope: str) -> str | None:
    if "dial" in scope.split(":"):
        return "dial"
    return scope if scope in _WORDS else None
