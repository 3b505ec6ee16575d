"""What bytes are taken for."""

from __future__ import annotations

import json

import pytest

from akpatrol.verify.answers import MAXIMUM_BYTES, Response, read
from akpatrol.verify.contract import Shape

JSON = "application/json"


def shape(body: bytes, media_type: str = JSON, *, is_complete: bool = True) -> str:
    return str(read(Response(200, media_type, body, is_complete=is_complete)).shape)


@pytest.mark.parametrize(
    ("body", "media_type", "expected"),
    [
        (b"[]", JSON, "data"),
        (b'{"agents": []}', "application/json; charset=utf-8", "data"),
        (b"{}", "Application/Problem+JSON", "data"),
        (b'{"detail": "no"}', JSON, "detail"),
        (b'{"detail": [1]}', JSON, "data"),
        (b"[]", "text/html", "other"),
        (b"[]", "", "other"),
        (b"true", JSON, "other"),
        (b'"text"', JSON, "other"),
        (b"", JSON, "other"),
        (b"<html>", JSON, "other"),
        (b"\xff[]", JSON, "other"),
        (b"[" * 60000, JSON, "other"),
        (b"[" + b"9" * 5000 + b"]", JSON, "other"),
    ],
)
def test_shape(body: bytes, media_type: str, expected: str) -> None:
    assert shape(body, media_type) == expected


AGENTS = json.dumps([{"id": n, "prompt": "pr\\u00f6mpt \n é" * 9, "on": True} for n in range(2000)], ensure_ascii=False)


@pytest.mark.parametrize("end", range(MAXIMUM_BYTES - 300, MAXIMUM_BYTES))
def test_a_long_list_is_the_apis_wherever_it_is_cut(end: int) -> None:
    answer = read(Response(200, JSON, AGENTS.encode()[:end], is_complete=False))
    assert answer.shape is Shape.DATA
    assert answer.scopes is None


@pytest.mark.parametrize("body", [b"<html>" * 9, b"[1, 2}" + b" " * 99, b"\x00" * 99, b"{" * 99, b'"a' * 9, b"9" * 99])
def test_a_long_nothing_is_not(body: bytes) -> None:
    assert shape(body, is_complete=False) == "other"


def test_an_error_that_is_cut_is_not_the_apis() -> None:
    assert read(Response(401, JSON, b'{"detail": "' + b"n" * 99, is_complete=False)).shape is not Shape.DETAIL


@pytest.mark.parametrize("detail", ["Token is missing organization claim.", "token is MISSING organization claim"])
def test_claim(detail: str) -> None:
    assert read(Response(401, JSON, json.dumps({"detail": detail}).encode())).claim_missing


def test_scopes_are_names() -> None:
    body = ["members:read", "dial", "members:read", "", "a b", "\x1b[31m", "x" * 101, "a:b:c", "secret=1"]
    assert read(Response(200, JSON, json.dumps(body).encode())).scopes == ("members:read", "dial", "a:b:c")


@pytest.mark.parametrize("body", [b"{}", b"[1]", b'{"scopes": []}'])
def test_no_scopes(body: bytes) -> None:
    assert read(Response(200, JSON, body)).scopes is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", None),
        ("7", 7.0),
        (" 120 ", 120.0),
        ("soon", None),
        ("-1", None),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("9" * 400, 999999999.0),
    ],
)
def test_retry_after(text: str, seconds: float | None) -> None:
    assert read(Response(429, JSON, b"", retry_after=text, now=60.0)).retry_after == seconds
