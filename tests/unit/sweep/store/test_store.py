"""What is put into a store comes back, merged over targets, as of every run."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from akpatrol.errors import UsageError
from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import VerificationStatus
from akpatrol.model.scan import Attribution, Confidence, Exposure, Secret, Severity, State
from akpatrol.report import FORMATS, render
from akpatrol.report.document import build
from akpatrol.sweep.store.store import SweepStore
from tests import reports, samples
from tests.unit.sweep.looks import (
    CONDITIONS,
    DIGEST,
    KEYS,
    TOKEN,
    day,
    found,
    look,
    places,
    signature,
    sweep,
    target,
    told,
)

if TYPE_CHECKING:
    from pathlib import Path

    from akpatrol.report.view import VerificationView

_SCHEMA = Draft202012Validator(json.loads((files("akpatrol.report") / "schema.json").read_text()))


@pytest.fixture
def file(anywhere: Path | str) -> Path | str:
    return anywhere


def _masked(key: str) -> str:
    return Secret(key.encode()).redacted


def test_one_target_comes_back_as_it_was(file: Path | str) -> None:
    report = samples.history(reports.seeded(1))
    options = reports.options(report)
    whole = build(report, options)
    sweep(file, whole)
    with SweepStore(str(file), create=False) as store:
        again = store.document()
    _SCHEMA.validate(again)
    for credential in whole["credentials"]:
        credential["found_at"] = day(1)
        for place in credential["occurrences"]:
            place["target"] = "1"
    assert again["credentials"] == whole["credentials"]
    assert again["coverage"]["counts"] == whole["coverage"]["counts"]
    assert [skip["item"] for skip in again["coverage"]["skipped"]] == [
        f"/src/shop: {skip['item']}" for skip in whole["coverage"]["skipped"]
    ]
    assert again["summary"] == whole["summary"]
    assert again["scan"] == {
        "command": "sweep",
        "started_at": day(1),
        "duration_seconds": 3600.0,
        "interrupted": False,
        "rules_digest": DIGEST,
        "targets": [whole["scan"]["targets"][0] | {"id": "1"}],
    }


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_of_a_store(file: Path | str, name: str) -> None:
    sweep(file, look("one", found(KEYS[0])), look("two", found(KEYS[0]), found(KEYS[1]), gaps=("big",)))
    text = render(told(file), name, reports.options())
    assert _masked(KEYS[0]) in text
    assert KEYS[0] not in text


def test_a_credential_of_several_targets_is_one(file: Path | str) -> None:
    key = KEYS[0]
    mild = found(key, 1, State.IGNORED, severity=Severity.LOW, confidence=Confidence.MEDIUM, rule_ids=("b",))
    bad = found(key, 2, State.REMOVED, attribution=Attribution.CONFIRMED, rule_ids=("a",))
    exposed = found(key, 1, State.UNREACHABLE, exposure=Exposure.BROWSER, attribution=Attribution.OPEN)
    sweep(file, look("one", mild), look("two", bad), look("three", exposed))
    (one,) = told(file).credentials
    assert (one.state, one.confidence, one.attribution) == (State.REMOVED, Confidence.HIGH, Attribution.CONFIRMED)
    assert (one.exposure, one.severity) == (Exposure.BROWSER, Severity.CRITICAL)
    assert one.rule_ids == ("a", "anyreach-organization-key", "b")
    assert [place.target for place in one.occurrences] == ["1", "2", "2", "3"]
    with SweepStore(str(file), create=False) as store:
        _SCHEMA.validate(store.document())
    assert one.found_at == day(1)


def test_what_one_target_alone_could_not_tell_raises_the_severity(file: Path | str) -> None:
    whose = found(TOKEN, 1, State.IGNORED, attribution=Attribution.LIKELY, severity=Severity.LOW)
    where = found(TOKEN, 1, State.PRESENT, attribution=Attribution.OPEN, severity=Severity.MEDIUM)
    sweep(file, look("one", whose), look("two", where))
    assert told(file).credentials[0].severity is Severity.HIGH


def test_a_users_own_rule_keeps_its_severity(file: Path | str) -> None:
    one = found(KEYS[0], kind=CUSTOM, severity=Severity.LOW)
    sweep(file, look("one", one), look("two", one))
    assert told(file).credentials[0].severity is Severity.LOW


def test_it_is_allowed_where_every_target_allows_it(file: Path | str) -> None:
    quiet = found(KEYS[0], allowed=reports.allowance())
    sweep(file, look("one", quiet), look("two", quiet))
    assert not told(file).findings
    sweep(file, look("two", found(KEYS[0])), same=("one",))
    assert len(told(file).findings) == 1


def test_what_is_gone_is_closed_and_told_as_of_before(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0]), found(KEYS[1], 2)), look("two", found(KEYS[0])))
    before = told(file, 1)
    sweep(file, look("one", found(KEYS[1], 1, State.REMOVED)), same=("two",))
    assert places(told(file)) == {
        _masked(KEYS[0]): {("/org/two", b"src/0.py", State.PRESENT)},
        _masked(KEYS[1]): {("/org/one", b"src/0.py", State.REMOVED)},
    }
    assert told(file, 1) == before
    assert told(file, 2).credentials[0].found_at == day(1)


_FOUND = ("sighting", "occurrence")


def _rows(file: Path | str) -> list[Any]:
    with SweepStore(str(file), create=False) as store, store._reading() as queries:
        return [queries.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3, 4").fetchall() for name in _FOUND]  # noqa: S608


def test_the_same_again_writes_nothing_new(file: Path | str) -> None:
    looks = [look("one", found(KEYS[0], 3)), look("two", found(KEYS[0]))]
    sweep(file, *looks)
    rows = _rows(file)
    assert [len(one) for one in rows] == [2, 4]
    sweep(file, *looks)
    sweep(file, looks[0], looks[0], same=("two",))
    assert _rows(file) == rows


_STEP = st.one_of(
    st.none(),
    st.just("same"),
    st.dictionaries(st.integers(0, 3), st.tuples(st.integers(1, 3), st.sampled_from([State.PRESENT, State.REMOVED]))),
)


@pytest.mark.slow
@settings(max_examples=40)
@given(runs=st.lists(st.tuples(_STEP, _STEP, st.booleans()), min_size=1, max_size=6))
def test_every_run_can_be_told_again(runs: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("store") / "s"
    model: dict[str, Any] = {}
    wanted = []
    for *steps, twice in runs:
        looks, same = [], []
        for name, step in zip(("one", "two"), steps, strict=True):
            if step == "same" and name in model:
                same.append(name)
            elif isinstance(step, dict):
                looks += [look(name)] * twice  # in the same run, what it found is overtaken
                looks.append(look(name, *(found(KEYS[key], *how) for key, how in step.items())))
                model[name] = step
        sweep(file, *looks, same=tuple(same))
        now: dict[str, set[Any]] = {}
        for name, step in model.items():
            for key, (number, state) in step.items():
                some = {(f"/org/{name}", f"src/{one}.py".encode(), state) for one in range(number)}
                now.setdefault(_masked(KEYS[key]), set()).update(some)
        wanted.append(now)
    for number, now in enumerate(wanted, 1):
        assert places(told(file, number)) == now


def test_what_was_not_read_today_is_not_gone(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0]), found(KEYS[1])))
    sweep(file, look("one", found(KEYS[1], 2), gaps=("/org/one",)))
    assert len(places(told(file))[_masked(KEYS[0])]) == 1
    assert len(places(told(file))[_masked(KEYS[1])]) == 2
    sweep(file, look("one", gaps=("/org/one",)))  # the second one's state is of a look with that gap
    assert len(places(told(file))[_masked(KEYS[0])]) == 1
    sweep(file, look("one"))
    assert not told(file).credentials


def test_what_can_never_be_read_keeps_nothing_alive(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0]), gaps=("old.7z",)))
    sweep(file, look("one", gaps=("old.7z",)))
    assert not told(file).credentials


def test_a_signature_is_of_a_complete_look_under_the_same_conditions(file: Path | str) -> None:
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(1), DIGEST)

        def known(conditions: str = CONDITIONS) -> str | None:
            return signature(store, "repository", "/org/one", conditions)

        assert known() is None
        store.put(run, look("one"), "s1", CONDITIONS)
        assert (known(), known("other rules")) == ("s1", None)
        assert signature(store, "directory", "/org/one", CONDITIONS) is None
        store.put(run, look("one"), "s2", CONDITIONS)
        assert known() == "s2"
        store.put(run, look("one", gaps=("big",)), "s3", CONDITIONS)
        assert known() is None
        store.put(run, look("one"), None, CONDITIONS)
        assert known() is None


def test_a_root_that_is_not_utf_8(file: Path | str) -> None:
    odd = target("caf\udce9")
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(1), DIGEST)
        store.put(run, look(odd, found(KEYS[0])), "s1", CONDITIONS, odd.root)
        assert signature(store, odd.kind, odd.root, CONDITIONS) == "s1"
        store.unchanged(run, odd)
        assert store.report().targets[0].root == "/org/caf\\xe9"


def test_only_what_was_looked_at_can_be_as_it_was(file: Path | str) -> None:
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(1), DIGEST)
        with pytest.raises(ValueError, match="never scanned"):
            store.unchanged(run, target("one"))


def _answer(status: VerificationStatus, **changes: Any) -> VerificationView:
    one = reports.credential(KEYS[0], verification=reports.verification(status, **changes))
    document = build(reports.report(one), reports.options())
    verification = document["credentials"][0]["verification"]
    assert verification
    return verification


def test_the_last_answer_counts_and_decides_the_severity(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0])))
    name = build(told(file), reports.options())["credentials"][0]["fingerprint"]
    answers = [
        (VerificationStatus.ACTIVE, Severity.CRITICAL, Attribution.CONFIRMED),
        (VerificationStatus.NOT_SENT, Severity.CRITICAL, Attribution.CONFIRMED),
        (VerificationStatus.INACTIVE, Severity.LOW, Attribution.LIKELY),
        (VerificationStatus.UNKNOWN, Severity.HIGH, Attribution.LIKELY),
    ]
    for status, severity, attribution in answers:
        with SweepStore(str(file), create=True) as store:
            run = store.begin(day(2), DIGEST)
            store.unchanged(run, target("one"))
            store.verified(run, {name: _answer(status)})
            (one,) = store.report().credentials
        assert (one.severity, one.attribution) == (severity, attribution)
        assert one.verification
        assert (one.verification.status is status) == (status is not VerificationStatus.NOT_SENT)
    assert told(file, 1).credentials[0].verification is None
    assert told(file, 2).credentials[0].is_live


def test_answers_that_a_document_has(file: Path | str) -> None:
    sweep(file, look("one", reports.live(KEYS[0])))
    assert told(file).credentials[0].is_live


def test_what_is_there_no_longer(file: Path | str) -> None:
    sweep(file, look("one", found(KEYS[0])), look("two", found(KEYS[0])))
    with SweepStore(str(file), create=True) as store:
        run = store.begin(day(2), DIGEST)
        store.unchanged(run, target("two"))
        store.retire(run, target("one"))
        store.retire(run, target("never met"))
        store.finish(run, day(3))
        assert signature(store, "repository", "/org/one", CONDITIONS) is None
        assert places(store.report()) == {_masked(KEYS[0]): {("/org/two", b"src/0.py", State.PRESENT)}}
        assert [one.root for one in store.report().targets] == ["/org/two"]
        assert not store.gaps()
        assert len(store.report(1).targets) == 2
    sweep(file, look("one", found(KEYS[0])), same=("two",))
    assert len(places(told(file))[_masked(KEYS[0])]) == 2


def test_runs(file: Path | str) -> None:
    sweep(file, look("one"))
    sweep(file, look("one"), finished=False)
    sweep(file, look("one"))
    sweep(file, look("one"), finished=False)
    with SweepStore(str(file), create=False) as store:
        assert [(one.id, bool(one.finished_at), one.started_at) for one in store.runs()] == [
            (1, True, day(1)),
            (2, False, day(2)),
            (3, True, day(3)),
            (4, False, day(4)),
        ]
        assert store.run_named("previous").id == 3
        assert store.run_named("2").id == 2
        for name in ("4", "5", "0", "-1", "last", "1.0"):
            with pytest.raises(UsageError) as caught:
                store.run_named(name)
            assert caught.value.hint.startswith("earlier runs: 1 to 3;")
        for number in (0, 5):
            with pytest.raises(UsageError, match=f"no such run: {number}"):
                store.report(number)


def test_the_first_run_has_none_before(file: Path | str) -> None:
    with SweepStore(str(file), create=True) as store:
        for ask in (store.report, store.gaps, lambda: store.run_named("previous")):
            with pytest.raises(UsageError, match="no runs yet"):
                ask()
    sweep(file, look("one"))
    with SweepStore(str(file), create=False) as store:
        for name, words in (("previous", "no run before run 1"), ("1", "no run 1 before run 1")):
            with pytest.raises(UsageError, match=words):
                store.run_named(name)
