"""Which words near a credential are evidence about it: through the engine, as in real files."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import pytest

from akpatrol.detect.engine import Engine
from akpatrol.detect.keywords import WORDS, Clue
from akpatrol.model.scan import Attribution, Confidence, Exposure
from akpatrol.rules.rule_file import load
from tests.credentials import personal_access_token

if TYPE_CHECKING:
    from akpatrol.model.scan import Match

_ENGINE = Engine(load())
_LONG = personal_access_token(Random(1))


def _moderate() -> str:
    """Return a credential that is random and yet close to words, so that it can be raised and lowered."""
    for seed in range(10_000):
        token = personal_access_token(Random(seed), alphabet_name="base64url", length=20)
        if [match.confidence for match in _ENGINE.scan(token.encode())] == [Confidence.MEDIUM]:
            return token
    raise AssertionError


_MODERATE = _moderate()


def _only(text: str) -> Match:
    (match,) = _ENGINE.scan(text.encode())
    return match


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}", '"Authorization": "Bearer {}"', "-H 'authorization: bearer {}'",
        '{{"name": "Authorization",\n "value": "Bearer {}"}}',
        'token = "{}"', "API_KEY={}", "MY_SECRET_VALUE: {}", '"apiKey": "{}"', "client(password='{}')", "--token {}",
        'os.environ["SERVICE_TOKEN"] = "{}"', 'setHeader("X-Api-Key", "{}")', '<add key="ApiKey" value="{}" />',
        "- name: SERVICE_TOKEN\n  value: {}", '{{"name": "SERVICE_TOKEN",\n "value": "{}"}}',
        r'"{{\"token\":\"{}\"}}"', "&quot;token&quot;:&quot;{}&quot;", "?token={}", "token%3D{}",
        '{{"pat_key": "{}"}}', "secret => '{}'", "apikey := `{}`",
        '{{"mcpServers": {{"x": {{"args": [\n\n "{}"]}}}}}}', "https://api.anyreach.ai/mcp/\n\n\n{}",
        "X-Anyreach-Org: o\n{}",
    ],
)  # fmt: skip
def test_raises(text: str) -> None:
    assert _only(text.format(_MODERATE)).confidence is Confidence.HIGH


@pytest.mark.parametrize(
    "text",
    [
        "{}", 'key = "{}"', "value: {}", "TOKEN=x\nvalue={}", "TOKEN=1;x={}", "token, name = x, {}", "?token=1&x={}",
        r"token=1\nx={}", "token" + " " * 200 + "{}", "{} # token", "bearer" + "\n" * 200 + "{}", "the word {}",
    ],
)  # fmt: skip
def test_neutral(text: str) -> None:
    assert _only(text.format(_MODERATE)).confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "text",
    [
        "# for example\nkey={}", "{}  # a placeholder", "your_token={}", "# replace with your own\nkey = {}",
        "FAKE = {}",
        "fixtures:\n - {}", "<your key> {}",
    ],
)  # fmt: skip
def test_lowers(text: str) -> None:
    assert _only(text.format(_LONG)).confidence is Confidence.MEDIUM
    assert _only(text.format(_MODERATE)).confidence is Confidence.LOW


def test_a_placeholder_word_far_away_says_nothing() -> None:
    assert _only("example" + "." * 200 + f" {_LONG}").confidence is Confidence.HIGH


@pytest.mark.parametrize("words", [word for words in WORDS.values() for word in words])
def test_evidence_never_makes_a_credential(words: str) -> None:
    assert _ENGINE.scan(f'{words} = "pat_get_default_configuration"'.encode()) == []


@pytest.mark.parametrize(("word", "clue"), [(word, clue) for clue, words in WORDS.items() for word in words])
def test_evidence_moves_confidence_by_at_most_one(word: str, clue: Clue) -> None:
    for text in (f'{word}="{{}}"', f'anyreach Bearer {word.upper()}="{{}}"', f'# example fake {word}="{{}}" dummy'):
        match = _only(text.format(_LONG))
        assert match.confidence >= Confidence.MEDIUM
        assert clue is not Clue.PLACEHOLDER or match.confidence is Confidence.MEDIUM


@pytest.mark.parametrize(
    "name",
    [
        "NEXT_PUBLIC_KEY", "VITE_KEY", "REACT_APP_KEY", "NUXT_PUBLIC_KEY", "GATSBY_KEY", "EXPO_PUBLIC_KEY",
        "PUBLIC_KEY",
        "VUE_APP_KEY", "NG_APP_KEY", "STORYBOOK_KEY",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "text",
    [
        "{}={}", 'process.env.{} || "{}"', '{{"{}": "{}"}}', "- name: {}\n  value: {}", "ENV {} {}",
        r'"process.env.{}": JSON.stringify("{}")', "export {}='{}'",
    ],
)  # fmt: skip
def test_what_is_assigned_to_a_browsers_name_is_in_a_browser(text: str, name: str) -> None:
    assert _only(text.format(name, _LONG)).exposure is Exposure.BROWSER


@pytest.mark.parametrize(
    "text",
    [
        "NEXT_PUBLIC_URL=https://x.org\nSERVER={}", "INVITE_KEY={}", "MY_PUBLIC_KEY={}", "VITE_A=1; B={}",
        "vite_key={}",
        r"VITE_A=1\nB={}", "{} VITE_KEY", "VITE_A: 1, B: {}",
    ],
)  # fmt: skip
def test_a_browsers_name_that_stands_elsewhere_says_nothing(text: str) -> None:
    assert _only(text.format(_LONG)).exposure is None


def test_only_anyreachs_names_attribute() -> None:
    assert _only(f"ANYREACH_TOKEN={_LONG}").attribution is Attribution.LIKELY
    assert _only(f'{{"url": "https://api.anyreach.ai/mcp/",\n"x": "{_LONG}"}}').attribution is Attribution.LIKELY
    assert _only(f'{{"mcpServers": "{_LONG}"}}').attribution is Attribution.OPEN
    assert _only("anyreach" + "." * 600 + f" {_LONG}").attribution is Attribution.OPEN
