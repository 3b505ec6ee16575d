from __future__ import annotations

from urllib.parse import unquote_to_bytes

import pytest

from akpatrol.report.sarif_places import repository_uri
from tests import reports


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("https://jane:hunter2@git.example.org:8443/a b.git?x#y", "https://git.example.org:8443/a%20b.git"),
        ("git@git.example.org:acme/shop.git", "ssh://git.example.org/acme/shop.git"),
        ("ssh://git@git.example.org/x", "ssh://git.example.org/x"),
        ("../sibling", "file:///src/shop/"),
        ("https://[broken", "file:///src/shop/"),
        ("javascript:alert(1)", "ssh://javascript/alert%281%29"),
        ("ext::sh -c id", "ssh://ext/%3Ash%20-c%20id"),
        ("", "file:///src/shop/"),
    ],
)
def test_repository_uris(remote: str, expected: str) -> None:
    assert repository_uri(reports.target(remote=remote), str) == expected


def test_a_file_uri_keeps_the_bytes() -> None:
    target = reports.target(base="/src/caf\udce9 x", root="/src/caf\udce9 x", remote=None)
    assert unquote_to_bytes(repository_uri(target, str) or "") == b"file:///src/caf\xe9 x/"
