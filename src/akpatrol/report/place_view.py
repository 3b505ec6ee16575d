"""One place of a credential as every format reads it: the part of a document that there may be a million of."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from akpatrol.model.places import Remade
from akpatrol.report.context import context_line
from akpatrol.report.text_safety import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from akpatrol.model.credential import Commit, Moved, Occurrence, Version, Versions
    from akpatrol.model.scan import Secret
    from akpatrol.report import RenderOptions
    from akpatrol.report.mask import Mask
    from akpatrol.report.view import CommitView, CredentialView, MoveView, OccurrenceView, VersionsView, VersionView

_Source = TypeVar("_Source")

MOST_PATHS = 100
"""Paths listed for one place."""


class PlaceViews(Remade["OccurrenceView"]):
    """The places of a credential of a large report, made on each pass; ``states`` and ``targets`` are known before."""

    __slots__ = ("states", "targets")

    def __init__(
        self,
        make: Callable[[_Source], OccurrenceView],
        items: Sequence[_Source],
        states: Collection[str],
        targets: Collection[str],
    ) -> None:
        super().__init__(make, items)
        self.states = states
        self.targets = targets

    def of(self, place: Occurrence) -> OccurrenceView:
        """Return the view of one place, without a pass over those before it."""
        return self._make(self._items.of(place) if isinstance(self._items, PlaceViews) else place)


def remade(make: Callable[[object], object], items: Sequence[object]) -> Sequence[object]:
    """Return what is made of each of the items of a large report on each pass."""
    if isinstance(items, PlaceViews):
        return PlaceViews(
            cast("Callable[[object], OccurrenceView]", make), items, items.states, set(map(visible, items.targets))
        )
    return Remade(make, items)


def states_of(credential: CredentialView) -> Collection[str]:
    """Return the states of all places of a credential."""
    places = credential["occurrences"]
    return places.states if isinstance(places, PlaceViews) else {place["state"] for place in places}


def targets_of(credential: CredentialView) -> Collection[str]:
    """Return the targets of all places of a credential."""
    places = credential["occurrences"]
    return places.targets if isinstance(places, PlaceViews) else {place["target"] for place in places}


def view_of(places: Sequence[OccurrenceView], number: int, place: Occurrence) -> OccurrenceView:
    """Return the view of one of a credential's places, which has this number in their order."""
    return places.of(place) if isinstance(places, PlaceViews) else places[number]


def build(
    place: Occurrence, secret: Secret, mask: Mask, options: RenderOptions, *, with_context: bool = True
) -> OccurrenceView:
    """Return the view of a place; its texts are masked."""
    context = context_line(place.context if with_context else (), secret, mask.text, show_secrets=options.show_secrets)
    match_lines = [] if place.line is None else [max(1, place.line - before) for before in place.lines_before]
    return {
        "target": mask.text(place.target),
        "place": place.place.value,
        "path": None if place.path is None else mask.path(place.path),
        "paths": [mask.path(path) for path in place.paths[:MOST_PATHS]],
        "paths_truncated": place.paths_truncated or len(place.paths) > MOST_PATHS,
        "line": place.line,
        "match_line": match_lines[0] if match_lines else place.line,
        "match_lines": match_lines,
        "column": place.column,
        "end_line": place.end_line,
        "end_column": place.end_column,
        "offset": place.offset,
        "end": place.end.value,
        "alike": place.alike,
        "encodings": mask.texts(place.encodings),
        "containers": mask.texts(place.containers),
        "object": place.object,
        "versions": _versions(place.versions),
        "introduced": _commit(place.introduced, mask),
        "moved_from": _moved(place.moved_from, mask),
        "removed": {"id": place.removed.id, "date": place.removed.date} if place.removed else None,
        "refs": mask.texts(place.refs),
        "state": place.state.value,
        "state_reason": place.state_reason.value if place.state_reason else None,
        "exposure": place.exposure.value if place.exposure else None,
        "rule_ids": mask.texts(place.rule_ids),
        "owners": mask.texts(place.owners),
        "context": context,
    }


def _versions(versions: Versions | None) -> VersionsView | None:
    if versions is None:
        return None
    return {"count": versions.number, "first": _version(versions.first), "last": _version(versions.last)}


def _version(version: Version) -> VersionView:
    return {"object": version.object, "commit": version.commit, "date": version.date}


def _commit(commit: Commit | None, mask: Mask) -> CommitView | None:
    if commit is None:
        return None
    return {
        "id": commit.id,
        "author": mask.text(commit.author),
        "date": commit.date,
        "summary": mask.text(commit.summary),
        "boundary": commit.boundary,
    }


def _moved(moved: Moved | None, mask: Mask) -> MoveView | None:
    if moved is None:
        return None
    return {"kind": moved.kind, "path": mask.path(moved.path), "introduced": _commit(moved.introduced, mask)}
