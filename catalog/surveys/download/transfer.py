"""One file from the server into its part, however often the connection breaks."""

import shutil
from pathlib import Path

from catalog.errors import CatalogError
from catalog.progress import Progress
from catalog.surveys.download.part import Part
from catalog.surveys.download.patience import Patience
from catalog.surveys.download.products import ProductError, RemoteFile
from catalog.surveys.download.server import Server, ServerError

CERTIFICATES = "check the clock, the proxy and the certificates of this machine"


class Transfer:
    """Brings a part to its end, from where it is if the server still has the same version of the file.

    Attributes
    ----------
    received : int
        Bytes that came so far; some may have been thrown away since.
    """

    def __init__(self, part: Part, product: RemoteFile, server: Server, progress: Progress) -> None:
        self.received = 0
        self._part = part
        self._product = product
        self._server = server
        self._url = server.url(product.path)
        self._progress = progress
        self._size: int | None = None

    def run(self, patience: Patience) -> None:
        """Connect until the part is all there. What has come stays there, whatever happens.

        Writes into the part. Raises ProductError or CatalogError if the server does not hand it out, OSError if the
        disk is full.
        """
        try:
            patience.keep_trying(self._receive, lambda: self._part.furthest, self._on_wait)
        except ServerError as error:
            message = f"{self._product.name}: {self._url}: {error}"
            if error.wait is None:
                message += f"; {self._advice() if error.reached else CERTIFICATES}"
            else:
                if error.wait > patience.longest_wait:
                    message += f", and asks to be left alone for {error.wait:.0f} s"
                message += f"; {self._part.size} bytes are kept, the same command goes on from there"
            raise (ProductError if error.reached else CatalogError)(message) from error

    def _receive(self) -> None:
        """What one connection brings; ServerError if that is not all."""
        part = self._part
        held, headers = self._goes_on_from()
        if held and held == self._size:
            return
        with self._server.get(self._product.path, headers) as response:
            self._size = response.version.size
            if response.start is None and held and held == self._size:
                return  # nothing is behind what has come: the size announced before was too large
            version = part.version
            if response.start not in (0, held) or (response.start and version and not version.may_be(response.version)):
                part.clear()
                raise ServerError("it sends another part than asked for", reached=True)
            if response.start == 0:
                part.begin(response.version)
            require_space(part.path.parent, (self._size or 0) - part.size)
            self._show(self._product.name)
            for block in response.blocks():
                part.append(block)
                self.received += len(block)
                self._show(self._product.name)
        if self._size is not None and part.size < self._size:
            raise ServerError(f"it closed the connection after {part.size} of {self._size} bytes", reached=True)

    def _goes_on_from(self) -> tuple[int, dict[str, str]]:
        """Bytes that are there and can be gone on with, and the headers that ask for the rest."""
        held, version = self._part.size, self._part.version
        if not held or version is None:
            return 0, {}
        self._size = version.size
        if version.validator is not None:
            return held, {"Range": f"bytes={held}-", "If-Range": version.validator}
        # Nothing but its size tells that the server still has the same version; on another server that is too little.
        return (held, {"Range": f"bytes={held}-"}) if version.url == self._url else (0, {})

    def _show(self, what: str) -> None:
        self._progress(what, self._part.size, self._size or self._part.size)

    def _on_wait(self, wait: float) -> None:
        self._show(f"{self._product.name}: again in {wait:.0f} s")

    def _advice(self) -> str:
        folder = self._url.rpartition("/")[0] + "/"
        if self._product.verified:
            return f"look in {folder} whether it has moved, or give --base-url of a mirror"
        return f"its path is inferred, not verified: look in {folder} for the file, and fetch it from there yourself"


def require_space(folder: Path, missing: int) -> None:
    """Raise CatalogError if a folder has no room for so many more bytes."""
    if missing > (free := shutil.disk_usage(folder).free):
        raise CatalogError(
            f"{folder} has {free} bytes free, {missing} more are to come; free some space or give another folder"
        )
