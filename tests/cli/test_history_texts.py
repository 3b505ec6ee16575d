"""Credentials in commits and tags themselves, and in names: of files, directories and refs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Run
    from tests.repositories import Repository


def test_commit_subject_and_body(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    subject, body = new_key(), new_key()
    commit = repo.commit(f"Use {subject}\n\nFirst line\nas in {body}\n")
    result = run("history", repo.path)
    found = result.one(subject, "commit_message")
    assert (found["place"], found["line"], found["column"]) == ("commit_message", 1, 5)
    assert (found["path"], found["paths"], found["object"]) == (None, [], commit)
    assert (found["introduced"]["id"], found["state"]) == (commit, "present")
    assert subject not in found["introduced"]["summary"]
    assert found["refs"] == ["refs/heads/main", "HEAD"]
    found = result.one(body, "commit_message")
    assert (found["line"], found["column"], found["end_line"]) == (4, 7, 4)
    assert found["end_column"] == 7 + len(body)


def test_author_and_committer(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    name, mail, committer = new_key(), new_key(), new_key()
    commit = repo.commit(
        GIT_AUTHOR_NAME=f"Key {name}", GIT_AUTHOR_EMAIL=f"{mail}@example.org", GIT_COMMITTER_NAME=committer
    )
    result = run("history", repo.path)
    for secret, place in ((name, "author"), (mail, "author"), (committer, "committer")):
        found = result.one(secret, place)
        assert (found["object"], found["line"]) == (commit, None)
        assert (found["introduced"]["id"], found["state"]) == (commit, "present")


def test_message_of_a_commit_that_only_a_tag_reaches(run: Run, repo: Repository, key: str) -> None:
    base = repo.commit("Start")
    commit = repo.commit(f"Key {key}")
    repo.git("tag", "v1")
    repo.git("reset", "-q", "--hard", base)
    repo.forget()
    found = run("history", repo.path).one(key, "commit_message")
    assert (found["state"], found["refs"], found["object"]) == ("removed", ["refs/tags/v1"], commit)


def test_annotated_tag(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    message, tagger = new_key(), new_key()
    repo.commit()
    repo.git("tag", "-a", "-m", f"Release\n\nwith {message}", "v1", variables={"GIT_COMMITTER_NAME": tagger})
    result = run("history", repo.path)
    found = result.one(message)
    assert (found["place"], found["line"], found["column"]) == ("tag_message", 3, 6)
    assert (found["object"], found["refs"], found["state"]) == (repo.id("v1"), ["refs/tags/v1"], "present")
    assert found["introduced"]["summary"] == "Release"
    assert result.one(tagger)["place"] == "tagger"


def test_tag_of_a_tag(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    inner, blob = new_key(), new_key()
    base = repo.commit("Start")
    repo.commit_file("a", blob)
    repo.git("tag", "-a", "-m", f"inner {inner}", "inner")
    repo.git("tag", "-a", "-m", "outer", "outer", "inner")
    repo.git("tag", "-d", "inner")
    repo.git("reset", "-q", "--hard", base)
    repo.forget()
    result = run("history", repo.path)
    assert (result.one(inner)["state"], result.one(inner)["refs"]) == ("present", ["refs/tags/outer"])
    assert (result.one(blob)["state"], result.one(blob)["refs"]) == ("removed", ["refs/tags/outer"])


def test_tag_of_a_deleted_tag(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    repo.git("tag", "-a", "-m", f"Release {key}", "v1")
    id_ = repo.id("v1")
    repo.git("tag", "-d", "v1")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["state_reason"], found["object"]) == ("unreachable", "dangling", id_)


def test_file_name(run: Run, repo: Repository, key: str) -> None:
    added = repo.commit_file(f"conf/key-{key}.txt", "nothing\n")
    result = run("history", repo.path)
    found = result.one(key)
    masked = f"conf/key-ak_{key[3:7]}***({len(key)}).txt"
    assert (found["place"], found["path"], found["paths"]) == ("path", masked, [masked])
    assert (found["line"], found["column"], found["object"]) == (None, None, repo.id("HEAD:conf"))
    assert (found["introduced"]["id"], found["state"], found["offset"]) == (added, "present", 4)
    assert key not in str(result.json)


def test_directory_name_removed(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("kept", "x")
    added = repo.commit_file(f"a/{key}/b/file", "nothing\n")
    removed = repo.remove("a")
    found = run("history", repo.path).one(key)
    assert found["path"] == f"a/ak_{key[3:7]}***({len(key)})"
    assert (found["introduced"]["id"], found["removed"]["id"]) == (added, removed)
    assert found["state"] == "removed"


def test_file_name_of_a_blob_with_other_names(run: Run, repo: Repository, key: str) -> None:
    repo.write("a", "same\n")
    repo.commit_file(f"z\n{key}", "same\n")
    assert run("history", repo.path).one(key)["state"] == "present"


def test_name_of_a_submodule(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    repo.git("update-index", "--add", "--cacheinfo", f"160000,{repo.id('HEAD')},{key}")
    repo.git("commit", "-q", "-m", "Add it")
    found = run("history", repo.path).one(key)
    assert (found["place"], found["state"], found["introduced"]["id"]) == ("path", "present", repo.id("HEAD"))


def test_names_of_refs(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    branch, tag, remote, packed, gone = (new_key() for _ in range(5))
    repo.commit()
    repo.git("branch", f"topic/{packed}")
    repo.git("pack-refs", "--all")
    repo.git("branch", f"topic/{branch}")
    repo.git("tag", tag)
    repo.git("update-ref", f"refs/remotes/origin/{remote}", "HEAD")
    repo.git("branch", gone)
    log = repo.git_dir / "logs/refs/heads" / gone
    content = log.read_text()
    repo.git("branch", "-D", gone)
    log.write_text(content)
    result = run("history", repo.path)
    assert result.code == 1
    for secret, name in (
        (branch, "refs/heads/topic/"),
        (tag, "refs/tags/"),
        (remote, "refs/remotes/origin/"),
        (packed, "refs/heads/topic/"),
        (gone, "refs/heads/"),
    ):
        found = result.one(secret, "ref_name")
        assert found["refs"] == [f"{name}ak_{secret[3:7]}***({len(secret)})"]
        assert (found["path"], found["line"], found["offset"]) == (None, None, len(name))
        assert {one["place"] for one in result.found(secret)} <= {"ref_name", "git_dir"}
    assert result.one(tag)["state"] == "present"


def test_name_inside_an_annotated_tag(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    repo.git("tag", "-a", "-m", "x", key)
    repo.git("update-ref", "refs/tags/other", key)
    repo.git("tag", "-d", key)
    found = run("history", repo.path).one(key)
    assert (found["place"], found["refs"], found["object"]) == ("ref_name", ["refs/tags/other"], repo.id("other"))


def test_ref_names_that_are_not_utf8(run: Run, repo: Repository, key: str) -> None:
    repo.commit_file("a", key)
    for packed in (False, True):
        repo.git("update-ref", b"refs/heads/caf\xe9", "HEAD")
        if packed:
            repo.git("pack-refs", "--all")
        result = run("history", repo.path)
        assert result.code == 1
        assert "refs/heads/caf\\xe9" in result.one(key)["refs"]


def test_notes(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    repo.git("notes", "add", "-m", f"see {key}")
    found = run("history", repo.path).one(key)
    assert (found["state"], found["refs"]) == ("removed", ["refs/notes/commits"])
    assert found["introduced"]["id"] == repo.id("refs/notes/commits")


def test_signature_header_is_read(run: Run, repo: Repository, key: str) -> None:
    repo.commit()
    raw = repo.git("cat-file", "commit", "HEAD")
    header, _, message = raw.partition("\n\n")
    made = f"{header}\nnote first\n second {key}\n\n{message}"
    id_ = repo.git("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=made)
    repo.git("update-ref", "refs/heads/signed", id_)
    found = run("history", repo.path).one(key)
    assert (found["place"], found["object"]) == ("commit_message", id_)


def test_a_byte_order_mark_is_in_no_column(run: Run, repo: Repository, new_key: Callable[[], str]) -> None:
    """What an editor puts in front of a message, or of a file, is no character of its first line."""
    message, content = new_key(), new_key()
    repo.write("a", f"\ufeffk={content}\n")
    repo.commit(f"\ufeffUse {message}\n")
    result = run("history", repo.path, "--report", f"sarif:{repo.path.parent / 'report.sarif'}")
    told = result.one(message, "commit_message")
    assert (told["line"], told["column"]) == (1, 5)
    assert (result.one(content)["line"], result.one(content)["column"]) == (1, 3)
    sarif = json.loads((repo.path.parent / "report.sarif").read_bytes())
    regions = [one["locations"][0]["physicalLocation"]["region"] for one in sarif["runs"][0]["results"]]
    assert 3 in {region.get("startColumn") for region in regions}
