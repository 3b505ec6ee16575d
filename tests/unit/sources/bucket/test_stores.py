"""What a store says when it refuses, and when its library is not there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from akpatrol.errors import UsageError
from akpatrol.sources.bucket import gs, store
from akpatrol.sources.bucket.address import parse
from akpatrol.sources.bucket.azure import AzureContainer
from akpatrol.sources.bucket.gs import GoogleBucket
from akpatrol.sources.bucket.s3 import S3Bucket
from akpatrol.sources.bucket.store import BucketError, ChangedError, GoneError, StoredObject

_OBJECT = StoredObject("key", 100, '"etag"', "2026-01-02T03:04:05Z")


def _raising(error: Exception) -> Any:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


def _answer(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "words of the server"}}, "GetObject")


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (_answer("AccessDenied"), BucketError, "access denied"),
        (_answer("403"), BucketError, "access denied"),
        (_answer("PermanentRedirect"), BucketError, "another region: set AWS_REGION"),
        (_answer("ExpiredToken"), BucketError, "does not accept the credentials"),
        (_answer("NoSuchKey"), GoneError, "no longer there"),
        (_answer("NoSuchBucket"), GoneError, "no such bucket"),
        (_answer("PreconditionFailed"), ChangedError, "changed"),
        (_answer("InvalidObjectState"), BucketError, "archive tier"),
        (_answer("SlowDown"), BucketError, "the server answers SlowDown"),
        (_answer("<script>"), BucketError, "the server answers with an error"),
        (EndpointConnectionError(endpoint_url="https://user:password@host"), BucketError, "cannot be reached"),
        (ReadTimeoutError(endpoint_url="https://user:password@host"), BucketError, "cannot be reached"),
    ],
)
def test_s3(error: Exception, kind: type[BucketError], said: str) -> None:
    bucket = S3Bucket(SimpleNamespace(get_object=_raising(error)), "leaks")
    with pytest.raises(BucketError, match=said) as caught:
        bucket.read(_OBJECT, 0, 10)
    assert caught.type is kind
    assert "words of the server" not in str(caught.value)
    assert "password" not in str(caught.value)


def test_a_tier_that_is_restored_is_read() -> None:
    entry = {"Key": "a", "Size": 1, "LastModified": _moment(), "StorageClass": "GLACIER"}
    restored = entry | {"RestoreStatus": {"IsRestoreInProgress": False, "RestoreExpiryDate": _moment()}}
    coming = entry | {"RestoreStatus": {"IsRestoreInProgress": True}}
    pages = [{"Contents": [entry, restored, coming]}, {}]
    paginator = SimpleNamespace(paginate=lambda **_: iter(pages))
    bucket = S3Bucket(SimpleNamespace(get_paginator=lambda _: paginator), "leaks")
    listed = [stored for page in bucket.pages("", versions=False) for stored in page]
    assert [stored.reason is None for stored in listed] == [False, True, False]


def _moment() -> Any:
    from datetime import UTC, datetime  # noqa: PLC0415

    return datetime(2026, 1, 2, tzinfo=UTC)


def _http(status: int) -> HttpResponseError:
    error = HttpResponseError("words of the server")
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("error", "kind", "said"),
    [
        (ResourceNotFoundError("words of the server"), GoneError, "no such container"),
        (ResourceModifiedError("words of the server"), ChangedError, "changed"),
        (ClientAuthenticationError("words of the server"), BucketError, "does not accept the credentials"),
        (_http(403), BucketError, "access denied"),
        (_http(416), ChangedError, "changed"),
        (_http(409), BucketError, "the server answers 409"),
        (ServiceRequestError("words of the server"), BucketError, "cannot be reached"),
    ],
)
def test_azure(error: Exception, kind: type[BucketError], said: str) -> None:
    client: Any = SimpleNamespace(get_blob_client=lambda *_, **__: SimpleNamespace(download_blob=_raising(error)))
    with pytest.raises(BucketError, match=said) as caught:
        AzureContainer(client).read(_OBJECT, 0, 10)
    assert caught.type is kind
    assert "words of the server" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (404, GoneError, "no such bucket"),
        (412, ChangedError, "changed"),
        (403, BucketError, "access denied"),
        (401, BucketError, "credentials"),
        (503, BucketError, "the server answers 503"),
    ],
)
def test_google(status: int, kind: type[BucketError], said: str) -> None:
    bucket = _google(lambda _: httpx.Response(status, content=b"words of the server"))
    with pytest.raises(BucketError, match=said) as caught:
        bucket.read(_OBJECT, 0, 10)
    assert caught.type is kind


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"[" * 10_000, b'{"items": [{}]}', b'{"items": [{"name": "a", "size": "x"}]}', b'{"items": [1]}'],
)
def test_a_listing_of_google_that_is_none(body: bytes) -> None:
    bucket = _google(lambda _: _streamed(body))
    with pytest.raises(BucketError, match="does not answer like"):
        list(bucket.pages("", versions=False))


def test_pages_of_google_that_never_end() -> None:
    bucket = _google(lambda _: _streamed(b'{"nextPageToken": "again"}'))
    with pytest.raises(BucketError, match="repeats its pages"):
        list(bucket.pages("", versions=False))


def test_more_than_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = _google(lambda _: _streamed(b"x" * 11))
    with pytest.raises(BucketError, match="more than was asked for"):
        bucket.read(_OBJECT, 0, 10)
    monkeypatch.setattr(gs, "_LARGEST_PAGE", 10)
    with pytest.raises(BucketError, match="more than was asked for"):
        list(bucket.pages("", versions=False))


def test_a_redirect_of_google_is_not_followed() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"location": "https://elsewhere.example.net/"})

    with pytest.raises(BucketError, match="307"):
        _google(answer).read(_OBJECT, 0, 10)
    assert asked == ["storage.example.org"]


class _Credentials:
    """Google's, which are renewed on request."""

    valid = True
    token = "token-1"

    def refresh(self, _request: object) -> None:
        self.token = f"token-{int(self.token[6:]) + 1}"


def test_a_token_of_google_that_expires_in_the_middle() -> None:
    sent = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(request.headers["authorization"])
        return _streamed(b"x" * 10) if len(sent) not in (2, 4) else httpx.Response(401)

    bucket = _google(answer, _Credentials())
    assert [bucket.read(_OBJECT, 0, 10) for _ in range(3)] == [b"x" * 10] * 3
    assert [words.rpartition("-")[2] for words in sent] == ["1", "1", "2", "2", "3"]


def test_google_is_waited_for() -> None:
    answers = iter([httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(503), _streamed(b"x")])
    waits: list[float] = []
    assert _google(lambda _: next(answers), wait=waits.append).read(_OBJECT, 0, 10) == b"x"
    assert waits == [7.0, 2.0]


def _google(answer: Any, credentials: Any = None, wait: Any = lambda _: None) -> GoogleBucket:
    bucket = GoogleBucket("https://storage.example.org", "leaks", credentials, wait)
    bucket._client.close()
    bucket._client = httpx.Client(transport=httpx.MockTransport(answer))
    return bucket


def _streamed(body: bytes) -> httpx.Response:
    class Body(httpx.SyncByteStream):
        def __iter__(self) -> Any:
            yield body

    return httpx.Response(200, stream=Body())


@pytest.mark.parametrize("word", ["s3://leaks", "gs://leaks", "az://leaks"])
def test_a_library_that_is_not_installed(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "find_spec", lambda _: None)
    with pytest.raises(UsageError) as caught:
        store.check(parse(word))
    assert caught.value.hint == "pip install 'akpatrol[buckets]'"
