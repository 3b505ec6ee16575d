"""What allows a credential: names for all of it, places for each of its occurrences."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.settings import AllowEntry
from akpatrol.model import identity
from akpatrol.model.credential import AllowanceSource
from akpatrol.model.scan import Place, State
from akpatrol.policy.allowances import Allowing, describe
from akpatrol.policy.apply import Applied, Policy, apply, entries
from akpatrol.policy.baseline import FILES, HISTORY, BaselineEntry
from tests.credentials import organization_key
from tests.reports import commit, credential, occurrence

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.model.credential import Credential, Occurrence

TODAY = date(2026, 3, 1)
KEY, OTHER = (organization_key(Random(seed)) for seed in (1, 2))
FOUND = credential(KEY)
NAME = identity.fingerprint(FOUND.kind, FOUND.secret)
COMMIT = commit(Random(1))


def _entry(**changes: object) -> AllowEntry:
    return AllowEntry("c.toml", "a fixture")._replace(**changes)  # type: ignore[arg-type]


def _under(path: str) -> Callable[[str, bytes], bool] | None:
    return (lambda _, own: own.startswith(path.encode())) if path else None


def _allowed(found: Credential, *allow: AllowEntry, **policy: object) -> Applied:
    matching = [Allowing(one, _under(one.path)) for one in allow]
    return apply([found], Policy(allow=matching, inline={"t1"}, **policy), TODAY)  # type: ignore[arg-type]


def _is_allowed(found: Credential, *allow: AllowEntry, **policy: object) -> bool:
    (judged,) = _allowed(found, *allow, **policy).credentials
    return judged.allowed is not None


def _found(*places: Occurrence) -> Credential:
    return credential(KEY, *places)


@pytest.mark.parametrize(
    ("names", "allowed"),
    [
        ({"fingerprint": NAME}, True),
        ({"fingerprint": "akp1:" + "0" * 64}, False),
        ({"sha256": identity.secret_sha256(FOUND.secret)}, True),
        ({"sha256": "0" * 64}, False),
        ({"key_id": identity.key_id(FOUND.kind, FOUND.secret)}, True),
        ({"key_id": "another"}, False),
        ({"rule": "anyreach-organization-key"}, True),
        ({"rule": "another"}, False),
        ({"path": "config/"}, True),
        ({"path": "elsewhere/"}, False),
        ({"fingerprint": NAME, "path": "config/"}, True),
        ({"fingerprint": NAME, "path": "elsewhere/"}, False),
        ({"commit": COMMIT.id}, True),
        ({"commit": COMMIT.id[:7]}, True),
        ({"commit": "0" * 7}, False),
    ],
)
def test_what_an_entry_names(names: dict[str, str], allowed: bool) -> None:
    found = _found(occurrence(KEY, introduced=COMMIT))
    assert _is_allowed(found, _entry(**names)) is allowed
    assert all(value in describe(_entry(**names)) for value in names.values())


def test_a_rule_speaks_of_no_credential_that_another_rule_finds_too() -> None:
    found = FOUND._replace(rule_ids=("anyreach-organization-key", "another"))
    assert not _is_allowed(found, _entry(rule="another"))


def test_every_place_must_be_covered() -> None:
    found = _found(
        occurrence(KEY, path=b"a"), occurrence(KEY, path=b"b"), occurrence(KEY, path=b"c", introduced=COMMIT)
    )
    entries_ = [_entry(path="a"), _entry(path="b"), _entry(commit=COMMIT.id)]
    assert _is_allowed(found, *entries_)
    for left_out in range(3):
        assert not _is_allowed(found, *entries_[:left_out], *entries_[left_out + 1 :])


def test_a_path_must_match_all_paths_that_it_ever_had() -> None:
    found = _found(occurrence(KEY, path=b"tests/a", paths=(b"src/a", b"tests/a")))
    assert not _is_allowed(found, _entry(path="tests/"))
    assert not _is_allowed(_found(occurrence(KEY, place=Place.COMMIT_MESSAGE, path=None)), _entry(path="tests/"))


def test_an_expired_one_does_nothing_and_says_so() -> None:
    done = _allowed(FOUND, _entry(fingerprint=NAME, expires=TODAY, where="c.toml"))
    assert done.credentials[0].allowed is None
    assert len(done.notices) == 1
    assert "expired on 2026-03-01" in done.notices[0]
    assert "a fixture" in done.notices[0]
    assert _is_allowed(FOUND, _entry(fingerprint=NAME, expires=date(2026, 3, 2)))
    assert not _allowed(FOUND, _entry(fingerprint="akp1:" + "0" * 64, expires=TODAY)).notices


def test_what_a_report_says_of_it() -> None:
    (judged,) = _allowed(FOUND, _entry(fingerprint=NAME, owner="Ada", expires=date(2027, 1, 1))).credentials
    assert judged.allowed == (AllowanceSource.CONFIGURATION, "a fixture", "c.toml", "Ada", "2027-01-01")


def test_baseline() -> None:
    known = BaselineEntry(NAME, "organization_key", "ak_x***(48)", "2026-01-01", "Ada", (HISTORY,), "from before")
    policy = Policy(baseline={NAME: known}, file="b.json")
    same, other = apply([FOUND, credential(OTHER)], policy, TODAY).credentials
    assert same.allowed == (AllowanceSource.BASELINE, "known since 2026-01-01: from before", "b.json", "Ada", None)
    assert other.allowed is None


@pytest.mark.parametrize(
    ("places", "allowed"),
    [
        ([(b"a", State.WORKTREE, "why")], True),
        ([(b"a", State.WORKTREE, "why"), (b"b", State.WORKTREE, None)], False),
        ([(b"a", State.PRESENT, "why"), (b"a", State.PRESENT, None)], False),
        ([(b"a", State.PRESENT, "why"), (b"a", State.REMOVED, None)], True),
        ([(b"a", State.PRESENT, "why"), (b"a", State.UNREACHABLE, None)], True),
        ([(b"a", State.PRESENT, "why"), (b"b", State.REMOVED, None)], False),
        ([(b"a", State.REMOVED, "why"), (b"a", State.UNREACHABLE, None)], False),
        ([(b"a", State.REMOVED, "why")], True),
        ([(b"a", State.PRESENT, "")], False),
    ],
)
def test_inline(places: list[tuple[bytes, State, str | None]], allowed: bool) -> None:
    made = [occurrence(KEY, path=path, state=state, inline=reason, offset=number)
            for number, (path, state, reason) in enumerate(places)]  # fmt: skip
    assert _is_allowed(_found(*made)) is allowed


def test_inline_says_where() -> None:
    (judged,) = _allowed(_found(occurrence(KEY, inline="why"))).credentials
    assert judged.allowed == (AllowanceSource.INLINE, "why", "config/settings.py:12", None, None)


def test_inline_without_a_reason_is_told() -> None:
    (notice,) = _allowed(_found(occurrence(KEY, inline=""))).notices
    assert "config/settings.py:12" in notice
    assert "no reason" in notice


def test_inline_counts_only_in_files_of_trusted_targets() -> None:
    for place in (
        occurrence(KEY, inline="why", place=Place.COMMIT_MESSAGE),
        occurrence(KEY, inline="why", target="t2"),
    ):
        assert not _is_allowed(_found(place))


def test_inline_that_a_range_adds() -> None:
    done = _allowed(_found(occurrence(KEY, inline="why")), trusted=lambda _: False)
    assert done.credentials[0].allowed is None
    assert "the range itself adds it: why" in done.notices[0]
    assert _is_allowed(_found(occurrence(KEY, inline="why")), trusted=lambda _: True)


def test_inline_and_configuration_together() -> None:
    assert _is_allowed(_found(occurrence(KEY, path=b"a", inline="x"), occurrence(KEY, path=b"b")), _entry(path="b"))


@pytest.mark.parametrize(
    ("covered", "stale"),
    [(HISTORY, {"history", "allow"}), (FILES, {"scan"}), ("tracked", set()), (None, set())],
)
def test_stale(covered: str | None, stale: set[str]) -> None:
    def known(scan: str, kind: str = "organization_key") -> BaselineEntry:
        return BaselineEntry("akp1:" + scan + kind, kind, "ak_x***(1)", "2026-01-01", "", (scan,), note=scan)

    policy = Policy(
        allow=[Allowing(_entry(reason="allow", key_id="gone")), Allowing(_entry(fingerprint=NAME))],
        baseline={one.fingerprint: one for one in (known(HISTORY), known(FILES), known(HISTORY, "custom"))},
        file="b.json",
        custom=False,
    )
    assert {one.reason for one in apply([FOUND], policy, TODAY, covered).stale} == stale


def test_entries_of_a_baseline_hold_no_secret_and_no_place() -> None:
    template = BaselineEntry("", "", "", "2026-01-01", "Ada", (), "note")
    assert entries([FOUND], template) == {
        NAME: BaselineEntry(NAME, "organization_key", FOUND.secret.redacted, "2026-01-01", "Ada", (), "note")
    }


_KNOWN = BaselineEntry(NAME, "organization_key", "ak_x***(48)", "2026-01-01", "Ada", (HISTORY,), "from before")


def _with_baseline(*allow: AllowEntry, **changes: object) -> Applied:
    known = _KNOWN._replace(**changes)  # type: ignore[arg-type]
    return _allowed(FOUND, *allow, baseline={NAME: known}, file="b.json")


def test_a_baseline_entry_ends_and_says_so() -> None:
    done = _with_baseline(expires="2026-03-01", owner="platform")
    assert done.credentials[0].allowed is None
    (notice,) = done.notices
    assert all(words in notice for words in ("expired on 2026-03-01", "b.json", "from before", "owner platform"))
    in_force = _with_baseline(expires="2026-03-02", owner="platform")
    assert in_force.notices == ()
    assert in_force.credentials[0].allowed == (
        *(AllowanceSource.BASELINE, "known since 2026-01-01: from before", "b.json", "platform", "2026-03-02"),
    )


def test_an_expired_baseline_entry_is_not_stale_and_hides_no_allowance() -> None:
    policy = Policy(baseline={NAME: _KNOWN._replace(expires="2026-03-01")}, file="b.json")
    assert apply([FOUND], policy, TODAY, HISTORY).stale == ()
    allowed = _with_baseline(_entry(fingerprint=NAME), expires="2026-03-01").credentials[0].allowed
    assert allowed
    assert allowed.source is AllowanceSource.CONFIGURATION


@pytest.mark.parametrize(
    "names",
    [
        {"fingerprint": NAME},
        {"key_id": identity.key_id(FOUND.kind, FOUND.secret)},
        {"sha256": identity.secret_sha256(FOUND.secret)},
        {"fingerprint": NAME, "path": "config/"},
    ],
)
def test_an_expired_allowance_for_a_credential_comes_before_the_baseline(names: dict[str, str]) -> None:
    done = _with_baseline(_entry(**names, expires=TODAY))
    assert done.credentials[0].allowed is None
    (notice,) = done.notices
    assert "the baseline does not change" in notice
    assert _with_baseline(_entry(**names, expires=date(2026, 3, 2))).credentials[0].allowed


@pytest.mark.parametrize(
    "names",
    [
        {"path": "config/"},
        {"rule": "anyreach-organization-key"},
        {"fingerprint": NAME, "path": "elsewhere/"},
        {"fingerprint": "akp1:" + "0" * 64},
    ],
)
def test_one_for_a_place_or_for_another_credential_does_not(names: dict[str, str]) -> None:
    assert _with_baseline(_entry(**names, expires=TODAY)).credentials[0].allowed
