"""`catalog table`: the paper's Tables 1 and 2."""

import click
import pyarrow as pa

from catalog import about_of

from .shared.options import catalog_of, format_option, scored_options
from .shared.output import say, show


@click.group()
def table() -> None:
    """Print the paper's Tables 1 and 2 for this database.

    Read-only.

    \b
    Example:
      catalog table percentiles --dataset large
    """


@table.command()
@scored_options
@format_option
@click.pass_context
def percentiles(ctx: click.Context, dataset: str | None, ensemble: str | None, format_: str | None) -> None:
    """Percentiles of log10 error, one row per model (Table 1).

    Read-only.

    \b
    Example:
      catalog table percentiles --dataset large
    """
    _show(catalog_of(ctx).error_percentiles(dataset, ensemble), format_)


@table.command()
@scored_options
@format_option
@click.pass_context
def top(ctx: click.Context, dataset: str | None, ensemble: str | None, format_: str | None) -> None:
    """The five highest errors of every model (Table 2).

    Read-only.

    \b
    Example:
      catalog table top --format csv
    """
    _show(catalog_of(ctx).top_errors(dataset, ensemble), format_)


def _show(found: pa.Table, format_: str | None) -> None:
    say("ensemble {ensemble} on dataset {dataset}".format(**about_of(found)))
    show(found, format_)
