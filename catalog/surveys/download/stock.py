"""What of the products is in a folder already, and how large they are on the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from catalog.surveys.download.part import part_path
from catalog.surveys.download.products import RemoteFile
from catalog.surveys.download.server import Server, ServerError

State = Literal["complete", "partial", "absent", "other size"]


@dataclass(frozen=True)
class Stock:
    """A product, in a folder and on the server.

    Attributes
    ----------
    product : RemoteFile
        What it is.
    path : Path
        Where its file is or will be.
    state : str
        `other size` if a file has its name but not the size on the server.
    held : int
        Bytes in the folder.
    size : int, optional
        Bytes in all; None: unknown.
    on_server : bool
        Whether `size` is the server's word, and exact.
    reason : str, optional
        Why the server does not say the size; None: it does.
    """

    product: RemoteFile
    path: Path
    state: State
    held: int
    size: int | None
    on_server: bool
    reason: str | None

    @property
    def missing(self) -> int:
        """Bytes still to fetch, as far as the size is known."""
        return max(0, (self.size or 0) - self.held) if self.state in ("absent", "partial") else 0


def take_stock(products: Sequence[RemoteFile], folder: Path, server: Server) -> list[Stock]:
    """One entry per product, with one HEAD for each until the server does not answer at all."""
    silence: str | None = None
    stock = []
    for product in products:
        size, reason = None, silence
        if silence is None:
            try:
                size = server.size(product.path)
                reason = "no Content-Length" if size is None else None
            except ServerError as error:
                reason = str(error)
                silence = None if error.reached else reason
        stock.append(_entry(product, folder / product.file_name, size, reason))
    return stock


def _entry(product: RemoteFile, path: Path, size: int | None, reason: str | None) -> Stock:
    held, coming = _size(path), _size(part_path(path))
    state: State = "absent"
    if held is not None:
        state = "complete" if size in (None, held) else "other size"
    elif coming is not None:
        state = "partial"
    known = product.size if size is None else size
    return Stock(product, path, state, held or coming or 0, known, size is not None, reason)


def _size(path: Path) -> int | None:
    """Bytes of a file; None if there is none, also where another process has just renamed it."""
    try:
        return path.stat().st_size if path.is_file() else None
    except FileNotFoundError:
        return None
