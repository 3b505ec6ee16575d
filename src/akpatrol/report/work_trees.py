"""Work trees joined with their repositories: what a file and its own branch both hold is one place in two states.

A sweep of a work tree has two targets, the repository and the directory, and reports a committed file from both. For a
reader that is one place: in the file now, and in the branch.
"""

from __future__ import annotations

import os.path
from typing import TYPE_CHECKING

from akpatrol.model.scan import Place, State
from akpatrol.report.wording import directory_of, joined, state_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from akpatrol.report.view import CredentialView, OccurrenceView, ReportView, TargetView

_ON_DISK = {State.WORKTREE, State.STAGED}
_OF_FILES = {Place.CONTENT, Place.PATH}
_REPOSITORY = "repository"


def with_repositories(document: ReportView) -> ReportView:
    """Return a document whose files belong to the repositories that hold them, each place once.

    A joined place has the state of the file and the commit and refs of the branch.
    """
    targets = document["scan"]["targets"]
    repositories = {target["path"]: target["id"] for target in targets if target["kind"] == _REPOSITORY}
    roots = {
        target["id"]: directory_of(target["kind"], target["path"])
        for target in targets
        if target["kind"] != _REPOSITORY and os.path.isabs(target["path"])
    }
    if not repositories or not roots:
        return document
    credentials: list[CredentialView] = [
        {
            **credential,
            "occurrences": _once([_at_home(place, roots, repositories) for place in credential["occurrences"]]),
        }
        for credential in document["credentials"]
    ]
    places = sum(len(credential["occurrences"]) for credential in credentials[: document["summary"]["findings"]])
    return {
        **document,
        "scan": {**document["scan"], "targets": [target for target in targets if not _is_same(target, repositories)]},
        "credentials": credentials,
        "summary": {**document["summary"], "occurrences": places},
    }


def states_of(occurrence: OccurrenceView) -> list[str]:
    """Return the states of an occurrence: that of the file and that of the branch for a joined one."""
    is_joined = occurrence["state"] in _ON_DISK and bool(occurrence["refs"])
    return [occurrence["state"], *([State.PRESENT.value] if is_joined else [])]


def states(occurrence: OccurrenceView) -> str:
    """Say where an occurrence is now, for a joined one in the file and in the branch."""
    return "; ".join(state_words({**occurrence, "state": state}) for state in states_of(occurrence))


def _is_same(target: TargetView, repositories: Mapping[str, str]) -> bool:
    return target["kind"] != _REPOSITORY and target["path"] in repositories


def _at_home(place: OccurrenceView, roots: Mapping[str, str], repositories: Mapping[str, str]) -> OccurrenceView:
    """Return an occurrence of a directory's file as one of the innermost repository around it."""
    if place["target"] not in roots or place["place"] not in _OF_FILES or not place["path"]:
        return place
    path = joined(roots[place["target"]], place["path"])
    above = next((parent for parent in _parents(path) if parent in repositories), None)
    if above is None:
        return place
    inside = path.removeprefix(above).lstrip("/")
    others = [inside if other == place["path"] else other for other in place["paths"]]
    return {**place, "target": repositories[above], "path": inside, "paths": others}


def _parents(path: str) -> Iterator[str]:
    while path != (path := os.path.dirname(path)):
        yield path


def _once(places: Sequence[OccurrenceView]) -> list[OccurrenceView]:
    """Join each occurrence on disk with one of the same file in a branch, if possible on the same line."""
    in_branch: dict[object, list[OccurrenceView]] = {}
    for place in places:
        if place["state"] == State.PRESENT and place["place"] in _OF_FILES:
            in_branch.setdefault(_file(place), []).append(place)
    taken: set[int] = set()
    kept: list[OccurrenceView] = []
    for place in places:
        alike = in_branch.get(_file(place), []) if place["state"] in _ON_DISK else []
        if alike:
            same = next((occurrence for occurrence in alike if occurrence["line"] == place["line"]), alike[0])
            alike.remove(same)
            taken.add(id(same))
            kept.append({**same, "state": place["state"]})
        else:
            kept.append(place)
    return [place for place in kept if id(place) not in taken]


def _file(place: OccurrenceView) -> object:
    return place["target"], place["place"], place["path"], tuple(place["containers"])
