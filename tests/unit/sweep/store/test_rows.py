"""The rows that a scan leaves, directly: which are opened, kept, closed and spared."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Severity, State
from akpatrol.report import document
from akpatrol.sweep.store import rows
from tests import reports
from tests.unit.sweep.looks import KEYS, day, found, look, target, write

if TYPE_CHECKING:
    from akpatrol.report.view import ReportView, VerificationView
    from akpatrol.sweep.store.sqlite_database import SqliteQueries


def names(view: ReportView) -> list[str]:
    """Return the fingerprints, in the document's order."""
    return [one["fingerprint"] for one in view["credentials"]]


def name_of(key: str) -> str:
    (name,) = names(look("any", found(key)))
    return name


def sightings(store: SqliteQueries) -> dict[str, list[tuple[int, int, int | None]]]:
    """Return target, first run and the run after the last, by fingerprint."""
    told: dict[str, list[tuple[int, int, int | None]]] = {}
    query = "SELECT fingerprint, target, since_run, until_run FROM sighting ORDER BY target, since_run"
    for name, *row in store.execute(query):
        told.setdefault(name, []).append((row[0], row[1], row[2]))
    return told


def periods(store: SqliteQueries, table: str) -> list[tuple[int, int | None]]:
    found = store.execute(f"SELECT since_run, until_run FROM {table}").fetchall()  # noqa: S608 - of this module
    return sorted(found, key=lambda row: (row[0], row[1] or 99))


def covered(store: SqliteQueries) -> list[tuple[int, int, int]]:
    return store.execute("SELECT target, run, last_run FROM coverage ORDER BY target, run").fetchall()


def test_a_target_keeps_its_number_whatever_is_found_in_it(store: SqliteQueries) -> None:
    assert write(store, 1, look("one")) == 1
    assert write(store, 1, look("two")) == 2
    moved = look(target("one")._replace(remote="https://elsewhere.example.org/", head="f" * 40))
    assert write(store, 2, moved) == 1
    told = store.execute("SELECT kind, root, remote, head, retired_run FROM target ORDER BY id").fetchall()
    assert told[0] == ("repository", "/org/one", "https://elsewhere.example.org/", "f" * 40, None)
    assert len(told) == 2


def test_a_target_is_known_by_its_kind_and_its_real_root(store: SqliteQueries) -> None:
    shown = look("shown", found(KEYS[0]))
    assert [write(store, 1, shown, root) for root in ("/real/one", "/real/two", "/real/one")] == [1, 2, 1]
    assert [rows.number_of(store, "repository", root) for root in ("/real/one", "/real/two")] == [1, 2]
    assert rows.number_of(store, "directory", "/real/one") is None
    assert rows.number_of(store, "repository", "/org/shown") is None
    assert rows.place("a", "b") != rows.place("ab", "")
    assert b"/real" not in rows.place("repository", "/real/one")


def test_rows_are_open_from_the_first_run_until_something_is_gone(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0], 2), found(KEYS[1])))
    write(store, 2, look("one", found(KEYS[0], 2), found(KEYS[1])))
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, None)], name_of(KEYS[1]): [(1, 1, None)]}
    write(store, 3, look("one", found(KEYS[0])))
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, None)], name_of(KEYS[1]): [(1, 1, 3)]}
    assert periods(store, "occurrence") == [(1, 3), (1, 3), (1, None)]
    write(store, 5, look("one", found(KEYS[0]), found(KEYS[1])))
    assert sightings(store)[name_of(KEYS[1])] == [(1, 1, 3), (1, 5, None)]


def test_what_differs_in_a_target_closes_a_row_and_opens_one(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0])))
    write(store, 2, look("one", found(KEYS[0], severity=Severity.LOW)))
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, 2), (1, 2, None)]}
    assert periods(store, "occurrence") == [(1, None)]
    write(store, 3, look("one", found(KEYS[0], 1, State.REMOVED, severity=Severity.LOW)))
    assert periods(store, "occurrence") == [(1, 3), (3, None)]
    bodies = [json.loads(body) for (body,) in store.execute("SELECT body FROM sighting ORDER BY since_run")]
    assert [(body["severity"], body["state"]) for body in bodies] == [
        ("high", "present"),
        ("low", "present"),
        ("low", "removed"),
    ]
    assert all(body.keys().isdisjoint({"redacted", "occurrences", "fingerprint", "verification"}) for body in bodies)


def test_a_second_scan_in_the_same_run_leaves_only_what_it_found(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0])))
    write(store, 2, look("one", found(KEYS[0]), found(KEYS[1], 2)))
    write(store, 2, look("one", found(KEYS[2])))
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, 2)], name_of(KEYS[2]): [(1, 2, None)]}
    assert periods(store, "occurrence") == [(1, 2), (2, None)]


def test_targets_do_not_close_one_another_s_rows(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0])))
    write(store, 1, look("two", found(KEYS[0])))
    write(store, 2, look("one"))
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, 2), (2, 1, None)]}
    assert periods(store, "occurrence") == [(1, 2), (1, None)]


def test_an_occurrence_says_nothing_of_its_target(store: SqliteQueries) -> None:
    view = look("one", found(KEYS[0], 2))
    write(store, 1, view)
    bodies = [json.loads(body) for (body,) in store.execute("SELECT body FROM occurrence")]
    wanted = [{key: value for key, value in place.items() if key != "target"} for place in _places(view)]
    assert sorted(bodies, key=str) == sorted(wanted, key=str)


def _places(view: ReportView) -> list[Any]:
    return [place for one in view["credentials"] for place in one["occurrences"]]


def test_what_cannot_be_read_now_spares_what_was_found_when_it_could(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0]), found(KEYS[1]), gaps=("old",)))
    write(store, 2, look("one", found(KEYS[1]), gaps=("old", "new")))
    assert sightings(store)[name_of(KEYS[0])] == [(1, 1, None)]
    write(store, 3, look("one", found(KEYS[1]), gaps=("old",)))  # no more than when it was found
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, 3)], name_of(KEYS[1]): [(1, 1, None)]}
    assert periods(store, "occurrence") == [(1, 3), (1, None)]


def test_what_could_be_read_is_that_of_the_scan_that_found_it(store: SqliteQueries) -> None:
    write(store, 1, look("one", gaps=("old",)))
    write(store, 2, look("one", found(KEYS[0])))
    write(store, 3, look("one", gaps=("old",)))
    assert sightings(store) == {name_of(KEYS[0]): [(1, 2, None)]}


def test_an_accepted_skip_spares_nothing(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0])))
    accepted = look("one", gaps=("new",))
    accepted["coverage"]["skipped"][0]["accepted"] = "test data"
    write(store, 2, accepted)
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, 2)]}


def test_what_is_spared_keeps_its_places_and_what_is_found_gets_new_ones(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0], 2), found(KEYS[1], 2)))
    write(store, 2, look("one", found(KEYS[1], 1), gaps=("new",)))
    assert periods(store, "occurrence") == [(1, 2), (1, None), (1, None), (1, None)]


def test_a_row_of_coverage_that_was_damaged_spares(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0]), gaps=("old",)))
    for body in ("", "[]", "{}", '{"coverage": {"skipped": 1}}'):
        store.execute("UPDATE coverage SET body = ? WHERE run = 1", (body,))
        write(store, 2, look("one", gaps=("old",)))
        assert sightings(store) == {name_of(KEYS[0]): [(1, 1, None)]}
        store.execute("DELETE FROM coverage WHERE run = 2")


def test_coverage_lasts_while_a_target_is_the_same_in_every_run(store: SqliteQueries) -> None:
    number = write(store, 1, look("one"))
    assert covered(store) == [(1, 1, 1)]
    rows.looked_again(store, number, 2)
    rows.looked_again(store, number, 3)
    rows.looked_again(store, number, 2)
    assert covered(store) == [(1, 1, 3)]
    rows.looked_again(store, number, 5)
    assert covered(store) == [(1, 1, 3), (1, 5, 5)]
    rows.looked_again(store, number, 6)
    assert covered(store) == [(1, 1, 3), (1, 5, 6)]
    with pytest.raises(ValueError, match="never scanned"):
        rows.looked_again(store, 2, 6)


def test_coverage_that_is_carried_on_is_that_of_the_last_scan(store: SqliteQueries) -> None:
    number = write(store, 1, look("one", gaps=("a",)))
    write(store, 2, look("one", gaps=("a", "b")))
    rows.looked_again(store, number, 4)
    told = store.execute("SELECT run, complete, body FROM coverage ORDER BY run").fetchall()
    assert [(run, complete, len(json.loads(body)["coverage"]["skipped"])) for run, complete, body in told] == [
        (1, 0, 1),
        (2, 0, 2),
        (4, 0, 2),
    ]


def test_a_scan_ends_what_was_said_to_be_the_same_in_its_run(store: SqliteQueries) -> None:
    number = write(store, 1, look("one"))
    for run in (2, 3):
        rows.looked_again(store, number, run)
    write(store, 3, look("one", notices=("A notice.",), below_confidence=2, unread_histories=("/x",)))
    assert covered(store) == [(1, 1, 2), (1, 3, 3)]
    told = json.loads(store.execute("SELECT body FROM coverage WHERE run = 3").fetchone()[0])
    assert told.keys() == {"coverage", "notices", "below_min_confidence", "histories_not_read"}
    assert (told["notices"], told["below_min_confidence"], told["histories_not_read"]) == (["A notice."], 2, ["/x"])
    write(store, 3, look("one", gaps=("big",)))
    assert covered(store) == [(1, 1, 2), (1, 3, 3)]
    assert store.execute("SELECT complete FROM coverage ORDER BY run").fetchall() == [(1,), (0,)]


def test_targets_that_a_run_left_out(store: SqliteQueries) -> None:
    for name in ("one", "two", "three"):
        write(store, 1, look(name))
    rows.looked_again(store, 2, 2)
    rows.retire(store, 3, 2)
    assert [(one.id, one.kind, one.root, one.remote) for one in rows.left_out(store, 2)] == [
        ("1", "repository", "/org/one", "https://git.example.org/org/one.git")
    ]
    assert [one.id for one in rows.left_out(store, 3)] == ["1", "2"]
    assert rows.left_out(store, 1) == []


def test_a_retired_target_is_closed_and_comes_back_when_it_is_scanned(store: SqliteQueries) -> None:
    write(store, 1, look("one", found(KEYS[0], 2)))
    write(store, 1, look("two", found(KEYS[0])))
    store.executemany("INSERT INTO signature VALUES (?, 's', 'c')", [(1,), (2,)])
    rows.retire(store, 1, 2)
    assert sightings(store) == {name_of(KEYS[0]): [(1, 1, 2), (2, 1, None)]}
    assert periods(store, "occurrence") == [(1, 2), (1, 2), (1, None)]
    assert store.execute("SELECT target FROM signature").fetchall() == [(2,)]
    assert rows.number_of(store, "repository", "/org/one") is None
    assert store.execute("SELECT retired_run FROM target ORDER BY id").fetchall() == [(2,), (None,)]
    assert write(store, 3, look("one", found(KEYS[0]))) == 1
    assert rows.number_of(store, "repository", "/org/one") == 1
    assert sightings(store)[name_of(KEYS[0])][1] == (1, 3, None)


def test_a_credential_is_of_the_run_that_found_it_first(store: SqliteQueries) -> None:
    write(store, 2, look("one", found(KEYS[0])))
    write(store, 4, look("two", found(KEYS[0]), found(KEYS[1])))
    told = store.execute("SELECT fingerprint, found_run, found_at FROM credential ORDER BY found_run").fetchall()
    assert told == [(name_of(KEYS[0]), 2, day(2)), (name_of(KEYS[1]), 4, day(4))]


def test_answers_are_added_and_none_is_replaced(store: SqliteQueries) -> None:
    write(store, 1, look("one", reports.live(KEYS[0]), found(KEYS[1])))
    name = name_of(KEYS[0])
    answers = [_answer(VerificationStatus.ACTIVE), _answer(VerificationStatus.NOT_SENT)]
    rows.add_verifications(store, 3, [(name, one) for one in answers])
    told = store.execute("SELECT fingerprint, run, checked_at, status, body FROM verification ORDER BY id").fetchall()
    assert [row[:4] for row in told] == [
        (name, 1, told[0][2], "active"),
        (name, 3, answers[0]["checked_at"], "active"),
        (name, 3, None, "not_sent"),
    ]
    assert [json.loads(row[4]) for row in told[1:]] == answers


def _answer(status: VerificationStatus) -> VerificationView:
    one = reports.credential(KEYS[0], verification=reports.verification(status))
    view = document.build(reports.report(one), reports.options())["credentials"][0]["verification"]
    assert view
    return view
