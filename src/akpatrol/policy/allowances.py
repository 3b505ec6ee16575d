"""Decide, without side effects, which credentials an ``[[allow]]`` of a configuration covers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model import identity
from akpatrol.model.credential import Allowance, AllowanceSource
from akpatrol.model.scan import Place

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from akpatrol.config.settings import AllowEntry
    from akpatrol.model.credential import Credential, Occurrence

_IN_FILES = (Place.CONTENT, Place.PATH)


class Allowing(NamedTuple):
    """An entry of the configuration; ``matches(target, path)`` is its path pattern, if it has one."""

    entry: AllowEntry
    matches: Callable[[str, bytes], bool] | None = None

    def names(self, credential: Credential) -> bool:
        """Return whether the entry covers this credential, at least in some places."""
        entry, kind, secret = self.entry, credential.kind, credential.secret
        return (
            entry.fingerprint in ("", identity.fingerprint(kind, secret))
            and entry.key_id in ("", identity.key_id(kind, secret))
            and entry.sha256 in ("", identity.secret_sha256(secret))
            and (not entry.rule or credential.rule_ids[:1] == (entry.rule,))
        )

    @property
    def is_of_one_credential(self) -> bool:
        """Whether it is made for one credential, not for whatever a path, a rule or a commit has."""
        return bool(self.entry.fingerprint or self.entry.key_id or self.entry.sha256)

    def covers(self, occurrence: Occurrence) -> bool:
        """Return whether the entry covers this place, if it names the credential."""
        if self.entry.commit and not (occurrence.introduced and occurrence.introduced.id.startswith(self.entry.commit)):
            return False
        if not self.matches:
            return True
        if occurrence.paths_truncated:
            return False  # it covers no path that is not listed
        paths = occurrence.paths or tuple(filter(None, [occurrence.path]))
        return (
            occurrence.place in _IN_FILES
            and bool(paths)
            and all(self.matches(occurrence.target, path) for path in paths)
        )

    def expired(self, today: date) -> bool:
        """Return whether it has expired."""
        return bool(self.entry.expires and self.entry.expires <= today)

    def allowance(self) -> Allowance:
        """Return it as the report shows it."""
        entry = self.entry
        expires = entry.expires.isoformat() if entry.expires else None
        return Allowance(AllowanceSource.CONFIGURATION, entry.reason, entry.where, entry.owner or None, expires)


def describe(entry: AllowEntry) -> str:
    """Return what an entry matches by, in words."""
    keys = ("fingerprint", "key_id", "sha256", "rule", "path", "commit")
    return ", ".join(f"{key} {getattr(entry, key)}" for key in keys if getattr(entry, key))
