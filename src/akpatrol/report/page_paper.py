"""The summary that is printed: on one page the worst credentials, and what to do about them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from akpatrol.model.credential import VerificationStatus
from akpatrol.report.number_words import plural
from akpatrol.report.text_safety import head, middle_out

if TYPE_CHECKING:
    from collections.abc import Sequence

    from akpatrol.report.page_actions import Action
    from akpatrol.report.page_credential import CredentialPage

_LISTED = 5
"""Rows that one page has room for, beside the headline and what to do."""
_LINE_WIDTH = 120
_COMMANDS = 2


def summary(pages: Sequence[CredentialPage]) -> dict[str, object]:
    """Return the summary's values: the live ones, or when none is known to be live those that may be."""
    live = [page for page in pages if page["status"] == VerificationStatus.ACTIVE]
    open_ones = live or [page for page in pages if page["status"] != VerificationStatus.INACTIVE] or list(pages)
    noun = "live credential" if live else "credential"
    actions: dict[tuple[str, str], Action] = {}
    steps: dict[str, int] = {}
    for page in open_ones[:_LISTED]:
        for step, action in enumerate(page["actions"]):
            actions.setdefault((action.name, action.page), action)
            steps[action.name] = max(step, steps.get(action.name, 0))
    return {
        "title": plural(len(open_ones), noun),
        "credentials": [_short(page) for page in open_ones[:_LISTED]],
        "more": max(0, len(open_ones) - _LISTED),
        "actions": [
            action._replace(commands=action.commands[:_COMMANDS])
            for action in sorted(actions.values(), key=lambda action: steps[action.name])
        ],
    }


def _short(page: CredentialPage) -> CredentialPage:
    place = page["first_place"]
    return {
        **page,
        "abilities": head(page["abilities"], _LINE_WIDTH),
        "owner_name": head(page["owner_name"], _LINE_WIDTH),
        "first_place": place and place._replace(where=middle_out(place.where, _LINE_WIDTH)),
    }
