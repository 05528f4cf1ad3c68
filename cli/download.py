"""`catalog download`: fetch the files of MaStar."""

from pathlib import Path

import click
import pyarrow as pa

from catalog import BASE_URL, PAPER_FILES, PRODUCTS, Downloaded, Stock, listing, stock_of
from catalog import download as fetch

from .shared.options import format_option
from .shared.output import progress_bar, say, show

MEGABYTE = 1_000_000


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(path_type=Path),
    default="mastar",
    show_default=True,
    metavar="DIR",
    help="Where the files go.",
)
@click.option("--list", "list_", is_flag=True, help="List the products and what of them is in DIR; fetch nothing.")
@click.option("--base-url", default=BASE_URL, metavar="URL", help="A mirror, https or http.  Default: the SAS of SDSS.")
@format_option
def download(names: tuple[str, ...], folder: Path, list_: bool, base_url: str, format_: str | None) -> None:
    """Fetch the files of MaStar, or go on fetching them.

    Without names, fetches what the paper needs. Writes NAME.part into DIR; a file gets its name when it is complete
    and verified: by its SHA-1 where the survey publishes one, by gzip's checksum and the structure of FITS otherwise.
    Interrupted or killed, the same command goes on. A file that is there already is skipped.

    \b
    Example:
      catalog download --list
      catalog download
      catalog download visits lsf99.5 -o mastar/
    """
    if list_:
        _list(stock_of(names or [product.name for product in PRODUCTS], folder, base_url), format_)
        return
    try:
        with progress_bar("asking the server") as bar:
            fetch(
                names or PAPER_FILES,
                folder,
                base_url,
                lambda what, done, total: bar(f"{what}, MB", done // MEGABYTE, total // MEGABYTE),
                lambda downloaded: say(_sentence(downloaded)),
            )
    except KeyboardInterrupt:
        say(f"what has come is kept in {folder}; the same command goes on from there")
        raise


def _sentence(downloaded: Downloaded) -> str:
    """What became of a product, in one line."""
    where = f"{downloaded.product.name}: {downloaded.path}"
    if downloaded.skipped:
        return f"{where}, {_bytes(downloaded.size)}, is there, skipped; {downloaded.evidence}"
    speed = f"{_bytes(downloaded.received / downloaded.seconds)}/s" if downloaded.seconds else "at once"
    return f"{where}, {_bytes(downloaded.size)} at {speed}, verified by {downloaded.evidence}"


def _list(stock: list[Stock], format_: str | None) -> None:
    size = [None if entry.size is None else entry.size / MEGABYTE for entry in stock]
    columns = {
        "product": [entry.product.name for entry in stock],
        "state": [entry.state for entry in stock],
        "size": pa.array(size, pa.float64()),
        "size_from": ["" if entry.size is None else "server" if entry.on_server else "known" for entry in stock],
        "path": ["verified" if entry.product.verified else "inferred" for entry in stock],
        "default": [entry.product.name in PAPER_FILES for entry in stock],
        "what": [entry.product.what for entry in stock],
        "file": [entry.product.file_name for entry in stock],
    }
    show(listing(pa.table(columns), units={"size": "Mbyte"}), format_)
    total = sum(entry.size or 0 for entry in stock)
    unknown = sum(entry.size is None for entry in stock)
    say(
        f"{len(stock)} products, {sum(entry.state == 'complete' for entry in stock)} complete: {_bytes(total)} in all"
        + (f" and {unknown} of unknown size" if unknown else "")
        + f", {_bytes(sum(entry.missing for entry in stock))} to fetch"
    )
    reasons: dict[str, list[str]] = {}
    for entry in stock:
        if entry.reason is not None:
            reasons.setdefault(entry.reason, []).append(entry.product.name)
    for reason, products in reasons.items():
        say(f"the server does not say the size of {', '.join(products)}: {reason}")


def _bytes(count: float) -> str:
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= factor:
            return f"{count / factor:.3g} {unit}"
    return f"{count:.0f} B"
