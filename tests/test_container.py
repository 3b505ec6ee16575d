"""The container file keeps its promises as far as its text shows them. It is built where images can be had."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import akpatrol

_ROOT = Path(__file__).parents[1]
_TEXT = (_ROOT / ".ci/Containerfile").read_text()
_LINES = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", _TEXT, flags=re.MULTILINE)).split("\n")
_STEPS = [(word, rest) for word, _, rest in (line.partition(" ") for line in _LINES if line)]
_STAGES = [rest for word, rest in _STEPS if word == "FROM"]
_LAST = _STEPS[max(at for at, (word, _) in enumerate(_STEPS) if word == "FROM") :]


def test_what_runs_is_a_stage_of_its_own_on_a_base_that_is_named() -> None:
    assert len(_STAGES) == 2
    base, name = re.fullmatch(r"(\S+) AS (\w+)", _STAGES[0]).groups()  # type: ignore[union-attr]
    assert re.fullmatch(r"[\w/.-]+:[\w.-]+", base)
    assert not base.endswith(":latest")
    assert _STAGES[1] == "scratch"
    assert [rest for word, rest in _LAST if word == "COPY"] == [f"--from={name} /container /"]
    assert not any(word in ("RUN", "ADD", "VOLUME") for word, _ in _LAST)


def test_it_runs_as_a_user_without_rights_whom_the_image_knows() -> None:
    (user,) = [rest for word, rest in _LAST if word == "USER"]
    number, group = user.split(":")
    assert int(number) > 0
    assert int(group) > 0
    assert f":{number}:{group}:" in (_ROOT / ".ci/container-root").read_text()


def test_its_label_is_the_version() -> None:
    (labels,) = [rest for word, rest in _LAST if word == "LABEL"]
    assert f"org.opencontainers.image.version={akpatrol.__version__} " in labels


def test_packages_come_from_the_locks_alone() -> None:
    installs = [part for word, rest in _STEPS if word == "RUN" for part in rest.split("&&") if "pip install" in part]
    assert len(installs) == 3
    assert all("--require-hashes" in part or "--no-index --no-deps" in part for part in installs)


def test_what_it_copies_is_there() -> None:
    copied = [name for word, rest in _STEPS if word == "COPY" for name in rest.split()[:-1] if "--from" not in rest]
    assert {"rules", "src", ".ci/requirements.lock", ".ci/build.lock"} <= {*copied}
    assert [name for name in copied if not (_ROOT / name).exists()] == []


def test_the_script_of_its_root_can_be_read_by_a_shell() -> None:
    subprocess.run(["sh", "-n", _ROOT / ".ci/container-root"], check=True)
