"""Google Cloud Storage: its JSON API, with credentials by google-auth.

Credentials are Google's application default ones (https://cloud.google.com/docs/authentication/application-default-credentials);
without any, requests are anonymous, which public buckets accept. ``STORAGE_EMULATOR_HOST`` is the address of an
emulator, which is given no credentials. https://cloud.google.com/storage/docs/json_api/v1/objects
"""

from __future__ import annotations

import json
import os
import time
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import google.auth
import httpx
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.urllib3 import Request
from urllib3 import PoolManager

from akpatrol import __version__
from akpatrol.sources.bucket.store import BucketError, ChangedError, GoneError, StoredObject
from akpatrol.validate.retry_after import seconds_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_API = "https://storage.googleapis.com"
_SCOPE = "https://www.googleapis.com/auth/devstorage.read_only"
_FIELDS = "nextPageToken,items(name,generation,size,updated,timeDeleted)"
_LARGEST_PAGE = 64 << 20
_ATTEMPTS = 4
_SECONDS, _LONGEST_WAIT = 60.0, 120.0
_OK, _PARTIAL, _UNAUTHORIZED = 200, 206, 401
_AGAIN = {408, 429, *range(500, 600)}


def open_bucket(bucket: str) -> GoogleBucket:
    """Return a bucket. Raises BucketError for credentials that cannot be used."""
    emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
    if emulator:
        return GoogleBucket(emulator if "://" in emulator else f"http://{emulator}", bucket, None)
    try:
        credentials, _ = google.auth.default(scopes=[_SCOPE])
    except DefaultCredentialsError:
        credentials = None
    except GoogleAuthError as error:
        raise BucketError(f"the credentials of Google Cloud cannot be used: {type(error).__name__}") from None
    return GoogleBucket(_API, bucket, credentials)


class GoogleBucket:
    """One bucket; see ``BucketStore``."""

    def __init__(self, api: str, bucket: str, credentials: Any, wait: Callable[[float], None] = time.sleep) -> None:
        self._wait = wait
        self._objects = f"{api.rstrip('/')}/storage/v1/b/{quote(bucket, safe='')}/o"
        self._credentials = credentials
        self._refreshing = Lock()
        self._client = httpx.Client(
            timeout=_SECONDS,
            follow_redirects=False,
            # Without this, an object that is stored compressed is sent decompressed, which has no parts.
            headers={"User-Agent": f"akpatrol/{__version__}", "Accept-Encoding": "gzip"},
        )

    def pages(self, prefix: str, *, versions: bool) -> Iterator[Sequence[StoredObject]]:
        """Yield the objects by pages of the listing."""
        wanted = {"prefix": prefix, "maxResults": "1000", "fields": _FIELDS, "versions": str(versions).lower()}
        tokens: set[str] = set()
        while True:
            page = self._page(self._objects, wanted)
            yield [_stored(item, versions=versions) for item in page.get("items", ())]
            token = page.get("nextPageToken")
            if not token:
                return
            if not isinstance(token, str) or token in tokens:
                raise BucketError("the listing repeats its pages")
            tokens = {token}
            wanted["pageToken"] = token

    def current(self, key: str) -> StoredObject:
        """Return the object that the key gives now."""
        return _stored(self._page(self._address(key), {}), versions=False)

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        """Return bytes of one generation."""
        if start >= stored.size:
            return b""
        wanted = {"alt": "media", **_generation(stored)}
        headers = {"Range": f"bytes={start}-{min(start + length, stored.size) - 1}"}
        return self._ask(self._address(stored.key), wanted, headers, length)

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def _address(self, key: str) -> str:
        return f"{self._objects}/{quote(key.encode('utf-8', 'surrogatepass'), safe='')}"

    def _page(self, address: str, wanted: Mapping[str, str]) -> Mapping[str, Any]:
        body = self._ask(address, wanted, {"Accept-Encoding": "identity"}, _LARGEST_PAGE)
        try:
            page = json.loads(body)
        except (ValueError, RecursionError):
            raise BucketError("the server does not answer like Google Cloud Storage") from None
        if not isinstance(page, dict):
            raise BucketError("the server does not answer like Google Cloud Storage")
        return page

    def _ask(self, address: str, wanted: Mapping[str, str], headers: Mapping[str, str], most: int) -> bytes:
        for attempt in range(_ATTEMPTS):
            is_last = attempt + 1 == _ATTEMPTS
            seconds: float | None = None
            try:
                answer = self._get(address, wanted, {**headers, **self._authorization(again=attempt > 0)}, most)
            except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
                if is_last:
                    raise BucketError(f"the server cannot be reached: {type(error).__name__}") from None
            else:
                status, body, seconds = answer
                if status in (_OK, _PARTIAL):
                    return body
                if status == _UNAUTHORIZED and self._credentials and not attempt:
                    continue  # the token has expired
                if status not in _AGAIN or is_last:
                    raise _reason(status)
            self._wait(min(_LONGEST_WAIT, 2.0**attempt if seconds is None else seconds))
        raise BucketError("the server does not accept the credentials, or no longer")

    def _get(
        self, address: str, wanted: Mapping[str, str], headers: Mapping[str, str], most: int
    ) -> tuple[int, bytes, float | None]:
        """Return the status, the body, and the seconds that the server asks to wait."""
        body = bytearray()
        with self._client.stream("GET", address, params=dict(wanted), headers=dict(headers)) as response:
            if response.status_code in (_OK, _PARTIAL):
                for block in response.iter_raw():
                    body += block
                    if len(body) > most:
                        raise BucketError("the server sends more than was asked for")
        return response.status_code, bytes(body), seconds_of(response.headers.get("retry-after", ""), time.time())

    def _authorization(self, *, again: bool) -> dict[str, str]:
        if not self._credentials:
            return {}
        with self._refreshing:
            if again or not self._credentials.valid:
                try:
                    self._credentials.refresh(Request(PoolManager()))  # type: ignore[no-untyped-call]
                except GoogleAuthError as error:
                    raise BucketError(f"Google Cloud refuses the credentials: {type(error).__name__}") from None
            return {"Authorization": f"Bearer {self._credentials.token}"}


def _stored(item: Any, *, versions: bool) -> StoredObject:
    try:
        modified = str(item["updated"])[:19] + "Z"
        # A generation names the bytes, as an ETag does elsewhere.
        generation, is_latest = str(item["generation"]), not item.get("timeDeleted")
        stored = StoredObject(str(item["name"]), int(item["size"]), generation, modified, generation, latest=is_latest)
    except (KeyError, TypeError, ValueError):
        raise BucketError("the server does not answer like Google Cloud Storage") from None
    return stored if versions else stored._replace(version=None)


def _generation(stored: StoredObject) -> dict[str, str]:
    return {"generation": stored.version} if stored.version else {"ifGenerationMatch": stored.etag}


def _reason(status: int) -> BucketError:
    match status:
        case 404:
            return GoneError("there is no such bucket, or the object is no longer there")
        case 412 | 416:
            return ChangedError("changed while it was read")
        case 403:
            return BucketError("access denied: the credentials need storage.objects.list and storage.objects.get")
        case 401:
            return BucketError("the server does not accept the credentials, or asks for some")
    return BucketError(f"the server answers {status}")
