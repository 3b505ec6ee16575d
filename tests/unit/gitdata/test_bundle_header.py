"""Headers of bundles, by gitformat-bundle(5)."""

from __future__ import annotations

from akpatrol.gitdata.bundle_header import BundleHeader, parse

_SHA_1, _SHA_256 = b"ab" * 20, b"cd" * 32


def test_version_2() -> None:
    lines = [b"-" + _SHA_1 + b" A subject", b"-" + _SHA_1, _SHA_1 + b" refs/heads/main", _SHA_1 + b" HEAD"]
    assert parse(lines) == BundleHeader(20, (b"A subject", b"refs/heads/main", b"HEAD"), 2, b"", ())


def test_capabilities_of_version_3() -> None:
    lines = [b"@object-format=sha256", b"@filter=blob:none", _SHA_256 + b" refs/heads/main"]
    assert parse(lines) == BundleHeader(32, (b"refs/heads/main",), 0, b"blob:none", ())


def test_what_is_not_known_is_kept() -> None:
    lines = [b"@object-format=sha512", b"@new", b"abc refs/heads/main"]
    assert parse(lines).unknown == tuple(lines)
