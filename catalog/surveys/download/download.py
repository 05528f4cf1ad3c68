"""Products of MaStar into a folder, as one command."""

from collections.abc import Callable, Iterable
from pathlib import Path

from catalog.errors import CatalogError
from catalog.progress import Progress, silent
from catalog.surveys.download.delivery import Delivery, Downloaded
from catalog.surveys.download.patience import Patience
from catalog.surveys.download.products import BASE_URL, PAPER_FILES, ProductError, find_products
from catalog.surveys.download.server import Server
from catalog.surveys.download.stock import Stock, take_stock
from catalog.surveys.download.transfer import require_space


def stock_of(names: Iterable[str], folder: str | Path, base_url: str = BASE_URL) -> list[Stock]:
    """What of the products is in a folder, and their sizes in bytes, by one HEAD each.

    Without a network, `reason` of each entry says so. Raises CatalogError for an unknown name, or a URL that is not
    valid.
    """
    return take_stock(find_products(names), Path(folder), Server(base_url, Patience.timeout))


def download(
    names: Iterable[str] = PAPER_FILES,
    folder: str | Path = "mastar",
    base_url: str = BASE_URL,
    progress: Progress = silent,
    finished: Callable[[Downloaded], None] = lambda downloaded: None,
    patience: Patience | None = None,
) -> list[Downloaded]:
    """Fetch products of MaStar into a folder, which is created if it is absent.

    Writes NAME.part, and gives it its name when it is complete and sound; a part that is there is gone on with. A file
    that is there is compared in size with the server and skipped.

    Parameters
    ----------
    names : iterable of str
        Of `products.PRODUCTS`.
    folder : str or Path
        Where the files come.
    base_url : str
        Where they come from, https or http.
    progress : Progress
        Called with what is being done, bytes done, and bytes in all.
    finished : callable
        Called with each product when its file is complete.
    patience : Patience, optional
        How long to wait for the server; None: as by default.

    Returns
    -------
    list of Downloaded
        One entry per product.

    Raises
    ------
    CatalogError
        After fetching the others, if a product is not to be had, fails verification twice, or is there with another
        size; and at once for an unknown name, a URL that is not valid, a full disk, or no way to the server.
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
