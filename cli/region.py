"""`catalog region`: named regions of the colour-magnitude diagram."""

from pathlib import Path

import click

from .shared.options import catalog_of, format_option
from .shared.output import say, show


@click.group()
def region() -> None:
    """List the regions of the colour-magnitude diagram, add or remove one.

    `list` is read-only. Writes: `add`, `remove`. Some regions come with the catalog and stay; regions may overlap. A
    star on an edge counts as a hair redder, and on a horizontal edge as a hair fainter.

    \b
    Example:
      catalog region list
      catalog region add blue-stragglers --polygon blue-stragglers.csv --corrected
      catalog outliers --region blue-stragglers
    """


@region.command("list")
@format_option
@click.pass_context
def list_(ctx: click.Context, format_: str | None) -> None:
    """List the regions, with the stars in each and what it rests on.

    Read-only. n_without_photometry counts the stars of which nobody can say whether they are in the region. The
    vertices of one are the answer to the query below, in the form that `add` takes.

    \b
    Example:
      catalog region list
      catalog query "SELECT unnest(polygon, recursive := true) FROM cmd_region WHERE name = 'agb'" --format csv
    """
    show(catalog_of(ctx).regions(), format_)


@region.command()
@click.argument("name")
@click.option(
    "--polygon",
    required=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV with columns bp_rp and abs_g: the vertices in order, in mag.",
)
@click.option("--corrected", is_flag=True, help="The vertices are meant for photometry corrected for extinction.")
@click.option("--description", metavar="TEXT", help="What it is and rests on.  Default: the name of the file.")
@click.pass_context
def add(ctx: click.Context, name: str, polygon: Path, corrected: bool, description: str | None) -> None:
    """Add a region, given by a polygon.

    Writes one row. At least three vertices; the last is joined to the first, and edges must not cross. Stars are
    compared by bp_rp and abs_g_uncorrected, with --corrected by bp_rp0 and abs_g.

    \b
    Example:
      catalog region add blue-stragglers --polygon blue-stragglers.csv --corrected --description "by eye"
    """
    catalog_of(ctx).add_region(name, polygon, corrected=corrected, description=description)
    say(f"region {name} added; its anomalies: catalog outliers --region {name}")


@region.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Remove a region that somebody has added.

    Writes: the row goes, nothing else. The regions that came with the catalog stay.

    \b
    Example:
      catalog region remove blue-stragglers
    """
    catalog_of(ctx).remove_region(name)
    say(f"region {name} removed")
