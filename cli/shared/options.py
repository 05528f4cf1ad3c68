"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from catalog import Catalog

Command = Callable[..., Any]


def catalog_of(ctx: click.Context) -> Catalog:
    """The catalog that --database names; it answers with tables of Arrow, which are printed as they are."""
    return Catalog(ctx.find_root().obj, as_="arrow")


def format_option(command: Command) -> Command:
    """--format, and a table on a terminal, CSV elsewhere, if it is not given."""
    return click.option(
        "--format",
        "format_",
        type=click.Choice(["table", "csv", "json", "ndjson"]),
        help="Default: table on a terminal, csv elsewhere.",
    )(command)


def scored_options(command: Command) -> Command:
    """--dataset and --ensemble of a question about scores."""
    command = click.option("--ensemble", help="Name of the ensemble.  Default: the newest that has scored.")(command)
    return click.option("--dataset", help="Name of the dataset.  Default: the only one scored.")(command)


def visit_options(command: Command) -> Command:
    """--plate and --mjd of a question about one spectrum."""
    command = click.option("--mjd", type=int, help="Night of the visit, where a star has several spectra.")(command)
    return click.option("--plate", type=int, help="Plate of the visit, where a star has several spectra.")(command)
