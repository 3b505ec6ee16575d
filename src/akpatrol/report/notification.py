"""A notification of what is new in a store since an earlier run: a title and a short text, for chats and mail.

It is short enough for services with a limit (Discord takes 2,000 characters), and scanned text mentions nobody in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.report import document
from akpatrol.report.messages import title
from akpatrol.report.number_words import plural
from akpatrol.report.overview import findings_of, unread_words
from akpatrol.report.text_safety import head, middle_out
from akpatrol.report.wording import location, state_name, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.model.report import Report
    from akpatrol.report import RenderOptions
    from akpatrol.report.view import ChangesView, CredentialView, ReportView

_LISTED = 8
_TITLE_WIDTH = 100
_LINE_WIDTH = 160
_PLACE_WIDTH = 80
# A zero-width space after each, so that no service takes it for a mention, a link or a format.
_INERT = str.maketrans({sign: f"{sign}\u200b" for sign in "@<[*`"})


class Notification(NamedTuple):
    """What a service shows."""

    title: str
    text: str


def build(report: Report, options: RenderOptions, read: int, targets: int) -> Notification:
    """Return the notification of a report since an earlier run: live credentials first, all masked.

    ``read`` of the store's ``targets`` were fully read in the last run.
    """
    view = document.build_visible(report, options._replace(show_secrets=False))
    changes = view["changes"]
    change_of = {change["fingerprint"]: change["change"] for change in changes["credentials"]} if changes else {}
    found = sorted(
        findings_of(view), key=lambda one: (status_of(one) != "active", change_of[one["fingerprint"]] != "new")
    )
    gone = sum(change == "gone" for change in change_of.values())
    news = _news(found, change_of, gone)
    # A store that no sweep has filled since must not look like a night without news.
    when = view["scan"]["started_at"][:10]
    sentence = f"Looked at {read:,} of {targets:,} on {when}, {news}{_since(changes)}."
    gaps = "" if view["coverage"]["complete"] else f"INCOMPLETE: {unread_words(view)}.\n"
    roots = {target["id"]: target["remote"] or target["path"] for target in view["scan"]["targets"]}
    lines = [*_lines(found[:_LISTED], view, roots)]
    if (more := len(found) - _LISTED) > 0:
        lines.append(f"{more:,} more")
    mark = "INCOMPLETE: " if gaps else ""
    return Notification(head(f"akpatrol: {mark}{news}", _TITLE_WIDTH), "\n".join([f"{gaps}{sentence}", *lines]))


def _news(found: Sequence[CredentialView], change_of: Mapping[str, str], gone: int) -> str:
    """Say how many are new, live, changed and gone."""
    new = sum(change_of[one["fingerprint"]] == "new" for one in found)
    live = sum(status_of(one) == "active" for one in found)
    parts = [
        plural(new, "new credential") if new else "nothing new",
        f"{len(found) - new:,} changed" if len(found) > new else "",
        f"{live:,} live" if live else "",
        f"{gone:,} gone" if gone else "",
    ]
    return ", ".join(part for part in parts if part)


def _since(changes: ChangesView | None) -> str:
    return f" since run {changes['since']['run']} ({changes['since']['at'][:10]})" if changes else ""


def _lines(found: Sequence[CredentialView], view: ReportView, roots: Mapping[str, str]) -> Iterator[str]:
    details = {}
    if changes := view["changes"]:
        details = {change["fingerprint"]: change["detail"] for change in changes["credentials"]}
    for one in found:
        mark = "LIVE: " if status_of(one) == "active" else ""
        where = ""
        if places := one["occurrences"]:
            target = middle_out(roots.get(places[0]["target"], ""), _PLACE_WIDTH)
            where = f" in {target}: {middle_out(location(places[0]), _PLACE_WIDTH)}"
            where += f" and {plural(len(places) - 1, 'more place')}" if len(places) > 1 else ""
        detail = details.get(one["fingerprint"]) or state_name(one["state"])
        what = f"{head(title(one), _PLACE_WIDTH)} {one['redacted']}"
        yield head(f"{mark}{what} ({detail}){where}", _LINE_WIDTH).translate(_INERT)
