"""Options that several commands share."""

from collections.abc import Callable
from typing import Any

import click

from catalog.facade import Catalog

Command = Callable[..., Any]


def catalog_of(ctx: click.Context) -> Catalog:
    """The catalog that --database names."""
    return Catalog(ctx.find_root().obj)


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
