"""The locks that the action, the container and a release install from: whole, hashed, and within pyproject's bounds."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_ROOT = Path(__file__).parents[1]
_PYPROJECT = tomllib.loads((_ROOT / "pyproject.toml").read_text())
_PROJECT = _PYPROJECT["project"]
_EXTRAS = {name: texts for name, texts in _PROJECT["optional-dependencies"].items() if name not in {"all", "dev"}}
_SOURCES = {"requirements": _PROJECT["dependencies"], "build": _PYPROJECT["build-system"]["requires"]}
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
# The platforms that have wheels; the lock is one for all of them.
_MACHINES = [
    {"python_version": version, "python_full_version": f"{version}.0", "platform_machine": machine, "extra": ""}
    for version in ("3.11", "3.12", "3.13", "3.14")
    for machine in ("x86_64", "aarch64", "arm64")
]


def _locked(name: str) -> dict[str, tuple[Requirement, str]]:
    """Every requirement in a lock by its name, and its text, which has its hashes."""
    text = re.sub(r"^ *#.*\n", "", (_ROOT / f".ci/{name}.lock").read_text(), flags=re.MULTILINE)
    entries = re.split(r"\n(?=\S)", text.strip())
    found = [(Requirement(entry.partition(" \\")[0]), entry) for entry in entries]
    return {canonicalize_name(requirement.name): (requirement, entry) for requirement, entry in found}


def _applies(requirement: Requirement, machine: dict[str, str]) -> bool:
    return requirement.marker is None or requirement.marker.evaluate(machine)


@pytest.mark.parametrize("name", _SOURCES)
def test_every_release_is_pinned_with_its_hashes(name: str) -> None:
    for requirement, entry in _locked(name).values():
        assert re.fullmatch(r"==[^,*]+", str(requirement.specifier)), requirement
        assert _HASH.search(entry), requirement
        assert "://" not in entry


@pytest.mark.parametrize("name", _SOURCES)
@pytest.mark.parametrize("machine", _MACHINES, ids=lambda machine: "-".join(list(machine.values())[1:3]))
def test_the_lock_is_within_the_bounds_and_leaves_nothing_out(name: str, machine: dict[str, str]) -> None:
    locked = _locked(name)
    wanted = [Requirement(text) for text in _SOURCES[name]]
    seen = set()
    while wanted:
        requirement = wanted.pop()
        if not _applies(requirement, machine):
            continue
        project = canonicalize_name(requirement.name)
        assert project in locked, f"{requirement}: run .ci/lock"
        pin, _ = locked[project]
        release = next(iter(pin.specifier)).version
        assert requirement.specifier.contains(release, prereleases=True), f"{requirement} {release}: run .ci/lock"
        assert _applies(pin, machine)
        if project not in seen:
            seen.add(project)
            wanted += _needs(project)


def _needs(project: str) -> list[Requirement]:
    """What an installed release needs; nothing of one that is not installed here."""
    try:
        return [Requirement(text) for text in requires(project) or ()]
    except PackageNotFoundError:
        return []


@pytest.mark.parametrize(
    "text",
    [
        *_PROJECT["dependencies"],
        *_SOURCES["build"],
        *(text for name, texts in _EXTRAS.items() if name != "all" for text in texts),
    ],
)
def test_every_dependency_has_an_upper_bound(text: str) -> None:
    assert {specifier.operator for specifier in Requirement(text).specifier} == {">=", "<"}


def test_one_extra_brings_all_others() -> None:
    (everything,) = _PROJECT["optional-dependencies"]["all"]
    assert Requirement(everything).extras == _EXTRAS.keys()


def test_the_locks_agree() -> None:
    run, build = _locked("requirements"), _locked("build")
    assert [name for name in run.keys() & build.keys() if run[name][0] != build[name][0]] == []
