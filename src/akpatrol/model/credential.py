"""The frozen values for findings: where a credential is, since when, whose it is, whether it is live."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

from akpatrol.model.scan import End, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    """A secret known only by name: its masked form, its distinguishing hash, and a key's id.

    Raises ValueError when asked to reveal a secret that was not kept.
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


class FileName(NamedSecret):
    """No secret but a file that a rule finds by its path. Rule and path name it, a member also its first bytes."""

    __slots__ = ()
    MASK = "file"

    @classmethod
    def of(cls, rule_id: str, path: bytes, data: bytes | None = None) -> Self:
        """Return the name of a file that a rule finds; of a member, ``data`` are its first bytes."""
        from hashlib import sha256  # noqa: PLC0415 - OpenSSL costs milliseconds at start-up

        held = b"" if data is None else b"\0" + sha256(data).digest()
        named = sha256(b"file\0" + rule_id.encode() + b"\0" + path + held).hexdigest()
        return cls(cls.MASK, f"akp1:{named}", sha256(path + held).hexdigest())

    def __reduce__(self) -> tuple[type[FileName], tuple[str, str, str, str | None]]:  # type: ignore[override]
        return (FileName, (self._redacted, self.fingerprint, self.digest, self.key_id))


class RawFinding(NamedTuple):
    """A match with its origin and position; ``context`` is the line, its secrets wrapped.

    ``inline`` is the reason of an adjacent ``akpatrol:allow``, "" when it gives none, None without one. ``masks`` are
    the other spans that are masked in the line, as offsets in the content. ``foreign_inline`` is the comment of another
    scanner on the lines of a user's rule, ``gitleaks:allow``.
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
    masks: tuple[tuple[int, int], ...] = ()
    foreign_inline: str | None = None

    @property
    def has_comment(self) -> bool:
        """Whether any comment wants to allow it."""
        return self.inline is not None or self.foreign_inline is not None


class Commit(NamedTuple):
    """A commit that added or removed an occurrence; ``date`` is its committer date, RFC 3339 in UTC.

    At the ``boundary`` of a shallow clone it may have come with an earlier commit.
    """

    id: str
    date: str
    author: str = ""
    summary: str = ""
    boundary: bool = False


class Moved(NamedTuple):
    """The earlier path of a credential: ``kind`` is ``move`` or ``copy``; the commit ``introduced`` added it there."""

    kind: str
    path: bytes
    introduced: Commit | None = None


class Taken(StrEnum):
    """How a query is interpreted."""

    CREDENTIAL = "credential"
    FINGERPRINT = "fingerprint"
    SHA256 = "sha256"
    KEY_ID = "key_id"
    TEXT = "text"


class Version(NamedTuple):
    """A version of a file: the git object, and the commit that introduced it, if known."""

    object: str
    commit: str | None = None
    date: str | None = None


class Versions(NamedTuple):
    """The number of a file's versions that hold a credential on the same line, and the first and last of them."""

    number: int
    first: Version
    last: Version


class Occurrence(NamedTuple):
    """One place where a credential was found; line and column are None where it has none.

    ``inline`` and ``foreign_inline`` are those of RawFinding.
    ``versions`` are the file's versions that hold it on this line; None for places outside files. ``paths`` may be
    ``paths_truncated``. ``known`` says that the base of the scan holds it there already. ``version`` is the commit that
    introduced this version of the file, whatever it changed. ``rule_ids`` are the rules that found it there; the first
    names it. ``end`` says whether the credential's end is certain. ``alike`` is the number of identifiers like it in
    the file, None unless it looks like one. ``owners`` are those that CODEOWNERS names for the path. ``lines_before``
    as in Match, for each of ``rule_ids``.
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
    owners: tuple[str, ...] = ()
    foreign_inline: str | None = None
    lines_before: tuple[int, ...] = ()


def end_of(occurrences: Iterable[Occurrence]) -> End:
    """Return whether it is known where a credential ends: in one place is enough."""
    ends = {occurrence.end for occurrence in occurrences}
    return End.UNCERTAIN if ends == {End.UNCERTAIN} else End.CERTAIN


class VerificationStatus(StrEnum):
    """The result of verifying a credential."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"


class OrganizationAnswer(NamedTuple):
    """The result of verifying a personal access token in one organization."""

    organization: str
    status: VerificationStatus
    reason: str
    http_status: int | None = None
    scopes: tuple[str, ...] = ()
    blast_radius: tuple[str, ...] = ()


class Verification(NamedTuple):
    """Whether a credential is live; ``checked_at`` is RFC 3339 in UTC, null when no request was made.

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
    """The keys of the organization's list that a credential may be: one, several for a short prefix, or none."""

    reason: str
    keys: tuple[InventoryKey, ...] = ()


class AllowanceSource(StrEnum):
    """The source of an allowance: who decided that a credential needs no action."""

    BASELINE = "baseline"
    CONFIGURATION = "configuration"
    INLINE = "inline"
    IGNORE_FILE = "gitleaksignore"


class Allowance(NamedTuple):
    """Why a credential is not a finding; ``where`` is the file, with the line of an inline one.

    ``expires`` is the first day on which it no longer holds, YYYY-MM-DD in UTC.
    """

    source: AllowanceSource
    reason: str
    where: str
    owner: str | None = None
    expires: str | None = None


class Credential(NamedTuple):
    """One secret with all its places: the unit that a person acts on.

    The first of ``rule_ids`` names it. ``found_at`` is when a sweep first found it, from the sweep's store,
    RFC 3339 in UTC. When its ``end`` is certain in no place, the secret is the longest reading. One that was loaded
    from a report has the ``title`` and the ``tags`` that its rules had.
    """

    kind: CredentialKind
    secret: Secret
    rule_ids: tuple[str, ...]
    confidence: Confidence
    attribution: Attribution
    severity: Severity
    state: State
    exposure: Exposure | None
    occurrences: Sequence[Occurrence]
    verification: Verification | None = None
    owner: Owner | None = None
    allowed: Allowance | None = None
    found_at: str | None = None
    end: End = End.CERTAIN
    title: str = ""
    tags: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """True when the API accepted it."""
        return self.verification is not None and self.verification.status is VerificationStatus.ACTIVE

    @property
    def is_finding(self) -> bool:
        """True when it needs action: it is not allowed, or allowed and live."""
        return self.allowed is None or self.is_live


class CredentialChange(NamedTuple):
    """A credential's change since an earlier run: ``change`` is ``new``, ``gone`` or ``changed``.

    ``detail`` says in words what changed.
    """

    fingerprint: str
    kind: CredentialKind
    redacted: str
    change: str
    detail: str = ""


class Changes(NamedTuple):
    """The differences from run number ``run`` of a store, which began ``at``, RFC 3339 in UTC."""

    run: int
    at: str
    credentials: tuple[CredentialChange, ...] = ()
