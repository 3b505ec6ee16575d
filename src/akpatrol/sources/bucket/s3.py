"""S3, and stores that speak its protocol.

Without credentials requests are not signed, which public buckets accept. botocore finds a bucket's region by itself,
where its first guess is wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from akpatrol.sources import aws
from akpatrol.sources.bucket.store import BucketError, ChangedError, GoneError, StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html: those that take hours to restore.
_ARCHIVED = {"GLACIER", "DEEP_ARCHIVE"}
_DENIED = "access denied: the credentials need s3:ListBucket, s3:GetObject and, for versions, the same of versions"
_REGION = "the bucket is in another region: set AWS_REGION"
_REFUSED = "the server does not accept the credentials, or no longer"
# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; answers without a body have a number as code.
_REASONS = {
    **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "403"), BucketError(_DENIED)),
    **dict.fromkeys(("PermanentRedirect", "AuthorizationHeaderMalformed", "301", "307"), BucketError(_REGION)),
    **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken"), BucketError(_REFUSED)),
    **dict.fromkeys(("InvalidToken", "TokenRefreshRequired", "401"), BucketError(_REFUSED)),
    **dict.fromkeys(("PreconditionFailed", "InvalidRange", "412", "416"), ChangedError("changed while it was read")),
    **dict.fromkeys(("NoSuchKey", "NoSuchVersion", "MethodNotAllowed", "404"), GoneError("no longer there")),
    "NoSuchBucket": GoneError("there is no such bucket"),
    "InvalidObjectState": BucketError("in an archive tier: restore it to read it"),
}


def open_bucket(bucket: str) -> S3Bucket:
    """Return a bucket. Raises BucketError for a configuration that cannot be used."""
    with aws.explained(BucketError, _REASONS):
        return S3Bucket(aws.client("s3", is_public=True), bucket)


class S3Bucket:
    """One bucket; see ``BucketStore``."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def pages(self, prefix: str, *, versions: bool) -> Iterator[Sequence[StoredObject]]:
        """Yield the objects by pages of the listing."""
        name, entries = ("list_object_versions", "Versions") if versions else ("list_objects_v2", "Contents")
        wanted = {"Bucket": self._bucket, "Prefix": prefix, "OptionalObjectAttributes": ["RestoreStatus"]}
        pages = iter(self._client.get_paginator(name).paginate(**wanted))
        while True:
            with aws.explained(BucketError, _REASONS):
                page = next(pages, None)
            if page is None:
                return
            # Deletion markers hold no bytes; the versions that they hide are listed beside them.
            yield [_stored(entry, versions=versions) for entry in page.get(entries, ())]

    def current(self, key: str) -> StoredObject:
        """Return the object that the key gives now."""
        with aws.explained(BucketError, _REASONS):
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        return StoredObject(key, head["ContentLength"], head["ETag"], _moment(head["LastModified"]))

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        """Return bytes of one version."""
        if start >= stored.size:
            return b""
        wanted = {"Bucket": self._bucket, "Key": stored.key, "Range": f"bytes={start}-{start + length - 1}"}
        if stored.version:
            wanted["VersionId"] = stored.version
        else:
            wanted["IfMatch"] = stored.etag
        with aws.explained(BucketError, _REASONS):
            data: bytes = self._client.get_object(**wanted)["Body"].read(length)
            return data

    def close(self) -> None:
        """End all connections."""
        self._client.close()


def _stored(entry: Mapping[str, Any], *, versions: bool) -> StoredObject:
    tier = entry.get("StorageClass", "")
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreStatus.html: the copy of a restored one can be read.
    is_away = tier in _ARCHIVED and not (entry.get("RestoreStatus") or {}).get("RestoreExpiryDate")
    return StoredObject(
        entry["Key"],
        entry["Size"],
        entry.get("ETag", ""),
        _moment(entry["LastModified"]),
        entry["VersionId"] if versions else None,
        f"in the archive tier {tier}: restore it to read it" if is_away else None,
        bool(entry.get("IsLatest", True)),
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
