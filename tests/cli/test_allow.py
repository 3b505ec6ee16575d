"""``akpatrol allow``: one more entry, and nothing else in the file is another."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_baseline import fingerprint
from tests.program import inside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Run
    from tests.program import Done
    from tests.repositories import Repository

_NAME = ".akpatrol.toml"
_OTHER = "akp1:" + "0" * 64
_WRITTEN = """\
# Why we have this file.
exclude = [
    "vendor/",  # not ours
]

min_confidence   =   'low'   # spaced as we like

[[allow]]  # the first one
key_id = "x"
reason = "old"
"""


def _allow(repo: Repository, *arguments: str, code: int = 0, cwd: str = "") -> Done:
    done = inside("allow", *arguments, cwd=repo.path / cwd)
    assert done.code == code, done.written
    return done


def test_a_new_file(run: Run, repo: Repository, key: str) -> None:
    repo.write("sub/f", key)
    told = _allow(repo, fingerprint(key), "--reason", "a fixture", "--expires", "2999-01-31", cwd="sub").out.decode()
    assert "is allowed until 2999-01-31: a fixture" in told
    assert (repo.path / _NAME).read_text() == (
        f'[[allow]]\nfingerprint = "{fingerprint(key)}"\nreason = "a fixture"\nexpires = 2999-01-31\n'
    )
    assert run("scan", repo.path).code == 0


def test_comments_and_order_stay(repo: Repository) -> None:
    repo.write(_NAME, _WRITTEN)
    _allow(repo, _OTHER, "--reason", 'with "quotes"', "--owner", "Ada")
    content = (repo.path / _NAME).read_text()
    assert content.startswith(_WRITTEN)
    assert tomllib.loads(content)["allow"][1] == {"fingerprint": _OTHER, "reason": 'with "quotes"', "owner": "Ada"}
    _allow(repo, _OTHER, "--reason", "better", "--expires", "2999-01-31")
    content = (repo.path / _NAME).read_text()
    assert content.startswith(_WRITTEN)
    (_, changed) = tomllib.loads(content)["allow"]
    assert (changed["reason"], "owner" in changed) == ("better", False)


@pytest.mark.parametrize(
    "content",
    [
        "[tool.akpatrol]\nexclude = ['a']\n\n[tool.other]\nx = 1  # kept\n",
        "[tool.akpatrol]\n[[tool.akpatrol.allow]]\nkey_id = 'x'\nreason = 'y'\n\n[tool.other]\nx = 1\n",
        "tool.akpatrol.exclude = ['a']\n",
        "[tool]\nakpatrol = {exclude = ['a']}\n",
        "[project]\nname = 'x'\n\n[tool.akpatrol]\nallow = [{key_id = 'x', reason = 'y'}]\n",
    ],
)
def test_pyproject(repo: Repository, content: str) -> None:
    repo.write("pyproject.toml", content)
    done = inside("allow", _OTHER, "--reason", "x", cwd=repo.path)
    after = tomllib.loads((repo.path / "pyproject.toml").read_text())
    if done.code:
        assert after == tomllib.loads(content)
        assert b"write it yourself" in done.err
        return
    assert {"fingerprint": _OTHER, "reason": "x"} in after["tool"]["akpatrol"].pop("allow")
    before = tomllib.loads(content)
    before["tool"]["akpatrol"].pop("allow", None)
    assert after == before
    assert "# kept" in (repo.path / "pyproject.toml").read_text() or "# kept" not in content


def test_windows_line_ends_stay(repo: Repository) -> None:
    repo.write(_NAME, _WRITTEN.replace("\n", "\r\n"))
    _allow(repo, _OTHER, "--reason", "x")
    assert (repo.path / _NAME).read_bytes().startswith(_WRITTEN.replace("\n", "\r\n").encode())


def test_a_file_that_is_named(repo: Repository, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("jobs = 1\n")
    _allow(repo, _OTHER, "--reason", "x", "--config", str(tmp_path / "mine.toml"))
    assert "jobs = 1\n" in (tmp_path / "mine.toml").read_text()
    assert not (repo.path / _NAME).exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["akp1:00", "--reason", "x"], "not a fingerprint"),
        ([_OTHER, "--reason", "  "], "must give a reason"),
        ([_OTHER, "--reason", "..."], "must give a reason"),
        ([_OTHER], "--reason"),
        ([_OTHER, "--reason", "x", "--expires", "soon"], "not a date"),
        ([_OTHER, "--reason", "x", "--expires", "2020-01-01"], "must be a later day"),
        ([_OTHER, "--reason", "x" * 600], "longer than"),
    ],
)
def test_wrong_arguments(repo: Repository, arguments: list[str], words: str) -> None:
    assert words in _allow(repo, *arguments, code=2).err.decode()
    assert not (repo.path / _NAME).exists()


def test_no_credential_is_written(repo: Repository, key: str) -> None:
    for arguments in (
        (key, "--reason", "x"),
        (_OTHER, "--reason", f"the {key}"),
        (_OTHER, "--reason", "x", "--owner", key),
    ):
        assert key.encode() not in _allow(repo, *arguments, code=2).written
    assert not (repo.path / _NAME).exists()


def test_a_configuration_that_is_wrong_stays_as_it_is(repo: Repository) -> None:
    repo.write(_NAME, "exlude = []\n")
    assert b"did you mean" in _allow(repo, _OTHER, "--reason", "x", code=2).err
    assert (repo.path / _NAME).read_text() == "exlude = []\n"


@pytest.mark.parametrize("content", [b"\xff", b"a = [", b"a = " + b"9" * 5000, b"a = " + b"[" * 5000])
def test_a_configuration_that_is_not_toml_stays_as_it_is(repo: Repository, content: bytes) -> None:
    (repo.path / _NAME).write_bytes(content)
    assert _NAME.encode() in _allow(repo, _OTHER, "--reason", "x", code=2).err
    assert (repo.path / _NAME).read_bytes() == content


def _staged(repo: Repository, key: str) -> None:
    repo.write("f.env", f"KEY={key}\n")
    repo.git("add", "f.env")


@pytest.mark.parametrize("form", ["{}", "akp1:{}"])
def test_the_first_digits_after_a_commit_that_failed(run: Run, repo: Repository, key: str, form: str) -> None:
    _staged(repo, key)
    assert run("staged", cwd=repo.path).code == 1
    told = _allow(repo, form.format(fingerprint(key)[5:13]), "--reason", "a fixture").out.decode()
    assert fingerprint(key) in told
    assert "ak_" in told
    assert key[8:] not in told
    assert (repo.path / _NAME).read_text() == f'[[allow]]\nfingerprint = "{fingerprint(key)}"\nreason = "a fixture"\n'
    repo.git("add", _NAME)
    assert run("staged", cwd=repo.path).code == 0


def test_the_first_digits_of_what_is_anywhere_in_the_repository(repo: Repository, new_key: Callable[[], str]) -> None:
    keys = [new_key() for _ in range(5)]
    repo.commit_file("gone", keys[0])
    repo.remove("gone")
    repo.write("untracked", keys[1])
    repo.write(".gitignore", "ignored\n")
    repo.write("ignored", keys[2])
    _staged(repo, keys[3])
    repo.write("f.env", "")  # only the index has it
    for key in keys[:4]:
        _allow(repo, fingerprint(key)[:13], "--reason", "x")
    assert [one["fingerprint"] for one in tomllib.loads((repo.path / _NAME).read_text())["allow"]] == [
        fingerprint(key) for key in keys[:4]
    ]
    refused = _allow(repo, fingerprint(keys[4])[:13], "--reason", "x", code=2).err.decode()
    assert f"{fingerprint(keys[4])[:13]}: no credential has a fingerprint with this beginning" in refused
    assert "all 64 digits" in refused


def test_the_first_digits_of_what_the_policy_knows(repo: Repository) -> None:
    one, other = "akp1:" + "1" * 64, "akp1:" + "1" * 63 + "2"
    _allow(repo, one, "--reason", "old")
    _allow(repo, "11111111", "--reason", "new")
    assert [entry["reason"] for entry in tomllib.loads((repo.path / _NAME).read_text())["allow"]] == ["new"]
    _allow(repo, other, "--reason", "x")
    before = (repo.path / _NAME).read_bytes()
    refused = _allow(repo, "11111111", "--reason", "y", code=2).err.decode()
    assert "2 fingerprints have this beginning" in refused
    assert one in refused
    assert other in refused
    assert (repo.path / _NAME).read_bytes() == before


def test_the_first_digits_outside_of_a_repository(tmp_path: Path, key: str) -> None:
    (tmp_path / "f").write_text(key)
    assert inside("allow", fingerprint(key)[:13], "--reason", "x", cwd=tmp_path).code == 0
    assert fingerprint(key) in (tmp_path / _NAME).read_text()
