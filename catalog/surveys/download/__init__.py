"""Fetching the files of MaStar: interrupted, stalled or killed, it goes on; what has its final name is whole.

`products` is the table of files; `stock` compares a folder with the server; `delivery` puts a product there: `transfer`
brings it into a `part` from a `server` that may fail, with `patience`; `verification` and `checksums` say whether it is
sound.
"""

from collections.abc import Callable, Iterable
from pathlib import Path

from catalog.errors import CatalogError
from catalog.progress import Progress, silent
from catalog.surveys.download.delivery import Delivery, Downloaded
from catalog.surveys.download.patience import Patience
from catalog.surveys.download.products import BASE_URL, PAPER, ProductError, find_products
from catalog.surveys.download.server import Server
from catalog.surveys.download.stock import Stock, take_stock
from catalog.surveys.download.transfer import require_space

__all__ = ["BASE_URL", "PAPER", "Downloaded", "Patience", "Stock", "download", "stock_of"]


def stock_of(names: Iterable[str], folder: str | Path, base_url: str = BASE_URL) -> list[Stock]:
    """What of the products is in a folder, and their sizes in bytes, by one HEAD each. Writes nothing.

    Without a network, `reason` of each entry says so. Raises CatalogError for a name or a URL that is none.
    """
    return take_stock(find_products(names), Path(folder), Server(base_url, Patience.timeout))


def download(
    names: Iterable[str] = PAPER,
    folder: str | Path = "mastar",
    base_url: str = BASE_URL,
    progress: Progress = silent,
    finished: Callable[[Downloaded], None] = lambda downloaded: None,
    patience: Patience | None = None,
) -> list[Downloaded]:
    """Fetch products of MaStar into a folder, which is created if it is absent.

    names : of `products.PRODUCTS`
    progress : called with what is being done, bytes done, and bytes in all
    finished : called with each product when its file is complete
    Writes NAME.part, and gives it its name when it is complete and sound; a part that is there is gone on with. A file
    that is there is compared in size with the server and skipped.
    Raises CatalogError, after fetching the others, if a product is not to be had, fails verification twice, or is
    there with another size; and at once for a name or a URL that is none, a full disk, or no way to the server.
    """
    patience = patience or Patience()
    products = find_products(names)
    server = Server(base_url, patience.timeout)
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stock = take_stock(products, folder, server)
        require_space(folder, sum(entry.missing for entry in stock))
    except OSError as error:
        raise CatalogError(f"{folder} cannot be written ({error}); give another folder") from error
    delivery = Delivery(server, patience, progress)
    done: list[Downloaded] = []
    failures: list[str] = []
    for entry in stock:
        try:
            done.append(delivery.of(entry))
        except ProductError as error:
            failures.append(str(error))
        except OSError as error:
            raise CatalogError(
                f"{entry.path} cannot be written ({error}); free some space or give another folder, "
                "what has come is kept"
            ) from error
        else:
            finished(done[-1])
    if failures:
        count = f"{len(failures)} of {len(stock)} products failed: " if len(failures) > 1 else ""
        raise CatalogError(count + " | ".join(failures))
    return done
