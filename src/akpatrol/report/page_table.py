"""The columns of a page's table that say the same in every row: they are said once, above the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.report.number_words import plural
from akpatrol.report.page_figures import NOT_KNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from akpatrol.report.page_credential import CredentialPage


def _since(page: CredentialPage) -> str:
    if page["first_seen"]:
        return f"exposed since {page['first_seen']}"
    return f"first seen by a sweep {page['found_at']}" if page["found_at"] else f"start of exposure {NOT_KNOWN}"


def same_in_all(pages: Sequence[CredentialPage], noun: tuple[str, str]) -> dict[str, str]:
    """Return by name the text of each column that says the same in every row; of a single row, only empty ones.

    ``noun`` names a target, and targets. A column may have the text "", which needs no words.
    """
    says: Mapping[str, Callable[[CredentialPage], str]] = {
        "status": lambda page: f"{page['status_words'].lower()}, {page['severity']}",
        "kind": lambda page: page["kind_name"],
        "can": lambda page: page["abilities"],
        "state": lambda page: page["state_words"].lower(),
        "since": _since,
        "places": lambda page: f"{plural(page['places'], 'place')} each",
        "repositories": lambda page: f"in {plural(page['repositories'], *noun)} each",
        "owner": lambda page: f"owner {page['owner_name'] or NOT_KNOWN}",
        "confidence": lambda page: f"{page['confidence']} confidence",
    }
    texts = {name: {say(page) for page in pages} for name, say in says.items()}
    alike = {name: values.pop() for name, values in texts.items() if len(values) == 1}
    return alike if len(pages) > 1 else {name: words for name, words in alike.items() if not words}
