"""Addresses of log services, and the credentials for them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.errors import UsageError
from akpatrol.sources.logs import address, logins
from akpatrol.sources.logs.service import LogError

if TYPE_CHECKING:
    from pathlib import Path

_HOST = "logs.example.org:9200"


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("elasticsearch+https://Logs.example.org", "elasticsearch+https://logs.example.org"),
        ("elasticsearch+https://logs.example.org:9200/", "elasticsearch+https://logs.example.org:9200"),
        (
            "opensearch+https://logs.example.org/logs-*,-logs-old",
            "opensearch+https://logs.example.org/logs-*,-logs-old",
        ),
        ("elasticsearch+http://localhost:9200/logs", "elasticsearch+http://localhost:9200/logs"),
        ("elasticsearch+http://[::1]:9200/.ds-logs", "elasticsearch+http://[::1]:9200/.ds-logs"),
    ],
)
def test_addresses(word: str, root: str) -> None:
    assert address.parse(word).root == root
    assert address.parse(root).root == root


@pytest.mark.parametrize(
    "word",
    [
        "elasticsearch+http://logs.example.org/logs",
        "elasticsearch://logs.example.org/logs",
        "elasticsearch+ftp://logs.example.org/logs",
        "elasticsearch+https:///logs",
        "elasticsearch+https://logs.example.org/a/b",
        "elasticsearch+https://logs.example.org/a b",
        "elasticsearch+https://logs.example.org/a?pretty",
        "elasticsearch+https://logs.example.org/%2e%2e",
        "elasticsearch+https://-logs/a",
    ],
)
def test_what_is_none(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        address.parse(word)
    assert caught.value.hint


def test_a_password_in_an_address_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        address.parse("elasticsearch+https://elastic:hunter2@logs.example.org/logs")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@given(st.text(max_size=60))
def test_any_text_is_an_address_or_an_error(text: str) -> None:
    try:
        parsed = address.parse(f"elasticsearch+https://{text}")
    except UsageError:
        return
    assert address.parse(parsed.root) == parsed


def given_by(**variables: str) -> str:
    """Return the header for the host that the environment names."""
    secret = logins.authorization(_HOST, {"AKPATROL_LOGS_HOST": _HOST, **variables})
    return secret.reveal().decode() if secret else ""


def test_the_forms_of_credentials(tmp_path: Path) -> None:
    assert given_by() == ""
    assert given_by(AKPATROL_LOGS_API_KEY="encoded==") == "ApiKey encoded=="
    assert given_by(AKPATROL_LOGS_API_KEY="id:key") == "ApiKey " + base64.b64encode(b"id:key").decode()
    assert given_by(AKPATROL_LOGS_TOKEN="jwt") == "Bearer jwt"
    basic = "Basic " + base64.b64encode("elastic:é".encode()).decode()
    assert given_by(AKPATROL_LOGS_USER="elastic", AKPATROL_LOGS_PASSWORD="é") == basic
    file = tmp_path / "password"
    file.write_text("é\n")
    assert given_by(AKPATROL_LOGS_USER="elastic", AKPATROL_LOGS_PASSWORD_FILE=str(file)) == basic


def test_credentials_are_for_one_host_and_print_as_a_mask() -> None:
    variables = {"AKPATROL_LOGS_HOST": "LOGS.example.org:9200", "AKPATROL_LOGS_API_KEY": "encoded"}
    secret = logins.authorization(_HOST, variables)
    assert "encoded" not in f"{secret!r} {secret}"
    for other in ("logs.example.org", "logs.example.org:9201", "example.org"):
        assert logins.authorization(other, variables) is None


def test_credentials_that_cannot_be_sent(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for file in ("empty", "absent"):
        with pytest.raises(LogError, match="AKPATROL_LOGS_TOKEN_FILE"):
            given_by(AKPATROL_LOGS_TOKEN_FILE=str(tmp_path / file))
    for value in ("a\r\nX-Other: 1", "é"):
        with pytest.raises(LogError) as caught:
            given_by(AKPATROL_LOGS_TOKEN=value)
        assert value not in str(caught.value)
