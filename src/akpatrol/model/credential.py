"""The frozen values that exist once something is found: where it is, since when, whose it is, whether it is live."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from akpatrol.model.scan import End, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from akpatrol.kinds import CredentialKind
    from akpatrol.model.scan import (
        Attribution,
        Confidence,
        Exposure,
        Match,
        Origin,
        Place,
        Severity,
        State,
        StateReason,
    )


class NamedSecret(Secret):
    """A secret of which only names are known: its masked form, what tells it from others, and a key's id.

    Raises ValueError when it is asked to reveal what nobody kept.
    """

    __slots__ = ("_redacted", "digest", "fingerprint", "key_id")
    is_kept = False

    def __init__(self, redacted: str, fingerprint: str, digest: str, key_id: str | None = None) -> None:
        super().__init__(fingerprint.encode())
        self._redacted = redacted
        self.fingerprint = fingerprint
        self.digest = digest
        self.key_id = key_id

    def reveal(self) -> bytes:
        """Raise ValueError."""
        raise ValueError("this secret was not kept")

    @property
    def redacted(self) -> str:
        """The masked form."""
        return self._redacted

    def __reduce__(self) -> tuple[type[NamedSecret], tuple[str, str, str, str | None]]:  # type: ignore[override]
        return (NamedSecret, (self._redacted, self.fingerprint, self.digest, self.key_id))


class RawFinding(NamedTuple):
    """A match with its origin and position; ``context`` is the line, its secrets wrapped.

    ``inline`` is the reason that an ``akpatrol:allow`` near by gives, "" when it gives none, None without one.
    """

    origin: Origin
    match: Match
    offset: int
    line: int
    column: int
    end_line: int
    end_column: int
    context: tuple[str | Secret, ...]
    inline: str | None = None


class Commit(NamedTuple):
    """A commit in which an occurrence came or went; ``date`` is its committer date, RFC 3339 in UTC.

    At the ``boundary`` of a shallow clone it may have come with an earlier commit.
    """

    id: str
    date: str
    author: str = ""
    summary: str = ""
    boundary: bool = False


class Moved(NamedTuple):
    """From where a credential came to a path: ``kind`` is ``move`` or ``copy``, ``introduced`` brought it there."""

    kind: str
    path: bytes
    introduced: Commit | None = None


class Taken(StrEnum):
    """What something that is asked for is taken for."""

    CREDENTIAL = "credential"
    FINGERPRINT = "fingerprint"
    SHA256 = "sha256"
    KEY_ID = "key_id"
    TEXT = "text"


class Version(NamedTuple):
    """What a file held at some time: the git object, and the commit that brought it there, where one is known."""

    object: str
    commit: str | None = None
    date: str | None = None


class Versions(NamedTuple):
    """How many versions of a file hold a credential alike, and the first and the last of them."""

    number: int
    first: Version
    last: Version


class Occurrence(NamedTuple):
    """One place where a credential was seen; null line and column where a place has none; ``inline`` as of a hit.

    ``versions`` are those of the file that hold it in this line; None for what is no version of a file. ``paths`` may
    be ``paths_truncated``. ``known`` says that the base of what was looked at holds it there already; ``version``
    brought this version of the file, whatever it holds. ``rule_ids`` are those of the rules that found it there; the
    first names it. ``end`` says whether it is known where the credential ends there. ``alike`` is how many identifiers
    like it the file holds, None where it was not taken for one.
    """

    target: str
    place: Place
    path: bytes | None
    line: int | None
    column: int | None
    end_line: int | None
    end_column: int | None
    offset: int
    state: State
    context: tuple[str | Secret, ...] = ()
    paths: tuple[bytes, ...] = ()
    encodings: tuple[str, ...] = ()
    containers: tuple[str, ...] = ()
    object: str | None = None
    introduced: Commit | None = None
    removed: Commit | None = None
    refs: tuple[str, ...] = ()
    state_reason: StateReason | None = None
    exposure: Exposure | None = None
    inline: str | None = None
    versions: Versions | None = None
    paths_truncated: bool = False
    moved_from: Moved | None = None
    known: bool = False
    version: Commit | None = None
    rule_ids: tuple[str, ...] = ()
    end: End = End.CERTAIN
    alike: int | None = None


def end_of(occurrences: Iterable[Occurrence]) -> End:
    """Return whether it is known where a credential ends: in one place is enough."""
    ends = {one.end for one in occurrences}
    return End.UNCERTAIN if ends == {End.UNCERTAIN} else End.CERTAIN


class VerificationStatus(StrEnum):
    """What asking the API about a credential came to."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"


class OrganizationAnswer(NamedTuple):
    """What came of asking about a personal access token in one organization."""

    organization: str
    status: VerificationStatus
    reason: str
    http_status: int | None = None
    scopes: tuple[str, ...] = ()
    blast_radius: tuple[str, ...] = ()


class Verification(NamedTuple):
    """Whether a credential is live; ``checked_at`` is RFC 3339 in UTC, null when nothing was asked.

    ``scopes`` and ``blast_radius`` are those of all ``organizations`` together.
    """

    status: VerificationStatus
    reason: str
    checked_at: str | None = None
    http_status: int | None = None
    organizations: tuple[OrganizationAnswer, ...] = ()
    scopes: tuple[str, ...] = ()
    blast_radius: tuple[str, ...] = ()


class InventoryKey(NamedTuple):
    """One key of the API's own list; times are RFC 3339 in UTC, ``expires_at`` null when it never expires."""

    key_id: str
    name: str
    created_at: str | None = None
    expires_at: str | None = None
    expired: bool = False


class Owner(NamedTuple):
    """Which keys of the organization's list a credential may be: one, several for a short prefix, or none."""

    reason: str
    keys: tuple[InventoryKey, ...] = ()


class AllowanceSource(StrEnum):
    """Who said that a credential is known and not to be acted on."""

    BASELINE = "baseline"
    CONFIGURATION = "configuration"
    INLINE = "inline"


class Allowance(NamedTuple):
    """Why a credential is no finding; ``where`` is the file, with the line of an inline one.

    ``expires`` is the first day on which it no longer holds, YYYY-MM-DD in UTC.
    """

    source: AllowanceSource
    reason: str
    where: str
    owner: str | None = None
    expires: str | None = None


class Credential(NamedTuple):
    """One secret, whatever found it and wherever it stands: the unit that a person acts on.

    The first of ``rule_ids`` names it. ``found_at`` is when a sweep of the store that tells of it first saw it,
    RFC 3339 in UTC. Where no place says for certain where it ``end``s, the secret is the longest reading.
    """

    kind: CredentialKind
    secret: Secret
    rule_ids: tuple[str, ...]
    confidence: Confidence
    attribution: Attribution
    severity: Severity
    state: State
    exposure: Exposure | None
    occurrences: tuple[Occurrence, ...]
    verification: Verification | None = None
    owner: Owner | None = None
    allowed: Allowance | None = None
    found_at: str | None = None
    end: End = End.CERTAIN

    @property
    def is_live(self) -> bool:
        """True when the API accepted it."""
        return self.verification is not None and self.verification.status is VerificationStatus.ACTIVE

    @property
    def is_finding(self) -> bool:
        """True when somebody has to act: it is not allowed, or allowed and live."""
        return self.allowed is None or self.is_live


class CredentialChange(NamedTuple):
    """What became of a credential since an earlier run: ``change`` is ``new``, ``gone`` or ``changed``.

    ``detail`` says of a changed one what changed, in words.
    """

    fingerprint: str
    kind: CredentialKind
    redacted: str
    change: str
    detail: str = ""


class Changes(NamedTuple):
    """What differs from the run numbered ``run`` of a store, which began ``at``, RFC 3339 in UTC."""

    run: int
    at: str
    credentials: tuple[CredentialChange, ...] = ()
