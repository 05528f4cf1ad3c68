"""`catalog db`: create, migrate, describe or compact the database."""

import click
import pyarrow as pa

from catalog import REVISION

from .shared.options import catalog_of, format_option
from .shared.output import say, show


@click.group()
def db() -> None:
    """Create, migrate, describe or compact the database."""


@db.command()
@click.pass_context
def upgrade(ctx: click.Context) -> None:
    """Create the database, or bring it to this version's revision.

    Writes in one transaction; a database that is up to date keeps its data and gets its views anew.
    """
    catalog = catalog_of(ctx)
    before, after = catalog.upgrade()
    path = catalog.database.path
    if before is None:
        say(f"{path} created at revision {after}")
    elif before == after:
        say(f"{path} is at revision {after}, nothing to migrate")
    else:
        say(f"{path} migrated from revision {before} to {after}")


@db.command()
@format_option
@click.pass_context
def status(ctx: click.Context, format_: str | None) -> None:
    """Show the datasets and ensembles in the database.

    Read-only.
    """
    catalog = catalog_of(ctx)
    datasets, ensembles = catalog.status()
    say(f"{catalog.database.path}: revision {REVISION}, {catalog.database.path.stat().st_size / 1e6:.0f} MB")
    both = [_of_kind("dataset", datasets), _of_kind("ensemble", ensembles)]
    show(pa.concat_tables(both, promote_options="default"), format_)


@db.command()
@click.pass_context
def compact(ctx: click.Context) -> None:
    """Rewrite the file without the space that removed rows leave.

    Writes a copy beside the file, which takes its place when it is complete; that needs as much free space on the
    disk. Tables and views of your own stay.
    """
    catalog = catalog_of(ctx)
    before, after = catalog.compact()
    path = catalog.database.path
    if after == before:
        say(f"{path}: {before / 1e6:.0f} MB, nothing to gain")
    else:
        say(f"{path}: {before / 1e6:.0f} MB before, {after / 1e6:.0f} MB now")


def _of_kind(kind: str, rows: pa.Table) -> pa.Table:
    """The rows with their kind in front, and their name under that heading."""
    named = rows.rename_columns(["name" if name == kind else name for name in rows.column_names])
    return named.add_column(0, "kind", pa.array([kind] * len(rows)))
