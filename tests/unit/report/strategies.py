"""Hypothesis strategies for reports in which every text is hostile."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st

from akpatrol.kinds import KINDS
from akpatrol.model.credential import (
    Allowance,
    AllowanceSource,
    Commit,
    Credential,
    InventoryKey,
    Occurrence,
    OrganizationAnswer,
    Owner,
    Verification,
    VerificationStatus,
    end_of,
)
from akpatrol.model.report import Coverage, LocalSource, QueryAnswer, Report, StaleAllowance
from akpatrol.model.scan import (
    Attribution,
    Confidence,
    End,
    Exclusion,
    Exposure,
    Place,
    Secret,
    Severity,
    Skipped,
    State,
    StateReason,
    Target,
)
from akpatrol.report.sarif_locations import artifact_uri
from akpatrol.report.spread import COMMIT_TEXTS
from tests import reports

_RANDOM = reports.seeded(20260301)
KEYS = [reports.organization_key(_RANDOM) for _ in range(3)]
TOKENS = [reports.personal_access_token(_RANDOM) for _ in range(3)]
SECRETS = [*KEYS, *TOKENS]

NASTY = [
    "\x1b[31mred\x1b]0;title\x07",
    "\x9b31m",
    "a\nb\rc\td",
    "\u202egnp.exe\u2066",
    "zero\u200bwidth\ufeff\u00ad",
    "\u2028\u2029\x85",
    "\udcff\ud800",
    "\U000e0041",
    "n" * 10_000,
    "漢字" * 50,
    "{0} [text](https://example.org) $(id) `id` ; ' \" \\x41",
    "https://user:password@git.example.org/x",
    "@someone #12 org/x#3 !4 www.example.org ::error::x ##[error]x",
    "<img src=x onerror=alert(1)> | `a` ``b`` | **c** &amp; </details>",
]
hostile = settings(max_examples=25)

texts = st.one_of(
    st.text(st.characters(), max_size=30),
    st.sampled_from(NASTY),
    st.tuples(st.sampled_from(NASTY), st.sampled_from(SECRETS)).map("".join),
    st.sampled_from(SECRETS),
)
paths = st.one_of(
    st.binary(max_size=30),
    st.sampled_from(NASTY + SECRETS).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.sampled_from([b"\xff/\xfe", b"\\xff", b"a" * 10_000, b"-rf", b"~", b"C:\\x"]),
)
dates = st.one_of(
    st.datetimes().map(lambda moment: moment.isoformat() + "Z"),
    st.just("9999-12-31T23:59:59-23:59"),
    st.just("?"),
)
ids = st.integers(0, 16**40 - 1).map(lambda number: f"{number:040x}")
positions = st.none() | st.integers(1, 100_000)
commits = st.builds(Commit, id=ids, date=dates, author=texts, summary=texts)
words = st.lists(texts, max_size=5).map(tuple)
answers = {
    "status": st.sampled_from(VerificationStatus),
    "reason": texts,
    "http_status": st.none() | st.integers(100, 599),
    "scopes": words,
    "blast_radius": words,
}
organization_answers = st.builds(OrganizationAnswer, organization=texts, **answers)
verifications = st.builds(
    Verification,
    checked_at=st.none() | dates,
    organizations=st.lists(organization_answers, max_size=3).map(tuple),
    **answers,
)
keys = st.builds(
    InventoryKey,
    key_id=texts,
    name=texts,
    created_at=st.none() | dates | texts,
    expires_at=st.none() | dates,
    expired=st.booleans(),
)
owners = st.builds(Owner, reason=texts, keys=st.lists(keys, max_size=3).map(tuple))
allowances = st.builds(
    Allowance,
    source=st.sampled_from(AllowanceSource),
    reason=texts,
    where=texts,
    owner=st.none() | texts,
    expires=st.none() | st.just("2027-01-01"),
)
stale = st.builds(StaleAllowance, where=texts, entry=texts, reason=texts)
targets = st.builds(
    Target,
    id=st.sampled_from(["t1", "t2"]),
    kind=st.sampled_from(["repository", "directory", "stream"]),
    root=texts.map(lambda text: "/" + text) | texts,
    remote=st.none() | texts,
    head=st.none() | ids,
    base=st.none() | texts.map(lambda text: "/" + text),
)


# Built once: Hypothesis takes longer to build this than to draw from it. None in a context is the credential's secret.
occurrence_lists = st.lists(
    st.builds(
        Occurrence,
        target=st.sampled_from(["t1", "t2", "unknown"]),
        place=st.sampled_from(Place),
        path=st.none() | paths,
        line=positions,
        column=positions,
        end_line=positions,
        end_column=positions,
        offset=st.integers(0, 1 << 40),
        state=st.sampled_from(State),
        context=st.lists(texts | st.none(), max_size=4).map(tuple),
        paths=st.lists(paths, max_size=2).map(tuple),
        encodings=st.lists(texts, max_size=2).map(tuple),
        containers=st.lists(texts, max_size=2).map(tuple),
        object=st.none() | ids,
        introduced=st.none() | commits,
        removed=st.none() | commits,
        refs=st.lists(texts, max_size=5).map(tuple),
        state_reason=st.none() | st.sampled_from(StateReason),
        exposure=st.none() | st.just(Exposure.BROWSER),
        end=st.sampled_from(End),
        alike=st.none() | st.integers(1, 9999),
        owners=st.lists(texts, max_size=2).map(tuple),
        lines_before=st.lists(st.integers(-3, 9), max_size=3).map(tuple),
    ),
    max_size=4,
)


@st.composite
def credentials(draw: st.DrawFn) -> Credential:
    """Draw a credential of one of SECRETS or of any bytes."""
    raw = draw(st.sampled_from(SECRETS).map(str.encode) | st.binary(min_size=8, max_size=300))
    secret = Secret(raw)
    occurrences = [
        found._replace(context=tuple(secret if part is None else part for part in found.context))
        for found in draw(occurrence_lists)
    ]
    return Credential(
        kind=draw(st.sampled_from(KINDS)),
        secret=secret,
        rule_ids=draw(
            st.sampled_from([("anyreach-organization-key",), ("anyreach-personal-access-token",), ("x\n",), ()])
        ),
        confidence=draw(st.sampled_from(Confidence)),
        attribution=draw(st.sampled_from(Attribution)),
        severity=draw(st.sampled_from(Severity)),
        state=draw(st.sampled_from(State)),
        exposure=draw(st.none() | st.just(Exposure.BROWSER)),
        occurrences=tuple(occurrences),
        verification=draw(st.none() | verifications),
        owner=draw(st.none() | owners),
        allowed=draw(st.none() | allowances),
        end=end_of(occurrences),
        title=draw(texts),
        tags=draw(st.lists(texts, max_size=2).map(tuple)),
    )


hostile_reports = st.builds(
    Report,
    command=st.sampled_from(["scan", "history", "staged", "commit-msg"]),
    started_at=st.just("2026-03-01T11:59:00Z"),
    duration=st.floats(0, 1e6),
    targets=st.lists(targets, max_size=2, unique_by=lambda target: target.id).map(tuple),
    coverage=st.builds(
        Coverage,
        size=st.integers(0, 1 << 50),
        counts=st.dictionaries(st.sampled_from(["files", "blobs", "index_entries"]) | texts, st.integers(0, 1 << 30)),
        excluded=st.dictionaries(st.sampled_from([*Exclusion]), st.integers(0, 99), max_size=3),
        skipped=st.lists(st.builds(Skipped, item=texts, reason=texts, accepted=st.none() | texts), max_size=8).map(
            tuple
        ),
        unsearched_rules=st.lists(texts, max_size=5).map(tuple),
    ),
    credentials=st.lists(credentials(), max_size=3).map(tuple),
    below_confidence=st.integers(0, 5),
    unread_histories=st.lists(texts, max_size=7).map(tuple),
    notices=st.lists(texts, max_size=3).map(tuple),
    stale=st.lists(stale, max_size=3).map(tuple),
    answers=st.lists(st.builds(QueryAnswer, what=texts, is_found=st.booleans()), max_size=3).map(tuple),
    sources=st.lists(
        st.builds(
            LocalSource,
            id=st.sampled_from(["t1", "t2"]) | texts,
            title=texts,
            files=st.integers(0, 1 << 30),
            left_out=st.integers(0, 9),
            skipped=st.integers(0, 9),
            newest=st.none() | dates,
            advice=texts,
            pages=words,
        ),
        max_size=2,
    ).map(tuple),
)


def results(report: Report) -> int:
    """Return how many results a forge's format has: one a finding and path, and one for all its commits' texts."""
    targets = {target.id: target for target in report.targets}
    redact = reports.options(report).redact
    return len(
        {
            (
                number,
                place.target,
                place.place,
                place.place not in COMMIT_TEXTS and artifact_uri(place, targets.get(place.target), redact),
            )
            for number, credential in enumerate(report.findings)
            for place in credential.occurrences
        }
    )
