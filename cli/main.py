"""The command `catalog`."""

from importlib import import_module
from pathlib import Path

import click

import catalog
from catalog import CatalogError, __version__

SECTIONS = {
    "Load": {
        "demo": "The whole job on a small survey made on the spot.",
        "mock": "Make up a survey in MaStar's file formats, with the truth beside it.",
        "download": "Fetch the files of MaStar, or go on fetching them.",
        "ingest": "Load FITS files, or all FITS files in folders.",
        "dataset": "Look at the spectra of a dataset, or remove one.",
        "db": "Create, migrate, describe or compact the database.",
    },
    "Train and score": {
        "recipes": "Print a recipe as a TOML file, or the names of all.",
        "train": "Train an ensemble of autoencoders, or finish an interrupted one.",
        "ensembles": "List the ensembles.",
        "ensemble": "Look at an ensemble, export, import or remove one.",
        "score": "Compute errors and latent vectors of a dataset.",
    },
    "Ask": {
        "outliers": "List the consensus anomalies, the oddest first.",
        "neighbors": "List the look-alikes of a star.",
        "table": "Print the paper's Tables 1 and 2 for this database.",
        "region": "List the regions of the colour-magnitude diagram, add or remove one.",
        "query": "Answer a SQL question.",
        "schema": "List tables, views and macros, or the columns of one.",
    },
    "Explain and evaluate": {
        "explain": "Say why spectra are anomalous.",
        "templates": "List the templates that spectra are compared with, add or remove a library.",
        "evaluate": "Measure what is recovered of known anomalies.",
    },
    "Stars": {
        "label": "Label a star with what you have seen in it, or take a label back.",
        "labels": "List the labels of stars, in the order they were given.",
        "attach": "Attach somebody else's catalog and find its rows among the stars, or list those attached.",
        "detach": "Take an attached catalog away.",
    },
    "Draw and give away": {
        "plot": "Draw a figure into a png, pdf or svg file.",
        "report": "Write the paper's tables and figures for this database into one HTML file.",
        "export": "Write a view, a table or an answer to a file for other programs.",
        "publish": "Write the anomalies to a folder that explains itself, for others.",
    },
}
"""Every command and its first help line, by what it is for; here so that `catalog --help` imports none of them."""

COMMANDS = {name: line for commands in SECTIONS.values() for name, line in commands.items()}


class UserError(click.ClickException):
    """One line on standard error, exit code 2."""

    exit_code = 2


class Commands(click.Group):
    """Imports a command when it is called: a module cli/NAME.py with a command `NAME`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f".{name}", __package__), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl(list(commands.items()))

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except CatalogError as error:
            raise UserError(" ".join(str(error).split())) from error
        except RuntimeError as error:
            # What DuckDB makes of Ctrl-C in the middle of a statement.
            if "interrupted" not in str(error).lower():
                raise
            raise click.Abort from error


def _print_version(ctx: click.Context, _option: click.Parameter, asked: bool) -> None:
    if asked:
        click.echo(f"catalog, version {__version__}, code {catalog.code_version()}")
        ctx.exit()


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--database",
    type=click.Path(dir_okay=False, path_type=Path),
    default="catalog.duckdb",
    envvar="CATALOG_DATABASE",
    show_default=True,
    show_envvar=True,
    help="The DuckDB file.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the release and the code version, and exit.",
)
@click.pass_context
def main(ctx: click.Context, database: Path) -> None:
    """A database of stellar spectra and of how anomalous each one is.

    \b
    Example:
      catalog ingest mastar/
      catalog train --dataset small --window 3700 10200
      catalog score --dataset large
      catalog outliers --bp-rp 4 6
    """
    ctx.obj = database
