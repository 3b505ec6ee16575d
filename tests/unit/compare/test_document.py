"""Parsing: JSON, values one after another, tables, and what is none of them."""

from __future__ import annotations

import codecs

import pytest

from akpatrol.compare.document import parse
from akpatrol.errors import UsageError


def test_one_value_is_a_whole_document() -> None:
    assert parse(b' {"a": 1}\n', "r")[:3] == (({"a": 1},), False, True)


@pytest.mark.parametrize("between", ["\n", "\r\n", " ", "\n\n\n"])
def test_values_one_after_another(between: str) -> None:
    document = parse(f'{{"a": 1}}{between}{{"a":\n2}}'.encode(), "r")
    assert document[:3] == (({"a": 1}, {"a": 2}), False, False)


def test_a_line_that_is_not_json_is_counted_and_the_next_is_read() -> None:
    document = parse(b'{"a": 1}\n\n{"a": \nfatal: x\n{"a": 3}\n{"a"', "r")
    assert document.values == ({"a": 1}, {"a": 3})
    assert document.unreadable == ("line 3: not JSON", "line 4: not JSON", "line 6: not JSON")


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
        (codecs.BOM_UTF32_LE, "utf-32-le"),
        (codecs.BOM_UTF32_BE, "utf-32-be"),
    ],
)
def test_shells_that_redirect_in_another_encoding(mark: bytes, encoding: str) -> None:
    assert parse(mark + '{"ä": 1}\n{"b": 2}'.encode(encoding), "r").values == ({"ä": 1}, {"b": 2})


def test_a_table() -> None:
    document = parse(b'a,b\n1,"x\ny"\n2,\n', "r")
    assert document[:3] == (({"a": "1", "b": "x\ny"}, {"a": "2", "b": ""}), True, False)


def test_a_table_without_rows_is_known_by_its_columns() -> None:
    document = parse(b"a,b\n", "r")
    assert document[:3] == (({"a": None, "b": None},), True, True)


def test_a_table_that_breaks_off_is_read_until_there() -> None:
    document = parse(b'a,b\n1,2\n3,"4', "r")
    assert document.values == ({"a": "1", "b": "2"},)
    assert len(document.unreadable) == 1


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    assert parse(b'{"file": "caf\xe9"}', "r").first == {"file": "caf\udce9"}


@pytest.mark.parametrize(
    "content",
    [b"", b" \n", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b'\xff\xfe{"a'],
    ids=["empty", "blank", "mark", "lists", "objects", "cut"],
)
def test_what_is_no_document(content: bytes) -> None:
    with pytest.raises(UsageError, match=r"^r: "):
        parse(content, "r")


def test_numbers_of_any_length() -> None:
    assert parse(b"[" + b"1" * 10_000 + b", 12]", "r").first[1] == 12
