"""``akpatrol:allow`` near a credential: in which comments, on which lines, and with which reason."""

from __future__ import annotations

import pytest

from akpatrol.policy import inline

SECRET = "SECRET-0123456789"


def _find(text: str) -> str | None:
    data = text.encode("utf-8")
    start = data.index(SECRET.encode())
    return inline.find(data, start, start + len(SECRET))


@pytest.mark.parametrize(
    "text",
    [
        "key = 'SECRET'  # akpatrol:allow a test fixture",
        "key = 'SECRET'; // akpatrol:allow a test fixture\r",
        "key = 'SECRET' /* akpatrol:allow a test fixture */",
        "key = 'SECRET' /* akpatrol:allow a test fixture */ more = 1;",
        "<!-- akpatrol:allow a test fixture --> <key>SECRET</key>",
        "<key>SECRET</key> <!-- akpatrol:allow a test fixture -->",
        "-- akpatrol:allow a test fixture\nINSERT 'SECRET'",
        "; akpatrol:allow a test fixture\nkey=SECRET",
        "% akpatrol:allow a test fixture\nkey SECRET",
        "REM akpatrol:allow a test fixture\r\nset key=SECRET\r\n",
        "dnl akpatrol:allow a test fixture\nSECRET",
        '{\n  "//": "akpatrol:allow a test fixture",\n  "key": "SECRET"\n}',
        '{"_comment": "akpatrol:allow a test fixture", "key": "SECRET"}',
        '{\n  "_comment": "akpatrol:allow a test fixture",\n  "key": "SECRET"\n}',
        "{# akpatrol:allow a test fixture #}\n{{ SECRET }}",
        "{{- /* akpatrol:allow a test fixture */ -}}\nSECRET",
        "(* akpatrol:allow a test fixture *)\nSECRET",
        "<%# akpatrol:allow a test fixture %>\nSECRET",
        "'akpatrol:allow a test fixture\nkey = SECRET",
        "   #akpatrol:allow: a test fixture\n   SECRET",
        "# akpatrol:allow a test fixture\nSECRET",
    ],
)  # fmt: skip
def test_any_comment_syntax(text: str) -> None:
    assert _find(text.replace("SECRET", SECRET)) == "a test fixture"


@pytest.mark.parametrize(
    "text",
    [
        "SECRET",
        "SECRET\n# akpatrol:allow on the line below",
        "# akpatrol:allow two lines above\n\nSECRET",
        "other = 1  # akpatrol:allow of the other line's own\nSECRET",
        "/* akpatrol:allow of the other line's own */ other = 1\nSECRET",
        "# akpatrol:allow-all everything\nSECRET",
        "# xakpatrol:allow not the word\nSECRET",
        "# my-akpatrol:allow not the word\nSECRET",
        "# akpatrol:allowed not the word\nSECRET",
        "SECRET" + " " * 2000 + "# akpatrol:allow too far in a minified file",
        "# akpatrol:allow too far in a minified file" + " " * 2000 + "SECRET",
        "# akpatrol:allow above\n" + " " * 2000 + "SECRET",
    ],
)
def test_what_is_none(text: str) -> None:
    assert _find(text.replace("SECRET", SECRET)) is None


@pytest.mark.parametrize(
    "text",
    [
        "SECRET # akpatrol:allow",
        "SECRET // akpatrol:allow   ",
        "/* akpatrol:allow */\nSECRET",
        "# akpatrol:allow ...\nSECRET",
        "# akpatrol:allow SECRET",
        "<!-- akpatrol:allow -->SECRET",
    ],
)
def test_a_reason_is_needed(text: str) -> None:
    assert _find(text.replace("SECRET", SECRET)) == ""


def test_a_credential_over_several_lines() -> None:
    data = b"# akpatrol:allow wrapped\nSEC\nRET\n"
    assert inline.find(data, data.index(b"SEC"), data.index(b"RET") + 3) == "wrapped"
    data = b"SEC\nRET  # akpatrol:allow behind it\n"
    assert inline.find(data, 0, data.index(b"RET") + 3) == "behind it"


def test_bytes_that_are_no_text() -> None:
    data = b"SECRET # akpatrol:allow caf\xe9"
    assert inline.find(data, 0, 6) == "caf\\xe9"


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("key = SECRET # gitleaks:allow", "gitleaks:allow"),
        ("key = SECRET # gitleaks:allow made up", "gitleaks:allow: made up"),
        ("key = SECRET # betterleaks:allow", "betterleaks:allow"),
        ("/* gitleaks:allow */ key = SECRET", "gitleaks:allow"),
        ("xgitleaks:allowed SECRET", "gitleaks:allow: ed SECRET"),
        ("# gitleaks:allow\nSECRET", None),
        ("SECRET\n# gitleaks:allow", None),
        ("SECRET # akpatrol:allow made up", None),
        ("SECRET" + " " * 2000 + "# gitleaks:allow", None),
    ],
)
def test_comments_of_other_scanners(text: str, mark: str | None) -> None:
    """As there, they count anywhere on the line, and in no other."""
    data = text.replace("SECRET", SECRET).encode()
    start = data.index(SECRET.encode())
    expected = mark and mark.replace("SECRET", SECRET)
    assert inline.foreign(data, start, start + len(SECRET)) == expected


@pytest.mark.parametrize(("lines_before", "mark"), [(0, None), (1, None), (2, "gitleaks:allow"), (9, "gitleaks:allow")])
def test_comment_of_another_scanner_where_its_match_begins(lines_before: int, mark: str | None) -> None:
    data = f"x\nkey:  # gitleaks:allow\n  -\n    {SECRET}\n".encode()
    start = data.index(SECRET.encode())
    assert inline.foreign(data, start, start + len(SECRET), lines_before) == mark
