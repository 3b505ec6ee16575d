"""A forge to ask: its API, and the login for it from the environment of whoever asks.

No unit, store, report or command line holds a token: each worker takes it from its own environment, or from the file
that a variable with ``_FILE`` at its end names.
"""

from __future__ import annotations

import re
from base64 import b64encode
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from akpatrol.errors import UsageError
from akpatrol.model.scan import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[!-~]+")
_LONGEST_FILE = 1 << 16


class Login(NamedTuple):
    """How a forge is given a token: the first of ``variables`` that is set holds it.

    ``scheme`` begins the ``Authorization`` header of the API; with ``Basic``, the ``user`` variable has the user name.
    For git the token is the password of ``git_user``.
    """

    variables: tuple[str, ...]
    git_user: str
    scheme: str = "Bearer"
    user: str = ""

    def header(self, token: Secret | None, environment: Mapping[str, str]) -> Secret | None:
        """Return the API's ``Authorization`` header, None without a token."""
        if not token:
            return None
        if self.scheme == "Basic":
            return basic(environment.get(self.user, "") if self.user else "", token)
        return Secret(f"{self.scheme} ".encode() + token.reveal())

    def token(self, environment: Mapping[str, str]) -> Secret | None:
        """Return the token of an environment, None without one. Raises UsageError for one that is not usable."""
        for name in self.variables:
            if value := environment.get(name) or _from_file(environment.get(f"{name}_FILE", ""), name):
                if not _TOKEN.fullmatch(value):
                    raise UsageError(f"{name} contains characters that are invalid in a token")
                return Secret(value.encode())
        return None


class ForgeSite(NamedTuple):
    """A forge's API at the URL ``api``; ``variable`` is where its token comes from, for messages."""

    kind: str
    api: str
    authorization: Secret | None = None
    variable: str = ""
    headers: tuple[tuple[str, str], ...] = (("Accept", "application/json"),)

    @property
    def host(self) -> str:
        """The host that is asked, with its port."""
        return urlsplit(self.api).netloc


def basic(user: str, password: Secret) -> Secret:
    """Return the ``Authorization`` header of RFC 7617."""
    return Secret(b"Basic " + b64encode(user.encode() + b":" + password.reveal()))


def _from_file(file: str, name: str) -> str:
    if not file:
        return ""
    try:
        with open(file, "rb") as stream:
            return stream.read(_LONGEST_FILE).strip().decode("latin-1")
    except OSError as error:
        raise UsageError(f"{name}_FILE: {file}: {error.strerror}") from None
