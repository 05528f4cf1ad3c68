"""`catalog demo`: the whole job on a small survey made on the spot."""

import csv
from pathlib import Path

import click
import numpy as np
from astropy.table import Table
from catalog.cli.ingest import sentence
from catalog.cli.output import progress_bar, say, show
from catalog.cli.training import TrainingTalk

from catalog.autoencoder.recipe import Recipe
from catalog.errors import CatalogError
from catalog.facade import Catalog
from catalog.surveys.mock import recorded_survey, write_mock

WINDOW = (3700.0, 10200.0)
RECIPE = Recipe(window=WINDOW, epochs=12)
MODELS = 10

NEXT = """
Go on with:
  export CATALOG_DATABASE={database}
  catalog outliers --bp-rp 1 3
  catalog query "SELECT model, percentile_50, percentile_99 FROM error_percentile"
  catalog query "SELECT mangaid, consensus_rank, n_flagged, bp_rp, abs_g
                 FROM consensus_anomaly JOIN cmd USING (mangaid)
                 WHERE bp_rp > 3 ORDER BY consensus_rank LIMIT 5"
"""


@click.command()
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default="catalog-demo",
    show_default=True,
    help="Where the survey and the database go.",
)
@click.option("--stars", default=600, show_default=True, type=click.IntRange(min=100), help="Size of the survey.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="Seed of the survey.")
def demo(directory: Path, stars: int, seed: int) -> None:
    """The whole job on a small survey made on the spot.

    Writes star-like spectra with a few planted oddities in MaStar's file formats, loads them, trains ten models with
    the paper's network for a few epochs, scores, and shows what was found. Run again, it goes on where it was.
    """
    files = directory / "files"
    if (found := recorded_survey(files)) is not None and found != (stars, seed):
        raise CatalogError(
            f"{directory} holds a demo of {found[0]} stars, seed {found[1]}; give another --directory or remove it"
        )
    say(f"1. a survey of {stars} stars with planted oddities, in {files}")
    write_mock(files, stars, seed)
    catalog = Catalog(directory / "catalog.duckdb")
    say(f"2. catalog ingest {files}")
    for file in catalog.ingest([files]):
        say(f"   {sentence(file)}")
    say(f"3. catalog train --dataset small --window {WINDOW[0]:g} {WINDOW[1]:g} --epochs {RECIPE.epochs}")
    with TrainingTalk() as talk:
        trained = catalog.train("small", RECIPE, MODELS, on_plan=talk.plan, on_epoch=talk.epoch)
    say("4. catalog score --dataset large")
    with progress_bar("scoring") as bar:
        catalog.score("large", trained.ensemble, bar)
    truth = _truth(files / "truth.csv")
    outliers = _with_truth(catalog.outliers("large", trained.ensemble, limit=stars), truth)
    show(outliers[:12], "table", "\nConsensus anomalies, with what was planted (catalog outliers --dataset large)")
    show(outliers[outliers["planted"] != ""], "table", "\nEvery planted oddity, and its rank")
    first = str(outliers["mangaid"][0])
    neighbors = catalog.neighbors(first, dataset="large", ensemble=trained.ensemble)
    show(neighbors, "table", f"\nLook-alikes of the first (catalog neighbors {first})")
    say(NEXT.format(database=catalog.database.path))


def _truth(path: Path) -> dict[str, str]:
    with path.open(newline="", encoding="utf-8") as file:
        return {row["mangaid"]: row["kind"] for row in csv.DictReader(file)}


def _with_truth(outliers: Table, truth: dict[str, str]) -> Table:
    columns = ["consensus_rank", "mangaid", "n_flagged", "n_model", "mean_percentile", "unseen_rank", "bp_rp", "abs_g"]
    outliers = outliers[columns]
    outliers.add_column(np.array([truth[mangaid] for mangaid in outliers["mangaid"]]), name="planted", index=2)
    return outliers
