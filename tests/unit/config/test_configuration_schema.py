"""The JSON Schema of a configuration takes what the program takes, and refuses what it refuses."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.config import configuration_file, configuration_tables
from akpatrol.config.configuration_schema import ADDRESS, schema
from akpatrol.config.options import OPTIONS
from akpatrol.errors import UsageError
from akpatrol.validate.toml_table import Table
from tests.program import inside

_ROOT = Path(__file__).parents[3]
_FILE = "docs/akpatrol.schema.json"
_VALIDATOR = jsonschema.Draft7Validator(schema())
_HASH = "0123456789abcdef" * 4
_ALLOW = "[[allow]]\nreason = 'fixtures'\n"
_SKIP = "[[accept_skip]]\nreason = 'lost'\n"

_VALID = [
    "",
    "extends = 'team.toml'\nrules = ['r.toml']\nexclude = ['a/*', '*.min.js', '!b']\nmin_confidence = 'low'",
    "baseline = 'known.json'\njobs = 4095\nshow_secrets = true\nverify = false\norg = ['a', 'b']",
    "api_url = 'https://api.example.org'\nca_bundle = 'x.pem'",
    "baseline = ''\napi_url = ''\nextends = ''",
    f"{_ALLOW}fingerprint = 'akp1:{_HASH}'\nowner = 'a'\nexpires = 2030-01-31",
    f"{_ALLOW}sha256 = '{_HASH}'\nkey_id = 'x'\nrule = 'y'\ncommit = '0123abc'\npath = 'tests/**'",
    f"{_ALLOW}path = 'tests/'\nexpires = '2030-01-31'\nfingerprint = ''",
    f"{_ALLOW}path = 'é/*'\nexpires = 2030-02-01T10:00:00Z",
    f"{_ALLOW}path = '[a-z]x'",
    f"{_SKIP}path = 'data/*'\nexpires = 2030-01-31",
    f"{_SKIP}object = '0123'",
    f"{_SKIP}form = 'PDF'\npath = ''",
]
_INVALID = [
    "colour = 'red'",
    "min_confidence = 'hi'",
    "min_confidence = ''",
    "exclude = 'a'",
    "exclude = ['**']",
    "exclude = [' [!x]*/ ']",
    "exclude = [1]",
    "rules = 'r.toml'",
    "jobs = 0",
    "jobs = 4096",
    "jobs = 1.5",
    "jobs = true",
    "verify = 1",
    "org = 'a'",
    "extends = ['team.toml']",
    "no_cache = true",
    "allow = 'x'",
    "allow = ['x']",
    _ALLOW,
    "[[allow]]\npath = 'x'",
    "[[allow]]\npath = 'x'\nreason = ' - '",
    f"{_ALLOW}path = '**'",
    f"{_ALLOW}path = '[a-z]*'",
    f"{_ALLOW}path = ''",
    f"{_ALLOW}path = 'x'\nexpires = 'soon'",
    f"{_ALLOW}path = 'x'\nexpires = 7",
    f"{_ALLOW}path = 'x'\nexpires = 10:00:00",
    f"{_ALLOW}path = 'x'\nwho = 'me'",
    f"{_ALLOW}fingerprint = '{_HASH}'",
    f"{_ALLOW}sha256 = '{_HASH.upper()}'",
    f"{_ALLOW}commit = '0123ab'",
    _SKIP,
    f"{_SKIP}path = 'x'\nform = 'PDF'",
    f"{_SKIP}path = '*'",
    f"{_SKIP}form = ' '",
    "[[accept_skip]]\npath = 'x'",
    "[[accept_skip]]\npath = 'x'\nreason = ' '",
    f"{_SKIP}path = 'x'\nowner = 'me'",
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the files that the configurations name."""
    directory = tmp_path_factory.mktemp("tree")
    for name in ("team.toml", "r.toml", "known.json", "x.pem"):
        (directory / name).touch()
    return directory


def _accepted(tree: Path, text: str) -> bool:
    """Whether the program takes a configuration that the caller names."""
    (tree / "mine.toml").write_text(text)
    try:
        configuration_file.load(str(tree / "mine.toml"), tree=None)
    except UsageError:
        return False
    return True


def _plain(value: Any) -> Any:
    """A TOML value as the editors' servers hand it to a schema."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | int | float) else value.isoformat()


def _validates(text: str) -> bool:
    return _VALIDATOR.is_valid(_plain(tomllib.loads(text)))


@pytest.mark.parametrize("text", _VALID)
def test_what_the_program_takes_is_valid(tree: Path, text: str) -> None:
    assert _accepted(tree, text)
    assert [error.message for error in _VALIDATOR.iter_errors(_plain(tomllib.loads(text)))] == []


@pytest.mark.parametrize("text", _INVALID)
def test_what_the_program_refuses_is_not(tree: Path, text: str) -> None:
    assert not _accepted(tree, text)
    assert not _validates(text)


_PATTERNS = st.one_of(
    st.text("*?/![]^-:az .", max_size=12), st.lists(st.sampled_from(["**", "[!a]", "[a-z]", "[[:alpha:]]", "/", "x"]))
).map("".join)


@given(_PATTERNS)
def test_patterns_are_judged_alike(pattern: str) -> None:
    assert _VALIDATOR.is_valid({"exclude": [pattern]}) == (not configuration_tables.fits_every_path(pattern))
    entry = {"reason": "fixtures", "rule": "r", "path": pattern}
    assert _VALIDATOR.is_valid({"allow": [entry]}) == _allows(entry)


def _allows(entry: dict[str, Any]) -> bool:
    try:
        configuration_tables.allowance(Table(entry, lambda key, reason: UsageError(f"{key}: {reason}")), "x")
    except UsageError:
        return False
    return True


def test_the_keys_are_those_of_the_options_and_tables() -> None:
    properties = schema()["properties"]
    assert set(properties) == set(configuration_file.EXPLICIT_KEYS)
    assert set(properties["allow"]["items"]["properties"]) == set(configuration_tables.ALLOWANCE_KEYS)
    assert set(properties["accept_skip"]["items"]["properties"]) == set(configuration_tables.ACCEPTANCE_KEYS)
    for entry in OPTIONS.values():
        if entry.setter != "nobody":
            told = properties[entry.key]["description"]
            assert told.startswith(entry.help.removesuffix(".").partition(";")[0])
            assert ("--config" in told) == (entry.setter == "caller")


def test_the_documentations_example_is_valid() -> None:
    page = (_ROOT / "docs/configuration.md").read_text()
    example = page.partition("```toml\n")[2].partition("```")[0]
    assert _validates(example)
    assert date.fromisoformat(_plain(tomllib.loads(example))["accept_skip"][0]["expires"])


def test_it_is_a_schema_of_draft_7_and_says_where_it_is() -> None:
    jsonschema.Draft7Validator.check_schema(schema())
    assert schema()["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema()["$id"] == ADDRESS
    assert ADDRESS.endswith(f"/main/{_FILE}")


def test_the_file_is_what_the_command_prints() -> None:
    done = inside("config", "schema")
    assert done.code == 0
    assert done.out.decode() == (_ROOT / _FILE).read_text(), f"run: akpatrol config schema > {_FILE}"
