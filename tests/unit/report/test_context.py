from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from akpatrol.model.scan import Secret
from akpatrol.report.context import LIMIT, context_line
from tests import reports

KEY = Secret(reports.organization_key(reports.seeded(1)).encode())
OTHER = Secret(reports.personal_access_token(reports.seeded(2)).encode())


def line(*parts: str | Secret, show_secrets: bool = False) -> str:
    return context_line(parts, KEY, lambda text: text, show_secrets=show_secrets)


def test_a_short_line_is_whole() -> None:
    assert line("a = '", KEY, "' # ", OTHER) == f"a = '{KEY.redacted}' # {OTHER.redacted}"


def test_no_context() -> None:
    assert line() == ""


def test_secrets_are_shown_on_request() -> None:
    assert line("a = ", KEY, show_secrets=True) == "a = " + KEY.reveal().decode()


def test_a_secret_longer_than_the_limit_is_never_shown_in_part() -> None:
    long = Secret(b"ak_" + b"x" * 300)
    assert context_line((long,), long, str, show_secrets=True) == long.redacted


@pytest.mark.parametrize(("before", "after"), [(300, 300), (0, 400), (400, 0), (10, 400), (400, 10), (170, 170)])
def test_a_long_line_is_cut_around_the_secret(before: int, after: int) -> None:
    cut = line("b" * before, KEY, "a" * after)
    assert len(cut) == LIMIT
    assert KEY.redacted in cut
    assert cut.startswith("…") == (before > 90)
    assert cut.endswith("…") == (after > 90)


def test_the_cut_is_around_the_credentials_own_secret() -> None:
    cut = line("x" * 300, OTHER, "y" * 300, KEY, "z" * 300)
    assert KEY.redacted in cut
    assert OTHER.redacted not in cut


def test_a_line_without_a_secret_is_cut_at_its_end() -> None:
    assert line("x" * 500) == "x" * (LIMIT - 1) + "…"


def test_masks_made_from_text_are_not_cut_through() -> None:
    for padding in range(60, 110):
        cut = line(OTHER.redacted + "x" * padding, KEY, "y" * 300)
        assert OTHER.redacted in cut or "***" not in cut.split("x")[0]


@given(st.lists(st.text("ab ", max_size=120) | st.sampled_from([KEY, OTHER]), max_size=8), st.booleans())
def test_a_cut_line_holds_whole_secrets_only(parts: list[str | Secret], show_secrets: bool) -> None:
    cut = line(*parts, show_secrets=show_secrets)
    assert len(cut) <= LIMIT
    for secret in (KEY, OTHER):
        cut = cut.replace(secret.reveal().decode() if show_secrets else secret.redacted, "")
    assert set(cut) <= set("ab …")
    if KEY in parts:
        shown = KEY.reveal().decode() if show_secrets else KEY.redacted
        assert shown in line(*parts, show_secrets=show_secrets)
