"""``akpatrol workstation`` on a home directory with files in the forms that programs write."""

from __future__ import annotations

import base64
import json
import os
import pwd
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from akpatrol.pipeline import workstation as pipeline
from akpatrol.report import FORMATS
from akpatrol.sources.workstation_table import LOCATIONS, Platform
from tests.credentials import organization_key
from tests.program import execute, inside
from tests.workstations import concrete, write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from random import Random

    from tests.conftest import Result, Run

    NewKey = Callable[[], str]

# https://github.com/google/leveldb/blob/main/doc/table_format.md: the footer's magic
_LEVELDB_MAGIC = bytes.fromhex("57fb808b247547db")
_AS_NOBODY = """
import os
from akpatrol.pipeline import workstation
from akpatrol.rules import rule_file
from akpatrol.main import main
loaded = rule_file.load()
rule_file.load = lambda *_, **__: loaded
main(["workstation", "--allow-empty", "-o", "/dev/null", "--exclude", "none"])
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    directory = tmp_path / "jane"
    directory.mkdir()
    return directory


@pytest.fixture
def look(run: Run, home: Path) -> Callable[..., Result]:
    return lambda *words: run("workstation", *words, HOME=str(home))


def sources(result: Result) -> dict[str, dict[str, Any]]:
    return {source["id"]: source for source in result.json["sources"]}


def states(result: Result) -> dict[str, str]:
    """Return the state of each source that is there."""
    return {name: source["state"] for name, source in sources(result).items() if source["state"] != "absent"}


def test_credentials_are_found_with_their_source(look: Callable[..., Result], home: Path, new_key: NewKey) -> None:
    keys = {name: new_key() for name in ("claude-code-transcripts", "bash-history", "cursor-settings", "netrc")}
    keys |= {name: new_key() for name in ("docker", "env-files", "vscode-chats", "downloads", "codex-transcripts")}
    message = {
        "type": "user",
        "uuid": "1",
        "message": {"role": "user", "content": f"curl -H 'X-Api-Key: {keys['claude-code-transcripts']}'"},
    }
    write(
        home,
        ".claude/projects/-home-jane-shop/5d6f.jsonl",
        json.dumps({"type": "summary"}) + "\n" + json.dumps(message) + "\n",
    )
    # bash writes a command of several lines as such, with cmdhist and lithist.
    write(
        home,
        ".bash_history",
        f"ls\n#1709290000\ncurl \\\n  -H 'Authorization: Bearer {keys['bash-history']}' \\\n  https://api.anyreach.ai\n",
    )
    servers = {"mcpServers": {"anyreach": {"command": "npx", "env": {"ANYREACH_API_KEY": keys["cursor-settings"]}}}}
    write(home, ".cursor/mcp.json", json.dumps(servers, indent=2))
    write(home, ".netrc", f"machine api.anyreach.ai\n  login jane\n  password {keys['netrc']}\n")
    login = base64.b64encode(f"jane:{keys['docker']}".encode()).decode()
    write(home, ".docker/config.json", json.dumps({"auths": {"registry.anyreach.ai": {"auth": login}}}))
    write(home, ".env.local", f"export ANYREACH_API_KEY={keys['env-files']}\n")
    entry = {
        "request": {"method": "GET", "headers": [{"name": "Authorization", "value": f"Bearer {keys['downloads']}"}]}
    }
    write(home, "Downloads/api.anyreach.ai.har", json.dumps({"log": {"version": "1.2", "entries": [entry]}}))
    rollout = {
        "type": "response_item",
        "payload": {"output": f'{{"output":"ANYREACH_API_KEY={keys["codex-transcripts"]}\\n"}}'},
    }
    write(home, ".codex/sessions/2026/03/01/rollout-1.jsonl", json.dumps(rollout) + "\n")
    database = write(home, ".config/Code/User/workspaceStorage/ab12/state.vscdb", b"")
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
        chat = json.dumps({"requests": [{"message": {"text": f"my key is {keys['vscode-chats']}"}}]})
        connection.execute("INSERT INTO ItemTable VALUES ('interactive.sessions', ?)", (chat.encode(),))
        connection.commit()
    result = look()
    assert result.code == 1
    assert {name: result.one(key)["target"] for name, key in keys.items()} == {name: name for name in keys}
    assert states(result) == dict.fromkeys(keys, "found")
    assert [source["findings"] for source in result.json["sources"] if source["state"] == "found"] == [1] * len(keys)
    assert all(source["newest"] for source in result.json["sources"] if source["state"] == "found")
    assert result.complete


def test_a_database_that_an_editor_has_open_is_read_with_its_log(
    look: Callable[..., Result], home: Path, new_key: NewKey
) -> None:
    """The writer is in the middle of a transaction, and what it committed last is in the write-ahead log alone."""
    stored, logged = new_key(), new_key()
    database = write(home, ".config/Cursor/User/globalStorage/state.vscdb", b"")
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
        writer.execute("INSERT INTO cursorDiskKV VALUES ('bubbleId:1', ?)", (f"key {stored} end",))
        writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        writer.execute("INSERT INTO cursorDiskKV VALUES ('bubbleId:2', ?)", (f"key {logged} end",))
        writer.execute("BEGIN IMMEDIATE")
        before = database.read_bytes(), database.with_name("state.vscdb-wal").read_bytes()
        result = look()
        assert (database.read_bytes(), database.with_name("state.vscdb-wal").read_bytes()) == before
    assert (result.code, result.complete) == (1, True)
    assert {place["path"].rpartition("/")[2] for place in result.found(stored)} >= {"state.vscdb"}
    assert result.one(logged)["path"].endswith("/state.vscdb-wal")
    assert (sources(result)["cursor-chats"]["findings"], sources(result)["cursor-chats"]["files"]) == (2, 3)


def test_a_browsers_local_storage_is_recognised(look: Callable[..., Result], home: Path, key: str) -> None:
    """New values are in a log that is read; a table's blocks are compressed, which is a gap."""
    directory = ".config/google-chrome/Default/Local Storage/leveldb"
    write(home, f"{directory}/CURRENT", "MANIFEST-000001\n")
    write(
        home, f"{directory}/000003.log", b"\0" * 7 + f"_https://app.anyreach.ai\0\1apiKey\1{key}\0".encode() + b"\0" * 9
    )
    write(home, f"{directory}/000005.ldb", b"\0" * 200 + _LEVELDB_MAGIC)
    result = look()
    assert (result.code, bool(result.found(key))) == (1, True)
    assert [skip["reason"].partition(":")[0] for skip in result.skipped] == ["LevelDB and RocksDB table"]
    assert sources(result)["chrome"]["skipped"] == 1
    (home / directory / "000003.log").unlink()
    assert (look().code, states(look())) == (3, {"chrome": "partly_read"})  # CURRENT was read


@pytest.mark.parametrize("platform", [Platform.LINUX, Platform.MACOS, Platform.WINDOWS])
def test_a_credential_at_each_path_of_the_table_is_found(
    run: Run, home: Path, tmp_path: Path, platform: Platform, rng: Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin" if platform is Platform.MACOS else "linux")
    monkeypatch.setattr(pipeline, "WINDOWS_PROFILES", str(tmp_path / "profiles"))
    words: tuple[str, ...] = ()
    root, before = home, ""
    if platform is Platform.WINDOWS:
        root, before, words = tmp_path / "profiles" / "Jane D", "windows-", ("--windows-user", "Jane D")
    expected = {}
    for location in LOCATIONS:
        for pattern in location.on(platform):
            made = organization_key(rng)
            write(root, concrete(pattern.decode()), f"ANYREACH_API_KEY={made}\n")
            expected[made] = before + location.name
    result = run("workstation", *words, HOME=str(home))
    assert {made: result.one(made)["target"] for made in expected} == expected
    assert states(result) == dict.fromkeys(expected.values(), "found")


def test_a_clean_machine(look: Callable[..., Result], home: Path) -> None:
    write(home, ".bashrc", "alias ll='ls -l'\n")
    result = look()
    assert (result.code, result.complete, states(result)) == (0, True, {"shell-startup": "clean"})
    assert sources(result)["netrc"]["state"] == "absent"
    assert inside("workstation", "-q", variables={"HOME": str(home)}).out == b""


def test_a_home_with_nothing_of_the_table(look: Callable[..., Result], home: Path) -> None:
    write(home, "notes.txt")
    result = look()
    assert (result.code, result.complete) == (3, False)
    (skip,) = result.skipped
    assert (skip["item"], skip["accepted"]) == (str(home), None)
    assert "none of the " in skip["reason"]
    assert len(result.json["sources"]) == sum(bool(location.on(Platform.LINUX)) for location in LOCATIONS)
    assert look("--allow-empty").code == 0
    (home / ".env").touch()
    assert look().code == 0  # it was looked at, and holds nothing


def test_what_patterns_leave_out(look: Callable[..., Result], home: Path, key: str) -> None:
    write(home, "Downloads/leak", key)
    write(home, ".env", "x")
    result = look("--exclude", "Downloads/")
    assert (result.code, result.excluded) == (0, {"exclude_option": 1})
    assert states(result) == {"env-files": "clean", "downloads": "left_out"}


def test_a_fifo_and_a_link_to_a_device_do_not_block(look: Callable[..., Result], home: Path) -> None:
    os.mkfifo(home / ".env")
    write(home, ".claude/projects/a/1.jsonl")
    os.mkfifo(home / ".claude/projects/a/2.jsonl")
    (home / ".netrc").symlink_to("/dev/zero")
    result = look()
    assert (result.code, result.excluded) == (3, {"special_file": 2})
    assert states(result) == {"env-files": "left_out", "claude-code-transcripts": "clean", "netrc": "not_readable"}


def test_links_out_of_the_home_are_not_followed(
    look: Callable[..., Result], home: Path, tmp_path: Path, key: str
) -> None:
    write(tmp_path, "outside/credentials", key)
    (home / ".aws").symlink_to(tmp_path / "outside")
    (home / ".netrc").symlink_to("../outside/credentials")
    result = look()
    assert (result.code, result.json["credentials"]) == (3, [])
    assert sorted(skip["item"] for skip in result.skipped) == [".aws", ".netrc"]


def test_an_allow_comment_or_a_configuration_in_the_home_does_not_count(
    look: Callable[..., Result], home: Path, key: str
) -> None:
    write(home, ".env", f"KEY={key}  # akpatrol:allow I put it there\n")
    write(home, ".akpatrol.toml", 'exclude = [".env"]\n')
    assert look().code == 1


@pytest.fixture
def users(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let there be a user jane, and one without a home."""
    homes = {"jane": str(home), "ghost": str(home / "gone")}

    def getpwnam(name: str) -> pwd.struct_passwd:
        return pwd.struct_passwd((name, "x", 1000, 1000, "", homes[name], "/bin/sh"))

    monkeypatch.setattr(pwd, "getpwnam", getpwnam)


@pytest.mark.usefixtures("users")
def test_another_user(run: Run, home: Path, key: str) -> None:
    write(home, ".netrc", f"password {key}\n")
    assert bool(run("workstation", "--user", "jane").found(key))
    for name, reason in {"nobody-here": b"there is no such user", "ghost": b"No such file or directory"}.items():
        done = inside("workstation", "--user", name)
        assert (done.code, done.out) == (2, b"")
        assert reason in done.err
        assert f"--user {name}".encode() in done.err


def test_the_home_of_the_caller_without_a_variable(home: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> None:
    write(home, ".netrc", f"password {key}\n")
    entry = pwd.struct_passwd(("jane", "x", os.getuid(), 1000, "", str(home), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _: entry)
    monkeypatch.delenv("HOME")
    assert inside("workstation").code == 1


def test_a_windows_profile(run: Run, home: Path, tmp_path: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    profiles = tmp_path / "profiles"
    monkeypatch.setattr(pipeline, "WINDOWS_PROFILES", str(profiles))
    write(home, ".bashrc")
    write(profiles / "jane", "AppData/Roaming/Claude/claude_desktop_config.json", f'{{"env": {{"KEY": "{key}"}}}}')
    assert run("workstation", HOME=str(home)).code == 0  # a disk of that name on another machine
    monkeypatch.setattr(pipeline, "is_wsl", lambda: True)
    result = run("workstation", HOME=str(home))
    assert result.one(key)["target"] == "windows-claude-desktop"
    assert sources(result)["windows-claude-desktop"]["title"] == "Claude Desktop (Windows)"
    assert result.json["notices"] == []
    (profiles / "jane").rename(profiles / "Jane")
    assert "--windows-user" in run("workstation", HOME=str(home)).json["notices"][0]
    assert run("workstation", "--windows-user", "Jane", HOME=str(home)).code == 1
    for name in ("nobody", "..", "a/b", ""):
        assert inside("workstation", "--windows-user", name, variables={"HOME": str(home)}).code == 2, name


@pytest.mark.parametrize("format_", FORMATS)
def test_no_secret_is_in_any_format(home: Path, new_key: NewKey, format_: str) -> None:
    keys = [new_key() for _ in range(4)]
    write(home, f".claude/projects/{keys[0]}/1.jsonl", json.dumps({"content": keys[1]}))
    write(home, ".env", f"KEY={keys[2]}\n")
    directory = f".config/google-chrome/{keys[3]}/Local Storage/leveldb"
    write(home, f"{directory}/000005.ldb", b"\0" * 200 + _LEVELDB_MAGIC)
    done = inside("workstation", "-v", "-f", format_, variables={"HOME": str(home)})
    assert done.code == 1
    for key in keys:
        assert key.encode() not in done.written
        assert key.partition(".")[2].encode() not in done.written


@pytest.mark.skipif(os.geteuid() != 0, reason="root gives its rights away")
def test_what_may_not_be_read_is_a_skip(tmp_path_factory: pytest.TempPathFactory, key: str) -> None:
    home = tmp_path_factory.mktemp("home")
    for directory in (home, *home.parents):
        if "pytest" in str(directory) and directory.stat().st_uid == os.geteuid():
            directory.chmod(0o755)
    write(home, ".netrc", key).chmod(0)
    write(home, ".aws/credentials", key)
    (home / ".aws").chmod(0)
    write(home, ".claude/projects/a/1.jsonl", "x")
    write(home, ".claude/projects/b/1.jsonl", key)
    (home / ".claude/projects/b").chmod(0)
    variables = {"HOME": str(home)}
    done = execute("workstation", "--jobs", "1", "--no-cache", "-f", "json", patch=_AS_NOBODY, variables=variables)
    assert done.code == 3, done.err
    report = json.loads(done.out)
    reasons = {skip["item"]: skip["reason"] for skip in report["coverage"]["skipped"]}
    assert reasons == {
        ".netrc": "Permission denied",
        ".aws/credentials": "Permission denied",
        ".aws/config": "Permission denied",
        ".aws/sso": "Permission denied",
        ".claude/projects/b": "directory: Permission denied",
    }
    state = {source["id"]: source["state"] for source in report["sources"] if source["state"] != "absent"}
    assert state == {"netrc": "not_readable", "aws": "not_readable", "claude-code-transcripts": "partly_read"}
    home.chmod(0)
    done = execute("workstation", patch=_AS_NOBODY, variables=variables)
    assert (done.code, b"Permission denied" in done.err) == (2, True)
