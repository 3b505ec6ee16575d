"""Who is blamed: what the base holds is not new, what was moved says from where, and a boundary says so."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import pytest

from tests.program import inside
from tests.servers import Server, push

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import Result, Run
    from tests.repositories import Repository

    NewKey = Callable[[], str]

LEAKER = "Mallory <m@example.org>"


@pytest.fixture
def leak(repo: Repository, key: str) -> str:
    """The commit in which somebody else leaked a key in ``f``; ``feat`` is checked out behind an innocent one."""
    repo.commit_file("x", "x\n", "First")
    repo.write("f", _text(key))
    leak = repo.commit("Leak", GIT_AUTHOR_NAME="Mallory", GIT_AUTHOR_EMAIL="m@example.org")
    repo.commit_file("x", "innocent\n")
    repo.git("checkout", "-q", "-b", "feat")
    return leak


def _text(key: str, *more: str) -> str:
    return "\n".join(["first", "second", f"k={key}", "third", "fourth", *more]) + "\n"


def _ranged(run: Run, repo: Repository, wanted: str = "main..feat", *more: str) -> Result:
    return run("history", "--range", wanted, *more, repo.path)


def _known(result: Result) -> tuple[int, int, list[Any]]:
    summary = result.json["summary"]
    return result.code, summary["already_in_base"], result.json["credentials"]


def test_an_edit_beside_is_not_new(run: Run, repo: Repository, key: str, leak: str) -> None:
    assert leak
    repo.commit_file("f", _text(key, "more"))
    assert _known(_ranged(run, repo)) == (0, 1, [])
    told = inside("history", "--range", "main..feat", cwd=repo.path).out
    assert told.startswith(b"No new credentials found\n\n1 place already in the base, so not new\n")
    repo.commit_file("f", _text(key, "more", "and more"))
    assert _known(_ranged(run, repo)) == (0, 1, []), "two versions of one place"


def test_a_renamed_file_is_not_new(run: Run, repo: Repository, key: str, leak: str) -> None:
    assert leak
    repo.git("mv", "f", "g")
    repo.commit()
    assert _known(_ranged(run, repo)) == (0, 1, [])
    repo.commit_file("g", _text(key, "more"))
    repo.git("mv", "g", "h")
    repo.commit_file("h", _text(key, "more", "lines"))
    assert _known(_ranged(run, repo))[::2] == (0, [])


@pytest.mark.parametrize("how", ["exact", "changed", "removed elsewhere"])
def test_a_copy_and_a_move_are_told_with_their_origin(
    run: Run, repo: Repository, key: str, leak: str, how: str
) -> None:
    if how == "removed elsewhere":
        repo.write("f", _text("nothing"))
    copied = repo.commit_file("h", _text(key) if how == "exact" else f"other = {key}\n")
    found = _ranged(run, repo).one(key)
    assert (found["path"], found["introduced"]["id"]) == ("h", copied)
    assert found["moved_from"]["kind"] == ("move" if how == "removed elsewhere" else "copy")
    assert found["moved_from"]["path"] == "f"
    origin = found["moved_from"]["introduced"]
    assert (origin["id"], origin["author"], origin["boundary"]) == (leak, LEAKER, False)


def test_the_origin_is_followed_through_renames(run: Run, repo: Repository, key: str, leak: str) -> None:
    repo.git("checkout", "-q", "main")
    repo.git("mv", "f", "g")
    repo.commit_file("g", _text(key, "more"))
    repo.git("checkout", "-q", "-B", "feat")
    repo.commit_file("h", f"k={key}\n")
    found = _ranged(run, repo).one(key)
    assert (found["moved_from"]["path"], found["moved_from"]["introduced"]["id"]) == ("g", leak)


def test_what_was_removed_and_comes_back_is_new(run: Run, repo: Repository, key: str, leak: str) -> None:
    assert leak
    repo.remove("f")
    repo.git("revert", "--no-edit", "HEAD")
    back = repo.id("HEAD")
    for wanted in ("HEAD~1..", "main..feat"):
        assert _ranged(run, repo, wanted).one(key)["introduced"]["id"] == back


def test_what_the_tip_of_the_base_no_longer_holds_is_told(run: Run, repo: Repository, key: str, leak: str) -> None:
    """A branch that began before the removal would bring it back."""
    repo.commit_file("f", _text(key, "more"))
    repo.git("checkout", "-q", "main")
    repo.remove("f")
    found = _ranged(run, repo).one(key)
    assert (found["introduced"]["id"], found["introduced"]["author"]) == (leak, LEAKER)


def test_another_place_in_the_same_file_is_new(run: Run, repo: Repository, key: str, leak: str) -> None:
    assert leak
    again = repo.commit_file("f", _text(key, "again", f"copy={key}"))
    found = _ranged(run, repo).one(key)
    assert (found["line"], found["introduced"]["id"]) == (7, again)


def test_another_credential_beside_it_is_new(run: Run, repo: Repository, key: str, new_key: NewKey, leak: str) -> None:
    assert leak
    other = new_key()
    repo.commit_file("f", _text(key, f"other={other}"))
    result = _ranged(run, repo)
    assert (bool(result.found(key)), result.one(other)["moved_from"]) == (False, None)


def test_another_encoding_is_new_and_the_same_is_not(run: Run, repo: Repository, key: str, leak: str) -> None:
    assert leak
    encoded = base64.b64encode(f"the key is {key} today".encode()).decode()
    repo.commit_file("f", _text(encoded))
    assert _ranged(run, repo).one(key)["encodings"]
    repo.git("checkout", "-q", "-b", "next")
    repo.commit_file("f", _text(encoded, "more"))
    assert _known(_ranged(run, repo, "feat..next")) == (0, 1, [])


def test_merges(run: Run, repo: Repository, key: str, new_key: NewKey, leak: str) -> None:
    """What comes with a merge from the base is not new, also where both sides changed the file; what it adds is."""
    assert leak
    repo.commit_file("f", "zero\n" + _text(key))
    repo.git("checkout", "-q", "main")
    repo.commit_file("f", _text(key, "ours"))
    repo.git("checkout", "-q", "feat")
    repo.git("merge", "-q", "--no-edit", "main")
    assert _known(_ranged(run, repo)) == (0, 1, [])
    evil = new_key()
    repo.git("merge", "-q", "--no-ff", "--no-commit", "-s", "ours", "main", code=None)
    repo.write("f", "zero\n" + _text(key, f"evil={evil}"))
    repo.commit("Evil")
    result = _ranged(run, repo)
    assert (bool(result.found(key)), result.one(evil)["path"]) == (False, "f")


@pytest.mark.parametrize("why", ["excluded", "allowed", "comment"])
def test_what_nobody_was_told_of_is_brought_to_light(run: Run, repo: Repository, key: str, why: str) -> None:
    comment = "  # akpatrol:allow it is a test" * (why == "comment")
    repo.commit_file("vendor/f", _text(key + comment))
    if why == "allowed":
        repo.commit_file(".akpatrol.toml", '[[allow]]\npath = "vendor/"\nreason = "a test"\n')
    repo.git("checkout", "-q", "-b", "feat")
    options = ("--exclude", "vendor/") if why == "excluded" else ()
    if why == "comment":
        repo.commit_file("vendor/f", _text(key))
    else:
        repo.git("mv", "vendor/f", "f")
        repo.commit()
    assert _ranged(run, repo, "main..feat", *options).one(key)["path"] == ("vendor/f" if why == "comment" else "f")


def test_history_blames_the_commit_that_leaked(run: Run, repo: Repository, key: str, leak: str) -> None:
    """An edit beside it, or a rename of the file, does not introduce it; a move to another file is reported."""
    repo.commit_file("f", _text(key, "more"))
    repo.git("mv", "f", "g")
    repo.commit_file("g", _text(key, "more", "lines"))
    repo.write("g", _text("nothing"))
    moved = repo.commit_file("other", f"k={key}\n")
    found = {place["path"]: place for place in run("history", repo.path).found(key)}
    assert {place["introduced"]["id"] for path, place in found.items() if path != "other"} == {leak}
    assert found["g"]["moved_from"]["path"] == "f"
    assert (found["other"]["introduced"]["id"], found["other"]["moved_from"]["introduced"]["id"]) == (moved, leak)
    assert (found["f"]["moved_from"], found["other"]["moved_from"]["kind"]) == (None, "move")


def test_hashes_are_found_in_what_is_not_new(run: Run, repo: Repository, key: str, leak: str, tmp_path: Path) -> None:
    digest = run("history", repo.path).json["credentials"][0]["secret_sha256"]
    (tmp_path / "hashes").write_text(f"{digest}\n")
    repo.commit_file("f", _text(key, "more"))
    assert leak
    assert _ranged(run, repo, "main..feat", "--hashes", str(tmp_path / "hashes")).code == 1


@pytest.mark.parametrize(
    ("format_", "words"),
    [("text", "in or before "), ("github", "in or before commit"), ("sarif", "in or before commit"),
     ("gitlab", "in or before commit"), ("gitlab-codequality", "in or before commit"),
     ("markdown", "in or before "), ("html", "in or before this commit"), ("json", '"boundary": true')],
)  # fmt: skip
def test_a_shallow_boundary_in_every_format(
    run: Run, repo: Repository, leak: str, tmp_path: Path, format_: str, words: str
) -> None:
    assert leak
    shallow = repo.clone(tmp_path / "shallow", "--depth=1")
    out = tmp_path / "out"
    run("history", shallow.path, "--report", f"{format_}:{out}")
    assert words in " ".join(out.read_text().split())


class TestStaged:
    """The next commit against HEAD."""

    @pytest.mark.parametrize("what", ["edit", "rename", "rename and edit", "mode"])
    def test_what_head_holds_there_is_not_new(self, run: Run, repo: Repository, key: str, leak: str, what: str) -> None:
        assert leak
        if "rename" in what:
            repo.git("mv", "f", "g")
        if "edit" in what:
            repo.write("g" if "rename" in what else "f", _text(key, "more"))
        repo.git("add", "-A")
        if what == "mode":
            repo.git("update-index", "--chmod=+x", "f")
        result = run("staged", cwd=repo.path)
        assert _known(result) == (0, 1, [])
        (notice,) = result.json["notices"]
        assert "already in HEAD" in notice
        assert "akpatrol baseline create" in notice
        assert key not in notice
        assert b"already in the base" not in inside("staged", cwd=repo.path).out, "told once"

    def test_a_baseline_ends_the_notice(self, run: Run, repo: Repository, key: str, leak: str) -> None:
        assert leak
        assert inside("baseline", "create", cwd=repo.path).code == 0
        repo.write("f", _text(key, "more"))
        repo.git("add", "-A")
        result = run("staged", cwd=repo.path)
        assert (_known(result), result.json["notices"]) == ((0, 0, []), [])

    def test_a_copy_and_a_second_place_are_new(self, run: Run, repo: Repository, key: str, leak: str) -> None:
        repo.write("h", _text(key))
        repo.write("f", _text(key, f"again={key}"))
        repo.git("add", "-A")
        found = {place["path"]: place for place in run("staged", cwd=repo.path).found(key)}
        assert (found["h"]["moved_from"]["kind"], found["h"]["moved_from"]["path"]) == ("copy", "f")
        assert found["h"]["moved_from"]["introduced"]["id"] == leak
        assert (found["f"]["line"], found["f"]["state"]) == (6, "staged")

    def test_a_named_file_in_which_nothing_changed_is_told(
        self, run: Run, repo: Repository, key: str, leak: str
    ) -> None:
        assert leak
        assert run("staged", "f", cwd=repo.path).one(key)["state"] == "present"

    @pytest.mark.parametrize("published", [True, False])
    def test_what_a_merge_brings_from_a_remote_branch_is_not_new(
        self, run: Run, repo: Repository, key: str, leak: str, *, published: bool
    ) -> None:
        assert leak
        repo.git("checkout", "-q", "main")
        repo.commit_file("f", _text(key, "ours"))
        repo.git("checkout", "-q", "--orphan", "other")
        repo.git("rm", "-q", "-rf", ".")
        repo.commit_file("y", "y\n")
        if published:
            repo.git("update-ref", "refs/remotes/origin/main", "main")
        repo.git("merge", "-q", "--no-commit", "--allow-unrelated-histories", "main")
        result = run("staged", cwd=repo.path)
        assert result.code == (0 if published else 1)
        assert not published or _known(result) == (0, 1, [])


def test_a_push_that_edits_beside_what_the_server_has(repo: Repository, key: str, tmp_path: Path) -> None:
    server = Server(tmp_path / "server.git")
    repo.commit_file("f", _text(key))
    assert push(repo, server, "main").accepted
    server.guard()
    repo.commit_file("f", _text(key, "more"))
    repo.git("mv", "f", "g")
    repo.commit()
    assert push(repo, server, "main").accepted
    repo.commit_file("h", f"k={key}\n")
    assert not push(repo, server, "main").accepted


class TestPartialClone:
    """``--filter=blob:none``, and the origin is gone."""

    @pytest.fixture
    def clone(self, repo: Repository, key: str, tmp_path: Path) -> Repository:
        repo.git("config", "uploadpack.allowFilter", "true")
        for number in range(2):
            repo.write(".akpatrol.toml", f'exclude = ["none{number}"]\n')
            repo.write("f", _text(key, str(number)))
            repo.commit_file("x", f"{number}\n")
        repo.git("branch", "base")
        repo.commit_file("x", "clean\n")
        repo.git("branch", "clean")
        repo.commit_file("f", _text(key, "edited"))
        clone = repo.clone(tmp_path / "partial", "--filter=blob:none", "-b", "main")
        repo.path.rename(tmp_path / "gone")
        return clone

    def test_what_the_range_needs_is_there(self, run: Run, clone: Repository) -> None:
        result = _ranged(run, clone, "origin/base..origin/clean")
        assert (result.code, result.skipped) == (0, [])

    def test_an_earlier_version_is_absent(self, run: Run, clone: Repository, key: str) -> None:
        result = _ranged(run, clone, "origin/clean..HEAD")
        assert result.one(key)["path"] == "f"
        (skip,) = result.skipped
        assert "partial clone" in skip["reason"]
        assert "git fetch --refetch" in skip["reason"]

    def test_what_the_range_holds_is_absent(self, run: Run, clone: Repository) -> None:
        """It is neither corrupt nor clean, and what can be read is."""
        result = _ranged(run, clone, "HEAD~3..HEAD~2")
        assert result.code == 3
        assert result.skipped
        assert all("partial clone" in skip["reason"] for skip in result.skipped)
