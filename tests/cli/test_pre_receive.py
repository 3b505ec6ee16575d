"""``pre-receive`` as git runs it: real pushes to a real server, over a path and over the network."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from akpatrol.report import FORMATS
from tests.repositories import Repository
from tests.servers import Server, daemon, push, send

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ZEROS = "0" * 40


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a server that looks through pushes, and has a commit, lies beside a clone of it."""
    directory = tmp_path_factory.mktemp("built")
    server = Server(directory / "server.git")
    first = Repository(directory / "first")
    first.commit_file("clean", "x\n")
    assert push(first, server, "main").accepted
    server.guard()
    server.clone(directory / "work")
    return directory


@pytest.fixture
def server(built: Path, tmp_path: Path) -> Server:
    """A copy of the server."""
    return Server(shutil.copytree(built / "server.git", tmp_path / "server.git"))


@pytest.fixture
def work(built: Path, server: Server, tmp_path: Path) -> Repository:
    """A copy of its clone, whose origin is the server's copy."""
    work = Repository(shutil.copytree(built / "work", tmp_path / "work"))
    configuration = work.git_dir / "config"
    configuration.write_text(configuration.read_text().replace(str(built / "server.git"), str(server.path)))
    return work


def test_a_clean_push_is_accepted_in_silence(server: Server, work: Repository) -> None:
    id_ = work.commit_file("a", "y\n")
    assert push(work, server, "main") == (True, "", "")
    assert server.refs() == {"refs/heads/main": id_}


def test_a_refused_push_tells_what_to_do(server: Server, work: Repository, key: str) -> None:
    server.guard("--contact", "security@example.org")
    before = server.refs()
    work.commit_file("a", "y\n")
    first = work.commit_file("dir/b", f"\nKEY={key}\n", "Add b")
    work.commit_file("c", "z\n")
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert server.refs() == before
    assert "push refused: it contains 1 credential" in pushed.said
    assert f'dir/b:2:5\n    commit {first[:12]}, Ada Author, "Add b"' in pushed.said
    assert f"git rebase --interactive --rebase-merges {first[:12]}^" in pushed.said
    assert "/api-keys" in pushed.said
    assert "security@example.org" in pushed.said
    assert f"ak_{key[3:7]}***({len(key)})" in pushed.said
    assert key.partition(".")[2] not in pushed.written
    assert "\x1b" not in pushed.said
    assert max(len(line) for line in pushed.said.splitlines()) <= 72
    assert server.git("cat-file", "-t", first, code=128) == ""


def test_what_it_says_can_be_done(server: Server, work: Repository, key: str) -> None:
    work.commit_file("a", key)
    assert "git commit --amend" in push(work, server, "main").said
    work.write("a", "clean\n")
    work.git("add", "a")
    work.git("commit", "-q", "--amend", "-m", "x")
    assert push(work, server, "main").accepted


PLACES: dict[str, Callable[[Repository, str], str]] = {
    "content": lambda work, key: work.commit_file("a", key) and "main",
    "removed again": lambda work, key: (work.commit_file("a", key), work.remove("a"), "main")[-1],
    "message": lambda work, key: work.commit(f"Note {key}") and "main",
    "author": lambda work, key: work.commit("x", GIT_AUTHOR_NAME=key) and "main",
    "file name": lambda work, key: work.commit_file(f"d/{key}", "x\n") and "main",
    "directory": lambda work, key: work.commit_file(f"{key}/d/f", "x\n") and "main",
    "ref": lambda _work, key: f"HEAD:refs/heads/x-{key}",
    "tag": lambda work, key: work.git("tag", "-a", "-m", f"x {key}", "v1") or "v1",
    "tag of a tag": lambda work, key: (
        work.git("tag", "-a", "-m", key, "v1"), work.git("tag", "-a", "-m", "x", "v2", "v1"), "v2")[-1],
    "tag of a blob": lambda work, key: (work.git("tag", "v1", work.blob(f"{key}\n")), "v1")[-1],
    "notes": lambda work, key: work.git("notes", "add", "-m", key) or "refs/notes/commits",
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_everything_that_is_pushed_is_looked_at(server: Server, work: Repository, key: str, place: str) -> None:
    before = server.refs()
    pushed = push(work, server, PLACES[place](work, key))
    assert not pushed.accepted
    assert "push refused: it contains 1 credential" in pushed.said
    assert "Push again." in pushed.said
    assert server.refs() == before


def test_of_several_refs_all_are_looked_at(server: Server, work: Repository, new_key: Callable[[], str]) -> None:
    for name in ("one", "two"):
        work.git("checkout", "-q", "-b", name, "main")
        work.commit_file(name, new_key())
    work.git("checkout", "-q", "main")
    work.commit_file("fine", "x\n")
    pushed = push(work, server, "main", "one", "two")
    assert "it contains 2 credentials" in pushed.said
    assert list(server.refs()) == ["refs/heads/main"]


def test_a_ref_on_the_server_whose_name_git_refuses_is_named(server: Server, work: Repository, key: str) -> None:
    server.guard()
    (server.path / "refs/heads/main 2").write_text(server.id("main"))
    work.commit_file("a", "y\n")
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert "refs/heads/main 2" in pushed.said
    assert "rename the file or remove it" in " ".join(pushed.said.split())
    work.commit_file("b", key)
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert "b:1" in pushed.said


def test_deletions_need_nothing_read(server: Server, work: Repository) -> None:
    assert push(work, server, "HEAD:refs/heads/gone").accepted
    server.guard(patch="import sys; sys.modules['akpatrol.scan.run'] = None")
    assert push(work, server, ":refs/heads/gone") == (True, "", "")
    assert not push(work, server, "HEAD:refs/heads/again").accepted


@pytest.mark.slow
def test_new_branches_and_force_pushes(server: Server, work: Repository, key: str) -> None:
    server.guard("-v")
    pushed = push(work, server, "HEAD:refs/heads/new")
    assert pushed.accepted
    assert "Scanned 1 ref," in pushed.said
    work.git("commit", "-q", "--amend", "-m", "Rewritten")
    assert push(work, server, "--force", "main").accepted
    work.commit_file("a", key)
    assert not push(work, server, "--force", "HEAD:new").accepted
    assert push(work, server, "--force", "HEAD~1:new").accepted


@pytest.mark.parametrize("unpack_limit", ["1", "1000"])
def test_what_the_repository_has_is_no_news(tmp_path: Path, new_key: Callable[[], str], unpack_limit: str) -> None:
    """Old names in trees that change, and the bases that git adds to a thin pack."""
    server, work = Server(tmp_path / "server.git"), Repository(tmp_path / "work")
    lines = [f"{number * 7919}\n" for number in range(2000)]
    work.commit_file("large", "".join(lines) + new_key())
    work.commit_file(f"dir/{new_key()}/f", "x\n")
    assert push(work, server, "main").accepted
    server.git("config", "receive.unpackLimit", unpack_limit)
    server.guard("-v")
    work.commit_file("large", "".join(lines))
    work.commit_file("dir/g", "y\n")
    pushed = push(work, server, "main")
    assert pushed.accepted, pushed.said
    assert "Scanned 2 blobs, 2 commits, 3 trees, 1 ref" in pushed.told


def test_objects_that_no_pushed_ref_reaches(server: Server, work: Repository, key: str) -> None:
    """A pack may hold them, and whoever knows the id can fetch them from some servers."""
    commit, stray = work.commit_file("a", "x\n"), work.blob(f"{key}\n")
    ids = [commit, work.id("HEAD^{tree}"), work.id("HEAD:a")]
    said = send(work, server, commit, "refs/heads/stray", *ids, stray)
    assert "ng refs/heads/stray pre-receive hook declined" in said
    assert stray[:12] in said
    assert "ok refs/heads/stray" in send(work, server, commit, "refs/heads/stray", *ids)


def test_objects_that_were_there_and_unreachable(server: Server, work: Repository, key: str) -> None:
    """A deleted branch must not come back unseen."""
    id_ = work.commit_file("a", key)
    (server.path / "hooks" / "pre-receive").unlink()
    assert push(work, server, "HEAD:refs/heads/old").accepted
    assert push(work, server, ":refs/heads/old").accepted
    server.guard()
    assert server.git("cat-file", "-t", id_) == "commit"
    assert not push(work, server, "HEAD:refs/heads/old").accepted


@pytest.mark.slow
def test_thousands_of_commits(server: Server, tmp_path: Path, key: str) -> None:
    many = Repository(tmp_path / "many")
    stream = []
    for number in range(3000):
        content = f"line {number}\n" + (key if number == 1321 else "")
        stream.append(
            f"commit refs/heads/many\ncommitter C <c@example.org> {1_700_000_000 + number} +0000\ndata 2\nm\n"
            f"M 100644 inline d{number % 50}/f{number % 400}\ndata {len(content)}\n{content}\n"
        )
    many.git("fast-import", "--quiet", stdin="".join(stream))
    server.guard("-v")
    pushed = push(many, server, "many")
    first = many.git("rev-list", "--reverse", "many").splitlines()[1321]
    assert not pushed.accepted
    assert f"commit {first[:12]}, C" in pushed.said
    assert "3,000 blobs, 3,000 commits" in pushed.said


def test_over_the_network(server: Server, work: Repository, tmp_path: Path, key: str) -> None:
    with daemon(tmp_path) as address:
        there = f"{address}/{server.path.name}"
        work.commit_file("a", "x\n")
        assert push(work, there, "main").accepted
        work.commit_file("a", key)
        pushed = push(work, there, "main")
    assert not pushed.accepted
    assert "it contains 1 credential" in pushed.said


def test_sha256(tmp_path: Path, key: str) -> None:
    server = Server(tmp_path / "server.git", "--object-format=sha256")
    work = Repository(tmp_path / "work", "--object-format=sha256")
    server.guard()
    work.commit_file("a", "x\n")
    assert push(work, server, "main").accepted
    id_ = work.commit_file("a", key)
    assert f"commit {id_[:12]}" in push(work, server, "main").said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_repository_of_another_user(server: Server, work: Repository, tmp_path: Path, key: str) -> None:
    subprocess.run(["chown", "-R", "12345", str(server.path)], check=True)
    configuration = tmp_path / "gitconfig"
    configuration.write_text("[safe]\n\tdirectory = *\n")
    variables = {"GIT_CONFIG_GLOBAL": str(configuration)}
    work.commit_file("a", "x\n")
    assert push(work, server, "main", variables=variables).accepted
    work.commit_file("a", key)
    assert "it contains 1 credential" in push(work, server, "main", variables=variables).said


def test_odd_names_and_hostile_content(server: Server, work: Repository, key: str, tmp_path: Path) -> None:
    odd = "refs/heads/-x;$(pwned)'\"--all-é"
    assert push(work, server, f"HEAD:{odd}").accepted
    assert odd in server.refs()
    work.write(".gitattributes", "* -diff -text filter=x\n")
    id_ = work.commit_file("a", f"\0{key}\0")
    harmless = work.git("commit-tree", "-m", "x", "HEAD~1^{tree}")
    work.git("replace", id_, harmless)
    server.git("config", "core.fsmonitor", str(tmp_path / "planted"))
    pushed = push(work, server, "main", "refs/replace/*:refs/replace/*")
    assert "it contains 1 credential" in pushed.said
    work.git("config", "user.name", "x")
    work.git("commit", "-q", "--allow-empty", "-m", "\x1b[2J\x1b]0;pwned\x07 " + key)
    pushed = push(work, server, f"HEAD:{odd}")
    assert not pushed.accepted
    assert "\x1b" not in pushed.written


def test_a_push_to_a_repository_with_a_work_tree(tmp_path: Path, key: str) -> None:
    checked_out, work = Repository(tmp_path / "out"), Repository(tmp_path / "work")
    checked_out.git("config", "receive.denyCurrentBranch", "ignore")
    Server.guard(checked_out)  # type: ignore[arg-type]  # the hook lies elsewhere
    (checked_out.path / "hooks").rename(checked_out.git_dir / "hooks.own")
    (checked_out.git_dir / "hooks.own" / "pre-receive").rename(checked_out.git_dir / "hooks" / "pre-receive")
    work.commit_file("a", "x\n")
    assert push(work, checked_out, "main").accepted
    work.commit_file("a", key)
    assert "it contains 1 credential" in push(work, checked_out, "main").said


def test_the_report_for_the_server(server: Server, work: Repository, tmp_path: Path, key: str) -> None:
    file = tmp_path / "report.json"
    server.guard("--report", f"json:{file}")
    old = work.commit_file("a", key)
    removed = work.remove("a")
    push(work, server, "HEAD:refs/heads/x")
    report = json.loads(file.read_text())
    (found,) = report["credentials"][0]["occurrences"]
    assert (report["scan"]["command"], found["path"], found["introduced"]["id"]) == ("pre-receive", "a", old)
    assert (found["state"], found["removed"]["id"], found["refs"]) == ("removed", removed, ["refs/heads/x"])


def test_no_secret_in_anything_written(server: Server, work: Repository, tmp_path: Path, key: str) -> None:
    reports = [tmp_path / f"report.{name}" for name in FORMATS]
    server.guard("-vv", *(word for file in reports for word in ("--report", f"{file.suffix[1:]}:{file}")))
    work.write(f"dir {key}/f", f"{key}\n")
    work.commit(f"Subject {key}", GIT_AUTHOR_NAME=key)
    pushed = push(work, server, "main")
    assert not pushed.accepted
    for written in (pushed.written, *(file.read_text() for file in reports)):
        assert key[-16:] not in written


def test_exit_zero_only_warns(server: Server, work: Repository, key: str) -> None:
    server.guard("--exit-zero")
    work.commit_file("a", key)
    pushed = push(work, server, "main")
    assert pushed.accepted
    assert "push accepted, but it contains 1 credential" in pushed.said


def test_a_rule_with_only_a_path_stops_a_push_that_adds_such_a_file(
    server: Server, work: Repository, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text("[[rules]]\nid = 'key-store'\npath = '''[.]p12$'''\n")
    server.guard("--rules", str(tmp_path / "rules.toml"))
    work.commit_file("a/fine", "x\n")
    assert push(work, server, "main").accepted
    work.commit_file("a/c.p12", "x\n")
    pushed = push(work, server, "main")
    assert not pushed.accepted
    assert "a/c.p12" in pushed[1] + pushed[2]
