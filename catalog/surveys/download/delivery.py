"""A product into a folder: not touched where it is already, received and verified where it is not."""

import time
from dataclasses import dataclass
from pathlib import Path

from catalog.progress import Progress
from catalog.surveys.download.checksums import Checksums
from catalog.surveys.download.part import Part, locked_part
from catalog.surveys.download.patience import Patience
from catalog.surveys.download.products import ProductError, RemoteFile
from catalog.surveys.download.server import Server
from catalog.surveys.download.stock import Stock
from catalog.surveys.download.transfer import Transfer
from catalog.surveys.download.verification import defect_of, looks_whole


@dataclass(frozen=True)
class Downloaded:
    """What became of a product.

    Attributes
    ----------
    product : RemoteFile
        What it is.
    path : Path
        Its file, complete.
    size : int
        Bytes.
    received : int
        Bytes that came this time, beginnings that had to be thrown away included.
    seconds : float
        That it took, verification included.
    evidence : str
        What says that the file is sound.
    skipped : bool
        It was there already.
    """

    product: RemoteFile
    path: Path
    size: int
    received: int
    seconds: float
    evidence: str
    skipped: bool = False


class Delivery:
    """Brings products from a server into their folder."""

    def __init__(self, server: Server, patience: Patience, progress: Progress) -> None:
        self._server = server
        self._patience = patience
        self._progress = progress
        self._checksums = Checksums(server, patience)

    def of(self, entry: Stock) -> Downloaded:
        """Put the file of a product where it belongs, or find it there.

        Writes into its folder.

        Raises
        ------
        ProductError
            If it cannot be had, fails verification twice, or is there with another size.
        CatalogError
            If there is no way to the server or no space.
        OSError
            If the folder cannot be written.
        """
        product, path = entry.product, entry.path
        if path.exists():
            return _there(entry)
        started = time.monotonic()
        with locked_part(path) as part:
            if path.exists():
                return _there(entry)  # another process has finished it meanwhile
            received, evidence = self._receive(part, product)
            size = part.size
            part.finish()
        return Downloaded(product, path, size, received, time.monotonic() - started, evidence)

    def _receive(self, part: Part, product: RemoteFile) -> tuple[int, str]:
        """Bytes received, and what says that they are sound. Begins a file that is not sound anew, once."""
        transfer = Transfer(part, product, self._server, self._progress)
        compressed = product.path.endswith(".gz")
        for _ in range(2):
            transfer.run(self._patience)
            checksum = self._checksums.of(product)
            defect = defect_of(
                part.path,
                compressed,
                checksum,
                lambda done, total: self._progress(f"{product.name}: verifying", done, total),
            )
            if defect is None:
                own = "gzip checksum and FITS structure" if compressed else "FITS structure"
                return transfer.received, f"SHA-1 of {checksum.source}" if checksum else own
            part.clear()
        raise ProductError(
            f"{product.name}: {self._server.url(product.path)} came twice and was removed: {defect}; "
            "try again later, or give --base-url of a mirror"
        )


def _there(entry: Stock) -> Downloaded:
    """A file that needs no fetching. Raises ProductError if it is not the product's."""
    path = entry.path
    size = path.stat().st_size
    wrong = None
    if not path.is_file():
        wrong = "is not a file"
    elif entry.on_server and size != entry.size:
        wrong = f"has {size} bytes, on the server it has {entry.size}"
    elif not looks_whole(path, path.suffix == ".gz"):
        wrong = "is not a whole FITS file"
    if wrong:
        raise ProductError(f"{path} {wrong}; remove it to fetch it again, or give another folder")
    evidence = "its size is the server's" if entry.on_server else f"not compared with the server: {entry.reason}"
    return Downloaded(entry.product, path, size, 0, 0.0, evidence, skipped=True)
