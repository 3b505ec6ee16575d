"""GitHub's discussions, with their comments and replies: only its GraphQL API has them.

Names of types and fields: https://docs.github.com/en/graphql/reference/objects#discussion, #discussioncomment and
#pageinfo. A list that does not fit into an answer is asked for on its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from akpatrol.sources.forge.client import MOST_PAGES
from akpatrol.sources.forge.items import date_of
from akpatrol.sources.forge.refusals import ForgeError
from akpatrol.sources.forge.resource import field
from akpatrol.sources.forge.unit import ForgeText

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from akpatrol.sources.forge.client import ForgeClient
    from akpatrol.sources.forge.items import ResourceHome

_INFO = "pageInfo { hasNextPage endCursor }"
_REPLIES = f"replies(first: 25, after: $replies) {{ {_INFO} nodes {{ id url body updatedAt }} }}"
_COMMENTS = f"comments(first: 50, after: $comments) {{ {_INFO} nodes {{ id url body updatedAt {_REPLIES} }} }}"
_ALL = f"""
query($owner: String!, $name: String!, $discussions: String, $comments: String, $replies: String) {{
  repository(owner: $owner, name: $name) {{
    discussions(first: 25, after: $discussions, orderBy: {{field: CREATED_AT, direction: ASC}}) {{
      {_INFO}
      nodes {{ id url title body updatedAt {_COMMENTS} }}
    }}
  }}
}}
"""
_ONE = f"""
query($id: ID!, $comments: String, $replies: String) {{
  node(id: $id) {{ ... on Discussion {{ {_COMMENTS} }} ... on DiscussionComment {{ {_REPLIES} }} }}
}}
"""
_BELOW = {"discussions": "comments", "comments": "replies"}


def pages(client: ForgeClient, repository: ResourceHome) -> Iterator[list[ForgeText]]:
    """Yield the discussions page by page, each with all below it. Raises ForgeError."""
    owner, name = map(unquote, urlsplit(client.site.api).path.split("/")[-2:])
    cursor: str | None = None
    seen: set[str] = set()
    while True:
        variables = {"owner": owner, "name": name, "discussions": cursor}
        connection = field(_answer(client, _ALL, variables), "repository.discussions")
        yield list(_texts(client, repository, "discussions", connection))
        cursor = _following(client, connection, seen)
        if not cursor:
            return


def _texts(client: ForgeClient, repository: ResourceHome, name: str, connection: Any) -> Iterator[ForgeText]:
    for node in _nodes(client, connection):
        url, title = (value if isinstance(value := node.get(key), str) else "" for key in ("url", "title"))
        body = node.get("body") if isinstance(node.get("body"), str) else ""
        date = date_of({"updated_at": node.get("updatedAt")})
        yield ForgeText(repository.place(url, node.get("id")), f"{title}\n{body}" if title else str(body), date)
        if below := _BELOW.get(name):
            yield from _all_texts(client, repository, below, node)


def _all_texts(
    client: ForgeClient, repository: ResourceHome, name: str, node: Mapping[str, Any]
) -> Iterator[ForgeText]:
    connection, seen = node.get(name), set[str]()
    while True:
        yield from _texts(client, repository, name, connection)
        cursor = _following(client, connection, seen)
        if not cursor:
            return
        connection = field(_answer(client, _ONE, {"id": node.get("id"), name: cursor}), f"node.{name}")


def _answer(client: ForgeClient, query: str, variables: Mapping[str, object]) -> Any:
    answer = client.query(endpoint(client.site.api), {"query": query, "variables": variables})
    if not isinstance(answer, dict) or answer.get("errors") or not isinstance(answer.get("data"), dict):
        raise ForgeError(f"{client.site.host} does not answer a query for discussions")
    return answer["data"]


def _nodes(client: ForgeClient, connection: Any) -> list[Mapping[str, Any]]:
    nodes = field(connection, "nodes")
    if not isinstance(nodes, list) or not all(isinstance(node, dict) for node in nodes):
        raise ForgeError(f"{client.site.host} does not give all discussions")
    return nodes


def _following(client: ForgeClient, connection: Any, seen: set[str]) -> str | None:
    if field(connection, "pageInfo.hasNextPage") is not True:
        return None
    cursor = field(connection, "pageInfo.endCursor")
    if not isinstance(cursor, str) or cursor in seen or len(seen) == MOST_PAGES:
        raise ForgeError(f"{client.site.host} returns too many pages")
    seen.add(cursor)
    return cursor


def endpoint(api: str) -> str:
    """Return the address for queries; of a server of one's own it is beside the other API, ``/api/v3``.

    https://docs.github.com/en/enterprise-server@latest/graphql/guides/forming-calls-with-graphql#the-graphql-endpoint
    """
    base = api.partition("/repos/")[0]
    return f"{base.removesuffix('/v3')}/graphql"
