"""`catalog mock`: a survey in MaStar's file formats, with the truth beside it."""

from pathlib import Path

import click

from catalog import TRUTH, MockSurvey, write_mock

from .shared.output import progress_bar, say


@click.command()
@click.option(
    "-o",
    "--output",
    "folder",
    required=True,
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New, empty, or with a mock survey, which is replaced.",
)
@click.option("--stars", default=MockSurvey.n_star, show_default=True, help="Number of stars.")
@click.option("--seed", default=MockSurvey.seed, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--anomaly-fraction", default=MockSurvey.anomaly_fraction, show_default=True, help="Fraction of odd stars."
)
@click.option("--visits", is_flag=True, help="Write the spectra of single visits as well (goodspec).")
def mock(folder: Path, stars: int, seed: int, anomaly_fraction: float, visits: bool) -> None:
    """Make up a survey in MaStar's file formats, with the truth beside it.

    Writes the summary catalog, the Gaia cross-match, stellar parameters, and combined spectra at two resolutions, some
    of them odd; truth.csv has the kind and strength of each oddity. Every 1,000 stars take 120 MB, with visits 360 MB.
    Interrupted, it begins anew; the same survey is not made twice.

    \b
    Example:
      catalog mock -o mock/ --stars 2000 --anomaly-fraction 0.02
      catalog ingest mock/
    """
    with progress_bar("spectra") as bar:
        made = write_mock(folder, MockSurvey(stars, seed, anomaly_fraction, visits), bar)
    say(f"{stars} stars in {folder}" if made else f"{folder} has this survey already")
    say(f"what is odd: {folder / TRUTH}")
