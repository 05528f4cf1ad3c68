"""The layers of a model as boxes with their sizes (the paper's Fig. 2)."""

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Patch, Rectangle

from catalog.autoencoder.recipe import Recipe
from catalog.figures.file import save
from catalog.figures.style import ABS_G, BLUE, BP_RP, GREEN, SKY_BLUE, SMALL, TWO_COLUMNS, VERMILLION

WIDTH = 0.5
"""Of a box; boxes are 1 apart."""

NAMES = {"bp_rp": BP_RP, "abs_g": ABS_G}

COLORS = {
    "flux": "0.75",
    "principal components": SKY_BLUE,
    "hidden layer": BLUE,
    "latent vector": VERMILLION,
    "photometry": GREEN,
}


@dataclass(frozen=True)
class Layer:
    """One box.

    Attributes
    ----------
    size : int
        How many numbers it stands for.
    kind : str
        What they are, a key of COLORS.
    """

    size: int
    kind: str


def layers_of(recipe: Recipe, n_pixel: int) -> list[Layer]:
    """The boxes of a recipe from input to output, for a window of n_pixel pixels.

    Examples
    --------
    >>> [layer.size for layer in layers_of(Recipe(), 4563)]
    [4563, 2048, 512, 128, 32, 10, 32, 128, 512, 2048, 4563]
    >>> [layer.size for layer in layers_of(Recipe(components=6, layers=(), latent=6), 4563)]
    [4563, 6, 4563]
    """
    encoder = [Layer(n_pixel, "flux")]
    # Without a network the components are the latent vector.
    if recipe.components and recipe.layers:
        encoder.append(Layer(recipe.components, "principal components"))
    encoder += [Layer(size, "hidden layer") for size in recipe.layers]
    return [*encoder, Layer(recipe.latent, "latent vector"), *reversed(encoder)]


def draw(recipe: Recipe, n_pixel: int, ensemble: str, path: Path) -> None:
    """Draw the layers of a recipe, heights by the logarithm of their sizes. Writes the file.

    Parameters
    ----------
    recipe : Recipe
        Whose layers.
    n_pixel : int
        Pixels of the window.
    ensemble : str
        Its name, for the title.
    path : Path
        png, pdf or svg, by its suffix.

    Raises
    ------
    CatalogError
        If it cannot be written.
    """
    save(lambda: _figure(recipe, n_pixel, ensemble), path)


def _figure(recipe: Recipe, n_pixel: int, ensemble: str) -> Figure:
    layers = layers_of(recipe, n_pixel)
    figure = Figure(figsize=(TWO_COLUMNS, 2.9), layout="constrained")
    panel = figure.subplots()
    size = 8 if len(layers) < 20 else 6
    heights = [np.log10(layer.size + 1) for layer in layers]
    for place, (layer, height) in enumerate(zip(layers, heights, strict=True)):
        panel.add_patch(
            Rectangle((place - WIDTH / 2, -height / 2), WIDTH, height, facecolor=COLORS[layer.kind], edgecolor="black",
                      linewidth=0.6, zorder=2)
        )  # fmt: skip
        panel.text(place, height / 2 + 0.1, str(layer.size), ha="center", va="bottom", fontsize=size)
    for place, (one, other) in enumerate(pairwise(heights)):
        for side in (-1, 1):
            panel.plot(
                [place + WIDTH / 2, place + 1 - WIDTH / 2], [side * one / 2, side * other / 2],
                color="0.5", linewidth=0.6, zorder=1,
            )  # fmt: skip
    _name(panel, layers, max(heights) / 2)
    if recipe.photometry:
        _photometry(panel, recipe, len(layers) // 2, heights[len(layers) // 2])
    panel.set_xlim(-0.9, len(layers) - 0.1)
    panel.set_ylim(-max(heights) / 2 - 0.75, max(heights) / 2 + 0.4)
    panel.set_axis_off()
    kinds = [
        kind
        for kind in COLORS
        if kind in {layer.kind for layer in layers} or (kind == "photometry" and recipe.photometry)
    ]
    handles = [Patch(facecolor=COLORS[kind], edgecolor="black", linewidth=0.6, label=kind) for kind in kinds]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), frameon=False, fontsize=7)
    figure.suptitle(f"ensemble {ensemble}: {_activations(recipe)}", fontsize=8)
    return figure


def _name(panel: Axes, layers: list[Layer], reach: float) -> None:
    """Names below the parts. Changes the panel."""
    last, middle = len(layers) - 1, len(layers) // 2
    texts: dict[float, str] = {0: r"$\mathbf{f} = \ln\mathbf{F}$", last: r"$\hat{\mathbf{f}}$"}
    if middle > 1:
        texts |= {middle / 2: "encoder", (middle + last) / 2: "decoder"}
    for place, text in texts.items():
        panel.text(place, -reach - 0.35, text, ha="center", va="center", fontsize=8)


def _photometry(panel: Axes, recipe: Recipe, latent: int, height: float) -> None:
    """The box of what the decoder is told beside the latent vector. Changes the panel."""
    # Each number, and whether it is known.
    n_given = 2 * len(recipe.photometry)
    size = np.log10(n_given + 1)
    top = -height / 2 - 0.35
    panel.add_patch(
        Rectangle((latent - WIDTH / 2, top - size), WIDTH, size, facecolor=COLORS["photometry"], edgecolor="black",
                  linewidth=0.6, zorder=2)
    )  # fmt: skip
    panel.add_patch(
        FancyArrowPatch((latent + WIDTH / 2, top - size / 2), (latent + 1 - WIDTH / 2, -0.15), arrowstyle="-|>",
                        mutation_scale=6, linewidth=0.6, color="0.3", shrinkA=0, shrinkB=0, zorder=3)
    )  # fmt: skip
    panel.text(latent, top - size - 0.05, str(n_given), ha="center", va="top", fontsize=8)
    names = ", ".join(NAMES[name] for name in recipe.photometry)
    panel.text(
        latent - WIDTH / 2 - 0.08, top - size / 2, f"{names},\nknown or not", ha="right", va="center", fontsize=SMALL
    )


def _activations(recipe: Recipe) -> str:
    if not recipe.layers:
        return f"{recipe.latent} principal components, no network"
    bottleneck = {"relu": "ReLU", "linear": "linear"}[recipe.bottleneck_activation]
    return f"ReLU in the hidden layers, {bottleneck} bottleneck, linear output"
