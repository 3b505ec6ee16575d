"""Versions of a file that hold a credential alike are one occurrence; nothing else is folded."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import Commit, Occurrence, Version
from akpatrol.model.scan import Attribution, Confidence, Exposure, Match, Place, Secret, State
from akpatrol.model.versions import folded
from akpatrol.policy import group
from akpatrol.rules.rule_file import load
from tests.reports import occurrence

_RULES = load()
_STATES = list(State)


def _commit(day: int) -> Commit:
    return Commit(f"{day:040x}", f"2024-01-{day:02}T00:00:00Z", "Ada", "work")


def _version(day: int, state: State = State.REMOVED, **changes: object) -> Occurrence:
    made = occurrence("x", object=f"{day:040x}", state=state, introduced=_commit(day), refs=(f"r{day}",), paths=(b"p",))
    return made._replace(path=b"p", **changes)  # type: ignore[arg-type]


def _collected(*occurrences: Occurrence) -> tuple[Occurrence, ...]:
    match = Match("r", CUSTOM, Secret(b"one"), 0, 3, Confidence.HIGH, Attribution.OPEN)
    (credential,) = group.collect([(match, one) for one in occurrences], _RULES)
    return tuple(credential.occurrences)


def test_many_versions_are_one() -> None:
    days = [_version(day, removed=_commit(day + 1), offset=day, column=day) for day in range(1, 20)]
    now = _version(20, State.PRESENT)
    (one,) = _collected(*days, now)
    assert (one.state, one.object, one.removed) == (State.PRESENT, now.object, None)
    assert one.introduced == _commit(1)
    assert one.versions
    assert one.versions.number == 20
    assert one.versions.first == Version(f"{1:040x}", f"{1:040x}", "2024-01-01T00:00:00Z")
    assert one.versions.last.date == "2024-01-20T00:00:00Z"
    assert one.refs[0] == "r20"
    assert {*one.refs} == {f"r{day}" for day in range(1, 21)}


def test_what_found_any_of_the_versions_is_told_ours_first() -> None:
    ours = "anyreach-organization-key"
    (one,) = _collected(_version(1, rule_ids=(ours,)), _version(2, rule_ids=("r", "s")))
    assert one.rule_ids == (ours, "r", "s")


def test_when_none_is_left_it_went_with_the_last() -> None:
    gone = [_version(day, removed=_commit(day + 1)) for day in (3, 1, 2)]
    dangling = _version(9, State.UNREACHABLE, introduced=None)
    (one,) = _collected(*gone, dangling)
    assert (one.state, one.introduced, one.removed, one.object) == (State.REMOVED, _commit(1), _commit(4), f"{3:040x}")
    assert one.versions
    assert one.versions.number == 4
    assert one.versions.last == Version(f"{9:040x}")


def test_commits_of_one_second_are_told_apart_by_what_replaced_what() -> None:
    same = [_commit(day)._replace(date="2024-01-01T00:00:00Z") for day in range(1, 6)]
    order = (3, 0, 4, 1, 2)
    versions = [
        _version(place, introduced=same[number], removed=same[order[place + 1]] if place < 4 else None)
        for place, number in enumerate(order)
    ]
    (one,) = _collected(*versions)
    assert one.versions
    assert (one.introduced, one.versions.last.commit) == (same[order[0]], same[order[-1]].id)


def test_what_stays_apart() -> None:
    one = _version(1)
    for other in (
        _version(2, line=99),
        _version(2, target="t2"),
        _version(2, containers=("zip:x",)),
        _version(2, encodings=("base64",)),
        _version(2, inline="made up"),
        _version(2)._replace(path=b"q"),
        _version(2)._replace(path=None),
        _version(2, place=Place.COMMIT_MESSAGE),
        _version(2)._replace(object=None),
    ):
        assert len(_collected(one, other)) == 2, other
    messages = [_version(day, place=Place.COMMIT_MESSAGE)._replace(path=None) for day in (1, 2)]
    assert [one.versions for one in _collected(*messages)] == [None, None]


def test_a_place_without_an_object_replaces_none_with_one() -> None:
    version = _version(1)
    other = _version(2)._replace(object=None)
    assert [one.object for one in folded([version, other, other])] == [version.object, None, None]


def test_twice_in_a_line_stays_twice_in_all_versions() -> None:
    found = _collected(*(_version(day, offset=at, column=at) for day in (1, 2, 3) for at in (10, 70)))
    assert sorted(one.offset for one in found) == [10, 70]
    assert [one.versions and one.versions.number for one in found] == [3, 3]


_ANY = st.builds(
    lambda day, state, line, path, exposure: _version(day, state, line=line, exposure=exposure)._replace(path=path),
    st.integers(1, 28),
    st.sampled_from(_STATES),
    st.integers(1, 3),
    st.sampled_from([b"p", b"q", None]),
    st.sampled_from([None, Exposure.BROWSER]),
)


@given(st.lists(_ANY, max_size=30, unique_by=lambda one: (one.object, one.path, one.line)))
def test_nothing_is_lost(occurrences: list[Occurrence]) -> None:
    """Every line of every path stays, in its worst state."""
    ordered = sorted(occurrences, key=lambda one: _STATES.index(one.state))
    found = folded(ordered)
    assert {(one.path, one.line) for one in found} == {(one.path, one.line) for one in occurrences}
    for one in found:
        alike = [other for other in occurrences if (other.path, other.line) == (one.path, one.line)]
        assert min(alike, key=lambda other: _STATES.index(other.state)).state is min(
            (other.state for other in found if (other.path, other.line) == (one.path, one.line)), key=_STATES.index
        )
        if one.versions:
            assert {other.object for other in alike} >= {one.object}
            assert one.versions.number <= len({other.object for other in alike})
