"""Azure Blob Storage: the only module that knows azure-storage-blob and azure-identity.

The account is that of ``AZURE_STORAGE_CONNECTION_STRING``, or the one named by ``AZURE_STORAGE_ACCOUNT`` with
``AZURE_STORAGE_KEY`` or ``AZURE_STORAGE_SAS_TOKEN``; without these two, the credentials are those that azure-identity
finds: https://learn.microsoft.com/azure/developer/python/sdk/authentication/credential-chains
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.identity import DefaultAzureCredential
from azure.storage.blob import ContainerClient

from akpatrol import __version__
from akpatrol.sources.bucket.store import BucketError, ChangedError, GoneError, StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PAGE = 1000
_ARCHIVE = "Archive"
_FORBIDDEN, _BEYOND = 403, 416


def open_bucket(bucket: str) -> AzureContainer:
    """Return a container. Raises BucketError for settings that cannot be used."""
    variables = os.environ
    agent = f"akpatrol/{__version__}"
    with _explained():
        if connection := variables.get("AZURE_STORAGE_CONNECTION_STRING"):
            return AzureContainer(ContainerClient.from_connection_string(connection, bucket, user_agent=agent))
        account = variables.get("AZURE_STORAGE_ACCOUNT") or variables.get("AZURE_STORAGE_ACCOUNT_NAME")
        if not account:
            raise BucketError("az:// requires AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING")
        key = variables.get("AZURE_STORAGE_KEY") or variables.get("AZURE_STORAGE_ACCOUNT_KEY")
        credential = key or variables.get("AZURE_STORAGE_SAS_TOKEN") or DefaultAzureCredential()
        url = variables.get("AZURE_STORAGE_ENDPOINT") or f"https://{account}.blob.core.windows.net"
        return AzureContainer(ContainerClient(url, bucket, credential=credential, user_agent=agent))


class AzureContainer:
    """One container; see ``BucketStore``."""

    def __init__(self, client: ContainerClient) -> None:
        self._client = client

    def pages(self, prefix: str, *, versions: bool) -> Iterator[Sequence[StoredObject]]:
        """Yield the blobs by pages of the listing."""
        include = ["versions", "deleted"] if versions else None
        with _explained():
            listing = self._client.list_blobs(name_starts_with=prefix or None, include=include, results_per_page=_PAGE)
            pages = listing.by_page()
        while True:
            with _explained():
                page = next(pages, None)
                blobs = None if page is None else [_stored(blob, versions=versions) for blob in page]
            if blobs is None:
                return
            yield blobs

    def current(self, key: str) -> StoredObject:
        """Return the blob that the key gives now."""
        with _explained():
            return _stored(self._client.get_blob_client(key).get_blob_properties(), versions=False)

    def read(self, stored: StoredObject, start: int, length: int) -> bytes:
        """Return bytes of one version."""
        if start >= stored.size:
            return b""
        with _explained():
            blob = self._client.get_blob_client(stored.key, version_id=stored.version)
            return bytes(
                blob.download_blob(
                    offset=start,
                    length=min(length, stored.size - start),
                    etag=stored.etag,
                    match_condition=MatchConditions.IfNotModified,
                ).readall()
            )

    def close(self) -> None:
        """End all connections."""
        self._client.close()


def _stored(blob: Any, *, versions: bool) -> StoredObject:
    reason = None
    if blob.blob_tier == _ARCHIVE:
        reason = "in the archive tier: rehydrate it to read it"
    elif blob.deleted and not blob.version_id:
        reason = "deleted, and kept for a time: undelete it to read it"
    return StoredObject(
        blob.name,
        int(blob.size or 0),
        str(blob.etag or ""),
        blob.last_modified.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        blob.version_id if versions else None,
        reason,
        not versions or bool(blob.is_current_version) or not blob.version_id,
    )


@contextmanager
def _explained() -> Iterator[None]:
    """Raise Azure's errors as BucketError; the server's own words are not repeated."""
    try:
        yield
    except ResourceNotFoundError:
        raise GoneError("there is no such container, or the blob is no longer there") from None
    except ResourceModifiedError:
        raise ChangedError("changed while it was read") from None
    except ClientAuthenticationError:
        raise BucketError("the server does not accept the credentials, or no longer") from None
    except HttpResponseError as error:
        if error.status_code == _BEYOND:
            raise ChangedError("changed while it was read") from None
        if error.status_code == _FORBIDDEN:
            raise BucketError("access denied: the credentials need the role Storage Blob Data Reader") from None
        raise BucketError(f"the server answers {error.status_code}") from None
    except ServiceRequestError as error:
        raise BucketError(f"the server cannot be reached: {type(error).__name__}") from None
    except AzureError as error:
        raise BucketError(f"the request failed: {type(error).__name__}") from None
    except (OSError, ValueError) as error:
        raise BucketError(f"the account or its credentials cannot be used: {type(error).__name__}") from None
