from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.kinds import CUSTOM
from akpatrol.model import identity
from akpatrol.model.report import Coverage, Report
from akpatrol.model.scan import Attribution, Exposure, Place, Severity, Skipped, State, StateReason
from akpatrol.report import render
from akpatrol.report.text_safety import columns
from tests import reports, samples
from tests.unit.report.strategies import hostile, hostile_reports

RANDOM = reports.seeded(4)
KEY = reports.organization_key(RANDOM)
TOKEN = reports.personal_access_token(RANDOM)
DELETE = "Next: delete it at /api-keys in your Anyreach organization now"
SGR = re.compile(r"\x1b\[[0-9;]*m")


def text(report: Report, **changes: Any) -> str:
    return render(report, "text", reports.options(report, **changes))


def lines(report: Report, **changes: Any) -> list[str]:
    return text(report, **changes).splitlines()


def test_a_staged_key_at_one_glance() -> None:
    report = samples.staged(reports.seeded(1))
    key = report.credentials[0].secret
    raw = key.reveal().decode()
    short = identity.fingerprint(report.credentials[0].kind, report.credentials[0].secret)[5:13]
    assert lines(report) == [
        "1 credential found (1 unverified) in 1 place",
        "",
        f"HIGH  {key.redacted}  {short}  Anyreach organization API key",
        f"  high confidence; likely Anyreach's; not verified; key id {raw[3:].split('.')[0]}",
        "  config/settings.py:12:12  staged, not committed yet",
        f'      | API_KEY = "{key.redacted}"',
        "  Nothing has leaked yet. Remove it, then: git add -- config/settings.py",
        '  Instead: os.environ["ANYREACH_API_KEY"], from a secret manager or an ignored',
        "    .env.",
        "",
        f'Known and harmless? akpatrol allow {short} --reason "..."',
        "",
        "Scanned 1 file, 2.1 kB in 0.1 s",
    ]


def test_allowed_ones_are_one_quiet_line() -> None:
    shown = lines(samples.triaged(reports.seeded(1)))
    assert shown[0] == "1 live, 1 unverified in 2 places"
    assert (
        "5 allowed: 2 by the baseline, 1 by the configuration, 1 inline, 1 by .gitleaksignore; -v lists them"
        in " ".join(shown)
    )
    assert sum("***" in line and "|" not in line for line in shown) == 2
    only = reports.report(reports.credential(KEY, allowed=reports.allowance()))
    assert lines(only)[:3] == [
        "No credentials found that are not allowed",
        "",
        "1 allowed: 1 by the baseline; -v lists them",
    ]


def test_verbose_lists_allowed_ones_and_why() -> None:
    shown = text(samples.triaged(reports.seeded(1)), verbose=1, width=120)
    quiet = shown.partition("Allowed\n")[2].partition("\n\nKnown and harmless?")[0]
    told = (
        "allowed by the configuration, .akpatrol-baseline.json: used in tests only; owner platform; until 2027-01-01\n"
    )
    assert told in quiet
    assert "allowed by the baseline, .akpatrol-baseline.json: used in tests only\n" in quiet
    for word in ("HIGH", "Next:", "akpatrol allow", "-v lists"):
        assert word not in quiet


def test_an_allowed_one_that_is_live_leads_and_tells_why_it_was_allowed() -> None:
    shown = lines(samples.triaged(reports.seeded(1)), width=200)
    assert shown[3].startswith("CRITICAL  LIVE")
    allowed = "allowed by the baseline, .akpatrol-baseline.json: used in tests only; owner platform; until 2027-01-01"
    assert f"  {allowed}. But it is live." in shown


def test_the_command_that_allows_is_for_what_may_be_allowed() -> None:
    report = samples.triaged(reports.seeded(1))
    commands = [line for line in lines(report, verbose=1) if "akpatrol allow" in line]
    (waiting,) = (found for found in report.credentials if not found.allowed)
    fingerprint = identity.fingerprint(waiting.kind, waiting.secret)
    assert commands == [f'Known and harmless? akpatrol allow {fingerprint[5:13]} --reason "..."']


def test_notices_and_stale_allowances_stand_between_findings_and_coverage() -> None:
    skipped = Coverage(skipped=(Skipped("a", "permission denied"),))
    shown = lines(samples.triaged(reports.seeded(1))._replace(coverage=skipped))
    order = [
        next(line for line in shown if line.startswith("5 allowed: 2 by the baseline")),
        "The allowance in .akpatrol.toml for tests/ has expired on 2026-01-01.",
        "  akp1:0123, .akpatrol-baseline.json: used in tests only",
        "Not scanned",
        shown[-1],
    ]
    assert sorted(order, key=shown.index) == order


def test_nothing_found() -> None:
    assert lines(reports.report()) == [
        "No credentials found",
        "",
        "Scanned 1,234 files, 56.7 MB in 1.2 s; left out 3 symbolic links, 1 special file",
    ]


def test_incomplete_is_the_first_word() -> None:
    coverage = Coverage(skipped=(Skipped("a", "permission denied"), Skipped("b", "too large", "known")))
    report = reports.report(coverage=coverage)
    assert lines(report)[0] == "INCOMPLETE: no credentials found; 1 item could not be scanned"
    found = report._replace(credentials=(reports.credential(KEY),))
    assert lines(found, width=200)[0] == (
        "INCOMPLETE: 1 credential found (1 unverified) in 1 place; 1 item could not be scanned"
    )
    assert lines(found)[-1] == "Scanned nothing, 0 bytes in 1.2 s; 1 not scanned; 1 not scanned, accepted"


@hostile
@given(
    report=hostile_reports,
    colour=st.booleans(),
    verbose=st.integers(0, 1),
    width=st.sampled_from([0, 80, 200]),
)
def test_no_text_steers_the_terminal(report: Report, colour: bool, verbose: int, width: int) -> None:
    shown = text(report, colour=colour, verbose=verbose, width=width)
    plain = SGR.sub("", shown) if colour else shown
    assert all(line.isprintable() for line in plain.split("\n"))
    shown.encode()


@hostile
@given(hostile_reports)
def test_colour_changes_nothing_but_colour(report: Report) -> None:
    assert SGR.sub("", text(report, colour=True)) == text(report)


@hostile
@given(hostile_reports)
def test_a_name_cannot_add_a_line(report: Report) -> None:
    assert not any(line.startswith(("red", "b\\rc")) for line in lines(report, verbose=1))


@pytest.mark.parametrize("width", [60, 80, 200])
def test_prose_fits_the_width(width: int) -> None:
    *body, _coverage = lines(samples.history(reports.seeded(1)), width=width)
    assert max(columns(line) for line in body) <= width


def test_absurd_paths_are_cut_in_the_middle() -> None:
    place = reports.occurrence(KEY, path=b"a" * 10_000 + b"/end.py")
    assert max(map(len, lines(reports.report(reports.credential(KEY, place))))) < 400
    assert "/end.py:12:12" in text(reports.report(reports.credential(KEY, place)))


def test_three_places_and_how_many_more() -> None:
    shown = text(samples.history(reports.seeded(1)))
    assert "  and 7 more places\n" in shown
    assert shown.index("deploy/values.yaml:10") < shown.index("src/app/config.py:10") < shown.index("and 7 more")
    everything = text(samples.history(reports.seeded(1)), verbose=1)
    assert "more places" not in everything
    assert everything.count("src/app/config.py:") == 5


def test_different_files_are_shown_before_other_lines_of_one() -> None:
    places = [reports.occurrence(KEY, path=b"a", line=line, offset=line) for line in range(1, 9)]
    places += [reports.occurrence(KEY, path=b"b"), reports.occurrence(KEY, path=b"c")]
    shown = text(reports.report(reports.credential(KEY, *places)))
    assert [line for line in ("  a:1:12", "  b:12:12", "  c:12:12") if line in shown] == [
        "  a:1:12",
        "  b:12:12",
        "  c:12:12",
    ]


def test_the_most_urgent_is_first_and_ignored_is_last() -> None:
    ignored = reports.credential(
        KEY, reports.occurrence(KEY, state=State.IGNORED, path=b".env"), severity=Severity.CRITICAL
    )
    shown = text(reports.report(ignored, reports.credential(TOKEN)))
    heading = shown.index("Ignored by git: the right place, never commit them")
    assert shown.index("pat_") < heading < shown.index(".env:12:12")
    assert "CRITICAL" not in shown
    assert "1 only in files that git ignores" in shown


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"state": State.WORKTREE}, "in the file now"),
        ({"state": State.WORKTREE, "path": b"<stdin>"}, "in the input"),
        ({"state": State.PRESENT, "place": Place.GIT_DIR}, "in the git directory now"),
        ({"paths": (b"config/settings.py", b"old.py")}, "also at old.py"),
        ({"state": State.STAGED}, "staged, not committed yet"),
        ({"state": State.IGNORED}, "git ignores this file"),
        ({"state": State.PRESENT}, "in a branch's files now"),
        (
            {"state": State.PRESENT, "refs": ("refs/heads/main", "refs/remotes/origin/x")},
            "in a branch's files now, reachable from main and origin/x",
        ),
        (
            {"state": State.REMOVED, "refs": ("refs/tags/v1",)},
            "gone from every branch's files, still in the history of tag v1",
        ),
        ({"state": State.REMOVED}, "gone from every branch's files"),
        ({"state": State.UNREACHABLE, "state_reason": StateReason.STASH}, "only in a stash"),
        (
            {"state": State.UNREACHABLE, "state_reason": StateReason.DANGLING},
            "only in an object that no ref reaches",
        ),
        ({"state": State.UNREACHABLE}, "reachable from no ref"),
        ({"encodings": ("gzip", "base64")}, "encoded as gzip, then base64"),
        (
            {"introduced": reports.commit(reports.seeded(1), id="ab" * 20)},
            "since abababababab, Jane Doe <jane@example.org>",
        ),
        ({"introduced": reports.commit(reports.seeded(1))}, "2024-03-01, 2 years ago"),
        (
            {"removed": reports.commit(reports.seeded(1), id="cd" * 20)},
            "replaced or removed in cdcdcdcdcdcd",
        ),
    ],
)
def test_facts_about_a_place(changes: dict[str, Any], expected: str) -> None:
    assert expected in text(reports.report(reports.credential(KEY, reports.occurrence(KEY, **changes))), width=300)


COMMIT = reports.commit(reports.seeded(1), id="ab" * 20)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, "config/settings.py:12:12"),
        ({"path": None, "object": "ef" * 20}, "object efefefefefef:12:12"),
        ({"path": b"a\nb\x1b[0m"}, r"a\nb\x1b[0m:12:12"),
        ({"containers": ("app.whl", "x.py")}, "config/settings.py > app.whl > x.py:12:12"),
        ({"place": Place.PATH, "line": None}, "config/settings.py (in its name)"),
        ({"place": Place.COMMIT_MESSAGE, "introduced": COMMIT}, "message of commit abababababab:12:12"),
        (
            {"place": Place.AUTHOR, "introduced": COMMIT, "line": None, "column": None},
            "author of commit abababababab",
        ),
        ({"place": Place.TAGGER, "object": "cd" * 20}, "tagger of tag cdcdcdcdcdcd:12:12"),
        ({"place": Place.REF_NAME, "refs": ("refs/heads/x",)}, "name of refs/heads/x"),
        ({"place": Place.REF_NAME}, "name of a ref"),
        ({"place": Place.GIT_DIR, "path": b"config"}, "git directory: config:12:12"),
    ],
)
def test_places_are_named(changes: dict[str, Any], expected: str) -> None:
    place = reports.occurrence(KEY, **{"state": State.PRESENT, **changes})
    assert f"  {expected}" in text(reports.report(reports.credential(KEY, place)), width=300)


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (
            reports.credential(KEY, reports.occurrence(KEY, state=State.PRESENT)),
            f"{DELETE}, then replace it where it is used, then clean history.",
        ),
        (
            reports.credential(KEY),
            f"{DELETE}, then replace it where it is used, then remove it from the file.",
        ),
        (
            reports.credential(TOKEN, attribution=Attribution.LIKELY),
            "Next: ask its owner to delete it at /account/tokens in your Anyreach organization now, then",
        ),
        (reports.credential(TOKEN), "Next: find out who issued it. If it is Anyreach's: ask its owner"),
        (
            reports.credential(KEY, kind=CUSTOM, rule_ids=("x",)),
            "Next: revoke it now where it was issued, then",
        ),
        (
            reports.credential(KEY, reports.occurrence(KEY, state=State.IGNORED)),
            "Next: leave it there, which is the right place, and never commit it.",
        ),
        (
            reports.credential(KEY, reports.occurrence(KEY, state=State.STAGED, path=b"a b'")),
            "Nothing has leaked yet. Remove it, then: git add -- 'a b'\"'\"''",
        ),
        (
            reports.credential(
                KEY, *(reports.occurrence(KEY, state=State.STAGED, path=bytes([97 + n])) for n in range(4))
            ),
            "Nothing has leaked yet. Remove it, then: git add -u",
        ),
        (
            reports.credential(KEY, reports.occurrence(KEY, state=State.STAGED, place=Place.COMMIT_MESSAGE, path=None)),
            "Nothing has leaked yet. Remove it from the commit message, then commit again.",
        ),
        (
            reports.credential(KEY, reports.occurrence(KEY, state=State.STAGED, place=Place.PATH)),
            "Nothing has leaked yet. Rename the file, then commit again.",
        ),
        (
            reports.credential(
                KEY, reports.occurrence(KEY, state=State.STAGED), reports.occurrence(KEY, state=State.REMOVED)
            ),
            "Next: delete it at /api-keys in your Anyreach organization now",
        ),
    ],
)
def test_one_thing_to_do(credential: Any, expected: str) -> None:
    shown = text(reports.report(credential), width=200)
    assert expected in shown
    assert shown.count("Next:") + shown.count("Nothing has leaked yet.") == 1


def test_a_long_command_stays_on_one_line() -> None:
    path = "directory/" * 9 + "file.py"
    report = reports.report(reports.credential(KEY, reports.occurrence(KEY, state=State.STAGED, path=path.encode())))
    assert f"    git add -- {path}" in lines(report)


def test_an_open_token_may_be_another_vendors() -> None:
    shown = text(reports.report(reports.credential(TOKEN)))
    assert "personal access token" in shown
    assert "may be another vendor's" in shown
    assert "Anyreach personal access token" not in shown


def test_a_browser_is_told_of() -> None:
    assert "every visitor of a web page can read it" in text(
        reports.report(reports.credential(KEY, exposure=Exposure.BROWSER)), width=200
    )


def test_verbose_shows_every_step() -> None:
    shown = text(reports.report(reports.credential(KEY)), verbose=1, width=100)
    assert "    1. Delete the key on the API Keys page, /api-keys; a deleted key answers 401." in shown
