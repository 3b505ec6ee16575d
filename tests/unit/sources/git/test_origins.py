"""Which places of a new version were there before: pure decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.kinds import CUSTOM
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Attribution, Confidence, Match, Origin, Secret
from akpatrol.sources.git.origins import ContentLookup, FindingPosition, Introduction, PathOrigins, matched, similar
from akpatrol.sources.git.trees import TreeChange

if TYPE_CHECKING:
    import pytest


def _hit(secret: str, line: str, encodings: tuple[str, ...] = ()) -> RawFinding:
    match = Match("r", CUSTOM, Secret(secret.encode()), 0, 1, Confidence.HIGH, Attribution.OPEN)
    return RawFinding(Origin("0", encodings=encodings), match, 0, 1, 1, 1, 2, (line,))


_HITS = st.lists(st.builds(_hit, st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from([(), ("base64",)])))


@given(new=_HITS, old=_HITS)
def test_each_place_was_one_of_the_same_form_at_most_once(new: list[RawFinding], old: list[RawFinding]) -> None:
    found = matched(new, old)
    assert len(set(found.values())) == len(found)

    def form(finding: RawFinding) -> tuple[object, ...]:
        return finding.match.secret, finding.origin.encodings

    assert all(form(new[one]) == form(old[before]) for one, before in found.items())
    for finding in new:
        ours = [number for number, one in enumerate(new) if form(one) == form(finding)]
        theirs = sum(form(one) == form(finding) for one in old)
        assert sum(number in found for number in ours) == min(len(ours), theirs)


@given(findings=_HITS)
def test_what_did_not_change_is_where_it_was(findings: list[RawFinding]) -> None:
    assert matched(findings, list(findings)) == {number: number for number in range(len(findings))}


@given(findings=_HITS)
def test_what_did_not_change_is_all_there(findings: list[RawFinding]) -> None:
    assert {one: findings[before].context for one, before in matched(findings, findings).items()} == {
        number: finding.context for number, finding in enumerate(findings)
    }


def test_the_place_whose_line_is_new_is_the_new_one() -> None:
    assert matched([_hit("a", "new"), _hit("a", "old")], [_hit("a", "old")]) == {1: 0}


def test_half_of_the_lines_make_a_rename() -> None:
    assert similar(b"one\ntwo\nfour\n", b"one\ntwo\nthree\n")
    assert not similar(b"one\n", b"three\nfive\nseven\n")


_NONE = "0" * 40
_BLOBS = st.sampled_from([letter * 40 for letter in "abcd"])
_CHANGES = st.builds(
    lambda name, new, olds: TreeChange(name, new, tuple(olds)),
    st.sampled_from([b"f", b"g", b"h"]),
    st.one_of(_BLOBS, st.just(_NONE)),
    st.lists(st.one_of(_BLOBS, st.just(_NONE)), min_size=1, max_size=2),
)
_COMMITS = st.lists(st.lists(_CHANGES, max_size=3, unique_by=lambda change: change.name), max_size=8)


def _noted(commits: list[list[TreeChange]], *, is_based: bool) -> PathOrigins:
    findings = {letter * 40: [_hit("a", "x"), _hit("a", letter)] for letter in "abcd"}
    found = PathOrigins(
        findings, ContentLookup(alike=lambda new, old: (new, old) != ("a" * 40, "b" * 40)), is_based=is_based
    )
    for number, changes in enumerate(commits):
        own = Introduction(
            beyond_branches=False, unreachable=False, date=1000 - number, after=-number, commit=str(number), path=b""
        )
        found.record(own, ("p",), changes)
    return found


_ASKED = st.lists(
    st.builds(FindingPosition, st.sampled_from([b"f", b"g", b"h"]), _BLOBS, st.sampled_from([0, 1])), max_size=4
)


@given(commits=_COMMITS, is_based=st.booleans(), asked=_ASKED)
def test_what_was_asked_before_changes_nothing(
    commits: list[list[TreeChange]], is_based: bool, asked: list[FindingPosition]
) -> None:
    all_ = _noted(commits, is_based=is_based)
    for position in asked:
        assert all_.of(position) == _noted(commits, is_based=is_based).of(position)


def test_many_versions_are_followed_back_once(monkeypatch: pytest.MonkeyPatch) -> None:
    number = 300
    ids = [f"{one:040x}" for one in range(1, number + 1)]
    found = PathOrigins({id_: [_hit("a", "x")] for id_ in ids}, ContentLookup(), is_based=False)
    for one in range(number):
        own = Introduction(beyond_branches=False, unreachable=False, date=one, after=one, commit=ids[one], path=b"")
        found.record(own, (), [TreeChange(b"f", ids[one], (ids[one - 1],) if one else ())])
    calls = []
    arrival = PathOrigins._arrival

    def counted(*words: Any) -> Any:
        calls.append(words)
        return arrival(*words)

    monkeypatch.setattr(PathOrigins, "_arrival", counted)
    introduced = {found.of(FindingPosition(b"f", id_, 0)).introduced for id_ in ids}
    assert [one.commit for one in introduced if one] == [ids[0]]
    assert len(calls) < 3 * number
