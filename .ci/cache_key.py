"""Print the key under which the action caches its environment: the version, the sources, the locks and the Python.

    python -I .ci/cache_key.py DIRECTORY

DIRECTORY is where the environment will be. A virtual environment holds its own path and that of its Python, so both
are part of the key.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
import sysconfig
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_PATTERNS = (".ci/*.lock", "pyproject.toml", "README.md", "LICENSE", "rules/**/*", "src/**/*")
_VERSION = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_DIGITS = 16


def main() -> None:
    """Print the key of the environment in the directory that the command line names."""
    digest = hashlib.sha256()
    python = os.path.realpath(sys.executable)
    for part in (os.path.abspath(sys.argv[1]), python, str(sysconfig.get_config_var("SOABI"))):
        digest.update(os.fsencode(part) + b"\0")
    for file in sorted(path for pattern in _PATTERNS for path in _ROOT.glob(pattern) if path.is_file()):
        if "__pycache__" not in file.parts:
            content = file.read_bytes()
            digest.update(b"%s\0%d\0" % (os.fsencode(file.relative_to(_ROOT)), len(content)) + content)
    version = _VERSION.search((_ROOT / "src/akpatrol/__init__.py").read_text())
    if not version:
        sys.exit("src/akpatrol/__init__.py: no version")
    machine = f"{platform.system()}-{platform.machine()}-{platform.python_version()}"
    print(f"akpatrol-{version[1]}-{machine}-{digest.hexdigest()[:_DIGITS]}")


if __name__ == "__main__":
    main()
