"""`catalog dataset`: what a dataset holds of use, and its removal."""

import click

from .shared.options import catalog_of, format_option
from .shared.output import say, show
from .shared.removal import remove_command

FRACTIONS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99)
SUGGESTED = 0.95
"""The fraction whose window is named in the command to train with."""


@click.group()
def dataset() -> None:
    """Look at the spectra of a dataset, or remove one.

    Read-only but for `remove`; `catalog db status` lists the datasets.

    \b
    Example:
      catalog dataset usable --dataset large
      catalog dataset remove large
    """


dataset.add_command(remove_command("dataset"))


@dataset.command()
@click.option("--dataset", required=True, help="Name of the dataset.")
@click.option("--fraction", type=float, help="Share of the spectra to keep at least.  Default: several, as a table.")
@click.option("--window", nargs=2, type=float, metavar="LO HI", help="Count what this range in vacuum Å keeps.")
@format_option
@click.pass_context
def usable(
    ctx: click.Context,
    dataset: str,
    fraction: float | None,
    window: tuple[float, float] | None,
    format_: str | None,
) -> None:
    """Say which wavelength windows keep how many spectra.

    A spectrum is usable in a window if its flux is finite and positive in every pixel of it. Without --window, shows
    the widest windows, in log wavelength, that keep given fractions of the dataset; the first row is the paper's rule,
    the full range. With --window, shows how many spectra it keeps and how many others have zero flux at an end, zero
    flux inside, negative or non-finite flux; one may have several. Read-only.

    \b
    Example:
      catalog dataset usable --dataset large
      catalog dataset usable --dataset large --fraction 0.95
      catalog dataset usable --dataset small --window 3700 10200
    """
    if fraction is not None and window is not None:
        raise click.UsageError("give either --fraction or --window")
    catalog = catalog_of(ctx)
    if window is not None:
        show(catalog.window_usable(dataset, window), format_)
        limits = window
    else:
        table = catalog.widest_windows(dataset, FRACTIONS if fraction is None else [fraction])
        show(table, format_)
        if len(table) == 1:
            say(f"no window keeps {fraction or FRACTIONS[0]:.10g} of the spectra of {dataset}")
            return
        rows = table.to_pylist()
        chosen = next((row for row in rows if row["at_least"] == SUGGESTED), rows[-1])
        limits = (chosen["window_lo"], chosen["window_hi"])
    say(f"to train in it: catalog train --dataset {dataset} --window {limits[0]:.10g} {limits[1]:.10g}")
