"""CODEOWNERS by the rules of GitHub and of GitLab, with the examples of their documentation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.policy.code_owners import CodeOwners

_GITHUB = r"""
# The last matching pattern takes precedence.
*       @global-owner1 @global-owner2
*.js    @js-owner # an inline comment
*.go docs@example.com
/build/logs/ @doctocat
docs/* docs@example.com
apps/ @octocat
/scripts/ @doctocat @octocat
**/logs @logs
/apps/github
path\ with\ spaces/ @space
"""
_GITLAB = """
* @default
README.md @readme

[Documentation] @docs-team @lead
docs/
README.md @docs
docs/legal/

^[Database][2] @database
model/db/
!model/db/generated/

[documentation]
docs/api/ @api

[Empty]
config/
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x.txt", ["@global-owner1", "@global-owner2"]),
        ("deep/x.js", ["@js-owner"]),
        ("a.go", ["docs@example.com"]),
        ("build/logs/x", ["@logs"]),
        ("src/build/logs/x", ["@logs"]),
        ("docs/getting-started.md", ["docs@example.com"]),
        ("docs/build-app/troubleshooting.md", ["@global-owner1", "@global-owner2"]),
        ("src/apps/x", ["@octocat"]),
        ("apps/github/x", []),
        ("scripts/x", ["@doctocat", "@octocat"]),
        ("path with spaces/x", ["@space"]),
    ],
)
def test_github(path: str, owners: list[str]) -> None:
    assert list(CodeOwners(_GITHUB).of(path.encode())) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("x", ["@default"]),
        ("README.md", ["@readme", "@docs"]),
        ("docs/x", ["@default", "@docs-team", "@lead"]),
        ("docs/api/x", ["@default", "@api"]),
        ("model/db/x", ["@default", "@database"]),
        ("model/db/generated/x", ["@default"]),
        ("config/x", ["@default"]),
    ],
)
def test_gitlab(path: str, owners: list[str]) -> None:
    assert list(CodeOwners(_GITLAB).of(path.encode())) == owners


def test_words_that_are_no_owners() -> None:
    assert CodeOwners("* team @a me@example.org @@developer @a\n").of(b"x") == ("@a", "me@example.org", "@@developer")
    assert CodeOwners(f"* @{'x' * 300}\n").of(b"x") == ()
    assert len(CodeOwners("* " + " ".join(f"@{number}" for number in range(500))).of(b"x")) == 100


def test_a_path_that_is_not_utf_8() -> None:
    assert CodeOwners("*.env @a\n").of(b"\xff.env") == ("@a",)


@given(st.text(max_size=200), st.binary(max_size=30))
def test_whatever_it_says_nothing_breaks(text: str, path: bytes) -> None:
    assert all("@" in owner for owner in CodeOwners(f"{text}\n* @a\n").of(path))
