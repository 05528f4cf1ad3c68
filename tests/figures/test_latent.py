"""The map of a latent space: principal axes with their shares, coloured by a column, stars marked by name."""

from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from drawing import drawn
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from catalog import Catalog
from catalog.anomaly.latent_map import principal_axes
from catalog.errors import CatalogError


def clouds(figure: object) -> list[PathCollection]:
    """Points without a colour, and with one."""
    return [found for found in figure.axes[0].collections if isinstance(found, PathCollection)]  # type: ignore[attr-defined]


def latents(database: Path) -> np.ndarray:
    rows = Catalog(database).query("SELECT latent FROM latent_vector WHERE model_id = 1 ORDER BY spectrum_id")
    return np.asarray(rows["latent"], float)


def test_every_scored_spectrum_lies_at_its_principal_components(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "latent")
    places, shares = principal_axes(latents(scored))
    grey, colored = (np.asarray(cloud.get_offsets()) for cloud in clouds(figure))
    assert len(grey) == 1  # the star without Gaia photometry
    assert sorted(map(tuple, np.concatenate([grey, colored]))) == sorted(map(tuple, places))
    assert figure.axes[0].get_xlabel() == f"principal axis 1 ({100 * shares[0]:.0f} % of the variance)"
    assert "39 spectra; grey: bp_rp unknown (1)" in figure.axes[0].get_title()


@pytest.mark.parametrize("color", ["abs_g", "mean_percentile", "consensus_rank", "clean_match"])
def test_coloured_by_a_column_of_either_view(scored: Path, monkeypatch: pytest.MonkeyPatch, color: str) -> None:
    figure = drawn(monkeypatch, scored, "latent", color)
    known = Catalog(scored).query(
        f"""SELECT {color}::DOUBLE AS color
            FROM consensus_anomaly JOIN cmd USING (star_id) WHERE {color} IS NOT NULL ORDER BY ALL"""
    )["color"]
    colored = clouds(figure)[-1].get_array()
    assert len(known) > 30
    assert sorted(np.asarray(colored)) == list(known)


def test_marked_stars_have_a_ring_and_a_name(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "latent", marked=[ODD, f" {MANGAIDS[3]} ", ODD])
    panel = figure.axes[0]
    assert [text.get_text() for text in panel.texts] == [ODD, MANGAIDS[3]]
    assert [len(line.get_xdata()) for line in panel.get_lines()] == [1, 1]


def test_names_of_marked_stars_do_not_overlap(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the survey, much closer together than the names are long."""
    figure = drawn(monkeypatch, scored, "latent", marked=MANGAIDS[3:39:3])
    names = figure.axes[0].texts
    for name in names:
        name.update_positions(FigureCanvasAgg(figure).get_renderer())
    boxes = [Text.get_window_extent(name) for name in names]  # without the line to the ring
    assert len(boxes) == 12
    overlaps = [one.count_overlaps([other]) for number, one in enumerate(boxes) for other in boxes[:number]]
    assert sum(overlaps) == 0


def test_axes_are_in_the_order_of_their_shares_and_keep_their_sign() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 4)) * [1, 5, 0, 2]
    places, shares = principal_axes(vectors)
    assert shares[0] > shares[1] > 0
    assert sum(shares) <= 1
    assert np.allclose(places.var(axis=0) / vectors.var(axis=0).sum(), shares)
    assert np.allclose(principal_axes(vectors[::-1])[0], places[::-1])


def test_latents_without_variance_lie_in_one_point() -> None:
    """One spectrum, or a bottleneck whose units are all dead."""
    for vectors in (np.ones((1, 10)), np.zeros((7, 10))):
        places, shares = principal_axes(vectors)
        assert not places.any()
        assert shares == (0, 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"color": "colour"}, "no numbers colour to colour by; there are: g_mag, bp_rp, bp_rp0, abs_g, "),
        ({"color": "simbad_otype"}, "no numbers simbad_otype to colour by"),
        ({"color": "star_id"}, "no numbers star_id to colour by"),
        ({"marked": ["7-x"]}, "no star 7-x in this database"),
        ({"marked": [MANGAIDS[2]]}, "MODEL1 has not scored star 7-00000002 in large; nothing to mark"),
        ({"model": "MODEL9"}, "no model MODEL9 in ensemble test"),
    ],
)
def test_what_cannot_be_drawn_says_why(scored: Path, tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError) as refused:
        Catalog(scored).plot.latent(tmp_path / "f.png", **arguments)
    assert message in str(refused.value)
    assert list(tmp_path.iterdir()) == []
