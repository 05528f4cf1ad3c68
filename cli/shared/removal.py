"""`remove`, of `catalog dataset` and `catalog ensemble`."""

import sys

import click

from catalog import CatalogError, Dependents, Kind

from .options import catalog_of
from .output import say

HELP = {
    "dataset": """Remove a dataset and all that depends on it.

    Writes in one transaction: its spectra, the ensembles trained on it with their models, weights and scores, the
    scores of its spectra, evaluations of all these, and its source files, so that they can be loaded again. Stars
    stay, save those that only these files named and nobody has labelled. Says first what would go, and asks; where
    nobody can answer, --yes is needed.

    \b
    Example:
      catalog dataset remove small
      catalog dataset remove small --yes
    """,
    "ensemble": """Remove an ensemble with all that depends on it.

    Writes in one transaction: its models, weights, scores, causes and evaluations. Says first what would go, and asks;
    where nobody can answer, --yes is needed.

    \b
    Example:
      catalog ensemble remove paper-small
    """,
}


def remove_command(kind: Kind) -> click.Command:
    """The command that removes what is of this kind."""

    @click.command("remove", help=HELP[kind])
    @click.argument("name")
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @click.pass_context
    def remove(ctx: click.Context, name: str, yes: bool) -> None:
        catalog = catalog_of(ctx)
        dependents = catalog.dependents(kind, name)
        what = f"{kind} {name}: {_sentence(dependents)}"
        if not yes and not sys.stdin.isatty():
            raise CatalogError(f"{what}; to remove this, give --yes")
        say(what)
        if not yes and not click.confirm("Remove this?", err=True):
            say("nothing removed")
            return
        catalog.remove(kind, name, dependents)
        say("removed; the file keeps its size until: catalog db compact")

    return remove


def _sentence(gone: Dependents) -> str:
    files = ", ".join(gone.source_files)
    parts = (
        (gone.n_spectrum, f"{gone.n_spectrum} spectra"),
        (gone.ensembles, f"{gone.n_model} models of {', '.join(gone.ensembles)} with their weights"),
        (gone.n_score, f"{gone.n_score} scores"),
        (gone.n_evaluation, f"{gone.n_evaluation} evaluations"),
        (gone.n_star, f"{gone.n_star} stars that nothing else names"),
        (files, f"what was read from {files}"),
    )
    return ", ".join(text for there, text in parts if there)
