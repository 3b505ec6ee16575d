"""A secret prints as a mask, in every process."""

from __future__ import annotations

import pickle
from random import Random

import pytest

from akpatrol.model.scan import Secret
from tests.credentials import organization_key, personal_access_token, random_text

_KEY, _TOKEN = organization_key(Random(1)), personal_access_token(Random(2))
_OTHER = "acme_" + random_text(Random(3), "base62", 30)


@pytest.mark.parametrize(
    ("secret", "mask"),
    [
        (Secret(_KEY.encode()), f"{_KEY[:7]}***({len(_KEY)})"),
        (Secret(_TOKEN.encode()), f"{_TOKEN[:8]}***({len(_TOKEN)})"),
        (Secret(_KEY[:18].encode()), "***(18)"),
        (Secret(f"x{_KEY}".encode()), f"***({len(_KEY) + 1})"),
        (Secret(f"gh_{_OTHER}".encode()), "***(38)"),
        (Secret(_OTHER.encode()), "***(35)"),
        (Secret(_OTHER.encode(), ""), "***(35)"),
        (Secret(_OTHER.encode(), "acme_"), "acme_***(35)"),
        (Secret(_KEY.encode(), ""), f"***({len(_KEY)})"),
    ],
)
def test_mask(secret: Secret, mask: str) -> None:
    """Four characters are shown of Anyreach's alone, and of others what their rule fixes."""
    again = pickle.loads(pickle.dumps(secret))  # noqa: S301 - our own
    assert again == secret
    for shown in (secret.redacted, str(secret), f"{secret}", again.redacted):
        assert shown == mask
    assert repr(secret) == f"Secret({mask})"
