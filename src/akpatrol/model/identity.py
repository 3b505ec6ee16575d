"""Compute names for a credential that do not reveal it. They do not depend on rules, places, formats or versions."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.model.credential import NamedSecret

if TYPE_CHECKING:
    from akpatrol.kinds import CredentialKind
    from akpatrol.model.scan import Secret

PREFIX = "akp1:"


def fingerprint(kind: CredentialKind, secret: Secret) -> str:
    """Return ``akp1:`` and the SHA-256 of kind, NUL and secret, in hex."""
    if isinstance(secret, NamedSecret):
        return secret.fingerprint
    return PREFIX + sha256(kind.encode() + b"\0" + secret.reveal()).hexdigest()


def secret_sha256(secret: Secret) -> str:
    """Return the SHA-256 of the secret's bytes, in hex."""
    if isinstance(secret, NamedSecret):
        return secret.digest
    return sha256(secret.reveal()).hexdigest()


def key_id(kind: CredentialKind, secret: Secret) -> str | None:
    """Return the public id in a credential, None where its kind has none."""
    if isinstance(secret, NamedSecret):
        return secret.key_id
    return kind.key_id(secret.reveal())
