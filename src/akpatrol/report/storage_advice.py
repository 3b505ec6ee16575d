"""The place for a key instead of a file, by the file's language, for a developer whose commit was stopped.

"Store secrets in a secret manager" is the documentation's rule ("Authentication"); the variable's name is an example.
"""

from __future__ import annotations

import os.path
import re
from typing import TYPE_CHECKING

from akpatrol.kinds import named
from akpatrol.report.text_safety import shell_word

if TYPE_CHECKING:
    from akpatrol.report.view import CredentialView

_OURS = "ANYREACH_API_KEY"
_CODE = {
    (".py", ".ipynb"): 'os.environ["{name}"]',
    (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".vue", ".svelte"): "process.env.{name}",
    (".go",): 'os.Getenv("{name}")',
    (".rb",): 'ENV.fetch("{name}")',
    (".java", ".kt", ".scala", ".groovy"): 'System.getenv("{name}")',
    (".cs",): 'Environment.GetEnvironmentVariable("{name}")',
    (".php",): "getenv('{name}')",
    (".rs",): 'std::env::var("{name}")',
    (".ex", ".exs"): 'System.fetch_env!("{name}")',
    (".swift",): 'ProcessInfo.processInfo.environment["{name}"]',
    (".sh", ".bash", ".zsh", ".yml", ".yaml"): "${{{name}}}",
    (".ps1",): "$env:{name}",
    (".tf", ".tfvars"): "a variable, which TF_VAR_{lower} sets",
}
_BY_SUFFIX = {suffix: code for suffixes, code in _CODE.items() for suffix in suffixes}
_FROM = "from a secret manager or an ignored .env"
_NO_WORD = re.compile("[^0-9A-Z]+")
_LONGEST = 40  # characters


def variable_of(credential: CredentialView) -> str:
    """Return the name of a variable for a credential, after the user's rule that found it."""
    if not named(credential["kind"]).is_custom:
        return _OURS
    words = _NO_WORD.sub("_", next(iter(credential["rule_ids"]), "").upper()).strip("_")
    name = words.removeprefix("GENERIC_")
    return name if name[:1].isalpha() and len(name) <= _LONGEST else "SECRET"


def storage_advice(path: str | None, variable: str = _OURS) -> str:
    """Return how a file gets a key that it does not hold, from a ``variable`` of the environment."""
    name = os.path.basename(path or "")
    if name == ".env" or name.startswith(".env."):
        return f"keep {name} out of git: add it to .gitignore, then run: git rm --cached -- {shell_word(path or name)}"
    if code := _BY_SUFFIX.get(os.path.splitext(name)[1].lower()):
        return f"{code.format(name=variable, lower=variable.lower())}, {_FROM}"
    return f"an environment variable, {_FROM}"
