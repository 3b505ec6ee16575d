"""The place for a key instead of a file, by the file's language, for a developer whose commit was stopped.

"Store secrets in a secret manager" is the documentation's rule ("Authentication"); the variable's name is an example.
"""

from __future__ import annotations

import os.path

from akpatrol.report.text_safety import shell_word

_NAME = "ANYREACH_API_KEY"
_CODE = {
    (".py", ".ipynb"): f'os.environ["{_NAME}"]',
    (".js", ".jsx", ".ts", ".tsx", ".mjs", ".cjs", ".vue", ".svelte"): f"process.env.{_NAME}",
    (".go",): f'os.Getenv("{_NAME}")',
    (".rb",): f'ENV.fetch("{_NAME}")',
    (".java", ".kt", ".scala", ".groovy"): f'System.getenv("{_NAME}")',
    (".cs",): f'Environment.GetEnvironmentVariable("{_NAME}")',
    (".php",): f"getenv('{_NAME}')",
    (".rs",): f'std::env::var("{_NAME}")',
    (".ex", ".exs"): f'System.fetch_env!("{_NAME}")',
    (".swift",): f'ProcessInfo.processInfo.environment["{_NAME}"]',
    (".sh", ".bash", ".zsh", ".yml", ".yaml"): f"${{{_NAME}}}",
    (".ps1",): f"$env:{_NAME}",
    (".tf", ".tfvars"): f"a variable, which TF_VAR_{_NAME.lower()} sets",
}
_BY_SUFFIX = {suffix: code for suffixes, code in _CODE.items() for suffix in suffixes}
_FROM = "from a secret manager or an ignored .env"


def storage_advice(path: str | None) -> str:
    """Return how a file gets a key that it does not hold."""
    name = os.path.basename(path or "")
    if name == ".env" or name.startswith(".env."):
        return f"keep {name} out of git: add it to .gitignore, then run: git rm --cached -- {shell_word(path or name)}"
    if code := _BY_SUFFIX.get(os.path.splitext(name)[1].lower()):
        return f"{code}, {_FROM}"
    return f"an environment variable, {_FROM}"
