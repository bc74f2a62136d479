"""Receivers on this machine: a mail server and a web server, which note what they get, and can be switched off."""

from __future__ import annotations

import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest


@dataclass
class Post:
    """One request as it came in."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> dict[str, Any]:
        return orjson.loads(self.body)


@dataclass
class Web:
    """A web server; ``status`` is what it answers, ``location`` where it sends people to. It answers while it is ``open``."""

    posts: list[Post] = field(default_factory=list)
    status: int = 200
    location: str | None = None
    open: threading.Event = field(default_factory=threading.Event)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [post.headers["webhook-id"] for post in self.posts]

    def start(self) -> None:
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender died on the way
                    return
                web.posts.append(Post(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
                web.open.wait(60)
                self.send_response(web.status)
                if web.location:
                    self.send_header("Location", web.location)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


class _Mailbox(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@dataclass
class Mail:
    """A mail server that takes everything for everybody."""

    letters: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    port: int = 0
    _server: _Mailbox | None = None

    @property
    def url(self) -> str:
        return f"mailto://127.0.0.1:{self.port}/?from=sales@example.com&mode=insecure"

    def start(self) -> None:
        mail = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"220 ready\r\n")
                to: list[str] = []
                while line := self.rfile.readline():
                    word = line.split(b" ")[0].strip().upper()
                    if word == b"RCPT":
                        to.append(line.split(b"<")[1].split(b">")[0].decode())
                    if word == b"DATA":
                        self.wfile.write(b"354 go on\r\n")
                        lines = []
                        while (line := self.rfile.readline()) not in (b".\r\n", b""):
                            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                        if not line:  # the sender died on the way
                            return
                        read = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                        mail.letters.append((to, read))
                        to = []
                    self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")
                    if word == b"QUIT":
                        return

        self._server = _Mailbox(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


@pytest.fixture
def web() -> Iterator[Web]:
    made = Web()
    made.open.set()
    made.start()
    yield made
    made.open.set()
    made.stop()


@pytest.fixture
def mail() -> Iterator[Mail]:
    made = Mail()
    made.start()
    yield made
    made.stop()
