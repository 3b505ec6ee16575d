"""Addresses of buckets: ``s3://bucket/prefix``, ``gs://bucket/prefix`` and ``az://container/prefix``. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from akpatrol.errors import UsageError

SCHEMES = ("s3", "gs", "az")
KIND, VERSIONS_KIND = "bucket", "bucket_versions"
"""The kinds of target: the objects as they are now, and all their versions."""

_HINT = "give s3://bucket/prefix, gs://bucket/prefix or az://container/prefix"
# The providers' own rules are stricter; $root, $web and $logs are containers of Azure.
_BUCKET = re.compile(r"\$?[A-Za-z0-9][A-Za-z0-9._-]{0,221}")


class BucketAddress(NamedTuple):
    """A bucket, and the ``prefix`` that the keys begin with, as in the provider's own API: a text, not a directory."""

    scheme: str
    bucket: str
    prefix: str

    @property
    def base(self) -> str:
        """The address of the bucket, which keys are relative to."""
        return f"{self.scheme}://{self.bucket}"

    @property
    def root(self) -> str:
        """The address of all."""
        return f"{self.base}/{self.prefix}" if self.prefix else self.base


def parse(word: str) -> BucketAddress:
    """Return the parts of an address. Raises UsageError, whose message shows no password."""
    scheme, _, rest = word.partition("://")
    bucket, _, prefix = rest.partition("/")
    if "@" in bucket:
        raise UsageError(
            f"{scheme}://: an address holds no user, password or key",
            "leave it out: credentials come from the environment",
        )
    if scheme not in SCHEMES or not _BUCKET.fullmatch(bucket):
        raise UsageError(f"not the address of a bucket: {word!r}", _HINT)
    if not prefix.isprintable():
        raise UsageError(f"{scheme}://{bucket}: the prefix contains invalid characters", _HINT)
    return BucketAddress(scheme, bucket, prefix)
