"""From matches to raw findings: positions, names, and a context that shows no secret."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.model.chunks import content_of
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Chunk, Content, Origin, Place, Secret
from akpatrol.rules.rule import RuleSet
from akpatrol.rules.rule_file import load, parse
from akpatrol.scan.examine import Examiner
from akpatrol.scan.locate import locate, not_in_members
from tests.credentials import organization_key, personal_access_token, random_text

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    NewKey = Callable[[], str]


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(load())


@pytest.fixture(scope="module")
def examiner() -> Examiner:
    return Examiner(load())


def _hits(engine: Engine, data: bytes, **chunk: object) -> list[RawFinding]:
    return list(locate(Chunk(Origin("0", Place.PATH), data, **chunk), engine.scan(data), engine.candidates))  # type: ignore[arg-type]


def _shown(hit: RawFinding) -> str:
    return "".join(str(part) for part in hit.context)


def test_chunk_in_the_middle(engine: Engine, key: str) -> None:
    (hit,) = _hits(engine, b"ab\ncd " + key.encode(), offset=100, line=7, column=5)
    assert (hit.offset, hit.line, hit.column) == (106, 8, 4)
    (hit,) = _hits(engine, b"ab " + key.encode(), offset=100, line=7, column=5)
    assert (hit.offset, hit.line, hit.column, hit.end_line, hit.end_column) == (103, 7, 8, 7, 8 + len(key))


def test_names_are_entries_of_their_own(engine: Engine, new_key: NewKey) -> None:
    one, two = new_key(), new_key()
    hits = _hits(engine, b"a\0dir/" + one.encode() + b"/x\0" + two.encode(), names=True)
    assert [(hit.origin.path, hit.offset) for hit in hits] == [(f"dir/{one}/x".encode(), 4), (two.encode(), 0)]
    assert [_shown(hit).startswith(("dir/", "ak_")) for hit in hits] == [True, True]


def test_context_is_the_line(engine: Engine, key: str) -> None:
    (hit,) = _hits(engine, b"before\nNAME = '" + key.encode() + b"' # why\r\nafter\n")
    assert hit.context == ("NAME = '", Secret(key.encode()), "' # why\r")


def test_neighbours_are_wrapped(engine: Engine, new_key: NewKey, token: str) -> None:
    one, two = new_key(), new_key()
    for hit in _hits(engine, f"a={one} b={two} c={token}".encode()):
        assert hit.context == ("a=", Secret(one.encode()), " b=", Secret(two.encode()), " c=", Secret(token.encode()))


def test_what_another_runs_into_stays_whole(engine: Engine, rng: Random) -> None:
    for _ in range(200):
        glued = organization_key(rng, secret_length=80) + organization_key(rng, id_length=5, secret_length=80)
        for hit in _hits(engine, glued.encode()):
            assert hit.match.secret in hit.context


def test_no_part_of_what_stands_joined_is_shown(engine: Engine, rng: Random) -> None:
    for _ in range(200):
        token = personal_access_token(rng, length=68)
        for hit in _hits(engine, f"{token}{random_text(rng, 'base62', 20)}{token}.{token}".encode()):
            clear = "".join(part for part in hit.context if isinstance(part, str))
            assert all(token[start : start + 8] not in clear for start in range(len(token) - 7))


def test_text_that_only_looks_like_one_is_wrapped_too(engine: Engine, key: str) -> None:
    """The judge's no is about reporting, not about showing."""
    inside = "x" + key[::-1].replace(".", "")[:5] + "pat_" + key[3:15] * 3
    (hit,) = _hits(engine, f"{key} {inside}".encode())
    assert key[3:15] * 2 not in _shown(hit)


@pytest.mark.parametrize("distance", range(140, 215, 5))
def test_neighbour_cut_by_the_limit(engine: Engine, new_key: NewKey, distance: int) -> None:
    one, two, three = (new_key() for _ in range(3))
    text = f"{two} {'.' * distance} {one} {'.' * distance} {three}"
    (hit,) = [hit for hit in _hits(engine, text.encode()) if hit.match.secret == Secret(one.encode())]
    shown = _shown(hit).replace("ak_", "")
    assert all(
        secret[start : start + 8] not in shown for secret in (one, two, three) for start in range(3, len(secret) - 8)
    )


def test_users_neighbour_cut_by_the_limit() -> None:
    """Such a secret may hold characters at which a word ends."""
    rules = parse(b"[[rules]]\nid = 'acme'\nregex = 'PASS<([^>]*)>'\n", "rules.toml")
    engine = Engine(RuleSet(tuple(rules)))
    data = b"PASS<one two> " + b"." * 180 + b" PASS<correct horse battery staple> end"
    for hit in _hits(engine, data):
        assert "horse" not in _shown(hit)
        assert "staple" not in _shown(hit)


def test_undecodable_surroundings(engine: Engine, key: str) -> None:
    (hit,) = _hits(engine, b"\xff\xe2\x82 " + key.encode() + b" \x80")
    assert hit.context == ("\\xff\\xe2\\x82 ", Secret(key.encode()), " \\x80")


@pytest.mark.parametrize("shift", range(3))
def test_the_limit_cuts_no_character(engine: Engine, key: str, shift: int) -> None:
    text = f"{'日' * 100}{' ' * shift}{key}{' ' * shift}{'本' * 100}"
    (hit,) = _hits(engine, text.encode())
    assert set(_shown(hit).replace(str(hit.match.secret), "")) <= {"日", "本", " "}


def _wide_hits(text: str, codec: str) -> list[RawFinding]:
    found = Examiner(load()).examine_item(Content(Origin("0", path=b"file"), text.encode(codec)))
    return [item for item in found if isinstance(item, RawFinding)]


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_place_and_context_in_wide_text(new_key: NewKey, codec: str) -> None:
    """Bytes that are those of a line feed are parts of other characters too."""
    one, two = new_key(), new_key()
    hits = _wide_hits(f"first line\nĊ਀ \U0001f511 a={one} b={two} ਊ\nlast\n", codec)
    assert [(hit.line, hit.column, hit.end_column) for hit in hits] == [
        (2, 8, 8 + len(one)),
        (2, 11 + len(one), 11 + len(one) + len(two)),
    ]
    context = ("Ċ਀ \U0001f511 a=", Secret(one.encode()), " b=", Secret(two.encode()), " ਊ")
    assert [hit.context for hit in hits] == [context, context]


@pytest.mark.parametrize("distance", range(140, 215, 15))
def test_wide_neighbour_cut_by_the_limit(new_key: NewKey, distance: int) -> None:
    secrets = [new_key() for _ in range(3)]
    for hit in _wide_hits(f" {'.' * distance} ".join(secrets), "utf-16-le"):
        shown = _shown(hit).replace("ak_", "")
        assert all(one[start : start + 8] not in shown for one in secrets for start in range(3, len(one) - 8))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("first", ["", "KEY = ", "é😀 = ", "# first\n\nk=", "several blocks"])
def test_a_byte_order_mark_is_in_no_column(examiner: Examiner, new_key: NewKey, codec: str, first: str) -> None:
    """The same text is in the same places with and without one, also where its first line takes several blocks."""
    if first == "several blocks":
        first = "x" * (5_000_000 // len("x".encode(codec))) + " "
    text = f"{first}{new_key()} {new_key()}\nb = {new_key()}\n"

    def placed(whole: bytes) -> list[tuple[object, ...]]:
        content = content_of(BytesIO(whole).read, Origin("0"))
        hits = [item for item in examiner.examine_item(content) if isinstance(item, RawFinding)]
        return [(hit.line, hit.column, hit.end_line, hit.end_column, _shown(hit)) for hit in hits]

    found = placed(text.encode(codec))
    assert len(found) == 3
    assert placed(("\ufeff" + text).encode(codec)) == found
    assert found[0][:2] == (first.count("\n") + 1, len(first.rpartition("\n")[2]) + 1)


def test_a_secret_that_only_ends_elsewhere_than_a_members_is_told(engine: Engine, new_key: NewKey) -> None:
    """The end of a page may cut a secret, or the next value may follow it directly."""
    whole, other = new_key(), new_key()
    shown = [hit for one in (whole, whole[:-5], whole + "2026", other) for hit in _hits(engine, one.encode())]
    assert len(shown) == 4
    assert list(not_in_members(shown, [Secret(whole.encode())])) == shown[3:]
    assert list(not_in_members(shown, [])) == shown
