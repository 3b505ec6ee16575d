"""Whatever a credential is encoded in and packed into: it is found, and the scan ends.

Not promised, and so not drawn: a container in an encoding other than base64 and hexadecimal, nor behind other data in
one of these; binary data in UTF-16 and UTF-32, which are texts; text in UTF-16 or UTF-32 that is a part of other data,
when more than one encoding or container lies within it.
"""

from __future__ import annotations

from functools import cache, partial
from io import BytesIO
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, NamedTuple
from zipfile import ZIP_STORED

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from akpatrol import Scanner
from akpatrol.config.limits import Limits
from akpatrol.model.chunks import blocks, content_of
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Origin, Secret, Skipped
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from tests.corpus import packing, spellings
from tests.corpus.artifact import Artifact, raw
from tests.corpus.text import prose
from tests.credentials import organization_key, personal_access_token
from tests.floods import flood

if TYPE_CHECKING:
    from collections.abc import Callable

    from akpatrol.detect.prefilter import PrefilterChoice

_OVERLAP = 8 << 10  # bytes
_settings = settings(
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture],
)
_ORIGIN = Origin("0", path=b"file")
_PREFILTERS: tuple[PrefilterChoice, ...] = ("automaton", "hyperscan")

_TEXTUAL: dict[str, Callable[[Artifact], Artifact]] = {
    "base64": spellings.base64,
    "base64 url": partial(spellings.base64, url=True, padded=False),
    "base64 lines": partial(spellings.base64, width=76),
    "base64 crlf": partial(spellings.base64, width=64, line_break=b"\r\n"),
    "hex": spellings.hexadecimal,
    "hex upper": partial(spellings.hexadecimal, upper=True),
    "percent": spellings.percent,
    "percent marks": partial(spellings.percent, chosen=spellings.is_mark),
    "u escapes": spellings.unicode_escaped,
    "x escapes": spellings.hex_escaped,
    "octal escapes": spellings.octal_escaped,
    "html decimal": spellings.html_decimal,
    "html hex": spellings.html_hexadecimal,
    "quoted-printable": spellings.quoted_printable,
    "quoted-printable lines": partial(spellings.quoted_printable, chosen=spellings.is_mark, width=75),
}
_WIDE: dict[str, Callable[[Artifact], Artifact]] = {
    codec: partial(spellings.wide, codec=codec) for codec in spellings.WIDE
}
_CONTAINERS: dict[str, Callable[[Artifact], Artifact]] = {
    "zip": partial(packing.zipped, name="a/b.txt", others={"c": b"d"}),
    "zip stored": partial(packing.zipped, name="a/b.txt", method=ZIP_STORED),
    "tar": partial(packing.tarred, name="a/b.txt", others={"c": b"d"}),
    "gzip": packing.gzipped,
    "bzip2": packing.bzipped,
    "xz": packing.xzipped,
    "zstd": packing.zstandard,
}
# Of the credential alone, and so the innermost.
_JOINED: dict[str, Callable[[Artifact], Artifact]] = {"joined": spellings.joined}
_FORMS = _TEXTUAL | _WIDE | _CONTAINERS | _JOINED
_CARRIERS = ("base64", "hex")


class Nest(NamedTuple):
    """A credential, the forms around it, innermost first, and the resulting bytes."""

    secret: str
    forms: tuple[str, ...]
    data: bytes


@cache
def _examiner(choice: PrefilterChoice, *, decode: bool = True, containers: bool = True) -> Examiner:
    if choice == "hyperscan":
        pytest.importorskip("hyperscan")
    return Examiner(load(), Limits(decode=decode, containers=containers), choice)


def _carries(form: str) -> bool:
    """Return whether a form takes any bytes and hides all of them."""
    return form in _CONTAINERS or form.startswith(_CARRIERS)


def _is_meant(forms: tuple[str, ...]) -> bool:
    in_containers = all(_carries(outer) for inner, outer in pairwise(forms) if inner in _CONTAINERS)
    texts = [form for form in forms if form in _WIDE or _carries(form)]
    if not _JOINED.keys().isdisjoint(forms[1:]):
        return False
    return in_containers and not any(inner in _WIDE and outer in _WIDE for inner, outer in pairwise(texts))


def _chosen() -> st.SearchStrategy[tuple[str, ...]]:
    any_form = st.one_of([st.sampled_from(sorted(forms)) for forms in (_TEXTUAL, _WIDE, _CONTAINERS, _JOINED)])
    return st.lists(any_form, min_size=1, max_size=3).map(tuple).filter(_is_meant)


def _surroundings(rng: Random, *, text: bool) -> bytes:
    """Return lines of text, or any bytes, or nothing."""
    kind = rng.randrange(2 if text else 4)
    if kind == 0:
        return prose(rng, rng.randrange(200)).encode()
    if kind == 1:
        return f"Many words: {'Žluťoučký 😀'[: rng.randrange(12)]}{'é' * rng.randrange(3000)}".encode()
    return rng.randbytes(rng.choice((3, 60, 2000))) if kind == 2 else b""


def _nest(forms: tuple[str, ...], rng: Random) -> Nest:
    """Surround the credential with text, then wrap it in a form, once for each form."""
    secret = rng.choice((organization_key, personal_access_token))(rng)
    # Where it stands is not what this is about, and columns of binary data mean nothing.
    found = raw(secret)._replace(place=(1, 1))
    for index, form in enumerate((*forms, "")):
        if form not in _JOINED and (not index or not _is_whole(forms[:index], form)):
            wide = index and forms[index - 1] in _WIDE
            before, after = (_surroundings(rng, text=not _WIDE.keys().isdisjoint(forms[index:])) for _ in range(2))
            # Between zeros both byte orders read the same text: an even place tells which.
            before += bytes(-(len(before) + 2) % 4) if wide else b""
            quote = rng.choice((b'"', b"'", b" ", b"\n"))
            found = found.amid(before + b"\n" + quote, quote + b"\n" + after)
        if form:
            found = _FORMS[form](found)
    return Nest(secret, forms, found.data)


def _is_whole(forms: tuple[str, ...], outer: str) -> bool:
    """Return whether no text may surround the last of the forms, which is inside ``outer``."""
    deep = sum(form not in _CONTAINERS for form in forms) > 2 or any(form in _CONTAINERS for form in forms)
    return forms[-1] in _CONTAINERS or (forms[-1] in _WIDE and (deep or outer in _CONTAINERS))


def _nests() -> st.SearchStrategy[Nest]:
    return st.builds(_nest, _chosen(), st.integers(0, 1 << 32).map(Random))


def _look(examiner: Examiner, data: bytes) -> list[RawFinding | Skipped]:
    found = examiner.examine_item(Content(_ORIGIN, data, size=len(data)))
    return [item for item in found if isinstance(item, RawFinding | Skipped)]


def _hits(examiner: Examiner, data: bytes) -> set[tuple[Secret, Origin, int]]:
    return {(hit.match.secret, hit.origin, hit.offset) for hit in _look(examiner, data) if isinstance(hit, RawFinding)}


@pytest.mark.slow
@settings(_settings, max_examples=250)
@given(_nests())
def test_found_in_any_three_forms(nest: Nest) -> None:
    found = {secret.reveal().decode() for secret, _, _ in _hits(_examiner("automaton"), nest.data)}
    assert nest.secret in found
    # A part of a compressed text may show a part of what it stands for.
    assert all(one[:8] == nest.secret[:8] for one in found)


@settings(_settings, max_examples=60)
@given(_nests())
def test_the_gates_agree(nest: Nest) -> None:
    one, other = (_look(_examiner(choice), nest.data) for choice in _PREFILTERS)
    assert one == other


@settings(_settings, max_examples=60)
@given(_nests(), st.integers(1, 3), st.sampled_from(_PREFILTERS))
def test_a_flood_hides_nothing(nest: Nest, most: int, choice: PrefilterChoice) -> None:
    expected = _hits(_examiner(choice), nest.data)
    with pytest.MonkeyPatch.context() as patch:
        flood(patch, most)
        assert _hits(_examiner(choice), nest.data) == expected


@settings(_settings, max_examples=40)
@given(_nests())
def test_the_library_finds_it_in_bytes_and_in_a_stream(nest: Nest) -> None:
    scanner = Scanner()
    for hits in (scanner.scan(nest.data), scanner.scan_file(BytesIO(nest.data))):
        assert Secret(nest.secret.encode()) in {hit.match.secret for hit in hits}


@settings(_settings, max_examples=60)
@given(_nests())
def test_switching_off_gives_a_part(nest: Nest) -> None:
    """A secret that is found with less opened is found with more, unless it was only a part of a longer one."""
    whole = {secret for secret, _, _ in _hits(_examiner("automaton"), nest.data)}
    for decode, containers in ((False, True), (True, False), (False, False)):
        hits = _hits(_examiner("automaton", decode=decode, containers=containers), nest.data)
        for secret, origin, _ in hits:
            assert any(secret.reveal() in one.reveal() for one in whole)
            assert decode or not origin.encodings
            assert containers or not origin.containers


@settings(_settings, max_examples=60)
@given(
    _nests().filter(lambda nest: nest.forms[-1] not in _CONTAINERS and len(nest.data) < _OVERLAP),
    st.integers(0, 60_000),
    st.integers(4 << 10, 10 << 10).map(lambda quarter: 4 * quarter),
)
def test_the_size_of_blocks_changes_nothing(nest: Nest, shift: int, block: int) -> None:
    """As long as blocks overlap by more than what is encoded, and are a multiple of four bytes as all are.

    Between zeros either byte order of UTF-16 may be read, and what decides is whether a place is even in its block.
    """
    moved = b"0123456789abcde\n" * (shift // 16) + nest.data
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("akpatrol.model.chunks.blocks.__defaults__", (block, _OVERLAP, _OVERLAP))
        content = content_of(BytesIO(moved).read, _ORIGIN, block=block)
        hits = [hit for hit in _examiner("automaton").examine_item(content) if isinstance(hit, RawFinding)]
    assert {(hit.match.secret, hit.offset) for hit in hits} == {
        (secret, offset) for secret, _, offset in _hits(_examiner("automaton"), moved)
    }
    assert blocks.__defaults__ != (block, _OVERLAP, _OVERLAP)


@settings(_settings, max_examples=100)
@given(
    st.sampled_from(sorted(_FORMS)),
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.sampled_from([b"YWtf", b"cGF0X2", b"616b5f", b"%61%6B%5F", b"\\u0061", b"&#97;", b"=61=6B=\n", b"H4sI"]),
            st.sampled_from(
                [b"a\0k\0_\0", b"\xff\xfe", b"\0\0\xfe\xff", b"UEsDB", b"PK\3\4", b"\x1f\x8b\x08", b"%25" * 9]
            ),
        ),
        max_size=40,
    ).map(b"".join),
    st.integers(0, 1 << 32),
)
def test_looking_at_anything_ends_with_findings_in_their_places(form: str, data: bytes, seed: int) -> None:
    """Also at what a form made and someone damaged."""
    rng = Random(seed)
    text = data.decode("latin-1").encode() if form in _WIDE else data
    damaged = bytearray(_FORMS[form](Artifact(text)).data + data)
    for _ in range(min(len(damaged), rng.randrange(4))):
        damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    for one in _look(_examiner("automaton"), bytes(damaged)):
        if isinstance(one, Skipped):
            assert one.reason
            continue
        assert one.offset >= 0
        assert one.origin.containers or one.offset < len(damaged)
        assert (1, 1) <= (one.line, one.column) < (one.end_line, one.end_column)
        assert one.match.secret.reveal().decode("latin-1") not in repr(one.context)
