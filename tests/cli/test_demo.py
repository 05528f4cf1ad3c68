"""The demo, from a made-up survey to the report: with the small network, so that it takes seconds."""

from dataclasses import replace
from pathlib import Path

import pytest
from catalog.cli import demo
from catalog.cli.main import main
from click.testing import CliRunner, Result

from catalog import Catalog
from catalog.autoencoder.recipes import find_recipe

RECIPE = replace(find_recipe("fast"), window=demo.WINDOW, epochs=20, balanced=False)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    """The folder of a demo of 100 stars, and what it showed."""
    folder = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, "RECIPE", RECIPE)
        patch.setattr(demo, "MODELS", 2)
        return folder, CliRunner().invoke(main, ["demo", "--stars", "100", "--directory", str(folder)])


def test_it_runs_to_the_end_and_names_the_command_of_every_step(shown: tuple[Path, Result]) -> None:
    folder, done = shown
    assert done.exit_code == 0, done.output
    steps = ("mock", "ingest", "train", "score", "explain", "evaluate", "report")
    for number, command in enumerate(steps, start=1):
        assert f"{number}. catalog {command} " in done.stderr
    assert f"export CATALOG_DATABASE={folder}" in done.stderr


def test_causes_stand_beside_what_was_planted(shown: tuple[Path, Result]) -> None:
    folder, done = shown
    catalog = Catalog(folder / "catalog.duckdb")
    causes = catalog.query("SELECT mangaid, cause FROM anomaly WHERE cause IS NOT NULL ORDER BY consensus_rank")
    assert len(causes) == demo.TOP
    lines = [line.split() for line in done.stdout.splitlines()]
    for row in causes[:15]:
        assert any(row["mangaid"] in line and row["cause"] in line for line in lines)
    first, cause = causes[0]
    assert f"Why the first (catalog explain {first})\n{first}: {cause}" in done.stdout


def test_the_report_has_the_causes_and_says_that_the_stars_are_made_up(shown: tuple[Path, Result]) -> None:
    text = (shown[0] / "report.html").read_text(encoding="utf-8")
    assert "What led to it:" in text
    assert "no star in this report is real" in text
    assert "cause is stored" not in text
    assert "cause of these anomalies is stored" not in text


def test_a_folder_with_another_survey_is_refused(shown: tuple[Path, Result]) -> None:
    again = CliRunner().invoke(main, ["demo", "--stars", "101", "--directory", str(shown[0])])
    assert again.exit_code == 2
    assert "holds a survey of 100 stars" in again.stderr
