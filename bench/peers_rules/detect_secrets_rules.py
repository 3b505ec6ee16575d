"""The two credentials as plugins of detect-secrets, which loads this file by its path."""

from __future__ import annotations

import re

from detect_secrets.plugins.base import RegexBasedDetector  # type: ignore[import-not-found, unused-ignore]


class OrganizationKey(RegexBasedDetector):  # type: ignore[misc, unused-ignore]
    """An organization key."""

    secret_type = "organization key"  # noqa: S105
    denylist = (re.compile(r"\bak_[A-Za-z0-9_-]{4,64}\.[A-Za-z0-9_-]{16,128}\b"),)


class PersonalAccessToken(RegexBasedDetector):  # type: ignore[misc, unused-ignore]
    """A personal access token."""

    secret_type = "personal access token"  # noqa: S105
    denylist = (re.compile(r"\bpat_[A-Za-z0-9_-]{12,128}(?:\.[A-Za-z0-9_-]{8,128})?\b"),)
