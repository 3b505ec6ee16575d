"""Files as they lie on disk: whatever they are called and hold, what is in them is found where it is."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from tests.credentials import organization_key, personal_access_token
from tests.program import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.conftest import Run

    NewKey = Callable[[], str]

_ODD_NAMES = [
    b".env",
    b"node_modules/pkg/index.js",
    b"a name with  spaces.txt",
    b"line\nbreak.txt",
    b"tab\tand\x1b[31mcolour",
    b"caf\xe9.txt",
    "zoë/配置.txt".encode(),
    b"-rf",
    b"--",
    b"\\x41",
    b"*?[a]",
    b"CON",
    b".gitignore",
    b"x" * 255,
]


def _write(root: Path, name: bytes, content: bytes) -> None:
    full = os.path.join(os.fsencode(root), name)
    os.makedirs(os.path.dirname(full), exist_ok=True)
    with open(full, "wb") as stream:
        stream.write(content)


@pytest.mark.parametrize("name", _ODD_NAMES, ids=ascii)
def test_odd_names(run: Run, tmp_path: Path, key: str, name: bytes) -> None:
    _write(tmp_path, name, b"first\nKEY=" + key.encode() + b"\n")
    result = run("scan", tmp_path)
    assert result.code == 1
    found = result.one(key)
    assert (found["line"], found["column"], found["offset"], found["place"]) == (2, 5, 10, "content")
    assert found["path"].encode("utf-8") == name or "\\x" in found["path"]
    assert result.complete


def test_undecodable_names_stay_apart(run: Run, tmp_path: Path, new_key: NewKey) -> None:
    """Bytes that are no UTF-8 are made visible one to one: no two names look the same in the report."""
    names = [b"caf\xe9", b"caf\\xe9", "café".encode(), b"caf\\x5cxe9"]
    keys = [new_key() for _ in names]
    for name, key in zip(names, keys, strict=True):
        _write(tmp_path, name, key.encode())
    result = run("scan", tmp_path)
    assert len({result.one(key)["path"] for key in keys}) == len(names)


@pytest.mark.parametrize(
    ("before", "line", "column"),
    [
        (b"", 1, 1),
        (b"\n", 2, 1),
        (b"no end of line: ", 1, 17),
        ("äöü€😀 ".encode(), 1, 7),
        (b"\xff\xfe\xe2\x82 ", 1, 6),
        (b"\x00\x01\x00\x7fELF\x00", 1, 9),
        (b"\r\n\r\n  ", 3, 3),
        (b"a\rb\r", 1, 5),
        (b"\x0b\x0c\x85", 1, 4),
        ("\u2028".encode(), 1, 2),
    ],
)
def test_position(run: Run, tmp_path: Path, key: str, before: bytes, line: int, column: int) -> None:
    """Lines end at a line feed alone, columns count characters, a byte that is none counts as one."""
    (tmp_path / "file").write_bytes(before + key.encode())
    found = run("scan", tmp_path).one(key)
    assert (found["line"], found["column"], found["offset"]) == (line, column, len(before))
    assert (found["end_line"], found["end_column"]) == (line, column + len(key))


def test_long_line(run: Run, tmp_path: Path, key: str) -> None:
    """The column is right after many megabytes of one line with characters of all lengths."""
    unit = "aé€😀".encode() + b"\xff "
    before = unit * 1_200_000
    (tmp_path / "bundle.js").write_bytes(before + b"'" + key.encode() + b"'" + unit * 10)
    found = run("scan", tmp_path, "--jobs", "1").one(key)
    assert (found["line"], found["column"], found["offset"]) == (1, 6 * 1_200_000 + 2, len(before) + 1)
    assert len(found["context"]) <= 200


def test_two_on_a_line(run: Run, tmp_path: Path, new_key: NewKey, token: str) -> None:
    one, two = new_key(), new_key()
    (tmp_path / "f").write_text(f"{one} {two};{token}\n")
    result = run("scan", tmp_path)
    assert [result.one(each)["column"] for each in (one, two, token)] == [1, len(one) + 2, len(one) + len(two) + 3]
    for each in (one, two, token):
        assert each not in result.one(one)["context"]


def test_one_credential_in_forty_places(run: Run, tmp_path: Path, key: str) -> None:
    for number in range(20):
        (tmp_path / f"f{number:02}").write_text(f"{key}\n{key}")
    result = run("scan", tmp_path)
    assert len(result.json["credentials"]) == 1
    assert len(result.found(key)) == 40
    assert result.json["summary"]["credentials"] == 1


def test_start_and_end_of_a_file_of_blocks(run: Run, tmp_path: Path, new_key: NewKey) -> None:
    first, last = new_key(), new_key()
    size = 9 << 20
    filler = b"all work and no play\n" * (size // 21)
    (tmp_path / "f").write_bytes(first.encode() + b"\n" + filler + last.encode())
    result = run("scan", tmp_path)
    assert result.one(first)["offset"] == 0
    assert result.one(last)["offset"] == len(first) + 1 + len(filler)
    assert result.one(last)["line"] == 2 + len(filler) // 21


@pytest.mark.parametrize("distance", [0, 1, 3, 20, 47])
def test_block_edge(run: Run, tmp_path: Path, key: str, distance: int) -> None:
    before = b"x" * ((4 << 20) - distance - 1) + b"\n"
    (tmp_path / "f").write_bytes(before + key.encode() + b"\n" + b"y" * 100)
    found = run("scan", tmp_path).one(key)
    assert (found["line"], found["column"], found["offset"]) == (2, 1, len(before))


def test_credential_in_names(run: Run, tmp_path: Path, new_key: NewKey) -> None:
    in_file, in_directory, in_link = new_key(), new_key(), new_key()
    (tmp_path / f"backup {in_file}.txt").write_bytes(b"")
    for number in range(3):
        _write(tmp_path, f"of-{in_directory}".replace("of-", "of ").encode() + b"/sub/%d" % number, b"")
    (tmp_path / f"to {in_link}").symlink_to("nowhere")
    result = run("scan", tmp_path)
    for key in (in_file, in_directory, in_link):
        found = result.one(key)
        assert (found["place"], found["line"], found["column"]) == ("path", None, None)
        assert key not in str(found)
    assert result.one(in_directory)["path"].endswith(")")


def test_empty_directory(run: Run, tmp_path: Path) -> None:
    result = run("scan", tmp_path)
    assert (result.code, result.complete) == (3, False)
    assert result.json["credentials"] == []


def test_empty_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    result = run("scan", tmp_path)
    assert (result.code, result.json["coverage"]["counts"]) == (0, {"files": 1})


def test_default_is_the_current_directory(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_text(key)
    assert run("scan", cwd=tmp_path).one(key)["path"] == "f"


def test_named_file(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "f").write_text(key)
    result = run("scan", "sub/f", cwd=tmp_path)
    assert result.one(key)["path"] == "f"
    assert result.json["scan"]["targets"][0]["kind"] == "file"


@pytest.mark.parametrize("paths", [(".", "src"), ("src", "."), ("src/f", "."), (".", "./", ".", "src/../src/f")])
def test_overlapping_paths(run: Run, tmp_path: Path, new_key: NewKey, paths: tuple[str, ...]) -> None:
    """What lies in two of the named paths is one occurrence."""
    content, name = new_key(), new_key()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f").write_text(f"{content}\n{content}\n")
    (tmp_path / "src" / f"with {name}").touch()
    result = run("scan", *paths, cwd=tmp_path)
    assert len(result.found(content)) == 2
    assert len(result.found(name)) == 1


def test_same_path_twice_is_one_target(run: Run, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(".")
    result = run("scan", ".", "./", tmp_path, "link", cwd=tmp_path)
    assert len(result.json["scan"]["targets"]) == 1


def test_exclude(run: Run, tmp_path: Path, new_key: NewKey) -> None:
    """Patterns are as in .gitignore; a directory that is left out counts once."""
    kept, gone = new_key(), new_key()
    for name, content in {"a.log": gone, "keep.log": kept, "vendor/x/y": gone, "src/vendor.py": kept}.items():
        _write(tmp_path, name.encode(), content.encode())
    result = run("scan", tmp_path, "--exclude", "*.log", "--exclude", "!keep.log", "--exclude", "vendor/")
    assert result.excluded == {"exclude_option": 2}
    assert (len(result.found(kept)), len(result.found(gone))) == (2, 0)
    assert result.complete


@pytest.mark.parametrize("pattern", ["[z-a]x", "*.log", "\udcff*.log"])
def test_exclude_beside_a_name_that_is_not_utf_8(run: Run, tmp_path: Path, new_key: NewKey, pattern: str) -> None:
    key = new_key()
    _write(tmp_path, b"\xff.txt", key.encode())
    result = run("scan", tmp_path, "--exclude", pattern)
    assert result.code == (2 if "z-a" in pattern else 1), result.err
    assert "z-a" in pattern or result.found(key)


def test_a_credential_that_is_a_name_ends_where_the_name_does(run: Run, tmp_path: Path, new_key: NewKey) -> None:
    keys = [new_key() for _ in range(3)]
    for key in keys:
        (tmp_path / key).write_text("")
    result = run("scan", tmp_path)
    assert [result.one(key, "path")["end"] for key in keys] == ["certain"] * 3


def test_binary(run: Run, tmp_path: Path, rng: Random) -> None:
    key, token = organization_key(rng), personal_access_token(rng)
    noise = rng.randbytes(100_000)
    (tmp_path / "core").write_bytes(noise + b"\0" + key.encode() + b"\0" + noise + b"\0" + token.encode() + b"\0")
    result = run("scan", tmp_path)
    assert result.one(key)["offset"] == len(noise) + 1
    assert result.one(token)["offset"] == 2 * len(noise) + len(key) + 3


def test_deep_directories(run: Run, tmp_path: Path, key: str) -> None:
    """A file is found however deep it lies, as long as its path can be named."""
    deep = tmp_path
    for number in range(200):
        deep /= f"d{number}"
    deep.mkdir(parents=True)
    (deep / "f").write_text(key)
    assert run("scan", tmp_path).one(key)["line"] == 1


def test_path_too_long_to_name_is_said(run: Run, tmp_path: Path, key: str) -> None:
    """A path longer than the system's limit is read or skipped, never passed over."""
    handle = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("x" * 250, dir_fd=handle)
        below = os.open("x" * 250, os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = below
    file = os.open("f", os.O_WRONLY | os.O_CREAT, dir_fd=handle)
    os.write(file, key.encode())
    os.close(file)
    os.close(handle)
    result = run("scan", tmp_path)
    assert result.found(key) or (result.code == 3 and result.skipped)


def test_a_file_named_alone_has_its_own_path(tmp_path: Path, key: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/f").write_text(key)
    for cwd, name in ((tmp_path, "d/f"), (tmp_path / "d", "f")):
        assert f"  {name}:1:1".encode() in inside("scan", name, cwd=cwd).out
        report = json.loads(inside("scan", name, "-f", "sarif", cwd=cwd).out)
        place = report["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert place == "f"


def test_the_other_half_of_a_key_is_masked_too(tmp_path: Path, key: str) -> None:
    """The id is shown, so the secret part alone would be the whole."""
    half = key.partition(".")[2]
    (tmp_path / "f").write_text(f"{key} {half} u={key.replace('.', '%2E')}\n")
    for format_ in ("text", "json", "sarif"):
        assert half.encode() not in inside("scan", tmp_path, "-f", format_).out


def test_without_git_what_is_found_is_told(tmp_path: Path, key: str) -> None:
    (tmp_path / ".git/objects").mkdir(parents=True)
    (tmp_path / ".git/refs").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main")
    (tmp_path / "f").write_text(key)
    assert inside("scan", tmp_path, variables={"PATH": "/nonexistent"}).code == 1
