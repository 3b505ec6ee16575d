"""Each kind of field directly: what it takes and refuses, and the message, which names the field and not the value."""

from __future__ import annotations

import re
from enum import Enum, IntEnum, StrEnum
from random import Random
from typing import Any

import pytest

from akpatrol.model.scan import Secret
from akpatrol.validate.fields import LONGEST_SECONDS, MOST, FieldError, Fields
from tests.credentials import organization_key, personal_access_token

_FINGERPRINT = "akp1:" + "0123456789abcdef" * 4
_TEXT = "k: must be a string of at most 16,777,216 characters"
_START = "k: must be an RFC 3339 time, YYYY-MM-DDThh:mm:ssZ, not after the year 9000"
_DATE = "k: must be a date, YYYY-MM-DD"
_COUNT = f"k: must be a whole number from 0 to {MOST}"
_STATUS = "k: must be an HTTP status, of three digits"
_SECONDS = "k: must be a number of seconds from 0 to 1000000000"
_NOT_TEXTS: list[Any] = [None, True, 1, 0.5, [], {}]


class _Place(StrEnum):
    HERE = "right here"
    THERE = "over there"


class _Level(IntEnum):
    LOW = 1
    HIGH = 2


def _take(method: str, value: Any) -> Any:
    return getattr(Fields({"k": value}), method)("k")


@pytest.mark.parametrize(
    ("method", "value"),
    [
        ("text", ""),
        ("text", "any \n\0 \udce9"),
        ("fingerprint", _FINGERPRINT),
        ("date", "2024-02-29"),
        ("moment", ""),
        ("moment", "2024-01-01 10:00:00.5 +02:00"),
        ("moment", "0" * 40),
        ("start", "2026-03-01T02:00:00Z"),
        ("start", "0001-01-01T00:00:00Z"),
        ("start", "9000-12-31T23:59:59Z"),
        ("count", 0),
        ("count", MOST),
        ("position", 1),
        ("http_status", 100),
        ("http_status", 999),
        ("seconds", 0.0),
        ("seconds", LONGEST_SECONDS),
        ("flag", True),
        ("flag", False),
        ("counts", {}),
        ("counts", {"blobs": 0, "": MOST}),
    ],
)
def test_what_has_the_form_comes_back_as_it_is(method: str, value: Any) -> None:
    assert _take(method, value) == value


@pytest.mark.parametrize(
    ("method", "values", "message"),
    [
        ("text", [*_NOT_TEXTS, "x" * ((1 << 24) + 1)], _TEXT),
        ("fingerprint", _NOT_TEXTS, _TEXT),
        (
            "fingerprint",
            ["", _FINGERPRINT[:-1], _FINGERPRINT + "0", _FINGERPRINT.upper(), "akp2" + _FINGERPRINT[4:], "\n"],
            "k: must be akp1: and 64 hexadecimal digits",
        ),
        (
            "masked",
            ["", "***", "***()", "ak_abcd", "x***(9)", "***(1234567890123)"],
            "k: must be a credential's masked form",
        ),
        ("date", ["", "2024-2-29", "2023-02-29", "2024-13-01", "20240229", "2024-02-29T", "٢٠٢٤-01-01"], _DATE),
        ("moment", ["yesterday", "0" * 41, "2024\n"], "k: has an invalid form"),
        (
            "start",
            [
                "",
                "2026-03-01",
                "2026-03-01 02:00:00Z",
                "2026-03-01T02:00:00",
                "2026-03-01T02:00:00+00:00",
                "2026-03-01T02:00:00.5Z",
                "2026-02-30T02:00:00Z",
                "2026-03-01T24:00:00Z",
                "9001-01-01T00:00:00Z",
                "0000-01-01T00:00:00Z",
                "2026-03-01T02:00:00Z\n",
                "٢٠٢٦-03-01T02:00:00Z",
            ],
            _START,
        ),
        ("count", [None, True, False, "1", 1.0, -1, MOST + 1, 10**400, [1]], _COUNT),
        ("position", [0], "k: must be at least 1"),
        ("position", [-1, True], _COUNT),
        ("http_status", [0, 99, 1000], _STATUS),
        ("seconds", [None, True, "1", -0.1, LONGEST_SECONDS + 1, float("nan"), float("inf"), 10**400, [1]], _SECONDS),
        ("flag", [None, 0, 1, "true"], "k: must be true or false"),
        ("counts", [None, [], "x", 1], "k: must be an object"),
        ("counts", [{"a": -1}, {"a": True}, {"a": "1"}, {"b": 1, "a": None}], f"k: a value{_COUNT[1:]}"),
        ("texts", [None, "x", {}, 1], "k: must be a list"),
        ("texts", [["a", 1]], "k[1]" + _TEXT[1:]),
        ("each", [None, "x", {}, 1], "k: must be a list"),
        ("each", [[{}, []]], "k[1]: must be an object"),
        ("inner", [None, "x", [], 1], "k: must be an object"),
    ],
)
def test_anything_else_is_refused_by_name(method: str, values: list[Any], message: str) -> None:
    for value in values:
        with pytest.raises(FieldError) as caught:
            _take(method, value)
        assert str(caught.value) == message, value


@pytest.mark.parametrize(
    "method",
    [
        "text",
        "texts",
        "fingerprint",
        "masked",
        "date",
        "moment",
        "start",
        "count",
        "counts",
        "position",
        "http_status",
        "seconds",
        "flag",
        "inner",
        "each",
    ],
)
def test_a_missing_field_is_said_to_be_missing(method: str) -> None:
    with pytest.raises(FieldError, match=r"^k: is missing$"):
        getattr(Fields({"other": 1}), method)("k")


def test_a_number_of_seconds_is_a_float_whatever_it_was() -> None:
    assert isinstance(_take("seconds", 3), float)


def test_the_longest_text_may_be_shorter() -> None:
    fields = Fields({"k": "abc"})
    assert fields.text("k", 3) == "abc"
    with pytest.raises(FieldError, match="at most 2 characters"):
        fields.text("k", 2)


def test_a_pattern_is_for_the_whole_text() -> None:
    fields = Fields({"k": "abc\n"})
    with pytest.raises(FieldError, match=r"^k: needs letters$"):
        fields.like("k", re.compile("[a-z]+"), "needs letters")
    assert fields.like("k", re.compile("[a-z]+\n")) == "abc\n"


def test_the_masked_forms_of_all_kinds_are_taken_and_no_credential_is() -> None:
    rng = Random("masked")
    for made in (organization_key, personal_access_token):
        secret = made(rng)
        assert _take("masked", Secret(secret.encode()).redacted)
        with pytest.raises(FieldError):
            _take("masked", secret)
    assert _take("masked", Secret(b"hunter2hunter2").redacted)


@pytest.mark.parametrize(("members", "names"), [(_Place, ["right here", "over there"]), (_Level, ["low", "high"])])
def test_a_member_is_called_by_its_value_or_a_number_by_its_name(members: type[Enum], names: list[str]) -> None:
    for name, member in zip(names, members, strict=True):
        assert Fields({"k": name}).enum("k", members) is member
    for other in ("", "HERE", "LOW", "1", "RIGHT HERE"):
        with pytest.raises(FieldError) as caught:
            Fields({"k": other}).enum("k", members)
        assert str(caught.value) == f"k: must be one of {', '.join(names)}"
    with pytest.raises(FieldError, match="must be a string"):
        Fields({"k": 1}).enum("k", members)


def test_one_of_several_by_its_name() -> None:
    assert Fields({"k": "b"}).among("k", {"a": 1, "b": None}) is None
    with pytest.raises(FieldError, match=r"^k: must be one of a, b$"):
        Fields({"k": "c"}).among("k", {"a": 1, "b": None})


def test_some_words_are_at_least_one() -> None:
    assert Fields({"k": ["b", "a", "b"]}).some("k", ("a", "b")) == ("b", "a", "b")
    for value in (None, [], "a", ["c"], ["a", 1], {"a": 1}):
        with pytest.raises(FieldError, match=r"^k: must be a list of a, b$"):
            Fields({"k": value}).some("k", ("a", "b"))
    with pytest.raises(FieldError, match=r"^k: is missing$"):
        Fields({}).some("k", ("a", "b"))


def test_lists_and_objects_come_back_in_their_order() -> None:
    fields = Fields({"k": ["b", "", "a"], "o": [{"n": 2}, {"n": 1}], "empty": []})
    assert fields.texts("k") == ("b", "", "a")
    assert [one.count("n") for one in fields.each("o")] == [2, 1]
    assert (fields.texts("empty"), fields.each("empty")) == ((), [])


def test_a_message_names_the_way_to_a_field() -> None:
    fields = Fields({"a": {"list": [{}, {"n": "x"}]}}, "report: ")
    with pytest.raises(FieldError, match=r"^report: a\.list\[1\]\.n: must be a whole number"):
        fields.inner("a").each("list")[1].count("n")
    with pytest.raises(FieldError, match=r"^report: a\.flag: is missing$"):
        fields.inner("a").flag("flag")


def test_what_is_no_object_is_called_by_where_it_is() -> None:
    values: list[Any] = [None, [], "text", 1]
    for value in values:
        with pytest.raises(FieldError, match=r"^document: must be an object$"):
            Fields(value)
        with pytest.raises(FieldError, match=r"^line 3: must be an object$"):
            Fields(value, "line 3: ")


def test_a_message_does_not_repeat_the_value() -> None:
    secret = organization_key(Random("told"))
    for method in ("fingerprint", "masked", "date", "moment", "start", "count", "flag", "seconds", "counts", "texts"):
        with pytest.raises(FieldError) as caught:
            _take(method, secret)
        assert secret not in str(caught.value)


def test_the_first_unknown_field_is_refused() -> None:
    fields = Fields({"a": 1, "b": 2, "c": 3})
    fields.only("c", "b", "a", "d")
    with pytest.raises(FieldError, match=r"^b: unknown$"):
        fields.only("a")


def test_null_is_none_where_it_may_be_and_no_field_is_only_later() -> None:
    fields = Fields({"null": None, "one": 1})
    assert (fields.maybe("null", fields.count), fields.maybe("one", fields.count)) == (None, 1)
    assert [fields.later(name, fields.count) for name in ("null", "one", "none")] == [None, 1, None]
    assert [fields.has(name) for name in ("null", "one", "none")] == [True, True, False]
    with pytest.raises(FieldError, match=r"^none: is missing$"):
        fields.maybe("none", fields.count)
    with pytest.raises(FieldError, match=r"^one: must be true or false$"):
        fields.later("one", fields.flag)
