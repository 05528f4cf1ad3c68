"""The paper's Fig. 3: two panels, a line per model, in a file that was asked for."""

from pathlib import Path

import numpy as np
import pytest
from drawing import assert_drawn, drawn

from catalog import Catalog
from catalog.errors import CatalogError


def test_training_above_validation_below_a_line_per_model(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = Catalog(scored).losses("test")
    upper, lower = drawn(monkeypatch, scored, "losses").axes
    assert (upper.get_ylabel(), lower.get_ylabel(), lower.get_xlabel()) == ("training loss", "validation loss", "epoch")
    for panel, column in ((upper, "train_loss"), (lower, "validation_loss")):
        assert panel.get_yscale() == "log"
        assert [line.get_label() for line in panel.get_lines()] == ["MODEL1", "MODEL2", "MODEL3"]
        for line, model in zip(panel.get_lines(), ("MODEL1", "MODEL2", "MODEL3"), strict=True):
            assert np.array_equal(line.get_ydata(), table[column][table["model"] == model])


@pytest.mark.parametrize("suffix", ["png", "pdf", "svg"])
def test_the_suffix_tells_the_format(scored: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"losses.{suffix}"
    Catalog(scored).plot.losses(path)
    assert_drawn(path, "training loss", "validation loss", "epoch")


def test_what_cannot_be_drawn_says_why(scored: Path, ingested: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"a figure is one of \.png, \.pdf, \.svg"):
        Catalog(scored).plot.losses(tmp_path / "losses.gif")
    with pytest.raises(CatalogError, match="no ensemble best"):
        Catalog(scored).losses("best")
    with pytest.raises(CatalogError, match="train one with: catalog train"):
        Catalog(ingested).plot.losses(tmp_path / "losses.png")
