"""A repository's configuration, if it holds nothing but what every clone has.

https://git-scm.com/docs/git-config#_syntax; quotes, escapes, comments and includes are for git to read.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SECTION = re.compile(rb'\[([A-Za-z][A-Za-z0-9-]*)(?: "([^"\\\0\n]*)")?\]')
_VALUE = re.compile(rb"[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*([^\"\\#;\0\r\n]*)")
_FLAGS = {b"true", b"false"}
_CORE_FLAGS = {b"filemode", b"bare", b"logallrefupdates", b"ignorecase", b"precomposeunicode", b"symlinks"}
_HARMLESS = {
    b"remote": {b"url", b"fetch", b"pushurl", b"mirror", b"tagopt"},
    b"branch": {b"remote", b"merge"},
    b"user": {b"name", b"email"},
}
_ID_BYTES = {b"sha1": 20, b"sha256": 32}


class PlainConfig(NamedTuple):
    """The name of the hash that ids are made with, and the address of each remote, by the setting's name."""

    object_format: bytes
    remotes: tuple[tuple[str, str], ...]

    @property
    def id_bytes(self) -> int:
        """The length of an id."""
        return _ID_BYTES[self.object_format]


def parse(data: bytes) -> PlainConfig | None:
    """Return what a configuration says, None if git should read it."""
    section, name, version, object_format = b"", None, b"", b""
    remotes: list[tuple[str, str]] = []
    for line in data.split(b"\n"):
        if not line.strip(b" \t"):
            continue
        if header := _SECTION.fullmatch(line):
            section, name = header[1].lower(), header[2]
            continue
        setting = _VALUE.fullmatch(line)
        if not setting:
            return None
        key, value = setting[1].lower(), setting[2].rstrip(b" \t")
        if section == b"core" and name is None and key == b"repositoryformatversion":
            version = value
        elif section == b"extensions" and name is None and key == b"objectformat":
            object_format = value
        elif not _is_harmless(section, name, key, value):
            return None
        elif section == b"remote" and key == b"url":
            remotes.append((f"remote.{_text(name or b'')}.url", _text(value)))
    is_known = (version, object_format) == (b"0", b"") or (version == b"1" and object_format in {*_ID_BYTES, b""})
    return PlainConfig(object_format or b"sha1", tuple(remotes)) if is_known else None


def _is_harmless(section: bytes, name: bytes | None, key: bytes, value: bytes) -> bool:
    """Return whether a setting has no effect on what a repository holds, and git accepts its value."""
    if section == b"core" and name is None:
        return key in _CORE_FLAGS and value in _FLAGS
    if key == b"mirror" and value not in _FLAGS:
        return False
    return key in _HARMLESS.get(section, ()) and (name is None) == (section == b"user")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")
