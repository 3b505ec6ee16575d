"""Which places of a new version were there before: pure decisions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Attribution, Confidence, Kind, Match, Origin, Secret
from akpatrol.sources.git.origins import matched, similar


def _hit(secret: str, line: str, encodings: tuple[str, ...] = ()) -> RawFinding:
    match = Match("r", Kind.CUSTOM, Secret(secret.encode()), 0, 1, Confidence.HIGH, Attribution.OPEN)
    return RawFinding(Origin("0", encodings=encodings), match, 0, 1, 1, 1, 2, (line,))


_HITS = st.lists(st.builds(_hit, st.sampled_from("ab"), st.sampled_from("xyz"), st.sampled_from([(), ("base64",)])))


@given(new=_HITS, old=_HITS)
def test_each_place_was_one_of_the_same_form_at_most_once(new: list[RawFinding], old: list[RawFinding]) -> None:
    found = matched(new, old)
    assert len(set(found.values())) == len(found)

    def form(hit: RawFinding) -> tuple[object, ...]:
        return hit.match.secret, hit.origin.encodings

    assert all(form(new[one]) == form(old[before]) for one, before in found.items())
    for hit in new:
        ours = [number for number, one in enumerate(new) if form(one) == form(hit)]
        theirs = sum(form(one) == form(hit) for one in old)
        assert sum(number in found for number in ours) == min(len(ours), theirs)


@given(hits=_HITS)
def test_what_did_not_change_is_all_there(hits: list[RawFinding]) -> None:
    assert {one: hits[before].context for one, before in matched(hits, hits).items()} == {
        number: hit.context for number, hit in enumerate(hits)
    }


def test_the_place_whose_line_is_new_is_the_new_one() -> None:
    assert matched([_hit("a", "new"), _hit("a", "old")], [_hit("a", "old")]) == {1: 0}


def test_half_of_the_lines_make_a_rename() -> None:
    assert similar(b"one\ntwo\nfour\n", b"one\ntwo\nthree\n")
    assert not similar(b"one\n", b"three\nfive\nseven\n")
