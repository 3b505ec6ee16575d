"""The description of a kind of credential: everything that the program needs to know about it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Callable

_NONE = range(0)
_CHARACTER = "[0-9A-Za-z_-]"
_PAIR = rb"([0-9A-Za-z_-]+)\.[^.]+"
_BY_NAME: dict[str, CredentialKind] = {}


class Bounds(NamedTuple):
    """The lengths, in characters, that the judge accepts after the prefix.

    A pair is ``<id>.<secret>``; a body has no dot. An empty range says that the kind has no such form.
    """

    id: range = _NONE
    secret: range = _NONE
    body: range = _NONE

    def fit_pair(self, key_id: bytes, secret: bytes) -> bool:
        """Return whether both parts of a pair have an accepted length."""
        return len(key_id) in self.id and len(secret) in self.secret

    @property
    def shortest(self) -> int:
        """The length of the shortest accepted text, 0 where nothing is judged."""
        pair = self.id.start + len(".") + self.secret.start if self.id else 0
        return min(filter(None, (pair, self.body.start)), default=0)

    @property
    def least(self) -> str:
        """A lookahead pattern for the shortest length; empty for a kind that is not judged."""
        body = f"{_CHARACTER}{{{self.body.start}}}" if self.body else ""
        pair = f"{_CHARACTER}{{{self.id.start},{self.id.stop - 1}}}\\.{_CHARACTER}{{{self.secret.start}}}"
        forms = "|".join(filter(None, (body, pair if self.id else "")))
        return f"(?={forms})" if forms else ""

    @property
    def longest_word(self) -> int:
        """The length of the longest accepted text up to its dot, or to its end."""
        return max(self.id.stop, self.body.stop) - 1


class Wording(NamedTuple):
    """The names for credentials of the kind in reports and prompts.

    ``name`` names the issuer, ``unattributed`` does not. ``short`` is for lists, ``shape`` shows how one looks.
    """

    name: str
    short: str
    shape: str = ""
    unattributed: str = ""


class Remediation(NamedTuple):
    """How a credential is revoked: ``action`` continues a sentence, ``place`` follows it where a rule names no page.

    ``effect`` is a sentence about the action.
    """

    action: str
    place: str = ""
    effect: str = ""

    @property
    def title(self) -> str:
        """The action as a heading."""
        return " ".join(filter(None, (self.action[:1].upper() + self.action[1:], self.place)))


class SarifRule(NamedTuple):
    """The kind's rule in SARIF. Without an id, the rule that found the credential is named."""

    id: str = ""
    precision: str = "medium"
    description: str = ""


class Verifiability(NamedTuple):
    """How the API verifies a credential.

    ``form`` is a pattern for the credential: nothing else is sent. ``path`` is the path of the request. A credential
    that ``needs_organization`` is sent once for each organization that the user names.
    """

    form: bytes
    path: str
    needs_organization: bool = False


class CredentialKind(str):
    """A kind of credential. As a text it is its own name, which reports, stores and rule files hold."""

    __slots__ = ()

    wording: Wording
    remediation: Remediation
    sarif = SarifRule()

    prefix = ""
    """The beginning of each credential."""
    bounds = Bounds()
    is_shared = False
    """Whether other vendors use the prefix: then only the surrounding text says who issued a credential."""
    has_key_id = False
    """Whether the id of a pair is public and names the key."""
    identifiers: tuple[bytes, ...] = ()
    """Patterns for what follows the prefix where it is shared with the identifiers of databases."""
    secret_names: tuple[str, ...] = ()
    """Names of variables, in lower case, that hold such credentials."""

    verification: Verifiability | None = None
    not_verifiable = "There is no API to verify it with."
    """Why there is no verification."""
    inventory_prefix = ""
    """The prefix of a listed key's id in a credential; empty where the API's list of keys has none of the kind."""
    is_custom = False
    """Whether it belongs to users' rules: then the rule alone decides."""

    def __new__(cls, name: str) -> Self:
        """Define a kind; its name is that of its module."""
        self = super().__new__(cls, name)
        _BY_NAME[name] = self
        return self

    def __reduce__(self) -> tuple[Callable[[str], CredentialKind], tuple[str]]:
        """Pickle the name alone: other processes know the kind."""
        return named, (str(self),)

    @property
    def needs_organization(self) -> bool:
        """Whether the API needs the organization of a credential."""
        return self.verification is not None and self.verification.needs_organization

    def key_id(self, secret: bytes) -> str | None:
        """Return the public id in a credential, None if it has none."""
        if not (self.has_key_id and secret.startswith(self.prefix.encode())):
            return None
        match = re.compile(_PAIR).fullmatch(secret, len(self.prefix))
        return match[1].decode() if match else None

    def has_form(self, secret: bytes) -> bool:
        """Return whether a text has a length that credentials of this kind have, prefix included."""
        first, dot, rest = secret[len(self.prefix) :].partition(b".")
        return self.bounds.fit_pair(first, rest) if dot else len(first) in self.bounds.body

    def shortest_end(self, secret: bytes) -> int | None:
        """Return the end of the shortest credential with the same beginning; None without one."""
        start = len(self.prefix)
        if not self.prefix or not secret.startswith(self.prefix.encode()):
            return None
        first, dot, rest = secret[start:].partition(b".")
        rest = rest.partition(b".")[0]
        bounds = self.bounds
        if bounds.id and dot and len(first) >= bounds.id.start and len(rest) >= bounds.secret.start:
            return start + len(first) + len(dot) + bounds.secret.start
        return start + bounds.body.start if bounds.body and len(first) >= bounds.body.start else None


def named(name: str) -> CredentialKind:
    """Return the kind of that name. Raises ValueError if there is none."""
    if name not in _BY_NAME:
        raise ValueError(f"no kind of credential: {name}")
    return _BY_NAME[name]
