"""The server that the files come from.

urllib of the standard library: what is needed beyond it (resuming, retrying, verifying) no client library does either.
"""

import http.client
import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import IO, Any, Self
from urllib.parse import urlsplit

from catalog.errors import CatalogError
from catalog.provenance import __version__

BLOCK = 1 << 20

HEAD_TIMEOUT = 10.0
"""Seconds: what a listing waits for a size, which is good to know but no more."""


class ServerError(Exception):
    """The server, or the way to it, did not do what was asked.

    Attributes
    ----------
    reached : bool
        The server answered, if only with an error.
    wait : float, optional
        Seconds to wait at least before another try; None where another try is no use.
    """

    def __init__(self, reason: str, reached: bool, wait: float | None = 0.0) -> None:
        super().__init__(reason)
        self.reached = reached
        self.wait = wait


@dataclass(frozen=True)
class FileVersion:
    """Which version of a file some bytes are the beginning of, in the server's words.

    Attributes
    ----------
    url : str
        Where it is.
    size : int, optional
        Bytes in all; None if the server does not say.
    etag, last_modified : str, optional
        The headers of these names.
    """

    url: str
    size: int | None
    etag: str | None
    last_modified: str | None

    @property
    def validator(self) -> str | None:
        """What tells the server which version is meant; a weak ETag cannot (RFC 9110, section 13.1.5)."""
        strong = self.etag is not None and not self.etag.startswith("W/")
        return self.etag if strong else self.last_modified

    def may_be(self, other: "FileVersion") -> bool:
        """False if anything that both know tells the two versions apart."""
        pairs = [(self.size, other.size), (self.etag, other.etag), (self.last_modified, other.last_modified)]
        return all(mine is None or theirs is None or mine == theirs for mine, theirs in pairs)

    def to_json(self) -> str:
        """As text that `from_json` reads."""
        return json.dumps(self.__dict__)

    @classmethod
    def from_json(cls, text: str) -> Self | None:
        """What `to_json` wrote; None for anything else."""
        try:
            return cls(**json.loads(text))
        except (ValueError, TypeError):
            return None


class Response:
    """A response of the server, at the start of its bytes.

    Attributes
    ----------
    version : FileVersion
        Which version of the file it is of.
    start : int, optional
        First byte of the file that it holds; None for a response that holds no bytes of the file (416).
    """

    def __init__(self, response: Any, url: str) -> None:
        self._response = response
        headers: Message = response.headers
        length = _number(headers["Content-Length"]) if "chunked" not in headers.get("Transfer-Encoding", "") else None
        of_file = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)", headers.get("Content-Range", "").strip())
        self.start: int | None = 0
        size = self._length = length
        if response.status in (206, 416):
            self.start = _number(of_file[1]) if of_file else None
            size = _number(of_file[2]) if of_file else None
        self.version = FileVersion(url, size, headers["ETag"], headers["Last-Modified"])

    def blocks(self) -> Iterator[bytes]:
        """The bytes as they come, at most 1 MiB at a time.

        Raises ServerError where the connection breaks or stalls; a short response may end without an error.
        """
        left = self._length
        while left is None or left > 0:
            with _as_server_error():
                block = self._response.read1(BLOCK if left is None else min(left, BLOCK))
            if not block:
                return
            left = left if left is None else left - len(block)
            yield block


class Server:
    """What is below a base URL, https or http.

    Proxies are those of the environment (https_proxy, http_proxy, no_proxy). Raises CatalogError for a URL that is not
    valid, or that holds a password: it would end up in messages.

    Attributes
    ----------
    base_url : str
        With a slash behind it.
    """

    def __init__(self, base_url: str, timeout: float) -> None:
        self.base_url = _checked(base_url)
        self._timeout = timeout
        self._opener = urllib.request.build_opener(_Redirects)

    def url(self, path: str) -> str:
        """Where a path is."""
        return self.base_url + path

    @contextmanager
    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Iterator[Response]:
        """The response to a GET. Raises ServerError if there is none, or only an error."""
        with self._open("GET", path, headers or {}, self._timeout) as response:
            yield Response(response, self.url(path))

    def size(self, path: str) -> int | None:
        """Bytes of a file, by one HEAD; None if the server does not say. Raises ServerError as `get`."""
        with self._open("HEAD", path, {}, min(self._timeout, HEAD_TIMEOUT)) as response:
            return Response(response, self.url(path)).version.size

    def _open(self, method: str, path: str, headers: Mapping[str, str], timeout: float) -> Any:
        url = self.url(path)
        headers = {"User-Agent": f"stellar-anomaly-catalog/{__version__}", **headers}
        # Only http and https come this far, see `_checked`.
        request = urllib.request.Request(url, headers=headers, method=method)  # noqa: S310
        with _as_server_error():
            try:
                return self._opener.open(request, timeout=timeout)
            except urllib.error.HTTPError as error:
                if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                    return error
                with error:
                    worth_another_try = error.code >= 500 or error.code in (408, 425, 429)
                    wait = _retry_after(error.headers.get("Retry-After", "")) if worth_another_try else None
                    raise ServerError(_status(error.code), reached=True, wait=wait) from error


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects to https, and from http to http, and to nothing else."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        scheme = urlsplit(newurl).scheme
        if scheme not in ("https", req.type):
            raise ServerError(f"{_status(code)}, from {req.type} to {scheme}: not followed", reached=True, wait=None)
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None:
            following.method = req.get_method()  # urllib would make a GET of a HEAD
        return following


@contextmanager
def _as_server_error() -> Iterator[None]:
    """Turns what urllib and sockets raise into a ServerError."""
    try:
        yield
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            reason = f"its certificate is not trusted ({error.reason.verify_message})"
            raise ServerError(reason, reached=False, wait=None) from error
        raise ServerError(f"no connection ({_reason(error.reason)})", reached=False) from error
    except TimeoutError as error:
        raise ServerError("it fell silent", reached=False) from error
    except (OSError, http.client.HTTPException) as error:
        raise ServerError(f"the connection broke ({_reason(error)})", reached=False) from error


def _status(code: int) -> str:
    """In the standard's words, since a server may put anything into its own."""
    return f"{code} {http.client.responses.get(code, '')}".strip()


def _reason(error: object) -> str:
    text = str(getattr(error, "strerror", None) or error or type(error).__name__)
    return "".join(character if character.isprintable() else "?" for character in text)


def _checked(base_url: str) -> str:
    """The URL with a slash behind it."""
    try:
        parts = urlsplit(base_url)
        usable = parts.scheme in ("https", "http") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not base_url.isascii() or not base_url.isprintable() or " " in base_url:
        raise CatalogError("the base URL is not a valid URL; give --base-url https://HOST/FOLDER/")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise CatalogError("the base URL holds more than a host and a folder; give --base-url https://HOST/FOLDER/")
    return base_url.rstrip("/") + "/"


def _number(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,18}", text) else None


def _retry_after(text: str) -> float:
    """Seconds, from a number of seconds or a date; 0 for anything else."""
    if (seconds := _number(text.strip())) is not None:
        return float(seconds)
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
