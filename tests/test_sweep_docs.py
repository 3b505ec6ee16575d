"""The units and the CronJob in docs/sweep.md: systemd accepts the first, and what both run works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import akpatrol
from akpatrol.sources.forge.table import resources
from akpatrol.sweep.forges.table import FORGES
from tests.repositories import environment

if TYPE_CHECKING:
    from collections.abc import Callable

_ROOT = Path(__file__).parents[1]
_PAGE = (_ROOT / "docs/sweep.md").read_text()
_PROGRAM = "/opt/akpatrol/bin/akpatrol"
_HERE = Path(sys.executable).with_name("akpatrol")
_WHAT = "--github-org example"


def _units() -> dict[str, str]:
    blocks = re.findall(r"^```ini\n# /etc/systemd/system/(\S+)\n(.*?)^```$", _PAGE, re.DOTALL | re.MULTILINE)
    return dict(blocks)


def _cron_job() -> Any:
    (block,) = re.findall(r"^```yaml\n(.*?)^```$", _PAGE, re.DOTALL | re.MULTILINE)
    return yaml.safe_load(block)


def _pod() -> Any:
    return _cron_job()["spec"]["jobTemplate"]["spec"]["template"]["spec"]


def _commands() -> list[str]:
    return re.findall(rf"^ExecStart={_PROGRAM} (.*)$", _units()["akpatrol-sweep.service"], re.MULTILINE)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for name, text in _units().items():
        (tmp_path / name).write_text(text.replace(_PROGRAM, "/bin/true"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    said = [line for line in done.stderr.splitlines() if "akpatrol-sweep" in line]
    assert (done.returncode, said) == (0, []), done.stderr


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="needs systemd-analyze")
def test_systemd_knows_when_the_timer_elapses() -> None:
    (when,) = re.findall(r"^OnCalendar=(.*)$", _units()["akpatrol-sweep.timer"], re.MULTILINE)
    subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, check=True)


def test_the_service_has_no_rights_that_it_does_not_need() -> None:
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string(_units()["akpatrol-sweep.service"])
    service = dict(unit["Service"])
    assert service["Type"] == "oneshot"
    assert service["SuccessExitStatus"] == "1 3"
    assert service["CapabilityBoundingSet"] == ""
    assert {service[name] for name in ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "ProtectHome")} == {"yes"}
    assert service["ProtectSystem"] == "strict"


def test_the_pod_has_no_rights_that_it_does_not_need() -> None:
    pod = _pod()
    (container,) = pod["containers"]
    user = re.search(r"^USER (\d+):(\d+)$", (_ROOT / ".ci/Containerfile").read_text(), re.MULTILINE)
    assert user
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": int(user[1]),
        "runAsGroup": int(user[2]),
        "fsGroup": int(user[2]),
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_the_pod_keeps_its_store_and_takes_its_token_from_a_secret() -> None:
    pod = _pod()
    (container,) = pod["containers"]
    assert container["image"] == f"registry.example.org/akpatrol:{akpatrol.__version__}"
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container["volumeMounts"]}
    assert "persistentVolumeClaim" in mounts[container["workingDir"]]
    assert mounts["/tmp"]["emptyDir"] == {}  # noqa: S108 - the container's
    variables = {entry["name"]: entry for entry in container["env"]}
    assert variables["XDG_CACHE_HOME"]["value"].startswith(container["workingDir"])
    assert "value" not in variables["GITHUB_TOKEN"]
    assert {*variables["GITHUB_TOKEN"]["valueFrom"]["secretKeyRef"]} == {"name", "key"}


def test_the_job_has_the_fields_that_it_needs() -> None:
    job = _cron_job()
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert len(job["spec"]["schedule"].split()) == 5
    assert job["spec"]["concurrencyPolicy"] == "Forbid"
    assert _pod()["restartPolicy"] == "Never"


def _sh(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    path = f"{_HERE.parent}{os.pathsep}{os.environ['PATH']}"
    variables = environment(cwd.parent) | {"PATH": path}
    return subprocess.run(["sh", "-c", script], cwd=cwd, env=variables, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_what_the_pod_runs(tmp_path: Path, key: str, new_key: Callable[[], str]) -> None:
    store, tree = tmp_path / "store", tmp_path / "tree"
    store.mkdir()
    tree.mkdir()
    (tree / "old").write_text(key)
    (script,) = [word for word in _pod()["containers"][0]["command"] if "\n" in word]
    script = script.replace(_WHAT, "../tree")
    first = _sh(script, store)
    assert (first.returncode, "no run before run 1 finished" in first.stderr) == (2, True)
    other = new_key()
    (tree / "new").write_text(other)
    second = _sh(script, store)
    assert second.returncode == 0, second.stderr
    assert f"{other[:7]}***" in second.stdout
    assert f"{key[:7]}***" not in second.stdout
    (store / "akpatrol.sqlite3").write_text("damaged")
    assert _sh(script, store).returncode == 2


@pytest.mark.slow
def test_what_the_service_runs(tmp_path: Path, key: str) -> None:
    store, tree = tmp_path / "store", tmp_path / "tree"
    store.mkdir()
    tree.mkdir()
    sweep, report = [f"akpatrol {line.replace(_WHAT, '../tree')}" for line in _commands()]
    assert report.endswith(" --notify env")
    report = report.removesuffix(" --notify env")
    assert _sh(sweep, store).returncode == 3
    (tree / "new").write_text(key)
    assert [_sh(line, store).returncode for line in (sweep, report)] == [1, 1]
    assert f"{key[:7]}***" in (store / "changes.txt").read_text()


def test_the_table_of_resources_is_that_of_the_program() -> None:
    rows = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in _PAGE.splitlines() if line.startswith("| `")
    ]
    documented = {
        row[0].strip("`"): row[1:] for row in rows if len(row) == 5 or row[0].strip("`") in resources("github")
    }
    for column, forge in ((0, "github"), (2, "gitlab")):
        known = {name: one.permission for name, one in resources(forge).items()}
        told = {name: row[column + 1] for name, row in documented.items() if row[column] != "-"}
        assert told == known


def test_the_table_of_forges_has_each_with_its_variables() -> None:
    for kind in FORGES.values():
        (row,) = [line for line in _PAGE.splitlines() if f" | `{kind.option}` |" in line]
        for name in (*kind.login.variables, kind.url_option):
            assert f"`{name}`" in row or f"`{name}`," in row or not name
