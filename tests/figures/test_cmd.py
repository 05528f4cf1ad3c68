"""The colour-magnitude diagram: every star with photometry where it is, the oddest marked, catalogs by their kinds."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from conftest import MANGAIDS
from drawing import assert_drawn

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.figures.cmd import _figure
from catalog.figures.diagram import MOST_KINDS, OTHERS, diagram, with_kinds


@pytest.fixture
def catalog(scored: Path, copy_of: Callable) -> Catalog:
    """Forty stars with M_G 5 and BP-RP from 0 to 4 as observed; the last has no photometry."""
    return Catalog(copy_of(scored))


def attach(catalog: Catalog, folder: Path, kinds: list[str], **columns: list[float]) -> None:
    table = Table({"mangaid": MANGAIDS[: len(kinds)], "kind": kinds} | columns)
    table.write(folder / "list.ecsv", overwrite=True)
    catalog.attach(folder / "list.ecsv", "mine", mangaid="mangaid")


def test_the_samples_and_the_oddest_stars(catalog: Catalog) -> None:
    found = diagram(catalog.database, mark=3)
    trained, scored = found.samples
    assert (trained.name, scored.name) == ("training sample", "scored: large")
    stars = catalog.query(
        "SELECT DISTINCT bp_rp0, abs_g FROM consensus_anomaly JOIN cmd USING (star_id) WHERE bp_rp0 >= -9"
    )
    assert sorted(scored.bp_rp) == sorted(stars["bp_rp0"].tolist())
    assert set(scored.abs_g) == {5.0}
    assert 0 < len(trained.bp_rp) < len(scored.bp_rp)
    oddest = catalog.outliers("large", limit=3)["mangaid"].tolist()
    known = [f"{rank}: {mangaid}" for rank, mangaid in enumerate(oddest, start=1) if mangaid != MANGAIDS[-1]]
    assert [star.name for star in found.oddest] == known
    assert found.remarks[0] == "1 stars lack the photometry and are not drawn"


def test_observed_or_corrected(catalog: Catalog) -> None:
    corrected, observed = (diagram(catalog.database, observed=which).samples[1] for which in (False, True))
    np.testing.assert_allclose(observed.bp_rp - corrected.bp_rp, 0.1, atol=1e-6)
    labels = [_figure(diagram(catalog.database, observed=which)).axes[1].get_ylabel() for which in (False, True)]
    assert labels == ["$M_{G,0}$ (mag)", "$M_G$, extinction not corrected (mag)"]


def test_before_anything_is_scored_all_stars_are_drawn(ingested: Path) -> None:
    found = diagram(Catalog(ingested).database)
    assert [(sample.name, len(sample.bp_rp)) for sample in found.samples] == [("stars", 39)]
    assert found.oddest == []


def test_a_histogram_above_and_bright_stars_on_top(catalog: Catalog) -> None:
    found = diagram(catalog.database, mark=2)
    upper, panel = _figure(found).axes
    assert upper.get_ylabel() == "stars per 0.1 mag"
    assert sum(patch.get_path().vertices.size for patch in upper.patches) > 0
    assert panel.yaxis_inverted()
    drawn = {points.get_label(): len(points.get_offsets()) for points in panel.collections}
    assert drawn[f"scored: large ({len(found.samples[1].bp_rp)})"] == len(found.samples[1].bp_rp)
    assert panel.collections[0].get_rasterized()
    assert len([label for label in drawn if str(label).startswith("rank ")]) == len(found.oddest)


def test_a_catalog_by_its_kinds(catalog: Catalog, tmp_path: Path) -> None:
    attach(catalog, tmp_path, ["CR", "CH", "CR", "", "CH"])
    found = diagram(catalog.database, ["mine:kind"])
    assert [(sample.name, len(sample.bp_rp)) for sample in found.listed] == [
        ("mine", 1),
        ("mine CH", 2),
        ("mine CR", 2),
    ]
    assert [len(sample.bp_rp) for sample in found.own] == [0, 0, 0]
    (panel,) = _figure(found).axes
    labels = [points.get_label() for points in panel.collections]
    assert "mine CH (2 in the survey)" in labels
    together = diagram(catalog.database, ["mine"])
    assert [(sample.name, len(sample.bp_rp)) for sample in together.listed] == [("mine", 5)]


def test_the_catalogs_own_photometry(catalog: Catalog, tmp_path: Path) -> None:
    colours, magnitudes = [1.0, 2.0, np.nan, 1.5, 1.6], [10.0, 15.0, 10.0, 10.0, 10.0]
    parallax, error = [10.0, 100.0, 10.0, -1.0, 1.0], [0.1, 0.1, 0.1, 0.1, 0.3]
    photometry = {"bp_rp": colours, "phot_g_mean_mag": magnitudes, "parallax": parallax, "parallax_error": error}
    attach(catalog, tmp_path, ["CR", "CH", "CR", "CR", "CR"], **photometry)
    found = diagram(catalog.database, ["mine:kind"], observed=True)
    own = {sample.name: (sample.bp_rp.tolist(), sample.abs_g.tolist()) for sample in found.own}
    # At 100 pc and at 10 pc; without a colour, with a negative and with a poor parallax there is nothing to draw.
    assert own == {"mine CH": ([2.0], [15.0]), "mine CR": ([1.0], [5.0])}
    labels = [points.get_label() for points in _figure(found).axes[0].collections]
    assert "mine CR (4 in the survey, 1 in the list)" in labels


def test_too_many_kinds_become_others(catalog: Catalog, tmp_path: Path) -> None:
    attach(catalog, tmp_path, [f"kind {i}" for i in range(12)] + ["kind 0"] * 3)
    names = [sample.name for sample in diagram(catalog.database, ["mine:kind"]).listed]
    assert len(names) == MOST_KINDS
    assert (names[0], names[-1]) == ("mine kind 0", f"mine {OTHERS}")


def test_a_long_name_of_a_kind_fits(catalog: Catalog, tmp_path: Path) -> None:
    attach(catalog, tmp_path, ["carbon star of a very long name that nobody reads to its very end"])
    figure = _figure(diagram(catalog.database, ["mine:kind"]))
    assert max(len(text.get_text()) for text in figure.legends[0].get_texts()) <= 56


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_into_a_file(catalog: Catalog, tmp_path: Path, suffix: str) -> None:
    attach(catalog, tmp_path, ["CH", "CR"])
    remarks = catalog.plot.cmd(tmp_path / f"cmd.{suffix}", ["mine:kind"])
    assert_drawn(tmp_path / f"cmd.{suffix}", "mine CH", "mine CR")
    assert remarks[0] == "1 stars lack the photometry and are not drawn"


def test_what_cannot_be_drawn_says_why(catalog: Catalog, tmp_path: Path) -> None:
    picture = tmp_path / "cmd.png"
    with pytest.raises(CatalogError, match="no attached catalog mine; there is none yet"):
        catalog.plot.cmd(picture, ["mine"])
    attach(catalog, tmp_path, ["CH"])
    with pytest.raises(CatalogError, match="mine has no column Kind; it has: catalog_row, mangaid, kind"):
        catalog.plot.cmd(picture, ["mine:Kind"])
    with pytest.raises(CatalogError, match="no ensemble best"):
        catalog.plot.cmd(picture, ensemble="best")
    assert not picture.exists()
    empty = Catalog(tmp_path / "empty.duckdb")
    empty.upgrade()
    with pytest.raises(CatalogError, match="no star has Gaia photometry and a distance; ingest the Gaia cross-match"):
        empty.plot.cmd(picture)


def test_a_catalog_without_a_star_of_ours_is_said(catalog: Catalog, tmp_path: Path) -> None:
    Table({"mangaid": ["7-nobody"]}).write(tmp_path / "list.ecsv")
    catalog.attach(tmp_path / "list.ecsv", "mine", mangaid="mangaid")
    remarks = diagram(catalog.database, ["mine"]).remarks
    assert remarks[-1] == "mine: nothing to draw; none of its rows is a star with photometry"


def test_a_list_says_itself_what_tells_its_kinds_apart(catalog: Catalog, tmp_path: Path) -> None:
    for kinds, column, expected in (
        (["CH", "CR"], "Type", "mine:Type"),
        (["CH", "CH"], "Type", "mine"),
        (["CH", "CR"], "remark", "mine"),
    ):
        Table({"mangaid": MANGAIDS[:2], column: kinds}).write(tmp_path / "list.ecsv", overwrite=True)
        catalog.attach(tmp_path / "list.ecsv", "mine", mangaid="mangaid")
        with catalog.database.read() as connection:
            assert with_kinds(connection, "mine") == expected
