"""Repositories over smart HTTP: ``git http-backend`` behind a small server (https://git-scm.com/docs/git-http-backend)."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.repositories import environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass
class GitHttp:
    """Serves the repositories of ``directory``; ``authorization`` is asked for when it is set.

    ``elsewhere`` is where everything is redirected to.
    """

    directory: Path
    authorization: str = ""
    elsewhere: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    """The path and the ``Authorization`` header of each request."""
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def running(self) -> Iterator[GitHttp]:
        """Serve on a free port of this machine until left."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.port = server.server_address[1]
        thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.02))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        authorization = handler.headers.get("Authorization", "")
        self.asked.append((handler.path, authorization))
        if self.elsewhere:
            say(handler, 302, {"Location": self.elsewhere + handler.path})
        elif self.authorization and authorization != self.authorization:
            # Some servers repeat what they were sent.
            say(handler, 401, {"WWW-Authenticate": f'Basic realm="{authorization}"'}, authorization.encode())
        else:
            self._git(handler)

    def _git(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        variables = {
            **environment(self.directory),
            "GIT_PROJECT_ROOT": str(self.directory),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": parts.path,
            "QUERY_STRING": parts.query,
            "REQUEST_METHOD": handler.command,
            "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
            "REMOTE_ADDR": "127.0.0.1",
        }
        command = ["git", "-c", "safe.directory=*", "http-backend"]
        done = subprocess.run(command, input=body, env=variables, capture_output=True, check=False)
        head, _, content = done.stdout.partition(b"\r\n\r\n")
        lines = [line.split(": ", 1) for line in head.decode().splitlines() if ": " in line]
        headers = {name: value for name, value in lines if name != "Status"}
        status = next((int(value.split()[0]) for name, value in lines if name == "Status"), 200)
        say(handler, status, headers, content)


def handler_of(served: GitHttp) -> type[BaseHTTPRequestHandler]:
    """Return the handler of a server's requests."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.answer(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def has_backend() -> bool:
    """Return whether this git can serve over HTTP."""
    where = subprocess.run(["git", "--exec-path"], capture_output=True, check=True, text=True).stdout.strip()
    return os.path.exists(os.path.join(where, "git-http-backend"))


def say(handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)
