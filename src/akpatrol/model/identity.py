"""What names a credential without revealing it. Neither rules, places, formats nor versions change these names."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from akpatrol.model.credential import NamedSecret
from akpatrol.model.scan import Kind

if TYPE_CHECKING:
    from akpatrol.model.scan import Secret

PREFIX = "akp1:"
_KEY = re.compile(rb"ak_([0-9A-Za-z_-]+)\.[^.]+")


def fingerprint(kind: Kind, secret: Secret) -> str:
    """Return ``akp1:`` and the SHA-256 of kind, NUL and secret, in hex."""
    if isinstance(secret, NamedSecret):
        return secret.fingerprint
    return PREFIX + sha256(kind.value.encode() + b"\0" + secret.reveal()).hexdigest()


def secret_sha256(secret: Secret) -> str:
    """Return the SHA-256 of the secret's bytes, in hex."""
    if isinstance(secret, NamedSecret):
        return secret.digest
    return sha256(secret.reveal()).hexdigest()


def key_id(kind: Kind, secret: Secret) -> str | None:
    """Return what stands between ``ak_`` and the dot, None for what is no organization key."""
    if isinstance(secret, NamedSecret):
        return secret.key_id
    match = _KEY.fullmatch(secret.reveal()) if kind is Kind.ORGANIZATION_KEY else None
    return match[1].decode() if match else None
