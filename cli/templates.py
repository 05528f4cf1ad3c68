"""`catalog templates`: libraries of spectra of known kind."""

from pathlib import Path

import click

from .shared.options import catalog_of, format_option
from .shared.output import say, show


@click.group()
def templates() -> None:
    """List the templates that spectra are compared with, add or remove a library.

    `list` is read-only. Writes: `add`, `remove`. `catalog explain` compares with all of them.

    \b
    Example:
      catalog templates add lm2002_agb.parquet --library lancon-mouhcine-2002
      catalog templates list
      catalog explain --top 20
    """


@templates.command("list")
@format_option
@click.pass_context
def list_(ctx: click.Context, format_: str | None) -> None:
    """List the templates, with the range where each is real.

    Read-only.

    \b
    Example:
      catalog templates list
    """
    show(catalog_of(ctx).templates(), format_)


@templates.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--library", required=True, metavar="NAME", help="What the library is called.")
@click.pass_context
def add(ctx: click.Context, file: Path, library: str) -> None:
    """Keep the templates of a file (Parquet, FITS or ECSV).

    Writes a row per template; the same file again changes nothing. Columns: name, wavelength (vacuum Angstrom), flux of
    any unit, and perhaps good, false where the flux is not real. A row is a template whose columns are arrays, or a
    pixel of one.

    \b
    Example:
      catalog templates add lm2002_agb.parquet --library lancon-mouhcine-2002
    """
    n_new = catalog_of(ctx).add_templates(file, library)
    say(f"{n_new} templates added to {library}" if n_new else f"library {library} is there already, from this file")


@templates.command()
@click.argument("library")
@click.pass_context
def remove(ctx: click.Context, library: str) -> None:
    """Take a library of templates away.

    Writes: its rows go. What was compared with them is compared anew when `catalog explain` is asked for it.

    \b
    Example:
      catalog templates remove lancon-mouhcine-2002
    """
    say(f"{catalog_of(ctx).remove_templates(library)} templates of {library} removed")
