"""One credential of several targets, directly."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from akpatrol.kinds import CUSTOM
from akpatrol.model.identity import fingerprint
from akpatrol.model.scan import Attribution, Confidence, End, Exposure, Severity, State
from akpatrol.sweep.store import merge
from tests import reports
from tests.unit.sweep.looks import KEYS, TOKEN, day, found, look, write

if TYPE_CHECKING:
    from akpatrol.model.credential import Credential
    from akpatrol.sweep.store.sqlite_database import SqliteQueries


def test_one_alone_stays_as_it_is() -> None:
    for one in (found(KEYS[0]), found(KEYS[0], 3, State.REMOVED, severity=Severity.LOW), found(TOKEN)):
        assert merge.merged([one]) == one


@pytest.mark.parametrize(
    ("field", "values", "expected"),
    [
        ("confidence", (Confidence.LOW, Confidence.HIGH, Confidence.MEDIUM), Confidence.HIGH),
        ("attribution", (Attribution.OPEN, Attribution.CONFIRMED, Attribution.LIKELY), Attribution.CONFIRMED),
        ("attribution", (Attribution.OPEN, Attribution.LIKELY, Attribution.OPEN), Attribution.LIKELY),
        ("state", (State.UNREACHABLE, State.REMOVED, State.UNREACHABLE), State.REMOVED),
        (
            "state",
            (State.IGNORED, State.REMOVED, State.PRESENT),
            State.PRESENT,
        ),
        ("exposure", (None, Exposure.BROWSER, None), Exposure.BROWSER),
        ("exposure", (None, None, None), None),
    ],
)
def test_the_worst_of_each_counts_in_whatever_order(field: str, values: tuple[object, ...], expected: object) -> None:
    ones = [found(KEYS[0])._replace(**{field: value}) for value in values]  # type: ignore[arg-type]
    for order in permutations(ones):
        assert getattr(merge.merged(order), field) == expected


def test_places_are_all_there_in_the_order_of_the_targets() -> None:
    ones = [found(KEYS[0], number, State.REMOVED) for number in (2, 1, 3)]
    assert merge.merged(ones).occurrences == tuple(place for one in ones for place in one.occurrences)


def test_an_end_is_as_certain_as_that_of_the_surest_place() -> None:
    certain = found(KEYS[0])
    unsure = certain._replace(
        occurrences=tuple(place._replace(end=End.UNCERTAIN) for place in certain.occurrences), end=End.UNCERTAIN
    )
    assert merge.merged([unsure, unsure]).end is End.UNCERTAIN
    assert merge.merged([unsure, certain]).end is merge.merged([certain, unsure]).end is End.CERTAIN


def test_it_is_allowed_only_where_every_target_allows_it() -> None:
    allowed = found(KEYS[0], allowed=reports.allowance())
    assert merge.merged([allowed, allowed]).allowed == reports.allowance()
    for ones in ([allowed, found(KEYS[0])], [found(KEYS[0]), allowed], [found(KEYS[0])] * 2):
        assert merge.merged(ones).allowed is None


def test_the_owner_is_whoever_one_target_knows() -> None:
    owner = reports.owner(reports.inventory_key())
    owned = found(KEYS[0], owner=owner)
    for ones in ([owned, found(KEYS[0])], [found(KEYS[0]), owned]):
        assert merge.merged(ones).owner == owner
    assert merge.merged([found(KEYS[0])] * 2).owner is None


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        (["a", "a"], "a"),
        (["ab", "b"], "ab"),
        (["ab", "ca"], "cab"),
        (["b", "a"], "ab"),
        (["abc", "c", "ac"], "abc"),
        (["", "a"], "a"),
    ],
)
def test_a_rule_comes_behind_those_that_came_before_it_anywhere(targets: list[str], expected: str) -> None:
    ones = [found(KEYS[0], rule_ids=tuple(target)) for target in targets]
    assert "".join(merge.merged(ones).rule_ids) == expected
    assert "".join(merge.merged(ones[::-1]).rule_ids) == expected


def _severity(*ones: Credential) -> Severity:
    return merge.merged(ones).severity


def test_what_targets_know_together_may_be_worse_than_what_each_says() -> None:
    whose = found(TOKEN, 1, State.IGNORED, attribution=Attribution.LIKELY, severity=Severity.LOW)
    where = found(TOKEN, 1, State.PRESENT, attribution=Attribution.OPEN, severity=Severity.MEDIUM)
    assert _severity(whose, where) is _severity(where, whose) is Severity.HIGH
    assert (_severity(whose), _severity(where)) == (Severity.LOW, Severity.MEDIUM)
    critical = where._replace(severity=Severity.CRITICAL)
    assert _severity(whose, critical) is _severity(critical, whose) is Severity.CRITICAL


def test_a_user_s_own_rule_says_how_severe_it_is() -> None:
    own = found(KEYS[0], kind=CUSTOM, severity=Severity.LOW)
    assert _severity(own, own) is Severity.LOW
    assert _severity(own, own._replace(severity=Severity.MEDIUM)) is Severity.MEDIUM


@pytest.fixture
def store(store: SqliteQueries) -> SqliteQueries:
    """The store, with the results of three runs over two targets."""
    write(store, 1, look("one", found(KEYS[0], 2), found(KEYS[1])))
    write(store, 1, look("two", found(KEYS[0])))
    write(store, 2, look("one", found(KEYS[1], 1, State.REMOVED)))
    write(store, 3, look("two", found(KEYS[0]), found(KEYS[2])))
    return store


def _fingerprint(one: Credential) -> str:
    return fingerprint(one.kind, one.secret)


def _read(store: SqliteQueries, run: int) -> dict[str, list[tuple[str, bytes | None, State]]]:
    return {
        _fingerprint(one): [(place.target, place.path, place.state) for place in one.occurrences]
        for one in merge.credentials(store, run)
    }


def _name(key: str) -> str:
    return look("any", found(key))["credentials"][0]["fingerprint"]


def test_each_run_is_read_as_it_was(store: SqliteQueries) -> None:
    file, other = b"src/0.py", b"src/1.py"
    second = [("1", file, State.REMOVED)]
    assert {name: sorted(places) for name, places in _read(store, 1).items()} == {
        _name(KEYS[0]): [("1", file, State.PRESENT), ("1", other, State.PRESENT), ("2", file, State.PRESENT)],
        _name(KEYS[1]): [("1", file, State.PRESENT)],
    }
    assert _read(store, 2) == {_name(KEYS[0]): [("2", file, State.PRESENT)], _name(KEYS[1]): second}
    assert _read(store, 3) == _read(store, 2) | {_name(KEYS[2]): [("2", file, State.PRESENT)]}
    assert _read(store, 0) == {}
    assert list(_read(store, 3)) == sorted(_read(store, 3))


def test_only_those_that_are_asked_for_are_read(store: SqliteQueries) -> None:
    for only in ([], [_name(KEYS[2])], [_name(KEYS[0]), _name(KEYS[2])]):
        assert [_fingerprint(one) for one in merge.credentials(store, 3, only)] == sorted(only)
    assert len(list(merge.credentials(store, 3, None))) == 3


def test_what_is_read_was_found_at_the_first_run(store: SqliteQueries) -> None:
    assert {_fingerprint(one): one.found_at for one in merge.credentials(store, 3)} == {
        _name(KEYS[0]): day(1),
        _name(KEYS[1]): day(1),
        _name(KEYS[2]): day(3),
    }


def _answer(store: SqliteQueries, run: int, status: str) -> None:
    body = (
        f'{{"status": "{status}", "reason": "{status} {run}.", "checked_at": null, "http_status": null,'
        ' "organizations": [], "scopes": [], "blast_radius": []}'
    )
    store.execute(
        "INSERT INTO verification (fingerprint, run, status, body) VALUES (?, ?, ?, ?)",
        (_name(KEYS[0]), run, status, body),
    )


def _verified(store: SqliteQueries, run: int) -> tuple[str, str, str]:
    (one,) = merge.credentials(store, run, [_name(KEYS[0])])
    return one.verification.reason if one.verification else "", one.severity.name.lower(), str(one.attribution)


def test_the_last_answer_until_a_run_decides(store: SqliteQueries) -> None:
    assert _verified(store, 3) == ("", "high", "likely")
    _answer(store, 2, "inactive")
    assert [_verified(store, run)[0] for run in (1, 2, 3)] == ["", "inactive 2.", "inactive 2."]
    _answer(store, 3, "active")
    assert _verified(store, 2) == ("inactive 2.", "low", "likely")
    assert _verified(store, 3) == ("active 3.", "critical", "confirmed")


def test_what_was_not_sent_keeps_the_earlier_answer_and_is_one_where_there_is_none(store: SqliteQueries) -> None:
    _answer(store, 1, "not_sent")
    assert _verified(store, 1)[0] == "not_sent 1."
    _answer(store, 2, "active")
    _answer(store, 3, "not_sent")
    assert _verified(store, 3) == ("active 2.", "critical", "confirmed")
