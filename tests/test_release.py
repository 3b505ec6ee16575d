"""The release workflow: what it runs is pinned, what it publishes was tested, and a tag that does not fit stops it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

import akpatrol

if TYPE_CHECKING:
    from tests.repositories import Repository

_ROOT = Path(__file__).parents[1]
_FILE = _ROOT / ".github/workflows/release.yml"
_WORKFLOW = yaml.safe_load(_FILE.read_text())
_JOBS = _WORKFLOW["jobs"]
_CHECK = next(step["run"] for step in _JOBS["build"]["steps"] if "GITHUB_REF_NAME" in step.get("run", ""))


def _needed(job: str) -> set[str]:
    needs = _JOBS[job].get("needs", [])
    direct = {needs} if isinstance(needs, str) else {*needs}
    return direct.union(*map(_needed, direct))


def test_it_starts_with_a_tag_of_a_version_alone() -> None:
    # YAML 1.1 reads the key "on" as true.
    assert _WORKFLOW[True] == {"push": {"tags": ["v[0-9]+.[0-9]+.[0-9]+"]}}


def test_every_action_is_pinned() -> None:
    text = _FILE.read_text()
    pinned = re.findall(r"uses: ([\w/.-]+@[0-9a-f]{40} # v[\d.]+)$", text, re.MULTILINE)
    assert re.findall(r"uses: (.*)", text) == pinned
    assert len({line.partition("@")[0] for line in pinned}) == len({*pinned})


def test_only_the_job_that_publishes_may_do_more_than_read_and_it_runs_no_code_of_ours() -> None:
    assert _WORKFLOW["permissions"] == {}
    for name, job in _JOBS.items():
        expected = {"id-token": "write", "attestations": "write"} if name == "publish" else {"contents": "read"}
        assert job["permissions"] == expected
    assert not any("run" in step for step in _JOBS["publish"]["steps"])
    assert not re.search(r"secrets\.|password", _FILE.read_text())


def test_what_is_published_was_built_once_tested_and_attested() -> None:
    assert _needed("publish") == {"build", "test", "suite"}
    used = [step["uses"].partition("@")[0] for step in _JOBS["publish"]["steps"]]
    assert used == ["actions/download-artifact", "actions/attest-build-provenance", "pypa/gh-action-pypi-publish"]
    builds = [step for job in _JOBS.values() for step in job["steps"] if "hatchling build" in step.get("run", "")]
    assert len(builds) == 1


def test_no_expression_is_pasted_into_a_script() -> None:
    assert not any("${{" in step.get("run", "") for job in _JOBS.values() for step in job["steps"])


def test_the_files_that_its_scripts_name_exist() -> None:
    for name in (".ci/build.lock", ".ci/requirements.lock", ".ci/run", "bench/demo.py", "CHANGELOG.md"):
        assert name in _FILE.read_text()
        assert (_ROOT / name).is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("tag", "heading", "on_main", "code"),
    [
        (akpatrol.__version__, "2030-01-31", True, 0),
        ("9.9.9", "2030-01-31", True, 1),
        (akpatrol.__version__, "unreleased", True, 1),
        (akpatrol.__version__, "2030-01-31", False, 1),
    ],
)
def test_a_tag_that_does_not_fit_stops_it(repo: Repository, tag: str, heading: str, on_main: bool, code: int) -> None:
    (repo.path / "src/akpatrol").mkdir(parents=True)
    shutil.copy(_ROOT / "src/akpatrol/__init__.py", repo.path / "src/akpatrol")
    repo.commit_file("CHANGELOG.md", f"# Changelog\n\n## {akpatrol.__version__} - {heading}\n")
    repo.git("update-ref", "refs/remotes/origin/main", "HEAD")
    if not on_main:
        repo.commit_file("more", "x\n")
    variables = {"GITHUB_REF_NAME": f"v{tag}", "GITHUB_SHA": repo.id("HEAD")}
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", _CHECK]
    done = subprocess.run(command, cwd=repo.path, env=os.environ | variables, check=False)
    assert done.returncode == code
