"""The places of a page's credentials as rows of text; the page shows the first ones and its script the rest."""

from __future__ import annotations

import json
import os.path
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.report.messages import capital
from akpatrol.report.spread import version_words
from akpatrol.report.text_safety import head, middle_out
from akpatrol.report.wording import also_at, code_owners, doubts, location, moment_words, moved_words
from akpatrol.report.work_trees import states

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from akpatrol.report.links import Linker, Links
    from akpatrol.report.view import CredentialView, OccurrenceView, TargetView

_NAME_WIDTH = 80
_PATH_WIDTH = 320
"""Columns; paths are for copying, so only absurd ones are cut."""
# A script's end, a comment's start and a reference are all spelled with one of these.
_FOR_SCRIPT = {char: f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


class LocationRow(NamedTuple):
    """One place in words, empty where there is nothing to say; the path filter matches ``path``.

    ``commit`` and ``gone_commit`` are whole ids. Addresses are split into the parts around it, which many places share.
    """

    where: str
    position: str
    repository: str
    state: str
    commit: str
    author: str
    date: str
    summary: str
    gone_commit: str
    gone_date: str
    more: str
    before: str
    mask: str
    after: str
    line_front: str
    line_rest: str
    commit_front: str
    path: str

    @property
    def line_page(self) -> str:
        """The address of the line or file."""
        return _joined(self.line_front, self.commit, self.line_rest)

    @property
    def commit_page(self) -> str:
        """The address of the commit."""
        return _joined(self.commit_front, self.commit, "")

    @property
    def gone_page(self) -> str:
        """The address of the commit that removed it."""
        return _joined(self.commit_front, self.gone_commit, "") if "{commit}" in self.commit_front else ""


def _joined(front: str, commit: str, rest: str) -> str:
    return front.replace("{commit}", commit) + rest


class LocationRows:
    """Describes places in words; ``names`` are the targets' names, ``linker`` makes the web addresses."""

    def __init__(self, names: Mapping[str, str], linker: Linker, now: datetime) -> None:
        self._names = names
        self._linker = linker
        self._now = now

    def rows(self, credential: CredentialView, built: CredentialView) -> list[LocationRow]:
        """Return the places of a visible document's credential; ``built`` is it before it was made visible."""
        places = zip(credential["occurrences"], built["occurrences"], strict=True)
        return [self._row(place, credential, self._linker.links(raw)) for place, raw in places]

    def _row(self, occurrence: OccurrenceView, credential: CredentialView, links: Links) -> LocationRow:
        short = _short(occurrence)
        commit, removal = short["introduced"], short["removed"]
        commit_id = commit["id"] if commit else ""
        bare = location({**short, "line": None, "column": None})
        before, mask, after = occurrence["context"].partition(credential["redacted"])
        line_front, line_rest = _halves(links.line, commit_id)
        return LocationRow(
            where=middle_out(bare, _PATH_WIDTH),
            position=location(short).removeprefix(bare),
            repository=self._names.get(occurrence["target"], occurrence["target"]),
            state=capital(states(short)),
            commit=commit_id,
            author=commit["author"] if commit else "",
            date=moment_words(commit["date"], self._now) if commit else "",
            summary=commit["summary"] if commit else "",
            gone_commit=removal["id"] if removal else "",
            gone_date=moment_words(removal["date"], self._now) if removal else "",
            more="; ".join(_more(short, is_only=len(credential["occurrences"]) == 1)),
            before=before,
            mask=mask,
            after=after,
            line_front=line_front,
            line_rest=line_rest,
            commit_front=_halves(links.commit, commit_id)[0],
            path=middle_out(occurrence["path"] or "", _PATH_WIDTH),
        )


def _more(short: OccurrenceView, *, is_only: bool) -> Iterable[str]:
    if short["introduced"] and short["introduced"]["boundary"]:
        yield "Introduced in or before this commit, where a shallow clone ends"
    if moved := short["moved_from"]:
        yield capital(moved_words(moved, middle_out(moved["path"], _PATH_WIDTH)))
    if others := [middle_out(path, _PATH_WIDTH) for path in short["paths"] if path != short["path"]]:
        yield capital(also_at(short, others))
    if versions := version_words(short["versions"]):
        yield capital(versions)
    if short["encodings"]:
        yield "Encoded as " + ", then ".join(short["encodings"])
    yield from map(capital, doubts(short))
    yield from map(capital, code_owners(short))
    if short["exposure"] and not is_only:
        yield "Every visitor of a web page can read it"


def _short(occurrence: OccurrenceView) -> OccurrenceView:
    commit = occurrence["introduced"]
    return {
        **occurrence,
        "refs": [middle_out(ref, _NAME_WIDTH) for ref in occurrence["refs"]],
        "encodings": [head(encoding, _NAME_WIDTH) for encoding in occurrence["encodings"]],
        "introduced": commit
        and {**commit, "author": head(commit["author"], _NAME_WIDTH), "summary": head(commit["summary"], _NAME_WIDTH)},
    }


def _halves(address: str | None, commit: str) -> tuple[str, str]:
    """Split an address into the part that places of other commits share and the part after the commit."""
    if not address or not commit or "{commit}" in address:
        return address or "", ""
    front, match, rest = address.partition(commit)
    return front + "{commit}" * bool(match), rest


def names(targets: Sequence[TargetView], on_forges: Sequence[str | None]) -> dict[str, str]:
    """Name every target of a visible document: as its forge does, else by its directory, else by its whole path."""
    short = [name or _basename(target["path"]) for target, name in zip(targets, on_forges, strict=True)]
    times = Counter(short)
    return {
        target["id"]: middle_out(name if name and times[name] == 1 else target["path"] or target["id"], _PATH_WIDTH)
        for target, name in zip(targets, short, strict=True)
    }


def _basename(path: str) -> str:
    return os.path.basename(path.rstrip("/")) or path


class Strings:
    """Texts by number, each kept once; the empty one is 0."""

    def __init__(self) -> None:
        self._numbers = {"": 0}

    def number(self, text: str) -> int:
        """Return the text's number."""
        return self._numbers.setdefault(text, len(self._numbers))

    def texts(self) -> list[str]:
        """Return all texts in the order of their numbers."""
        return list(self._numbers)


def for_script(value: object) -> str:
    """Return JSON that ends no script element and starts no comment in one, regardless of the texts in it."""
    # https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for char, escape in _FOR_SCRIPT.items():
        text = text.replace(char, escape)
    return text
