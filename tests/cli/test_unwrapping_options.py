"""The options that bound unwrapping, and what cannot be opened: said, accepted or left out, and never passed over."""

from __future__ import annotations

import gzip
import struct
import zlib
from base64 import b64encode
from binascii import b2a_hex
from typing import TYPE_CHECKING

import pytest

from tests.corpus import packing, spellings
from tests.corpus.artifact import raw
from tests.corpus.text import log, prose
from tests.credentials import organization_key
from tests.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.conftest import Result, Run

    NewKey = Callable[[], str]


@pytest.fixture
def tree(tmp_path: Path, new_key: NewKey) -> dict[str, str]:
    """Write a file in each kind of wrapping; return the secrets by the kind."""
    secrets = {kind: new_key() for kind in ("plain", "encoded", "packed", "both")}
    directory = tmp_path / "tree"
    directory.mkdir()
    (directory / "plain").write_text(secrets["plain"])
    (directory / "encoded").write_bytes(spellings.base64(raw(secrets["encoded"])).data)
    (directory / "packed").write_bytes(packing.gzipped(raw(secrets["packed"])).data)
    (directory / "both").write_bytes(packing.gzipped(spellings.base64(raw(secrets["both"]))).data)
    return secrets


@pytest.mark.parametrize(
    ("options", "kinds"),
    [
        ((), {"plain", "encoded", "packed", "both"}),
        (("--no-decode",), {"plain", "packed"}),
        (("--no-containers",), {"plain", "encoded"}),
        (("--no-decode", "--no-containers"), {"plain"}),
    ],
)
def test_switched_off(
    run: Run, tmp_path: Path, tree: dict[str, str], options: tuple[str, ...], kinds: set[str]
) -> None:
    """What is not asked for is no gap."""
    result = run("scan", tmp_path / "tree", *options)
    assert {kind for kind, secret in tree.items() if result.found(secret)} == kinds
    assert (result.code, result.complete) == (1, True)


@pytest.mark.parametrize("command", ["history", "staged"])
def test_switched_off_in_a_repository(run: Run, repo: Repository, key: str, command: str) -> None:
    repo.write("a.gz", gzip.compress(key.encode()))
    repo.git("add", ".")
    if command == "history":
        repo.commit()
    assert run(command, cwd=repo.path).one(key)["containers"] == ["gzip"]
    assert run(command, "--no-containers", cwd=repo.path).code == 0


@pytest.mark.parametrize(("depth", "found"), [("1", False), ("2", True)])
def test_decode_depth(run: Run, tmp_path: Path, key: str, depth: str, found: bool) -> None:
    (tmp_path / "f").write_bytes(spellings.base64(spellings.base64(raw(key))).data)
    result = run("scan", tmp_path, "--decode-depth", depth)
    assert (bool(result.found(key)), result.complete) == (found, found)
    assert found or "--decode-depth" in result.skipped[0]["reason"]


@pytest.mark.parametrize(("depth", "found"), [("2", False), ("3", True)])
def test_max_depth(run: Run, tmp_path: Path, key: str, depth: str, found: bool) -> None:
    data = packing.zip_bytes({"b.tar": packing.tar_bytes({"a.gz": gzip.compress(key.encode())})})
    (tmp_path / "f.zip").write_bytes(data)
    result = run("scan", tmp_path, "--max-depth", depth)
    assert (bool(result.found(key)), result.complete) == (found, found)
    assert found or "--max-depth" in result.skipped[0]["reason"]


@pytest.mark.parametrize(("members", "found"), [("9", False), ("10", True)])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_max_members(run: Run, tmp_path: Path, key: str, kind: str, members: str, found: bool) -> None:
    packed = {f"{number}": b"x" for number in range(9)} | {"last": key.encode()}
    (tmp_path / "f").write_bytes(packing.zip_bytes(packed) if kind == "zip" else packing.tar_bytes(packed))
    result = run("scan", tmp_path, "--max-members", members)
    # What no member showed may still stand in the container's own bytes.
    ways = [place["containers"] for place in result.found(key) if place["containers"]]
    assert (ways, result.complete) == ([[f"{kind}:last"]] if found else [], found)
    assert found or "--max-members" in result.skipped[0]["reason"]


@pytest.mark.parametrize(
    ("option", "size", "found"),
    [
        ("--max-expanded", "2M", False),
        ("--max-expanded", "2MiB", False),
        ("--max-expanded", "2048K", False),
        ("--max-expanded", "4m", True),
        ("--max-expanded-overall", "2097152", False),
        ("--max-expanded-overall", "1G", True),
    ],
)
def test_max_expanded(run: Run, tmp_path: Path, rng: Random, key: str, option: str, size: str, found: bool) -> None:
    """What came before the limit is found; a container that the caller names has none."""
    early = organization_key(rng)
    (tmp_path / "f.gz").write_bytes(gzip.compress(f"{early}\n".encode() + b"\n" * (3 << 20) + f"{key}\n".encode()))
    result = run("scan", tmp_path, option, size)
    assert result.found(early)
    assert (bool(result.found(key)), result.complete) == (found, found)
    assert found or option in result.skipped[0]["reason"]
    assert run("scan", tmp_path / "f.gz", option, size).found(key)


def test_max_seconds(run: Run, tmp_path: Path) -> None:
    (tmp_path / "f.gz").write_bytes(gzip.compress(bytes(9 << 20)))
    result = run("scan", tmp_path, "--max-seconds", "0.000001")
    assert result.code == 3
    assert "--max-seconds" in result.skipped[0]["reason"]


def test_max_ratio_counts_beyond_a_gibibyte(run: Run, tmp_path: Path, rng: Random, key: str) -> None:
    """Logs compress a thousandfold: less than that much of them is opened whatever the ratio."""
    (tmp_path / "app.log.gz").write_bytes(gzip.compress(log(rng, 3).encode() * 50_000 + key.encode()))
    assert run("scan", tmp_path, "--max-ratio", "1").found(key)


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--decode-depth", value) for value in ("0", "-1", "x", "1.5")),
        *((option, value) for option in ("--max-depth", "--max-members", "--max-ratio") for value in ("0", "x")),
        *((option, "") for option in ("--max-expanded", "--max-expanded-overall")),
        *(("--max-expanded", value) for value in ("0", "0G", "-1", "5X", "1.5G", "G", "1GG", "1 G")),
        *(("--max-seconds", value) for value in ("0", "-1", "soon")),
        ("--no-decode=yes",),
    ],
    ids=" ".join,
)
def test_wrong_values(run: Run, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    result = run("scan", tmp_path, *arguments)
    assert (result.code, result.json) == (2, {})
    assert arguments[0].partition("=")[0] in result.err


def _encrypted(rng: Random) -> bytes:
    """The bit that says so, in both headers, and data that nobody can read."""
    data = bytearray(packing.zip_bytes({"secret.txt": rng.randbytes(500)}))
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    return bytes(data)


def _seven_zip(rng: Random) -> bytes:
    start = struct.pack("<QQL", 1000, 50, 0)
    return b"7z\xbc\xaf\x27\x1c\0\4" + struct.pack("<L", zlib.crc32(start)) + start + rng.randbytes(1050)


def _bundle(rng: Random, directory: Path) -> bytes:
    repo = Repository(directory)
    repo.commit_file("a", prose(rng))
    repo.git("bundle", "create", "-q", "all.bundle", "--all")
    return (directory / "all.bundle").read_bytes()


def _git_directory(rng: Random, directory: Path) -> bytes:
    repo = Repository(directory)
    repo.commit_file("a", prose(rng))
    files = sorted(file for file in repo.git_dir.rglob("*") if file.is_file())
    members = {str(file.relative_to(directory)): file.read_bytes() for file in files}
    return packing.tar_bytes(members | {".git/shallow": b""})


_UNREAD: dict[str, tuple[Callable[[Random, Path], bytes], str, str]] = {
    "encrypted": (lambda rng, _: _encrypted(rng), "encrypted", " > zip:secret.txt"),
    "truncated zip": (lambda rng, _: packing.zip_bytes({"a": rng.randbytes(5000)})[:-40], "truncated or damaged", ""),
    "truncated tar": (lambda rng, _: packing.tar_bytes({"a": rng.randbytes(5000)})[:3000], "truncated", ""),
    "truncated gzip": (lambda rng, _: gzip.compress(rng.randbytes(5000))[:-2000], "truncated", " > gzip"),
    "truncated zstd": (lambda rng, _: packing.zstandard(raw(prose(rng, 900))).data[:-9], "truncated", " > zstd"),
    "truncated xz": (lambda rng, _: packing.xzipped(raw(prose(rng, 900))).data[:-9], "truncated", " > xz"),
    "7z": (lambda rng, _: _seven_zip(rng), "7z archive", ""),
    "7z in zip": (lambda rng, _: packing.zip_bytes({"a.7z": _seven_zip(rng)}), "7z archive", " > zip:a.7z"),
    "bundle": (lambda rng, path: _bundle(rng, path)[:-30], "truncated", ""),
    "bundle in zip": (
        lambda rng, path: packing.zip_bytes({"all.bundle": _bundle(rng, path)[:-30]}),
        "truncated",
        " > zip:all.bundle",
    ),
    "git directory in tar": (_git_directory, "shallow clone", " > tar:.git"),
}


@pytest.mark.parametrize("kind", _UNREAD)
def test_what_cannot_be_read_is_said(run: Run, tmp_path: Path, rng: Random, kind: str) -> None:
    """The way to it is its name."""
    build, words, way = _UNREAD[kind]
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "f").write_bytes(build(rng, tmp_path / "made"))
    for result in (run("scan", tmp_path / "in"), run("scan", tmp_path / "in" / "f")):
        assert (result.code, result.complete) == (3, False)
        ((item, reason),) = ((skip["item"], skip["reason"]) for skip in result.skipped)
        assert item == f"f{way}"
        assert words in reason


@pytest.mark.parametrize("kind", ["encrypted", "truncated zip", "7z"])
def test_what_cannot_be_read_in_history(run: Run, repo: Repository, tmp_path: Path, rng: Random, kind: str) -> None:
    repo.commit_file("vendor/f.zip", _UNREAD[kind][0](rng, tmp_path))
    result = run("history", repo.path)
    assert (result.code, result.complete) == (3, False)
    assert _UNREAD[kind][1] in result.skipped[0]["reason"]


def test_other_members_are_read(run: Run, tmp_path: Path, rng: Random, key: str) -> None:
    members = {"a.zip": _encrypted(rng), "b.7z": _seven_zip(rng), "c.env": key.encode()}
    (tmp_path / "f.tar").write_bytes(packing.tar_bytes(members))
    result = run("scan", tmp_path)
    assert result.one(key)["containers"] == ["tar:c.env"]
    assert [skip["item"] for skip in result.skipped] == ["f.tar > tar:b.7z", "f.tar > tar:a.zip > zip:secret.txt"]


def _accepted(result: Result) -> set[str | None]:
    return {skip["accepted"] for skip in result.skipped}


def test_accepted_skips_cover_members(run: Run, tmp_path: Path, rng: Random) -> None:
    (tmp_path / "vendor").mkdir()
    (tmp_path / "vendor" / "a.zip").write_bytes(packing.zip_bytes({"x.zip": _encrypted(rng), "y": _seven_zip(rng)}))
    (tmp_path / "vendor" / "b.zip").write_bytes(_encrypted(rng))
    config = "[[accept_skip]]\npath = 'vendor/*.zip'\nreason = 'of our supplier'\n"
    (tmp_path / ".akpatrol.toml").write_text(config)
    result = run("scan", tmp_path)
    assert (result.code, _accepted(result), len(result.skipped)) == (0, {"of our supplier"}, 3)
    (tmp_path / "own.zip").write_bytes(_encrypted(rng))
    result = run("scan", tmp_path)
    assert (result.code, _accepted(result)) == (3, {"of our supplier", None})


def test_a_form_can_be_accepted_wherever_it_stands(run: Run, repo: Repository, rng: Random) -> None:
    """In history a skip is called by its object, which no path names."""
    repo.write("docs/a.7z", _seven_zip(rng))
    repo.commit("a")
    for command in (("scan", repo.path), ("history", repo.path)):
        result = run(*command)
        assert (result.code, {skip["reason"].partition(":")[0] for skip in result.skipped}) == (3, {"7z archive"})
    repo.write(".akpatrol.toml", '[[accept_skip]]\nform = "7Z archive"\nreason = "of our supplier"\n')
    for command in (("scan", repo.path), ("history", repo.path)):
        result = run(*command)
        assert (result.code, _accepted(result)) == (0, {"of our supplier"})


def test_what_is_encrypted_as_a_whole_is_left_out_and_counted(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.age").write_bytes(b"age-encryption.org/v1\n-> X25519 ")
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    result = run("scan", tmp_path)
    assert (result.code, result.complete, result.excluded) == (0, True, {"encrypted": 1})


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('form = "PFD"', "did you mean PDF?"),
        ('form = "no such thing at all"', "unknown form"),
        ('form = "PDF"\npath = "a/*.pdf"', "either path or object, or form"),
    ],
)
def test_a_form_that_nobody_knows_is_refused(run: Run, tmp_path: Path, entry: str, said: str) -> None:
    (tmp_path / ".akpatrol.toml").write_text(f'[[accept_skip]]\n{entry}\nreason = "x"\n')
    result = run("scan", tmp_path)
    assert (result.code, said in result.err) == (2, True)


@pytest.mark.parametrize("times", [5, 6, 9, 20, 30])
@pytest.mark.parametrize("spelling", ["base64", "hexadecimal", "both"])
def test_beneath_the_depth_is_a_gap_however_deep(run: Run, tmp_path: Path, key: str, times: int, spelling: str) -> None:
    data = f"key = {key}\n".encode()
    for number in range(times):
        encode = b2a_hex if spelling == "hexadecimal" or (spelling == "both" and number % 2) else b64encode
        if 2 * len(data) > 1 << 20:
            break
        data = encode(data)
    (tmp_path / "a").write_bytes(data)
    result = run("scan", tmp_path / "a")
    assert (result.code, [skip["reason"] for skip in result.skipped]) == (
        3,
        ["encoded more than 4 times over; --decode-depth"],
    )


def test_nothing_beneath_the_depth_is_no_gap(run: Run, tmp_path: Path) -> None:
    data = b"nothing that would be looked for, in " + b"many words " * 20
    for _ in range(12):
        data = b64encode(data)
    (tmp_path / "a").write_bytes(data)
    assert run("scan", tmp_path / "a").code == 0


def test_excluded_archive(run: Run, tmp_path: Path, rng: Random, new_key: NewKey) -> None:
    """A pattern is about files, not about what lies in them."""
    kept, gone = new_key(), new_key()
    (tmp_path / "a.zip").write_bytes(packing.zip_bytes({"x.env": gone.encode(), "y.zip": _encrypted(rng)}))
    (tmp_path / "b.tar").write_bytes(packing.tar_bytes({"c.zip": kept.encode()}))
    result = run("scan", tmp_path, "--exclude", "*.zip")
    assert (result.code, result.complete, result.excluded) == (1, True, {"exclude_option": 1})
    assert (bool(result.found(kept)), bool(result.found(gone))) == (True, False)


def test_counts(run: Run, tmp_path: Path, key: str) -> None:
    (tmp_path / "a.zip").write_bytes(packing.zip_bytes({"x": b"one", "y": packing.tar_bytes({"z": key.encode()})}))
    (tmp_path / "b").write_bytes(b"plain")
    assert run("scan", tmp_path).json["coverage"]["counts"] == {"files": 2, "members": 3}


@pytest.mark.parametrize("named", [True, False])
def test_the_bytes_of_a_container_count_with_those_of_its_members(run: Run, tmp_path: Path, named: bool) -> None:
    inner = bytes(range(256)) * 40
    packed = gzip.compress(inner)
    (tmp_path / "a.gz").write_bytes(packed)
    result = run("scan", tmp_path / "a.gz" if named else tmp_path)
    assert result.json["coverage"]["bytes"] == len(packed) + len(inner)
