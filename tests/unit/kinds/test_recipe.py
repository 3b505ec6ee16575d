"""A further kind takes two files: a copy of the program gets them, and finds and words it everywhere."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator

import akpatrol
from akpatrol.kinds import KINDS
from akpatrol.rules.rule_file import shipped_files
from tests import program
from tests.credentials import random_text
from tests.repositories import Repository

if TYPE_CHECKING:
    from random import Random

_MODULE = '''"""Tokens of a kind that does not exist."""

from akpatrol.kinds.base import Bounds, CredentialKind, Remediation, SarifRule, Verifiability, Wording


class ZzToken(CredentialKind):
    """A token with a body."""

    prefix = "zz_"
    bounds = Bounds(body=range(24, 65))
    verification = Verifiability(form=rb"zz_[!-~]+", path="/zz")
    wording = Wording(name="Anyreach zz token", short="token of zz", shape="zz_...")
    remediation = Remediation("withdraw it", effect="It opens nothing from then on.")
    sarif = SarifRule(id="anyreach-zz-token", description="An Anyreach zz token opens zz.")


KIND = ZzToken("zz_token")
'''
_RULE = """
[[rules]]
id = "anyreach-zz-token"
description = "Anyreach zz token"
regex = '''zz_[0-9A-Za-z]{24,64}'''
keywords = ["zz_"]

[akpatrol.rules.anyreach-zz-token]
kind = "zz_token"
anchor = '''zz_[0-9A-Za-z]{4}'''
page = "/zz"
steps = ["Withdraw it on its page."]
examples = ["zz_{base62:40}"]
counterexamples = ["jazz_{base62:40}", "zz_replace_this_with_your_own_token"]
"""
_WORDS = {
    "text": "Anyreach zz token",
    "github": "Withdraw it at /zz in your Anyreach organization now",
    "gitlab": '"value": "zz_token"',
    "gitlab-codequality": "anyreach-zz-token",
    "markdown": "Anyreach zz token",
    "csv": "Anyreach zz token",
    "junit": "Anyreach zz token",
    "html": '"zz_token":"token of zz"',
    "sarif": '"An Anyreach zz token opens zz."',
}
"""A text that each format takes from the kind or its rule."""


_FILES = ("src/akpatrol/kinds/NAME.py", "rules/NAME.toml")
"""The files of the recipe in CONTRIBUTING; the copy of the program gets these two and no other."""


class Program:
    """A copy of the program, run on a tree of its own."""

    def __init__(self, directory: Path, tree: Path) -> None:
        package = Path(akpatrol.__file__).parent
        # With what is compiled of it, which holds as long as a file's time and size are the same.
        shutil.copytree(package, directory / "src" / "akpatrol", ignore=shutil.ignore_patterns("shipped"))
        rules = directory / "rules"
        rules.mkdir()
        for file in shipped_files():
            shutil.copy(file, rules)
        for file, text in zip(_FILES, (_MODULE, _RULE), strict=True):
            (directory / file.replace("NAME", "zz_token")).write_text(text)
        self._variables = {"PYTHONPATH": os.fspath(directory / "src")}
        self.tree = tree

    def run(self, *arguments: str, stdin: bytes = b"") -> program.Done:
        """Run a command in the tree."""
        return program.execute(*arguments, cwd=self.tree, variables=self._variables, stdin=stdin)

    def json(self, *arguments: str) -> dict[str, Any]:
        """Run a command that finds something, and return its report."""
        done = self.run(*arguments, "-f", "json")
        assert done.code == 1, done.err
        report: dict[str, Any] = json.loads(done.out)
        return report


@pytest.fixture
def token(rng: Random) -> str:
    return f"zz_{random_text(rng, 'base62', 40)}"


@pytest.fixture
def extended(tmp_path: Path, token: str) -> Program:
    repository = Repository(tmp_path / "tree")
    encoded = base64.b64encode(f"x={token}".encode()).decode()
    repository.commit_file("plain.env", f"{'# Keys of zz_default_configuration_of_all windows.' * 40}\nTOKEN={token}\n")
    repository.commit_file("encoded.yaml", f"data:\n  token: {encoded}\n")
    return Program(tmp_path / "program", repository.path)


def test_the_recipe_names_these_files() -> None:
    section = (
        (Path(__file__).parents[3] / "CONTRIBUTING.md").read_text().partition("\n### Kind\n")[2].partition("\n#")[0]
    )
    assert tuple(re.findall(r"^\d+\. `(\S+)`:", section, re.MULTILINE)) == _FILES


def test_a_further_kind_is_found_and_worded_in_every_format(extended: Program, token: str, tmp_path: Path) -> None:
    reports = [argument for name in _WORDS for argument in ("--report", f"{name}:{tmp_path / name}")]
    report = extended.json("scan", ".", *reports)
    Draft202012Validator(json.loads((files("akpatrol.report") / "schema.json").read_text())).validate(report)
    assert report["summary"]["by_kind"] == dict.fromkeys(KINDS, 0) | {"zz_token": 1}
    (credential,) = report["credentials"]
    assert (credential["kind"], credential["redacted"]) == ("zz_token", f"{token[:7]}***(43)")
    assert credential["remediation"] == {"page": "/zz", "steps": ["Withdraw it on its page."]}
    assert [place["encodings"] for place in credential["occurrences"]] == [["base64"], []]
    for name, words in _WORDS.items():
        written = (tmp_path / name).read_text()
        assert words in written, name
        assert token not in written, name


@pytest.mark.slow
def test_a_further_kind_can_be_asked_for_allowed_and_checked(extended: Program, token: str, tmp_path: Path) -> None:
    (tmp_path / "hashes").write_text(sha256(token.encode()).hexdigest())
    report = extended.json("history", ".", "--hashes", f"{tmp_path / 'hashes'}")
    assert [one["kind"] for one in report["credentials"]] == ["zz_token"]
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert extended.run("baseline", "create", f"{tmp_path / 'report.json'}").code == 0
    assert '"kind": "zz_token"' in (extended.tree / ".akpatrol-baseline.json").read_text()
    assert extended.run("history", ".").code == 0
    assert b"anyreach-zz-token: compiles; 3 examples hold" in extended.run("rules", "check").out


@pytest.mark.slow
def test_a_further_kind_is_masked_and_its_shape_named(extended: Program, token: str) -> None:
    assert extended.run("scan", f"missing/{token}").err.startswith(b"akpatrol: missing/zz_***: ")
    done = extended.run("verify", "--api-url", "http://127.0.0.1:9", stdin=f"{token}\nno credential\n".encode())
    assert b"Anyreach zz token" in done.out
    assert b" or zz_..." in done.out
