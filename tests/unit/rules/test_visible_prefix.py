"""Which beginning of a credential its mask shows: never a character that the rule's pattern does not fix."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.scan import Secret
from akpatrol.rules.rule import Rule
from akpatrol.rules.visible_prefix import LEAST_HIDDEN, LONGEST, PRIVATE_KEY, visible_prefix
from akpatrol.validate.fields import Fields

_LOWER = "abcdefghijklmnopqrstuvwxyz"
_PUBLIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_-.:"
# Classes of secret characters: none may be shown, whether fixed text follows or not.
_CLASSES = {"[a-z]": _LOWER, "[a-z0-9]": _LOWER + "0123456789", r"\d": "0123456789", r"[\w-]": _LOWER + "-_"}


def _rule(regex: str, secret_group: int = 0) -> Rule:
    return Rule("own", "", regex, secret_group=secret_group)


@pytest.mark.parametrize(
    ("regex", "secret", "shown"),
    [
        (r"\b((?:AC1[A-Z0-9]|ACME|ADME)[A-Z2-7]{16})\b", "ACME" + "Q" * 16, "ACME"),
        (r"\b((?:AC1[A-Z0-9]|ACME|ADME)[A-Z2-7]{16})\b", "AC1Z" + "Q" * 17, "AC1"),
        (r"acm[xyz]-[0-9]{20}", "acmx-" + "1" * 20, "acm"),
        (r"acm[xy]-[0-9]{20}", "acmx-" + "1" * 20, "acmx-"),
        (r"(?i)\bacme_[a-z0-9]{20}", "ACME_" + "a" * 20, "ACME_"),
        (r"(?:sk|rk)_(?:test|live)_[a-z]{20}", "rk_live_" + "a" * 20, "rk_live_"),
        (r"(acme|acme_live)_[a-z_]{30}", "acme_live_" + "a" * 30, "acme"),
        (r"key = (acme_[a-z]{20})|name = (\w{40})", "acme_" + "a" * 35, ""),
        (r"key = (acme_[a-z]{20})|name = (other_\w{40})", "acme_" + "a" * 20, "acme_"),
        (r"(name) = (acme_[a-z]{20})", "acme_" + "a" * 20, "acme_"),
        (r"(?:https?://)?acme\.example/[a-z]{40}", "https://acme.example/" + "a" * 40, ""),
        (r"[01]{40}", "01" * 20, "0101"),
        (r"acme[a-z]{15}", "acme" + "a" * 15, ""),
        (r"acme = [a-z]{15}", "acme = " + "a" * 20, "acme"),
        (r"ac\x{e9}me[a-z]{15}", "acéme" + "a" * 20, "ac"),
        (r"averylongbeginning_[a-z]{40}", "averylongbeginning_" + "a" * 40, "averylongbeginni"),
        (r"acme_fixed_text_throughout_it", "acme_fixed_text_throughout_it", ""),
        (r"(?=what python knows)acme_[a-z]{20}", "acme_" + "a" * 20, ""),
        (r"[a-z]{30}", "acme_" + "a" * 20, ""),
    ],
)
def test_shown(regex: str, secret: str, shown: str) -> None:
    assert visible_prefix(_rule(regex), secret.encode("latin-1")) == shown


@pytest.mark.parametrize("label", ["", "RSA ", "OPENSSH ", "ENCRYPTED ", "PGP "])
def test_private_key(label: str) -> None:
    """Only that it is one, and not even of which form."""
    rule = _rule(r"(?i)-----BEGIN[ A-Z0-9_-]{0,100}PRIVATE KEY(?: BLOCK)?-----[\s\S-]{64,}?KEY(?: BLOCK)?-----")
    block = " BLOCK" * (label == "PGP ")
    key = f"-----BEGIN {label}PRIVATE KEY{block}-----\n{'Q' * 64}\n-----END {label}PRIVATE KEY{block}-----".encode()
    assert visible_prefix(rule, key) == PRIVATE_KEY
    assert visible_prefix(_rule(r"-----BEGIN[ A-Z]*PRIVATE KEY-----"), key[: key.find(b"\n")]) == ""
    assert visible_prefix(_rule(r"(?s).{80,}"), key) == ""


def test_time_is_bounded_for_patterns_of_many_choices() -> None:
    rule = _rule("(?:a|b)(?:a|aa)" * 30 + "[a-z]{40}")
    assert len(visible_prefix(rule, b"a" * 120)) <= LONGEST
    assert len(visible_prefix(_rule("(?:a|b|(?:c|d|(?:e|)))" * 30 + "z{40}"), b"a" * 70)) <= LONGEST


@given(
    literal=st.text(_PUBLIC, max_size=24),
    parts=st.lists(st.sampled_from([*_CLASSES]), min_size=1, max_size=3),
    sizes=st.lists(st.integers(1, 24), min_size=3, max_size=3),
    between=st.text(_PUBLIC, max_size=4),
    form=st.sampled_from([r"\b(%s)\b", "%s", r"(?:^|[\s=])(%s)(?:$|\s)", r"\w{0,20}[=:]\s*(%s)", "(?P<key>%s)"]),
    data=st.data(),
)
def test_no_character_beyond_the_literal_is_shown(
    literal: str, parts: list[str], sizes: list[int], between: str, form: str, data: st.DataObject
) -> None:
    body, secret = "", literal
    for name, size in zip(parts, sizes, strict=False):
        body += f"{name}{{{size}}}{re.escape(between)}"
        secret += data.draw(st.text(_CLASSES[name], min_size=size, max_size=size)) + between
    shown = visible_prefix(_rule(form % (re.escape(literal) + body)), secret.encode())
    expected = literal[:LONGEST] if len(secret) - len(literal) >= LEAST_HIDDEN else ""
    assert shown == expected
    redacted = Secret(secret.encode(), shown).redacted
    assert redacted == f"{expected}***({len(secret)})"
    assert Fields({"redacted": redacted}).masked("redacted") == redacted


@given(st.lists(st.text(_PUBLIC, min_size=1, max_size=6), min_size=1, max_size=6), st.data())
def test_of_several_literals_only_the_one_that_is_there(choices: list[str], data: st.DataObject) -> None:
    chosen = data.draw(st.sampled_from(choices))
    secret = chosen + data.draw(st.text(_LOWER, min_size=20, max_size=20))
    shown = visible_prefix(_rule(f"(?:{'|'.join(map(re.escape, choices))})[a-z]{{20}}"), secret.encode())
    assert chosen.startswith(shown)
