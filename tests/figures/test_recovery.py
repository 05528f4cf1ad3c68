"""The figure of an evaluation: every kind and method in it, in a file that was asked for."""

from pathlib import Path

import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from catalog.errors import CatalogError
from catalog.evaluation.methods import METHODS
from catalog.figures.file import writable
from catalog.figures.recovery import STYLES, _against_strength, _by_kind, draw

PAGE = 9.5
"""Height of the text of a journal's page, in inches."""


def recovery(mode: str, strengths: list[float | None], n_kind: int = 1) -> Table:
    """Rows of `recovery` of some kinds and all together; one kind more has no ranked anomaly at all."""
    keys = [
        (kind, strength, method, members)
        for kind in ("ch-star", *(f"chemically-peculiar-{i}" for i in range(1, n_kind)), "gone", None)
        for strength in strengths
        for method in METHODS
        for members in ("all", "unseen")
    ]
    kinds, given, methods, members = zip(*keys, strict=True)
    n = len(keys)
    table = Table(
        {
            "kind": MaskedColumn(["" if kind is None else kind for kind in kinds], mask=[k is None for k in kinds]),
            "strength": MaskedColumn([s or 0.0 for s in given], mask=[s is None for s in given]),
            "method": methods,
            "members": members,
            "n_odd": [0 if kind == "gone" else 9 for kind in kinds],
        },
        meta={"mode": mode},
    )
    for percent in ("1", "5"):
        table[f"recall_{percent}"] = np.linspace(0, 1, n)
        table[f"recall_{percent}_lo"] = table[f"recall_{percent}"] * 0.9
        table[f"recall_{percent}_hi"] = table[f"recall_{percent}"] * 0.9 + 0.1
    return table


INJECTION = recovery("injection", [0.25, 1.0, 4.0])
TRUTH = recovery("truth", [None])


@pytest.mark.parametrize("table", [INJECTION, TRUTH], ids=["injection", "truth"])
@pytest.mark.parametrize(("name", "begins"), [("f.png", b"\x89PNG"), ("f.PDF", b"%PDF"), ("f.svg", b"<?xml")])
def test_it_is_drawn_in_the_format_of_its_name(tmp_path: Path, table: Table, name: str, begins: bytes) -> None:
    draw(table, writable(tmp_path / name))
    assert (tmp_path / name).read_bytes().startswith(begins)


def test_every_kind_with_anomalies_and_every_method_is_named(tmp_path: Path) -> None:
    for table, axis in ((INJECTION, "strength of the planted oddity"), (TRUTH, "recall in the top 5 %")):
        draw(table, tmp_path / "f.svg")
        text = (tmp_path / "f.svg").read_text(encoding="utf-8")
        for expected in ("ch-star (n = 9)", "all kinds (n = 9)", "recall in the top 1 %", axis, *METHODS):
            assert expected in text
        assert "gone" not in text


@pytest.mark.parametrize("n_kind", [1, 2, 3, 17])
@pytest.mark.parametrize("mode", ["injection", "truth"])
def test_the_legend_and_the_page_hold_it_all(mode: str, n_kind: int) -> None:
    table = recovery(mode, [0.25, 1.0, 4.0] if mode == "injection" else [None], n_kind)
    table = table[np.asarray((table["members"] == "all") & (table["n_odd"] > 0))]
    figure = (_against_strength if mode == "injection" else _by_kind)(table)
    figure.draw_without_rendering()
    (legend,) = figure.legends
    box = legend.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert all(box.y0 >= panel.get_window_extent().y1 for panel in figure.axes)
    assert figure.get_figheight() < PAGE


def test_a_method_that_was_left_out_is_left_out(tmp_path: Path) -> None:
    draw(INJECTION[INJECTION["method"] == "autoencoder"], tmp_path / "f.svg")
    text = (tmp_path / "f.svg").read_text(encoding="utf-8")
    assert STYLES["autoencoder"][0].lower() in text.lower()
    assert "pca" not in text


def test_every_method_has_a_colour_and_a_marker_of_its_own() -> None:
    assert list(STYLES) == list(METHODS)
    for values in zip(*STYLES.values(), strict=True):
        assert len(set(values)) == len(METHODS)


def test_where_no_figure_can_be_written_is_said_before(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "locked").mkdir(mode=0o555)
    for path, message in (
        (tmp_path / "f.jpg", r"a figure is one of \.png, \.pdf, \.svg"),
        (tmp_path / "absent" / "f.png", "no folder .*absent for the figure"),
        (tmp_path / "folder.png", "cannot be written"),
    ):
        with pytest.raises(CatalogError, match=message):
            writable(path)
    assert list(tmp_path.rglob("f.*")) == []
