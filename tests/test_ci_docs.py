"""The snippets for CI systems in README and docs/: each can be parsed, and what a shell runs in them works."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

import akpatrol
from tests.forge import Forge, merge_request
from tests.repositories import environment

_ROOT = Path(__file__).parents[1]
_PAGES = [_ROOT / "README.md", *sorted((_ROOT / "docs").glob("*.md"))]
_PAGE = (_ROOT / "docs/ci.md").read_text()
_IMAGE = f"registry.example.org/akpatrol:{akpatrol.__version__}"
# https://github.com/buildkite-plugins/docker-buildkite-plugin: plugin.yml
_BUILDKITE_DOCKER = {"image", "network", "propagate-uid-gid", "environment"}


def _blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def _section(title: str, language: str = "yaml") -> list[str]:
    return _blocks(_PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0], language)


def _only(title: str, at: int = 0) -> Any:
    return yaml.safe_load(_section(title)[at])


@pytest.mark.parametrize("page", _PAGES, ids=lambda page: page.name)
def test_every_yaml_snippet_can_be_parsed(page: Path) -> None:
    for block in _blocks(page.read_text(), "yaml"):
        assert yaml.safe_load(block)


def test_nothing_names_a_release_that_is_not_there() -> None:
    text = "".join(page.read_text() for page in _PAGES) + (_ROOT / ".ci/gitlab.yml").read_text()
    assert "unreleased" in (_ROOT / "CHANGELOG.md").read_text().splitlines()[2]
    assert not re.search(r"akpatrol[@/]v\d", text)
    assert not re.search(r"rev: v\d", text)


def test_github_and_gitlab_take_the_same_commit_everywhere() -> None:
    (step,) = [step for step in _only("GitHub")["jobs"]["akpatrol"]["steps"] if "akpatrol" in step["uses"]]
    assert step["uses"] == "akpatrol/akpatrol@<commit>"
    assert {*step["with"]} <= {*yaml.safe_load((_ROOT / "action.yml").read_text())["inputs"]}
    included = _only("GitLab")
    assert included["include"][0]["remote"].endswith("/<commit>/.ci/gitlab.yml")
    assert included["variables"] == {"AKPATROL_COMMIT": "<commit>"}
    job = yaml.safe_load((_ROOT / ".ci/gitlab.yml").read_text())["akpatrol"]
    assert job["variables"]["AKPATROL_PACKAGE"].endswith("@$AKPATROL_COMMIT")


def test_buildkite_s_plugin_is_configured_with_what_it_knows() -> None:
    (step,) = _only("Buildkite")["steps"]
    ((name, options),) = step["plugins"][0].items()
    assert re.fullmatch(r"docker#v[\d.]+", name)
    assert {*options} <= _BUILDKITE_DOCKER
    assert options["image"] == _IMAGE
    assert all(variable in step["command"] for variable in options["environment"])


def test_tekton_s_task_reads_what_it_is_given() -> None:
    task = _only("Tekton")
    assert (task["apiVersion"], task["kind"]) == ("tekton.dev/v1", "Task")
    (step,) = task["spec"]["steps"]
    assert step["image"] == _IMAGE
    assert step["workingDir"] == f"$(workspaces.{task['spec']['workspaces'][0]['name']}.path)"
    assert step["env"] == [{"name": "BASE", "value": f"$(params.{task['spec']['params'][0]['name']})"}]
    # An expression would be pasted into the script as it is.
    assert "$(" not in step["script"]


def _jenkins() -> str:
    (block,) = _section("Jenkins", "groovy")
    assert f"image '{_IMAGE}'" in block
    assert block.count("{") == block.count("}")
    (line,) = re.findall(r"^ *sh '([^']*)'$", block, re.MULTILINE)
    return str(line)


_SCRIPTS = {
    "CHANGE_TARGET": _jenkins(),
    # Buildkite puts values in when it reads the file, and a $ for two.
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH": _only("Buildkite")["steps"][0]["command"].replace("$$", "$"),
    "BASE": _only("Tekton")["spec"]["steps"][0]["script"].rstrip(),
}


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    return Forge(tmp_path_factory.mktemp("forge") / "origin")


def _run(script: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=cwd,
        env=environment(cwd.parent) | {"PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("variable", _SCRIPTS)
def test_each_scans_a_change_or_everything(forge: Forge, tmp_path: Path, variable: str) -> None:
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/topic")
    (tmp_path / "checkout/.git/info/exclude").write_text("*.json\n")

    def found(**variables: str) -> set[str]:
        done = _run(f"{_SCRIPTS[variable]} -f json --output report.json", checkout, **variables)
        assert done.returncode == 1, done.stderr
        report = json.loads((checkout / "report.json").read_text())
        return {place["path"] for one in report["credentials"] for place in one["occurrences"]}

    assert found(**{variable: "main"}) == {"t0", "t1"}
    assert found(**{variable: ""}) == found() == {"m0", "m1", "m2", "t0", "t1"}
    hostile = _run(_SCRIPTS[variable], checkout, **{variable: "x; touch pwned; $(touch pwned) --exit-zero"})
    assert hostile.returncode == 2, hostile.stdout
    assert not (checkout / "pwned").exists()


@pytest.mark.slow
def test_gitlab_s_job_with_the_container(forge: Forge, tmp_path: Path) -> None:
    job = _only("GitLab", 1)["akpatrol"]
    assert job["image"] == _IMAGE
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/topic")
    done = _run("\n".join(job["script"]), checkout, GITLAB_CI="true", **merge_request(forge.ids))
    assert done.returncode == 1, done.stderr
    report = json.loads((checkout / job["artifacts"]["reports"]["secret_detection"]).read_text())
    assert len(report["vulnerabilities"]) == 2
