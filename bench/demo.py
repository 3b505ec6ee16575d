"""Makes a small git repository with generated credentials, scans its tree and its history, throws it away.

    python bench/demo.py

The credentials are random and belong to nobody. Exit code 0 when both scans found them.
"""

from __future__ import annotations

import random
import string
import subprocess
import sys
import tempfile
from pathlib import Path

_ALPHABET = string.ascii_letters + string.digits
_IDENTITY = ("-c", "user.name=Demo", "-c", "user.email=demo@example.org", "-c", "commit.gpgsign=false")
_FINDINGS = 1


def main() -> int:
    """Build, scan, say what to try next."""
    with tempfile.TemporaryDirectory(prefix="akpatrol-demo-") as directory:
        repository = Path(directory, "shop")
        _build(repository)
        codes = [_akpatrol("scan", repository), _akpatrol("history", repository)]
    print("Now your own: akpatrol scan PATH, and akpatrol history PATH")
    return 0 if codes == [_FINDINGS, _FINDINGS] else 1


def _build(repository: Path) -> None:
    """Commit a key and take it out again; leave a token in a file, and another where git ignores it."""
    repository.mkdir()
    _git(repository, "init", "--quiet", "--initial-branch=main")
    settings = repository / "settings.py"
    settings.write_text(f'ANYREACH_API_KEY = "ak_{_random(12)}.{_random(32)}"\n')
    (repository / ".gitignore").write_text(".env\n")
    _commit(repository, "Add settings")
    settings.write_text('ANYREACH_API_KEY = os.environ["ANYREACH_API_KEY"]\n')
    _commit(repository, "Read the key from the environment")
    (repository / "mcp.json").write_text(
        f'{{"url": "https://api.anyreach.ai/mcp/",\n "headers": {{"Authorization": "Bearer pat_{_random(40)}"}}}}\n'
    )
    (repository / ".env").write_text(f"ANYREACH_API_KEY=ak_{_random(12)}.{_random(32)}\n")


def _random(length: int) -> str:
    return "".join(random.choices(_ALPHABET, k=length))


def _git(repository: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(repository), *_IDENTITY, *arguments], check=True)


def _commit(repository: Path, message: str) -> None:
    _git(repository, "add", ".")
    _git(repository, "commit", "--quiet", "--message", message)


def _akpatrol(*arguments: str | Path) -> int:
    words = [str(argument) for argument in arguments]
    print("\n$ akpatrol", *words, flush=True)
    return subprocess.run([sys.executable, "-m", "akpatrol", *words], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
