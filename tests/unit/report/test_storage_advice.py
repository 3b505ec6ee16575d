"""The place for a key instead of a file."""

from __future__ import annotations

import pytest

from akpatrol.report.storage_advice import storage_advice


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
