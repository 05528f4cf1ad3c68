"""A training says where it is, whether its models are trained one after the other or together."""

import pytest
from catalog.cli.shared.training import TrainingTalk

from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.training import EpochLosses
from catalog.ensembles.planning import Member, Plan

MEMBERS = [Member(1, 1, 0), Member(2, 2, 0)]
PLAN = Plan(1, "test", 1, Recipe(epochs=3), 2, 30, MEMBERS)
ONE_AFTER_THE_OTHER = [(member, number) for member in MEMBERS for number in (1, 2, 3)]
TOGETHER = [(member, number) for number in (1, 2, 3) for member in MEMBERS]


def said(epochs: list[tuple[Member, int]], capsys: pytest.CaptureFixture[str], diverged: float = 0.1) -> list[str]:
    """What is said of the models; the loss of the second in epoch 2 is given."""
    with TrainingTalk() as talk:
        talk.plan(PLAN)
        for member, number in epochs:
            loss = diverged if (member, number) == (MEMBERS[1], 2) else 0.1
            talk.epoch(PLAN, member, EpochLosses(number, loss, 0.2, 1.0))
    first, *lines = capsys.readouterr().err.splitlines()
    assert first == "ensemble test: 2 of 2 models to train, 3 epochs each, on 30 spectra over the full range"
    return lines


@pytest.mark.parametrize("epochs", [ONE_AFTER_THE_OTHER, TOGETHER], ids=["alone", "together"])
def test_every_model_has_a_line_when_it_is_finished(
    epochs: list[tuple[Member, int]], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(epochs, capsys)
    expected = [f"MODEL{number}: training loss 1.00e-01, validation loss 2.00e-01, 0 s so far" for number in (1, 2)]
    assert lines == expected


@pytest.mark.parametrize(
    ("epochs", "models"),
    [(ONE_AFTER_THE_OTHER[1:], ["MODEL1"]), (TOGETHER[2:], ["MODEL1", "MODEL2"])],
    ids=["alone", "together"],
)
def test_a_model_that_goes_on_says_so_once(
    epochs: list[tuple[Member, int]], models: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    lines = said(epochs, capsys)
    assert [line for line in lines if "goes on" in line] == [f"{model} goes on after epoch 1" for model in models]


def test_a_model_that_diverges_has_its_line_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(TOGETHER[:5], capsys, diverged=float("nan"))
    assert lines[0] == "MODEL2 diverged in epoch 2: its loss became NaN"
    assert lines[1].startswith("MODEL1: training loss")
