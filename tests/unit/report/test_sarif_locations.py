from __future__ import annotations

from typing import Any
from urllib.parse import unquote_to_bytes

import pytest

from akpatrol.model.scan import Place, State
from akpatrol.report.sarif_locations import repository_uri
from tests import reports
from tests.unit.report.sarif import COMMIT, KEY, one


def uri(place: Any, **changes: Any) -> str:
    found: str = one(place, **changes)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    return found


def test_a_place() -> None:
    location = one(reports.occurrence(KEY))["locations"][0]
    assert location["physicalLocation"]["artifactLocation"] == {
        "uri": "config/settings.py",
        "uriBaseId": "SRCROOT",
    }
    assert location["physicalLocation"]["region"] == {
        "startLine": 12,
        "startColumn": 12,
        "endLine": 12,
        "endColumn": 12 + len(KEY),
    }


@pytest.mark.parametrize(
    ("changes", "region"),
    [
        ({"line": None}, None),
        ({"column": None}, {"startLine": 12}),
        ({"end_line": 11}, {"startLine": 12, "startColumn": 12}),
    ],
)
def test_regions_that_are_not_whole(changes: dict[str, Any], region: Any) -> None:
    assert one(reports.occurrence(KEY, **changes))["locations"][0]["physicalLocation"].get("region") == region


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (b"a b/c#d?.py", "a%20b/c%23d%3F.py"),
        (b"caf\xe9", "caf%E9"),
        ("caf\u00e9".encode(), "caf%C3%A9"),
        (b"a:b", "a%3Ab"),
        (b"a\\b\n%41", "a%5Cb%0A%2541"),
        (b"/abs", "abs"),
    ],
)
def test_uris_are_encoded_from_raw_bytes(path: bytes, expected: str) -> None:
    assert uri(reports.occurrence(KEY, path=path)) == expected


@pytest.mark.parametrize(
    ("root", "base", "path", "expected"),
    [
        ("/src/shop/web", "/src/shop", b"a.js", "web/a.js"),
        ("/src/shop/web/a.js", "/src/shop", None, "web/a.js"),
        ("/src/shop", None, b"a.js", "a.js"),
        ("/src/a.js", None, b"", "a.js"),
        ("/elsewhere", "/src/shop", b"a.js", "a.js"),
        ("-", None, None, "stdin"),
    ],
)
def test_uris_are_relative_to_the_repository(root: str, base: str | None, path: bytes | None, expected: str) -> None:
    target = reports.target(root=root, base=base)
    assert uri(reports.occurrence(KEY, path=path), targets=(target,)) == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"place": Place.COMMIT_MESSAGE, "path": None, "introduced": COMMIT}, "git/commit/" + "ab" * 20),
        ({"place": Place.AUTHOR, "path": None, "object": "cd" * 20}, "git/commit/" + "cd" * 20),
        ({"place": Place.TAG_MESSAGE, "path": None, "object": "cd" * 20}, "git/tag/" + "cd" * 20),
        ({"place": Place.REF_NAME, "path": None, "refs": ("refs/heads/a b",)}, "git/refs/heads/a%20b"),
        ({"place": Place.REF_NAME, "path": None}, "git/refs"),
        ({"place": Place.GIT_DIR, "path": b"config"}, "git/directory/config"),
        ({"place": Place.GIT_DIR, "path": b".git/config"}, "git/directory/config"),
    ],
)
def test_what_is_no_file_has_a_logical_place(changes: dict[str, Any], expected: str) -> None:
    place = reports.occurrence(KEY, state=State.PRESENT, **changes)
    assert uri(place) == expected
    assert one(place)["locations"][0]["logicalLocations"][0]["kind"] == changes["place"]


def test_a_member_of_a_container_has_a_logical_place_too() -> None:
    found = one(reports.occurrence(KEY, path=b"app.zip", containers=("a.py",)))
    assert found["locations"][0]["logicalLocations"] == [{"fullyQualifiedName": "app.zip > a.py", "kind": "member"}]


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
