"""`catalog attach`: other people's catalogs."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog import CatalogError

from .shared.options import catalog_of, format_option
from .shared.output import say, show

if TYPE_CHECKING:
    from catalog import Attached


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="Of the catalog: small letters, digits and _.")
@click.option("--gaia", metavar="COLUMN", help="Match by the Gaia ids in a column.")
@click.option("--release", metavar="RELEASE", help="Of these ids: DR2, EDR3 or DR3.  EDR3 and DR3 share them.")
@click.option("--mangaid", metavar="COLUMN", help="Match by the MaNGA ids in a column.")
@click.option("--sky", nargs=2, metavar="RA DEC", help="Match by the positions (ICRS) in two columns.")
@click.option("--radius", type=float, metavar="ARCSEC", help="Largest separation on the sky.")
@click.option("--epoch", type=float, metavar="YEAR", help="Of the positions.  Default: as the file says, or 2000.")
@click.option("--all", "every", is_flag=True, help="Keep every row that fits a star.  Default: the nearest, or first.")
@click.option("--list", "list_", is_flag=True, help="List the attached catalogs instead.")
@format_option
@click.pass_context
def attach(
    ctx: click.Context,
    file: Path | None,
    name: str | None,
    gaia: str | None,
    release: str | None,
    mangaid: str | None,
    sky: tuple[str, str] | None,
    radius: float | None,
    epoch: float | None,
    every: bool,
    list_: bool,
    format_: str | None,
) -> None:
    """Attach somebody else's catalog and find its rows among the stars, or list those attached.

    Writes the table external.NAME, rows of external_match, and the view anomaly_NAME, which joins the catalog with the
    anomalies; the file is copied, not kept. CSV, ECSV, FITS, Parquet or VOTable. A catalog of that name is replaced;
    run it again after an ingest, and stars that have come since are asked as well. On the sky, stars are brought to
    the catalog's epoch by their Gaia proper motion. --list is read-only.

    \b
    Example:
      catalog attach li2018.vot --name li2018 --sky RAJ2000 DEJ2000 --radius 3
      catalog attach xmatch.csv --name xmatch --gaia source_id --release DR3
      catalog query "SELECT mangaid, consensus_rank, li2018_Type FROM anomaly_li2018 ORDER BY consensus_rank"
      catalog attach --list
    """
    catalog = catalog_of(ctx)
    if list_:
        show(catalog.attached(), format_)
        return
    if file is None or name is None:
        raise CatalogError("give a file and a name: catalog attach FILE --name NAME; or --list")
    found = catalog.attach(
        file, name, gaia=gaia, release=release, mangaid=mangaid, sky=sky, radius=radius, epoch=epoch, every=every
    )
    _tell(found, file, every=every)


def _tell(found: "Attached", file: Path, *, every: bool) -> None:
    if not found.new:
        say(f"{found.name} is attached already, and no star has changed since: {found.n_matched} stars matched")
        return
    if found.replaced:
        say(f"{found.name}: {found.replaced} gives way to {file}")
    for remark in found.remarks:
        say(remark)
    say(
        f"{found.name}: {found.n_row} rows, {found.n_column} columns; {found.n_matched} of {found.n_star} stars matched"
    )
    if found.n_row_unusable:
        say(f"{found.n_row_unusable} rows have no usable id or position")
    if found.n_unknown:
        say(f"{found.n_unknown} stars could not be asked, for want of the id or position")
    if found.n_ambiguous:
        taken = "all are kept" if every else "one is taken, the nearest or the first"
        say(f"{found.n_ambiguous} stars have several rows that fit; {taken}")
    if found.n_row_shared:
        say(f"{found.n_row_shared} rows are the match of several stars")
    say(f'anomalies in it: catalog query "SELECT * FROM anomaly_{found.name} ORDER BY consensus_rank"')
