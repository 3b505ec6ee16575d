"""The GitHub action and GitLab's job as they ship: their scripts, run by a shell as the runners run them."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import akpatrol
from tests.forge import Forge, merge_request, pull_request
from tests.repositories import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.forge import Event

_ROOT = Path(__file__).parents[1]
_ACTION = yaml.safe_load((_ROOT / "action.yml").read_text())
_STEPS = _ACTION["runs"]["steps"]
_ENVIRONMENT, _RESTORE, _INSTALL, _KEEP, _LOOK, _UPLOAD = _STEPS
_JOB = yaml.safe_load((_ROOT / ".ci" / "gitlab.yml").read_text())["akpatrol"]
_SOURCE = (".ci", "src", "rules", "pyproject.toml", "README.md", "LICENSE")
_PINNED = re.compile(r"^([\w.-]+)==[^ ]+(.*)$", re.MULTILINE)


@dataclass
class Done:
    """The result of a step; ``outputs`` and ``summary`` are the files that it wrote for the runner."""

    code: int
    out: str
    outputs: dict[str, str]
    summary: str


pytestmark = pytest.mark.slow


class Machine:
    """A runner's directories and variables; Python packages are these tests', so that no index is asked.

    ``cold`` is the output of the first step before anything was installed.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cold: dict[str, str] = {}
        self.temp, self.source, packages = home / "temp", home / "source", home / "packages"
        for directory in (self.temp, self.source, packages):
            directory.mkdir(parents=True)
        for name in _SOURCE:
            copy = shutil.copytree if (_ROOT / name).is_dir() else shutil.copy
            copy(_ROOT / name, self.source / name)
        for lock in (self.source / ".ci").glob("*.lock"):
            lock.write_text(_PINNED.sub(_as_installed, lock.read_text()))
        for installed in {Path(sysconfig.get_path(kind)) for kind in ("purelib", "platlib")}:
            for item in installed.iterdir():
                if not item.name.startswith(("akpatrol", "_editable", "__pycache__")) and item.suffix != ".pth":
                    (packages / item.name).symlink_to(item)
        self.variables = environment(home) | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(packages),
            "PIP_NO_INDEX": "1",
            "PIP_NO_COMPILE": "1",  # who runs a module compiles it, and few are
            "PIP_NO_BUILD_ISOLATION": "0",  # pip takes the value, not the name: there is none
            "RUNNER_TEMP": str(self.temp),
            "TMPDIR": str(self.temp),
            "GITHUB_ACTION_PATH": str(self.source),
            "GITHUB_OUTPUT": str(home / "outputs"),
            "GITHUB_STEP_SUMMARY": str(home / "summary"),
            "AKPATROL_PACKAGE": str(self.source),
        }

    def bash(self, script: str, cwd: Path, variables: Mapping[str, str]) -> Done:
        """Run a script as both runners do."""
        for name in ("outputs", "summary"):
            (self.home / name).write_text("")
        command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
        done = subprocess.run(
            command, cwd=cwd, env={**self.variables, **variables}, capture_output=True, text=True, check=False
        )
        lines = (self.home / "outputs").read_text().splitlines()
        outputs = dict(line.split("=", 1) for line in lines)
        return Done(done.returncode, done.stdout + done.stderr, outputs, (self.home / "summary").read_text())

    def environment(self, cwd: Path) -> dict[str, str]:
        """Run the action's first step, and return its outputs."""
        done = self.bash(_ENVIRONMENT["run"], cwd, {})
        assert done.code == 0, done.out
        return done.outputs

    def install(self, cwd: Path, python: str, *, restored: bool) -> Done:
        """Run the action's step that installs."""
        outputs = {
            "steps.environment.outputs.python": python,
            "steps.restored.outputs.cache-hit": str(restored).lower(),
        }
        variables = {name: _filled(value, outputs) for name, value in _INSTALL["env"].items()}
        return self.bash(_INSTALL["run"], cwd, variables)

    def action(self, cwd: Path, inputs: Mapping[str, str] = MappingProxyType({}), event: Event | None = None) -> Done:
        """Run the action's step that scans, with its inputs."""
        given = {name: entry["default"] for name, entry in _ACTION["inputs"].items()}
        given |= inputs
        values = {f"inputs.{name}": value for name, value in given.items()}
        variables = {name: _filled(value, values) for name, value in _LOOK["env"].items()}
        event = dict(event or {"event": "schedule", "content": {}})
        (self.home / "event.json").write_text(json.dumps(event.pop("content")))
        variables |= {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": event.pop("event"), **event}
        return self.bash(_LOOK["run"], cwd, variables | {"GITHUB_EVENT_PATH": str(self.home / "event.json")})


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Fill in a runner's expressions, which are only names here."""
    return re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: values[found[1]], text)


def _as_installed(pin: re.Match[str]) -> str:
    """Pin the release that these tests run on, so that pip has nothing to fetch."""
    try:
        return f"{pin[1]}=={version(pin[1])}{pin[2]}"
    except PackageNotFoundError:
        return pin[0]


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A runner on which the action is installed, from within a directory that would rather run something else."""
    home = tmp_path_factory.mktemp("runner")
    found, hostile = Machine(home), home / "hostile"
    hostile.mkdir()
    for name in ("venv", "shlex", "pip", "ensurepip", "akpatrol"):
        (hostile / f"{name}.py").write_text(f"open({str(home / 'canary')!r}, 'w')\n")
    found.cold = found.environment(hostile)
    done = found.install(hostile, found.cold["python"], restored=False)
    assert done.code == 0, done.out
    assert found.action(hostile, {"command": "scan"}).code == 0
    assert not (home / "canary").exists()
    return found


@pytest.fixture(scope="module")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Forge:
    return Forge(tmp_path_factory.mktemp("forge") / "origin")


def test_cold_and_warm(machine: Machine, tmp_path: Path) -> None:
    """The machine was cold when it was installed on; what this does to it ends with an installation again."""
    chosen = machine.cold
    kept, marker = Path(chosen["path"]), Path(chosen["path"], "marker")
    marker.touch()
    # As the cache does: an archive that leads back to the same place.
    subprocess.run(["tar", "-C", "/", "-cf", tmp_path / "cache.tar", kept.relative_to("/")], check=True)
    shutil.rmtree(kept)
    subprocess.run(["tar", "-C", "/", "-xf", tmp_path / "cache.tar"], check=True)
    assert machine.environment(tmp_path) == chosen
    assert machine.install(tmp_path, "no-python", restored=True).code == 0
    assert marker.exists()
    assert machine.action(machine.source, {"command": "scan"}).code == 0
    (kept / "bin/akpatrol").write_text("#!/bin/sh\nexit 1\n")
    assert machine.install(tmp_path, chosen["python"], restored=True).code == 0
    assert not marker.exists()
    assert machine.action(machine.source, {"command": "scan"}).code == 0


def test_the_cache_is_keyed_by_version_lock_source_and_python(tmp_path: Path) -> None:
    runner = Machine(tmp_path)
    first = runner.environment(tmp_path)
    assert first["path"] == str(runner.temp / "akpatrol")
    assert first["key"].startswith(f"akpatrol-{akpatrol.__version__}-")
    assert platform.python_version() in first["key"]
    (runner.source / "src/akpatrol/__pycache__").mkdir(exist_ok=True)
    (runner.source / "src/akpatrol/__pycache__/x.pyc").touch()
    assert runner.environment(tmp_path) == first
    keys = {first["key"]}
    for name in (".ci/requirements.lock", ".ci/build.lock", "pyproject.toml", "src/akpatrol/main.py"):
        with (runner.source / name).open("a") as stream:
            stream.write("# changed\n")
        keys.add(runner.environment(tmp_path)["key"])
    runner.variables["RUNNER_TEMP"] = str(tmp_path)
    keys.add(runner.environment(tmp_path)["key"])
    assert len(keys) == 6


def test_the_cache_is_kept_before_the_scan_and_can_be_refused() -> None:
    place = {"path": "${{ steps.environment.outputs.path }}", "key": "${{ steps.environment.outputs.key }}"}
    assert _RESTORE["with"] == _KEEP["with"] == place
    assert _RESTORE["if"] == "inputs.cache == 'true'"
    assert _KEEP["if"] == "inputs.cache == 'true' && steps.restored.outputs.cache-hit != 'true'"
    assert _ACTION["inputs"]["cache"]["default"] == "true"


def test_a_pull_request(machine: Machine, forge: Forge, tmp_path: Path) -> None:
    checkout = forge.checkout(tmp_path / "checkout", "refs/pull/1/merge")
    done = machine.action(checkout, event=pull_request(forge.ids))
    assert (done.code, done.outputs["exit-code"]) == (1, "1")
    report = json.loads(Path(done.outputs["sarif"]).read_text())
    places = [place["physicalLocation"] for result in report["runs"][0]["results"] for place in result["locations"]]
    assert sorted(place["artifactLocation"]["uri"] for place in places) == ["t0", "t1"]
    assert re.search(r"^::(error|warning) .*file=t0,", done.out, re.MULTILINE)
    assert done.summary.count("credentials found") == 1
    assert not any(secret in done.out + done.summary for secret in forge.keys.values())


def test_nothing_found(machine: Machine, forge: Forge, tmp_path: Path) -> None:
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/main")
    done = machine.action(checkout, {"args": "--exclude '/[mt][0-9]'", "command": "history"})
    assert (done.code, done.outputs["exit-code"]) == (0, "0"), done.out
    assert json.loads(Path(done.outputs["sarif"]).read_text())["runs"][0]["results"] == []


def test_too_shallow(machine: Machine, forge: Forge, tmp_path: Path) -> None:
    checkout = forge.checkout(tmp_path / "checkout", "refs/pull/1/merge", depth=1)
    done = machine.action(checkout, event=pull_request(forge.ids))
    assert (done.code, done.outputs["exit-code"]) == (3, "3")
    assert "with: { fetch-depth: 0 }" in done.out
    assert done.outputs["sarif"]


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"command": "range; touch pwned"}, "the input command is"),
        ({"command": "$(touch pwned)"}, "the input command is"),
        ({"args": "--exclude 'x"}, "a quotation mark"),
        ({"args": "--unknown"}, "No such option"),
        ({"fail-on": "live", "command": "scan"}, "--fail-on live requires --verify"),
        ({"fail-on": "`touch pwned`"}, "--fail-on"),
        ({"path": "$(touch pwned)"}, "no such directory"),
        ({"path": "--exit-zero"}, "no such directory"),
    ],
)
def test_inputs_that_are_none(machine: Machine, tmp_path: Path, inputs: dict[str, str], said: str) -> None:
    done = machine.action(tmp_path, inputs)
    assert (done.code, said in done.out, "sarif" in done.outputs) == (2, True, False), done.out
    assert not (tmp_path / "pwned").exists()


def test_arguments_are_data(machine: Machine, forge: Forge, tmp_path: Path) -> None:
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/main", depth=1)
    (checkout / "with space").mkdir()
    (checkout / "kept").touch()
    (checkout / "m0").rename(checkout / "with space" / "m0")
    arguments = "--exclude 'with space/m0'\n--exclude=m1 --exclude '$(touch pwned)' --exclude m* --exclude .git/"
    done = machine.action(checkout, {"command": "scan", "args": arguments})
    assert done.code == 0, done.out
    assert not (checkout / "pwned").exists()


def test_no_expression_is_pasted_into_a_script_and_nothing_runs_unpinned() -> None:
    assert not any("${{" in step.get("run", "") for step in _STEPS)
    text = (_ROOT / "action.yml").read_text()
    assert re.findall(r"uses: (.*)", text) == re.findall(
        r"uses: ([\w/.-]+@[0-9a-f]{40} # v[\d.]+)$", text, re.MULTILINE
    )


def test_the_report_is_uploaded_when_the_build_is_red() -> None:
    assert _UPLOAD["if"].startswith("always() && ")
    assert _UPLOAD["with"]["sarif_file"] == "${{ steps.scan.outputs.sarif }}"
    assert _LOOK["id"] == "scan"


def test_gitlab(machine: Machine, forge: Forge, tmp_path: Path) -> None:
    checkout = forge.checkout(tmp_path / "checkout", "refs/heads/topic")
    prepared = machine.bash("\n".join([*_JOB["before_script"], 'echo "venv=$venv"']), checkout, {})
    assert prepared.code == 0, prepared.out
    script = "\n".join([prepared.out.splitlines()[-1], *_JOB["script"]])
    variables = {name: value for name, value in _JOB["variables"].items() if name != "AKPATROL_PACKAGE"}

    def job(cwd: Path, **more: str) -> tuple[int, dict[str, Any], str]:
        done = machine.bash(script, cwd, {"GITLAB_CI": "true", **variables, **merge_request(forge.ids), **more})
        reports = {name: json.loads((cwd / file).read_text()) for name, file in _JOB["artifacts"]["reports"].items()}
        return done.code, reports, done.out

    code, reports, out = job(checkout)
    assert (code, len(reports["secret_detection"]["vulnerabilities"]), len(reports["codequality"])) == (1, 2, 2)
    assert not any(secret in out + json.dumps(reports) for secret in forge.keys.values())
    code, reports, _ = job(checkout, AKPATROL_ARGS="--exclude t0 --exclude t*")
    assert (code, reports["secret_detection"]["vulnerabilities"], reports["codequality"]) == (0, [], [])
    shallow = forge.checkout(tmp_path / "shallow", "refs/heads/topic", depth=1)
    code, _, out = job(shallow)
    assert (code, 'variables: { GIT_DEPTH: "0" }' in out) == (3, True)


def test_gitlab_s_job_has_the_whole_history_and_keeps_its_reports() -> None:
    assert _JOB["variables"]["GIT_DEPTH"] == "0"
    assert _JOB["artifacts"]["when"] == "always"
    written = re.findall(r"--report [\w-]+:(\S+)", " ".join(_JOB["script"]))
    assert written == list(_JOB["artifacts"]["reports"].values())
