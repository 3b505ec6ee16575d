"""The baseline's file: what it says, what is no baseline, how two of them merge, and what an update may drop."""

from __future__ import annotations

import json
import re
from datetime import date
from hashlib import sha256
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.policy.baseline import FILES, HISTORY, TRACKED, BaselineEntry, Seen, dump, parse, update


def entry(name: int, **changes: object) -> BaselineEntry:
    fingerprint = "akp1:" + sha256(str(name).encode()).hexdigest()
    made = BaselineEntry(fingerprint, "organization_key", "ak_abcd***(48)", "2026-01-02", "Ada", (HISTORY,))
    return made._replace(**changes)  # type: ignore[arg-type]


def _by_name(*entries: BaselineEntry) -> dict[str, BaselineEntry]:
    return {one.fingerprint: one for one in entries}


def _seen(scan: str, *entries: BaselineEntry, complete: bool = True) -> Seen:
    return Seen(scan, {one.fingerprint: one._replace(scans=()) for one in entries}, complete)


@given(st.lists(st.integers(0, 20), unique=True), st.text(max_size=50))
def test_there_and_back(names: list[int], note: str) -> None:
    entries = [entry(name, note=note) for name in names]
    text = dump(entries)
    assert parse(text.encode(), "f") == _by_name(*entries)
    assert dump(reversed(entries)) == text


def test_an_entry_a_line_with_a_comma_and_a_constant_end() -> None:
    empty, full = dump([]).splitlines(), dump([entry(1), entry(2)]).splitlines()
    assert (full[0], full[-1]) == (empty[0], empty[-1])
    assert sorted(full[1:-1]) == full[1:-1]
    assert all(line.startswith('{"fingerprint": "akp1:') and line.endswith("},") for line in full[1:-1])
    assert json.loads("\n".join(full))["entries"][-1] is None


def test_any_order_line_ends_and_layout() -> None:
    lines = dump([entry(1), entry(2), entry(3)]).splitlines()
    for middle in permutations(lines[1:-1]):
        assert len(parse("\r\n".join([lines[0], *middle, lines[-1]]).encode(), "f")) == 3
    assert len(parse(json.dumps(json.loads("\n".join(lines)), indent=4).encode(), "f")) == 3


def test_an_entry_that_both_branches_added() -> None:
    one = entry(1, added="2026-01-03", by="Bob", note="later", scans=(FILES,))
    other = entry(1, added="2026-01-02", by="Ada", scans=(TRACKED,))
    lines = [*dump([one]).splitlines()[:-1], *dump([other]).splitlines()[1:]]
    assert parse("\n".join(lines).encode(), "f") == _by_name(other._replace(note="later", scans=(TRACKED, FILES)))


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("ends", "kept"),
    [(("", ""), ""), (("2027-01-01", ""), "2027-01-01"), (("2027-01-01", "2026-12-31"), "2026-12-31")],
)
def test_of_two_lines_the_stricter_end_holds(ends: tuple[str, str], kept: str, reverse: bool) -> None:
    one, other = (
        entry(1, added=f"2026-01-0{day}", expires=end, owner=f"team {day}")
        for day, end in zip((2, 3), ends, strict=True)
    )
    lines = [dump([entry_]).splitlines()[1] for entry_ in ((other, one) if reverse else (one, other))]
    (first, *_, last) = dump([]).splitlines()
    (merged,) = parse("\n".join([first, *lines, last]).encode(), "f").values()
    assert (merged.expires, merged.owner) == (kept, "team 2")


def test_owner_and_end_there_and_back_and_only_where_they_are() -> None:
    plain, ended = entry(1), entry(2, owner="platform", expires="2027-01-01")
    text = dump([plain, ended])
    assert parse(text.encode(), "f") == _by_name(plain, ended)
    assert dump([plain]) == dump([ended._replace(owner="", expires="", fingerprint=plain.fingerprint)])
    assert ("owner" in dump([plain])) is ("expires" in dump([plain])) is False
    assert text.count('"expires"') == 1


def test_an_unknown_key_may_be_of_a_newer_version() -> None:
    with pytest.raises(UsageError) as raised:
        parse(_changed(severity="high").encode(), "f")
    assert "update akpatrol" in raised.value.hint


@pytest.mark.parametrize(("expires", "expired"), [("", False), ("2026-03-02", False), ("2026-03-01", True)])
def test_an_entry_ends_on_the_day_that_it_names(expires: str, expired: bool) -> None:
    assert entry(1, expires=expires).has_expired(date(2026, 3, 1)) is expired


def _changed(**changes: object) -> str:
    value = {**json.loads(dump([entry(1)]))["entries"][0], **changes}
    return json.dumps({"akpatrol_baseline": 1, "entries": [{k: v for k, v in value.items() if v is not ...}]})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "f:1: not JSON"),
        ("{", "f:1: not JSON"),
        ('{\n"a": 1\n,}', "f:3: not JSON"),
        ("[" * 100_000, "f: not JSON"),
        ("1" * 5000, "f: not JSON"),
        (b"\xff\xffx", "f: not JSON"),
        ("[]", "f: not a baseline"),
        ("{}", "f: not a baseline"),
        ('{"akpatrol_baseline": true, "entries": []}', "f: not a baseline"),
        ('{"akpatrol_baseline": "1", "entries": []}', "f: not a baseline"),
        ('{"akpatrol_baseline": 2, "entries": []}', "newer version of akpatrol (format 2)"),
        ('{"akpatrol_baseline": 1}', "f: entries"),
        ('{"akpatrol_baseline": 1, "entries": {}}', "f: entries"),
        ('{"akpatrol_baseline": 1, "entries": [], "allow": []}', "f: entries"),
        ('{"akpatrol_baseline": 1, "entries": [3]}', "f: entry 1: must be an object"),
        (_changed(fingerprint=3), "fingerprint: must be a string"),
        (_changed(fingerprint="akp1:00"), "fingerprint: must be"),
        (_changed(fingerprint=...), "fingerprint: is missing"),
        (_changed(by=None), "by: must be a string"),
        (_changed(note="x" * 2000), "note: must be a string"),
        (_changed(added="yesterday"), "added: must be a date"),
        (_changed(scans=...), "scans: is missing"),
        (_changed(scans=[]), "scans: must be a list of"),
        (_changed(scans="history"), "scans: must be a list of"),
        (_changed(scans=[["history"]]), "scans: must be a list of"),
        (_changed(scans=["staged"]), "scans: must be a list of"),
        (_changed(secret="x"), "secret: unknown"),
        (_changed(owner=3), "owner: must be a string"),
        (_changed(expires="never"), "expires: must be a date"),
        (_changed(expires=None), "expires: must be a string"),
        (_changed(redacted="ak_" + "x" * 45), "redacted: must be a credential's masked form"),
        (
            '{"akpatrol_baseline": 1, "entries": [\n<<<<<<< HEAD\n=======\n>>>>>>> x\nnull]}',
            "f:2: unresolved merge conflict",
        ),
        ('{"akpatrol_baseline": 1, "entries": [\n=======\r\nnull]}', "f:2: unresolved merge conflict"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else None,
)  # fmt: skip
def test_what_is_no_baseline(content: str | bytes, words: str) -> None:
    with pytest.raises(UsageError, match=re.escape(words)):
        parse(content.encode() if isinstance(content, str) else content, "f")


def test_note_may_be_left_out() -> None:
    assert parse(_changed(note=...).encode(), "f") == _by_name(entry(1))


def test_update_adds_what_is_new_and_keeps_who_added_the_rest() -> None:
    old = _by_name(entry(1, by="Ada", note="why"))
    done = update(old, [_seen(HISTORY, entry(1, by="Bob"), entry(2, by="Bob"))])
    assert done.entries == old | _by_name(entry(2, by="Bob"))
    assert (done.added, done.dropped, done.unseen) == ((entry(2, by="Bob"),), (), ())


def test_what_is_committed_stays_in_history_whether_it_is_still_tracked_or_not() -> None:
    done = update({}, [_seen(HISTORY, entry(1)), _seen(TRACKED, entry(1), entry(2))])
    assert [one.scans for one in done.added] == [(HISTORY,), (TRACKED,)]
    assert update(done.entries, [_seen(HISTORY, entry(1), entry(2))]).entries == _by_name(entry(1), entry(2))


@pytest.mark.parametrize(
    ("scans", "complete", "dropped"),
    [
        ((HISTORY,), {HISTORY}, True),
        ((HISTORY,), {HISTORY, TRACKED}, True),
        ((HISTORY,), {TRACKED}, False),
        ((HISTORY,), {FILES}, False),
        ((HISTORY,), set(), False),
        ((TRACKED,), {TRACKED}, True),
        ((TRACKED,), {FILES}, True),
        ((FILES,), {TRACKED}, False),
        ((HISTORY, FILES), {HISTORY}, False),
        ((HISTORY, FILES), {HISTORY, FILES}, True),
    ],
)
def test_only_complete_scans_of_every_kind_that_saw_it_drop_an_entry(
    scans: tuple[str, ...], complete: set[str], dropped: bool
) -> None:
    one = entry(1, scans=scans)
    done = update(_by_name(one), [_seen(scan, complete=scan in complete) for scan in (HISTORY, TRACKED, FILES)])
    assert done.dropped == ((one,) if dropped else ())
    assert done.unseen == (() if dropped else (one,))
    assert bool(done.entries) != dropped


def test_masks() -> None:
    assert parse(_changed(redacted="***(12)").encode(), "f")
    for text in ("pat_abcd", "xx***(12)", "***(1234567890123)"):
        with pytest.raises(UsageError, match="f: entry 1: redacted: must be"):
            parse(_changed(redacted=text).encode(), "f")


@given(
    st.sampled_from([*entry(1)._asdict(), "scans"]),
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 1 << 70, 10**400, 1e400, float("nan"), "", "x" * 5000, "\ud800", [], [[]], {}, {"x": 1}]),
)
def test_whatever_is_changed_is_refused_by_its_name(key: str, value: object) -> None:
    content = _changed(**{key: value}).encode("utf-8", "surrogatepass")
    told = ""
    try:
        parse(content, "f")
    except UsageError as error:
        told = str(error)
    assert told in ("", "f: not JSON") or told.startswith(f"f: entry 1: {key}: ")


@pytest.mark.parametrize("version", ["1" + "0" * 400, "1e400", "-1", "NaN"])
def test_a_version_out_of_range(version: str) -> None:
    with pytest.raises(UsageError, match=r"^f: (not a baseline|written by a newer version)") as raised:
        parse(f'{{"akpatrol_baseline": {version}, "entries": []}}'.encode(), "f")
    assert len(str(raised.value)) < 100
