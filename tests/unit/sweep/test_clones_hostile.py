"""Clones from hostile servers: nothing runs, nothing leaks, and everything ends."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from akpatrol.errors import UsageError
from akpatrol.model.scan import Secret
from akpatrol.sweep import clones, isolation
from akpatrol.sweep.clones import CloneError, Clones
from akpatrol.sweep.urls import CloneWanted, checked
from tests.api_server import RawServer
from tests.git_http import GitHttp, has_backend
from tests.repositories import Repository, canary_program
from tests.unit.sweep.cloning import fetch, refs

if TYPE_CHECKING:
    import socket

needs_http = pytest.mark.skipif(not has_backend(), reason="git has no http-backend here")


def test_addresses_that_are_refused(cache: Path, origin: Repository) -> None:
    for url in (f"file://{origin.path}", str(origin.path), "ext::sh -c true", "http://forge.example/x"):
        with pytest.raises(UsageError):
            fetch(cache, url)
    assert not cache.exists()


def test_nothing_of_a_hostile_repository_runs(
    origin: Repository, url: str, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, canary = canary_program(tmp_path / "bait")
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    for name in ("post-checkout", "reference-transaction", "post-index-change", "pre-auto-gc"):
        shutil.copy(program, template / "hooks" / name)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f"[init]\n\ttemplateDir = {template}\n[core]\n\tsshCommand = {program}\n\tgitProxy = {program}\n"
        f"\taskPass = {program}\n\thooksPath = {template}/hooks\n\tfsmonitor = {program}\n"
        f'[credential]\n\thelper = {program}\n[filter "x"]\n\tsmudge = {program}\n\tprocess = {program}\n'
        f'[url "ext::{program} "]\n\tinsteadOf = git://\n'
    )
    for name, value in {
        "HOME": str(tmp_path / "home"),
        "GIT_TEMPLATE_DIR": str(template),
        "GIT_SSH_COMMAND": str(program),
        "GIT_PROXY_COMMAND": str(program),
        "GIT_ASKPASS": str(program),
        "GIT_ALLOW_PROTOCOL": "ext:file:git",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.gitProxy",
        "GIT_CONFIG_VALUE_0": str(program),
        "GIT_CONFIG_PARAMETERS": f"'core.gitProxy={program}'",
        "GIT_DIR": str(tmp_path / "elsewhere"),
        "GIT_OBJECT_DIRECTORY": str(tmp_path / "elsewhere"),
        "GIT_TRACE": str(tmp_path / "trace"),
        "GIT_EXEC_PATH": str(tmp_path / "bait"),
    }.items():
        monkeypatch.setenv(name, value)
    # As the directory that the sweep was started in, and as the other side.
    trap = Repository(tmp_path / "trap")
    for repository in (trap, origin):
        for name in ("core.sshCommand", "core.gitProxy", "core.fsmonitor", "core.alternateRefsCommand"):
            repository.git("config", name, str(program))
        repository.git("config", f"url.ext::{program} .insteadOf", "git://")
    shutil.copytree(template / "hooks", origin.git_dir / "hooks", dirs_exist_ok=True)
    origin.write(".gitattributes", "* filter=x\n")
    origin.write(".lfsconfig", f"[lfs]\n\turl = ext::{program}\n")
    origin.write(".gitmodules", f'[submodule "x"]\n\tpath = x\n\turl = ext::{program} x\n')
    origin.git("update-index", "--add", "--cacheinfo", f"160000,{origin.id('HEAD')},x")
    origin.git("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={tmp_path}", "add", ".git*", ".lfsconfig")
    origin.git("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={tmp_path}", "commit", "-q", "-m", "Trap")
    canary.unlink(missing_ok=True)
    monkeypatch.chdir(trap.path)
    fetch(cache, url)
    mirror = fetch(cache, url)
    assert mirror.git("cat-file", "-t", origin.id("HEAD")) == "commit"
    assert not canary.exists()
    assert not (tmp_path / "trace").exists()
    assert not (tmp_path / "elsewhere").exists()
    assert not (mirror.path / "hooks").exists()


def test_the_git_of_the_current_directory_is_not_run(tmp_path: Path, cache: Path) -> None:
    """Not even by GitPython, which runs a git when it is imported."""
    program, canary = canary_program(tmp_path / "here", "git")
    code = (
        "from akpatrol.sweep.clones import *\nfrom akpatrol.sweep.urls import CloneWanted\n"
        f"try: Clones({str(cache)!r}).fetch(CloneWanted('git://127.0.0.1:1/x'), print)\n"
        "except CloneError: print('told')"
    )
    variables = {**os.environ, "PATH": f".:{os.environ['PATH']}"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=program.parent, env=variables, capture_output=True, check=False
    )
    assert done.stdout == b"told\n"
    assert not canary.exists()


def test_there_is_no_git(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git was not found"):
        fetch(cache, "git://127.0.0.1:1/x")


def test_what_git_needs_to_start_is_named(cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "devnull", f"{tmp_path}/null")
    with pytest.raises(CloneError, match=f"^git cannot be run: {tmp_path}/null: No such file or directory$"):
        fetch(cache, "git://127.0.0.1:1/x")


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CloneError, match="the clone cache cannot be used"):
        fetch(tmp_path / "file", "git://127.0.0.1:1/x")


def _silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


@pytest.mark.parametrize(("deadline", "silence", "words"), [(0.4, 100.0, "time limit"), (100.0, 0.3, "no data for")])
def test_a_server_that_says_nothing(cache: Path, deadline: float, silence: float, words: str) -> None:
    with RawServer(_silent).running() as server:
        for scheme in ("git", "http"):
            with pytest.raises(CloneError, match=words):
                fetch(cache, f"{scheme}://127.0.0.1:{server.port}/x", None, deadline, silence)
    assert not list(cache.rglob("*.new"))


def test_clones_that_run_are_stopped(cache: Path) -> None:
    made = Clones(str(cache))

    def serve(connection: socket.socket) -> None:
        made.stop()
        _silent(connection)

    with RawServer(serve).running() as server, pytest.raises(CloneError, match="stopped"):
        made.fetch(CloneWanted(f"git://127.0.0.1:{server.port}/x"), lambda *_: None)


def test_a_server_that_speaks_nonsense(cache: Path, capfd: pytest.CaptureFixture[str]) -> None:
    noise = b"\xff\xfe\x1b[31m\r" + b"x" * 60_000
    packets = b"".join(b"%04x\x02%s" % (len(part) + 5, part) for part in (noise, b"no newline")) + b"0009\x03\x1b[2J"

    def serve(connection: socket.socket) -> None:
        connection.sendall(b"001eERR \x1b[31m\xff\xfe not today\n" + packets)

    with RawServer(serve).running() as server, pytest.raises(CloneError) as refused:
        fetch(cache, f"git://127.0.0.1:{server.port}/x")
    assert "not today" in str(refused.value)
    assert str(refused.value).isprintable()
    assert capfd.readouterr() == ("", "")


def _basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode()


def _http(served: GitHttp, cache: Path, token: str | None = None, name: str = "org/repo") -> Repository:
    access = {served.url: Secret(_basic(token).encode())} if token else {}
    return Repository(Path(Clones(str(cache), access).fetch(CloneWanted(f"{served.url}/{name}"), lambda *_: None)))


@needs_http
def test_a_token_goes_to_its_own_host_and_is_kept_nowhere(
    origin: Repository, cache: Path, token: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GIT_TRACE_CURL", str(tmp_path / "trace"))
    monkeypatch.setenv("GIT_PYTHON_TRACE", "full")
    with (
        GitHttp(origin.path.parents[1], _basic(token)).running() as served,
        GitHttp(origin.path.parents[1]).running() as other,
    ):
        origin.git("clone", "-q", "--bare", str(origin.path), str(origin.path.parent / "bare"))
        mirror = _http(served, cache, token, "org/repo/.git")
        assert refs(mirror) == refs(origin)
        access = {served.url: Secret(_basic(token).encode())}
        Clones(str(cache), access).fetch(CloneWanted(f"{other.url}/org/repo/.git"), lambda *_: None)
    assert {authorization for _, authorization in served.asked} == {_basic(token)}
    assert {authorization for _, authorization in other.asked} == {""}
    secrets = (token.encode(), _basic(token).split()[1].encode())
    assert not [
        file for file in cache.rglob("*") if file.is_file() for secret in secrets if secret in file.read_bytes()
    ]
    assert not (tmp_path / "trace").exists()


@needs_http
def test_a_wrong_token_is_told_and_not_shown(origin: Repository, cache: Path, token: str) -> None:
    with GitHttp(origin.path.parents[1], "Basic other").running() as served:
        with pytest.raises(CloneError) as refused:
            _http(served, cache, token, "org/repo/.git")
        with pytest.raises(CloneError, match=r"could not read Username|Authentication failed"):
            _http(served, cache, None, "org/repo/.git")
    assert token not in str(refused.value)
    assert _basic(token).split()[1] not in str(refused.value)


@needs_http
def test_no_redirect_is_followed(origin: Repository, cache: Path, token: str) -> None:
    with (
        GitHttp(origin.path.parents[1]).running() as other,
        GitHttp(origin.path.parents[1], elsewhere=other.url).running() as served,
    ):
        for given in (token, None):
            with pytest.raises(CloneError, match="the server redirects"):
                _http(served, cache, given, "org/repo/.git")
    assert not other.asked


def test_a_credential_is_not_in_the_words_of_the_command_line(token: str) -> None:
    address = checked("https://forge.example:8443/x")
    secret = Secret(_basic(token).encode())
    made = isolation.environment({"PATH": "/bin:.:rel", "HOME": "/h", "X": "1"}, address, secret, "/cache")
    assert made["GIT_CONFIG_KEY_0"] == "http.https://forge.example:8443/.extraHeader"
    assert made["PATH"] == "/bin"
    assert made["GIT_ALLOW_PROTOCOL"] == "https"
    assert "HOME" not in made
    assert "X" not in made
    assert _basic(token) not in " ".join(isolation.options(1))
    for url in ("git@forge.example:x", "git://forge.example/x"):
        assert "GIT_CONFIG_COUNT" not in isolation.environment({}, checked(url), secret, "/cache")


def test_what_the_way_there_needs_is_passed_on() -> None:
    variables = {"HOME": "/h", "SSH_AUTH_SOCK": "/s", "HTTPS_PROXY": "http://p", "SSL_CERT_FILE": "/c"}
    ssh = isolation.environment(variables, checked("git@forge.example:x"), None, "/cache")
    assert (ssh["HOME"], ssh["SSH_AUTH_SOCK"]) == ("/h", "/s")
    assert "BatchMode=yes" in ssh["GIT_SSH_COMMAND"]
    assert "HTTPS_PROXY" not in ssh
    https = isolation.environment(variables, checked("https://forge.example/x"), None, "/cache")
    assert (https["HTTPS_PROXY"], https["GIT_SSL_CAINFO"]) == ("http://p", "/c")


def test_what_ssh_says_is_told() -> None:
    said = [
        "Cloning into bare repository '/x'...",
        "git@h: Permission denied (publickey).",
        "fatal: Could not read from remote repository.",
    ]
    assert clones._reason(said, 128, None) == "git@h: Permission denied (publickey)."
    assert clones._reason([], 128, None) == "git exited with 128"


def test_a_server_that_repeats_the_token(token: str) -> None:
    encoded = _basic(token).split()[1]
    said = [f"remote: {token}", f"fatal: remote error: no {encoded} nor {token} here"]
    assert clones._reason(said, 128, Secret(_basic(token).encode())) == "remote error: no *** nor *** here"
