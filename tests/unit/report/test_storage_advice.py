"""The place for a key instead of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from akpatrol.report.storage_advice import storage_advice, variable_of

if TYPE_CHECKING:
    from akpatrol.report.view import CredentialView


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("src/app.py", 'os.environ["ANYREACH_API_KEY"], from a secret manager or an ignored .env'),
        ("web/Page.TSX", "process.env.ANYREACH_API_KEY, from a secret manager or an ignored .env"),
        ("deploy.yml", "${ANYREACH_API_KEY}, from a secret manager or an ignored .env"),
        ("notes", "an environment variable, from a secret manager or an ignored .env"),
        (None, "an environment variable, from a secret manager or an ignored .env"),
        (".env", "keep .env out of git: add it to .gitignore, then run: git rm --cached -- .env"),
        ("a/.env.local", "keep .env.local out of git: add it to .gitignore, then run: git rm --cached -- a/.env.local"),
    ],
)
def test_instead(path: str | None, words: str) -> None:
    assert storage_advice(path) == words


@pytest.mark.parametrize(
    ("kind", "rule_id", "variable"),
    [
        ("organization_key", "anyreach-organization-key", "ANYREACH_API_KEY"),
        ("custom", "acme-access.token", "ACME_ACCESS_TOKEN"),
        ("custom", "generic-api-key", "API_KEY"),
        ("custom", "1corp", "SECRET"),
        ("custom", "$(rm)", "RM"),
        ("custom", "'\";--", "SECRET"),
        ("custom", "x" * 41, "SECRET"),
        ("custom", "", "SECRET"),
    ],
)
def test_the_variable_is_named_after_the_rule(kind: str, rule_id: str, variable: str) -> None:
    view = cast("CredentialView", {"kind": kind, "rule_ids": [rule_id] if rule_id else []})
    assert variable_of(view) == variable
    assert storage_advice("f.sh", variable).startswith(f"${{{variable}}}, ")
    assert storage_advice("f.tf", variable).startswith(f"a variable, which TF_VAR_{variable.lower()} sets")
