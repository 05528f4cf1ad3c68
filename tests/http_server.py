"""A web server that misbehaves as told, on real sockets of this machine, for tests."""

import contextlib
import hashlib
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BLOCK = 4096


@dataclass(frozen=True)
class Trouble:
    """How an answer goes wrong.

    status : sent instead of the file
    headers : replace those of the answer; None leaves one out
    body : replaces the content of the file
    drop_at : bytes of the answer after which the connection ends
    reset : it ends by a reset
    stall : seconds of silence before it ends
    announce : bytes that Content-Length says too many
    ignore_range : the whole file, whatever is asked for
    ignore_if_range : the range, even of another version
    pace : seconds between blocks of 4 KiB
    gate : the second half waits until it is set
    """

    status: int | None = None
    headers: dict[str, str | None] = field(default_factory=dict)
    body: bytes | None = None
    drop_at: int | None = None
    reset: bool = False
    stall: float = 0
    announce: int = 0
    ignore_range: bool = False
    ignore_if_range: bool = False
    pace: float = 0
    gate: threading.Event | None = None


@dataclass(frozen=True)
class Asked:
    """A request that came."""

    method: str
    path: str
    range_: str | None
    if_range: str | None
    host: str


class Site(ThreadingHTTPServer):
    """Files by path, with an ETag each; a GET meets the next of its troubles, then `always`, then none."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.troubles: dict[str, list[Trouble]] = {}
        self.always: dict[str, Trouble] = {}
        self.head: dict[str, Trouble] = {}
        self.log: list[Asked] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/"

    def asked(self, path: str, method: str = "GET") -> list[Asked]:
        """The requests for a path, in order."""
        return [asked for asked in self.log if asked.path == path and asked.method == method]

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no error here."""


@contextmanager
def site() -> Iterator[Site]:
    """A site that is being served."""
    with Site() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: Site

    def log_message(self, *_: object) -> None:
        """Standard error is the tests'."""

    def do_HEAD(self) -> None:
        self._answer(self.server.head.get(self._note(), Trouble()))

    def do_GET(self) -> None:
        path = self._note()
        waiting = self.server.troubles.get(path)
        self._answer(waiting.pop(0) if waiting else self.server.always.get(path, Trouble()))

    def _note(self) -> str:
        path = self._path()
        self.server.log.append(
            Asked(self.command, path, self.headers["Range"], self.headers["If-Range"], self.headers["Host"])
        )
        return path

    def _answer(self, trouble: Trouble) -> None:
        content = self.server.files.get(self._path())
        content = trouble.body if trouble.body is not None else content
        if content is None or trouble.status is not None:
            self._send(trouble.status or 404, b"no", {}, trouble)
            return
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = {"ETag": etag, "Last-Modified": "Tue, 07 Dec 2021 10:00:00 GMT"}
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers["Range"] or "")
        same = self.headers["If-Range"] in (None, etag, headers["Last-Modified"])
        if wanted is None or trouble.ignore_range or not (same or trouble.ignore_if_range):
            self._send(200, content, headers, trouble)
        elif (start := int(wanted[1])) >= len(content):
            self._send(416, b"", headers | {"Content-Range": f"bytes */{len(content)}"}, trouble)
        else:
            place = f"bytes {start}-{len(content) - 1}/{len(content)}"
            self._send(206, content[start:], headers | {"Content-Range": place}, trouble)

    def _path(self) -> str:
        """What is behind the host, which a proxy is told as well."""
        return self.path.removeprefix("http://").partition("/")[2]

    def _send(self, status: int, body: bytes, headers: dict[str, str], trouble: Trouble) -> None:
        self.send_response(status)
        length = {"Content-Length": str(len(body) + trouble.announce)}
        for name, value in (length | headers | trouble.headers).items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        with contextlib.suppress(OSError):
            sent = body if trouble.drop_at is None else body[: trouble.drop_at]
            step = BLOCK if trouble.pace else len(sent) // 2 + 1
            for start in range(0, len(sent), step):
                if start and trouble.gate is not None:
                    trouble.gate.wait(60)
                self.wfile.write(sent[start : start + step])
                time.sleep(trouble.pace)
            time.sleep(trouble.stall)
            if trouble.reset:
                # No time to linger: the kernel resets the connection instead of ending it.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
        self.close_connection = True
