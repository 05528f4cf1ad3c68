"""The paper's Fig. 2: a box for each layer with its size, whatever the recipe."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from drawing import drawn, labels
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import CONDITIONAL, FAST, PAPER, PCA
from catalog.figures.network import _figure, layers_of


def boxes(figure: Figure) -> list[Rectangle]:
    (panel,) = figure.axes
    return [patch for patch in panel.patches if isinstance(patch, Rectangle)]


def sizes(figure: Figure) -> list[int]:
    (panel,) = figure.axes
    return [int(text.get_text()) for text in panel.texts if text.get_text().isdigit()]


def test_the_boxes_of_an_ensemble(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The input is as wide as the window of its recipe."""
    figure = drawn(monkeypatch, scored, "network")
    assert sizes(figure) == [4404, 64, 32, 10, 32, 64, 4404]
    assert figure.get_suptitle() == "ensemble test: ReLU in the hidden layers, ReLU bottleneck, linear output"


@pytest.mark.parametrize(
    ("recipe", "expected", "kinds"),
    [
        (PAPER, [4563, 2048, 512, 128, 32, 10, 32, 128, 512, 2048, 4563], ["flux", "hidden layer", "latent vector"]),
        (
            FAST,
            [4563, 20, 64, 32, 4, 32, 64, 20, 4563],
            ["flux", "principal components", "hidden layer", "latent vector"],
        ),
        (
            CONDITIONAL,
            [4563, 20, 64, 32, 4, 32, 64, 20, 4563, 4],
            ["flux", "principal components", "hidden layer", "latent vector", "photometry"],
        ),
        (PCA, [4563, 6, 4563], ["flux", "latent vector"]),
        (Recipe(layers=(40,), latent=1), [9, 40, 1, 40, 9], ["flux", "hidden layer", "latent vector"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_every_recipe(recipe: Recipe, expected: list[int], kinds: list[str]) -> None:
    figure = _figure(recipe, expected[0], "e")
    assert sizes(figure) == expected
    assert len(boxes(figure)) == len(expected)
    assert labels(figure) == kinds


def test_larger_layers_are_higher_and_boxes_do_not_touch() -> None:
    deep = replace(PAPER, layers=tuple(range(400, 40, -30)))
    for recipe in (PAPER, CONDITIONAL, deep):
        layers = layers_of(recipe, 4563)
        drawn_boxes = boxes(_figure(recipe, 4563, "e"))[: len(layers)]
        by_size = sorted(zip(layers, drawn_boxes, strict=True), key=lambda pair: pair[0].size)
        heights = [box.get_height() for _, box in by_size]
        assert heights == sorted(heights)
        for one, other in pairwise(drawn_boxes):
            assert one.get_x() + one.get_width() < other.get_x()
