"""The corpus end to end: each credential is found once, in its place, whichever way it comes; nothing else is."""

from __future__ import annotations

import hashlib
import io
from base64 import b64encode
from random import Random
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from tests.corpus.silent import SILENT
from tests.corpus.table import FOUND
from tests.credentials import organization_key, personal_access_token

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.conftest import Result, Run
    from tests.corpus.artifact import Case, Planted
    from tests.repositories import Repository

_MAKERS: tuple[Callable[[Random], str], ...] = (
    organization_key,
    personal_access_token,
    lambda rng: organization_key(rng, id_alphabet="base64url", id_length=22, secret_length=43),
    lambda rng: personal_access_token(rng, alphabet_name="hex", length=48),
)
_WINDOW = 20


def _case(kind: str) -> Case:
    """Build a case; what is planted is another kind of credential in each."""
    rng = Random(kind)
    return FOUND[kind](rng, _MAKERS[rng.randrange(len(_MAKERS))](rng))


def _told(place: dict[str, Any], *, column: bool) -> tuple[object, ...]:
    where = (place["line"], place["column"] if column else None)
    return (*where, tuple(place["encodings"]), tuple(place["containers"]), place["place"])


def _expected(one: Planted) -> tuple[object, ...]:
    return (one.line, one.column, one.encodings, one.containers, "path" if one.line is None else "content")


def _problems(result: Result, case: Case, path: str | None = None) -> list[str]:
    """Return how the report differs from the case, in the file at ``path`` if one is given."""
    found: list[str] = []
    for one in case.planted:
        places = [place for place in result.found(one.secret) if path in (None, place["path"])]
        column = one.column is not None or one.line is None
        told = [_told(place, column=column) for place in places]
        if told != [_expected(one)]:
            found.append(f"{path or case.file}: {told} is not [{_expected(one)}]")
    return found


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _assert_found(result: Result, case: Case) -> None:
    assert not _problems(result, case)
    assert result.digests == {_digest(one.secret) for one in case.planted}
    assert (result.code, result.skipped) == (1, [])


def _spellings(secret: str) -> Iterator[bytes]:
    """Yield what shows a part of a secret: itself, base64 at each alignment, and hexadecimal digits."""
    body = secret.rpartition("." if "." in secret else "_")[2].encode()
    yield body
    yield body.hex().encode()
    yield body.hex().upper().encode()
    for alignment in range(3):
        yield b64encode(b"_" * alignment + body)[4:-4]


def _leaks(case: Case, outputs: Sequence[bytes]) -> list[bytes]:
    windows = {
        spelled[start : start + _WINDOW]
        for one in case.planted
        for spelled in _spellings(one.secret)
        for start in range(len(spelled) - _WINDOW + 1)
    }
    return [window for window in windows if any(window in output for output in outputs)]


@pytest.mark.parametrize("kind", FOUND)
def test_found_in_a_file(run: Run, tmp_path: Path, kind: str) -> None:
    """No format shows the secret, nor its encoded form."""
    case = _case(kind)
    (tmp_path / case.file).write_bytes(case.data)
    files = [tmp_path / f"report.{name}" for name in ("text", "sarif", "json")]
    reports = [f"{file.suffix[1:]}:{file}" for file in files]
    result = run("scan", tmp_path / case.file, *(word for report in reports for word in ("--report", report)))
    _assert_found(result, case)
    outputs = [result.out.encode(), result.err.encode(), str(result.json).encode(), *(f.read_bytes() for f in files)]
    assert not _leaks(case, outputs)


@pytest.mark.parametrize("kind", FOUND)
def test_found_on_standard_input(run: Run, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    case = _case(kind)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(case.data), isatty=lambda: False))
    _assert_found(run("scan", "-"), case)


@pytest.fixture
def everything(repo: Repository) -> dict[str, Case]:
    """Write all cases into one repository, in which they are staged; return them by their paths."""
    cases = {f"{kind}/{(case := _case(kind)).file}": case for kind in FOUND}
    for path, case in cases.items():
        repo.write(path, case.data)
    repo.git("add", "-A", "--force")
    return cases


def _assert_all_found(result: Result, cases: dict[str, Case]) -> None:
    assert not [problem for path, case in cases.items() for problem in _problems(result, case, path)]
    assert result.digests == {_digest(one.secret) for case in cases.values() for one in case.planted}
    assert (result.code, result.skipped) == (1, [])


def test_found_in_a_directory(run: Run, repo: Repository, everything: dict[str, Case]) -> None:
    _assert_all_found(run("scan", repo.path), everything)


def test_found_where_it_is_staged(run: Run, repo: Repository, everything: dict[str, Case]) -> None:
    _assert_all_found(run("staged", cwd=repo.path), everything)


def test_found_in_history(run: Run, repo: Repository, everything: dict[str, Case]) -> None:
    """Also as deltas in a pack, and once it was removed."""
    added = repo.commit()
    repo.git("rm", "-q", "-r", ".")
    removed = repo.commit()
    repo.pack()
    result = run("history", repo.path)
    _assert_all_found(result, everything)
    places = [place for credential in result.json["credentials"] for place in credential["occurrences"]]
    assert {(place["introduced"]["id"], place["removed"]["id"]) for place in places} == {(added, removed)}


@pytest.mark.parametrize("kind", SILENT)
def test_silent(run: Run, tmp_path: Path, kind: str) -> None:
    """Nothing is reported, and nothing could not be read."""
    (tmp_path / kind).write_bytes(SILENT[kind](Random(kind)))
    result = run("scan", tmp_path)
    assert (result.code, result.json["credentials"], result.skipped) == (0, [], [])
