"""Addresses that repositories are cloned from: recognise them, check that they are safe, and show them.

Addresses that git accepts: https://git-scm.com/docs/git-clone#_git_urls. ``<transport>::<address>`` starts a separate
program (https://git-scm.com/docs/git-remote-ext), and ``file://`` would reach files that were never named.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from akpatrol.errors import UsageError
from akpatrol.validate.loopback import is_loopback

_HINT = "give https://host/path, ssh://user@host/path, user@host:path or git://host/path"
_SCHEMES = ("https", "http", "ssh", "git")
_HELPER = re.compile(r"[A-Za-z0-9+.-]*::")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
# As in git: a colon before any slash. Without a user name it is more likely a file's name.
_SHORT = re.compile(r"(?P<user>[^/@]*)@(?P<host>\[[^]]*\]|[^/:@]*):(?P<path>.*)", re.DOTALL)
_USER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_SECRET_USER = re.compile(r"^((?:[A-Za-z0-9+.:-]*://)?)[^/@]*@(?=[^/]*(?:/|:|$))")


class CloneWanted(NamedTuple):
    """A repository to clone; ``network`` is the address of the one that it and its forks come from, where known.

    An ``optional`` one is no gap if it does not exist.
    """

    url: str
    network: str | None = None
    optional: bool = False


class CloneAddress(NamedTuple):
    """The parts of an address that was checked; ``host`` is in lower case, ``path`` without slashes at its ends."""

    scheme: str
    user: str
    host: str
    port: int | None
    path: str

    @property
    def origin(self) -> str:
        """Scheme, host and port, as a URL without a path."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}{f':{self.port}' if self.port else ''}"


def is_address(word: str) -> bool:
    """Return whether a word is meant as an address, a safe one or not."""
    return bool(_SCHEME.match(word) or _HELPER.match(word) or _SHORT.match(word))


def checked(word: str) -> CloneAddress:
    """Return the parts of an address. Raises UsageError, whose message shows no password, for one that is not safe."""
    if word.startswith("-"):
        raise UsageError("an address begins with -", _HINT)
    if helper := _HELPER.match(word):
        raise UsageError(f"{helper[0]} could run any program and is refused", _HINT)
    if not word.isprintable() or "\\" in word:
        raise UsageError("an address contains invalid characters", _HINT)
    scheme = _SCHEME.match(word)
    address = _parsed(word) if scheme else _short(word)
    if address.scheme not in _SCHEMES:
        raise UsageError(f"{address.scheme}:// is refused: {displayed(word)}", _HINT)
    if address.scheme == "http" and not is_loopback(address.host):
        raise UsageError(f"http:// is refused except for this machine: {displayed(word)}", "give the https:// address")
    if not _HOST.fullmatch(address.host) or (address.user and not _USER.fullmatch(address.user)):
        raise UsageError(f"not a repository address: {displayed(word)}", _HINT)
    if not address.path or address.path.startswith("-"):
        raise UsageError(f"no repository path: {displayed(word)}", _HINT)
    return address


def displayed(word: str) -> str:
    """Return an address for people, without what could be a secret: password, user name, query.

    The user name of an ``ssh`` address is not a secret; that of an ``https`` address is often a token.
    """
    bare = word.partition("#")[0].partition("?")[0] if _SCHEME.match(word) else word
    short = _SHORT.match(bare)
    user = short["user"] if short else ""
    if bare.startswith("ssh://"):
        user = bare.removeprefix("ssh://").partition("/")[0].rpartition("@")[0]
    if user and _USER.fullmatch(user):
        return bare
    return _SECRET_USER.sub(r"\1***@", bare)


def _parsed(word: str) -> CloneAddress:
    try:
        parts = urlsplit(word)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise UsageError(f"not a URL: {displayed(word)}", _HINT) from None
    if parts.query or parts.fragment:
        raise UsageError(f"must be scheme://host[:port][/path]: {displayed(word)}", _HINT)
    user, colon, _ = parts.netloc.rpartition("@")[0].partition(":")
    if colon or (user and parts.scheme != "ssh"):
        raise UsageError(
            f"an address contains a password or a token: {displayed(word)}",
            "leave it out: tokens for forges come from the environment",
        )
    return CloneAddress(parts.scheme, user, host.lower(), port, parts.path.strip("/"))


def _short(word: str) -> CloneAddress:
    parts = _SHORT.fullmatch(word)
    if not parts:
        raise UsageError(f"not a repository address: {displayed(word)}", _HINT)
    if ":" in parts["user"]:
        raise UsageError(f"an address contains a password: {displayed(word)}", "leave it out")
    return CloneAddress("ssh", parts["user"], parts["host"].strip("[]").lower(), None, parts["path"].strip("/"))
