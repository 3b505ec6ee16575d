"""Credentials in binary formats that write a string's length right before it, where it may look like a letter."""

from __future__ import annotations

import marshal
import pickle
import random
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.boundaries import counted
from akpatrol.detect.engine import Engine
from akpatrol.rules import load
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable

_ENGINE = Engine(load(), "automaton")


def _class_file(text: str) -> bytes:
    """A constant pool's entry (Java virtual machine specification 4.4.7), and the next one."""
    return b"\x0c\x00\x07\x01" + len(text).to_bytes(2, "big") + text.encode() + b"\x01\x00\x04Code"


def _message_pack(text: str) -> bytes:
    return b"\x81\xa3key\xd9" + bytes((len(text),)) + text.encode() + b"\xa1x"


def _protocol_buffer(text: str) -> bytes:
    return b"\x0a" + bytes((len(text),)) + text.encode() + b"\x12\x03abc"


def _table(text: str) -> bytes:
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table keys (key text)")
        database.execute("insert into keys values (?)", (text,))
        return database.serialize()


_FORMATS: dict[str, Callable[[str], bytes]] = {
    "compiled Python": lambda text: marshal.dumps(compile(f"KEY = {text!r}", "keys.py", "exec")),
    "pickle": lambda text: pickle.dumps({"key": text}, 4),
    "class file": _class_file,
    "MessagePack": _message_pack,
    "protocol buffer": _protocol_buffer,
    "SQLite": _table,
}


@pytest.mark.parametrize("name", _FORMATS)
def test_tokens(name: str) -> None:
    for length in range(36, 124):  # with the prefix
        token = personal_access_token(random.Random(length), length=length - 4)
        (found,) = _ENGINE.scan(_FORMATS[name](token))
        assert found.secret.reveal() == token.encode(), length


@pytest.mark.parametrize("name", _FORMATS)
def test_keys(name: str) -> None:
    for length in range(32, 42):  # from 48 to 57: digits
        token = organization_key(random.Random(length), secret_length=length)
        (found,) = _ENGINE.scan(_FORMATS[name](token))
        assert found.secret.reveal() == token.encode(), length


@pytest.mark.parametrize(
    "before", [b"0", b"x0", b" ,", b"\n,", b"\x01=", b"\x00\x00,", "\N{LATIN CAPITAL LETTER O WITH MACRON},".encode()]
)
def test_text_is_not_counted(before: bytes) -> None:
    token = personal_access_token(random.Random(0), length=45).encode()
    assert not counted(before + token, len(before), len(before + token))
