"""A form that is not opened is a skip in an encoding too, and one that is opened is opened there."""

from __future__ import annotations

import json
import lzma
import random
import re
import zlib
from base64 import b64encode
from functools import cache
from typing import TYPE_CHECKING

import pytest

from akpatrol.config.limits import Limits
from akpatrol.model.credential import RawFinding
from akpatrol.model.scan import Content, Skipped
from akpatrol.model.trigger import CharacterRun
from akpatrol.rules.rule_file import load
from akpatrol.scan.examine import Examiner
from akpatrol.unwrap.containers.forms import FORMS, MAGICS
from akpatrol.unwrap.containers.recognise import kind_of
from akpatrol.unwrap.encodings import encoded_magics
from tests.corpus.text import prose
from tests.credentials import organization_key
from tests.unit.unwrap.opening import ORIGIN

if TYPE_CHECKING:
    from collections.abc import Callable

_NOISE = random.Random(7).randbytes(3000)
# What these begin with is confirmed by more than noise.
_ARJ = b"\x60\xea\x2c\x00\x22\x0b\x01\x02\x10\x00\x02"
_VIRTUAL_BOX = b"<<< Oracle VM VirtualBox Disk Image >>>\n"


def _form(magic: bytes) -> bytes:
    longer = next((some for some in (_ARJ, _VIRTUAL_BOX) if some.startswith(magic)), magic)
    return longer + b"\0\4" + _NOISE


_KINDS = {magic: kind for magics in MAGICS.values() for magic, kind in magics if FORMS[kind].reason}
_WRITTEN: dict[str, Callable[[bytes], str]] = {
    "base64": lambda data: b64encode(data).decode(),
    "data address": lambda data: f'"data:application/x;base64,{b64encode(data).decode()}"',
    "lines": lambda data: "x: |\n  " + "\n  ".join(re.findall(".{1,76}", b64encode(data).decode())),
    "json": lambda data: json.dumps({"a": b64encode(data).decode()}).replace("/", "\\/"),
    "html": lambda data: f"<p>{b64encode(data).decode().replace('/', '&#x2F;')}</p>",
    "hex": lambda data: data.hex(),
    "upper hex": lambda data: f"0x{data.hex().upper()}",
}


@cache
def _examiner() -> Examiner:
    return Examiner(load(), Limits(), "automaton")


def _look(text: str) -> list[RawFinding | Skipped]:
    content = Content(ORIGIN, text.encode(), size=len(text))
    return [found for found in _examiner().examine_item(content) if isinstance(found, RawFinding | Skipped)]


@pytest.mark.parametrize("written", _WRITTEN)
@pytest.mark.parametrize("magic", _KINDS)
def test_a_form_that_is_not_opened_is_a_skip_where_it_is_encoded(magic: bytes, written: str) -> None:
    (skip,) = _look(_WRITTEN[written](_form(magic)))
    assert isinstance(skip, Skipped)
    assert skip.reason == FORMS[_KINDS[magic]].reason


def _secrets(text: str) -> set[str]:
    found = _look(text)
    assert all(isinstance(one, RawFinding) for one in found), found
    return {one.match.secret.reveal().decode() for one in found if isinstance(one, RawFinding)}


@pytest.mark.parametrize("written", _WRITTEN)
@pytest.mark.parametrize("level", [1, 3, 6, 9])
def test_zlib_is_opened_where_it_is_encoded(level: int, written: str) -> None:
    for seed in range(10):
        rng = random.Random(seed)
        key = organization_key(rng)
        data = zlib.compress(f'{{"key": "{key}", "{rng.random()}": 1}}'.encode(), level)
        assert _secrets(_WRITTEN[written](data)) == {key}


@pytest.mark.parametrize("written", _WRITTEN)
def test_lzma_is_opened_where_it_is_encoded(written: str, rng: random.Random) -> None:
    key = organization_key(rng)
    data = lzma.compress(f"{key}\n".encode() * 3, lzma.FORMAT_ALONE)
    assert _secrets(_WRITTEN[written](data)) == {key}


def test_several_of_one_form_are_one_skip() -> None:
    archive, other = _form(b"7z\xbc\xaf\x27\x1c"), _form(b"Rar!\x1a\x07")
    text = f"{_WRITTEN['data address'](archive)}\n"
    assert len(_look(text * 3)) == len(_look(text)) == 1
    assert len(_look(f"{text}{other.hex()}\n")) == 2


def test_a_beginning_alone_is_no_skip() -> None:
    for magic in _KINDS:
        assert not _look(f'MAGIC = "{b64encode(_form(magic)[:48]).decode()}"\n')


def test_no_form_in_the_middle_of_encoded_data() -> None:
    """Of random data a few bytes are those that begin some form."""
    data = b"".join(_NOISE[at : at + 30] + magic for at, magic in enumerate([*_KINDS] * 4))
    assert not kind_of(data)
    assert not _look(f'"{b64encode(data).decode()}" {data.hex()}')


@pytest.mark.parametrize("magics", [encoded_magics.in_base64(), encoded_magics.in_hexadecimal()])
def test_data_without_a_run_of_the_alphabet_costs_nothing(magics: encoded_magics.EncodedMagics) -> None:
    assert all(isinstance(trigger.needs, CharacterRun) for trigger in magics.rare)
    assert all(len(needs) >= 3 for trigger in magics.rare for _, needs in trigger.parts if isinstance(needs, bytes))
    assert not any(trigger.needs.is_in(prose(random.Random(1), 300).encode()) for trigger in magics.rare)  # type: ignore[union-attr]


def test_both_prefilters_hear_the_same(rng: random.Random) -> None:
    pytest.importorskip("hyperscan")
    quick = Examiner(load(), Limits(), "hyperscan")
    for magic in _KINDS:
        for width in (30, 39, 40, 76):
            text = "\n".join(re.findall(f".{{1,{width}}}", b64encode(_form(magic)[: rng.randrange(70, 3000)]).decode()))
            content = Content(ORIGIN, text.encode(), size=len(text))
            assert list(quick.examine_item(content)) == list(_examiner().examine_item(content))
