"""Why a spectrum is anomalous, as a figure: what `catalog explain` says stands below it, and what it rests on above."""

from pathlib import Path

import numpy as np
import pytest
from conftest import MANGAIDS, ODD
from drawing import assert_drawn, drawn, labels, texts

from catalog import Catalog
from catalog.anomaly.explain import diagnose_star
from catalog.database.records import Scope, Visit
from catalog.figures.file import SUFFIXES


def test_the_verdict_and_its_facts_stand_below(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "cause", ODD)
    _, diagnosis = diagnose_star(Catalog(scored).database, ODD, Scope(), Visit())
    told = " ".join(texts(figure).split())
    assert diagnosis.verdict.cause in told
    for fact in diagnosis.verdict.evidence:
        assert fact in told
    assert labels(figure)[:3] == ["spectrum", "median and range of 3 models", "half of the error"]


def test_every_window_has_a_bar_as_high_as_its_share(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "cause", MANGAIDS[5])
    _, diagnosis = diagnose_star(Catalog(scored).database, MANGAIDS[5], Scope(), Visit())
    heights = sorted(line.get_ydata()[0] for line in figure.axes[2].get_lines() if line.get_linewidth() == 1.5)
    assert np.allclose(heights, sorted(diagnosis.place.share.values()))


def test_without_ivar_it_says_so(visited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, visited, "cause", MANGAIDS[3], "bare")
    assert [text.get_text() for text in figure.axes[3].texts] == ["no ivar"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_it_is_written_in_every_format(scored: Path, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"cause{suffix}"
    Catalog(scored).plot.cause(file, ODD)
    assert_drawn(file, ODD, "median and range of 3 models")
