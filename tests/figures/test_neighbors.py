"""The paper's Fig. 10: the spectrum above its nearest in the latent space of a model, those it was trained on."""

from pathlib import Path

import pytest
from conftest import MANGAIDS, ODD
from drawing import drawn, texts

from catalog import Catalog
from catalog.errors import CatalogError

VISITED, OTHER = MANGAIDS[3:5]


def names(figure: object) -> list[str]:
    return [panel.get_title(loc="left") for panel in figure.axes]  # type: ignore[attr-defined]


def test_the_star_and_five_of_the_training_split_the_nearest_first(
    scored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figure = drawn(monkeypatch, scored, "neighbors", ODD)
    first, *others = names(figure)
    assert first == ODD
    assert len(others) == 5
    assert all(name.endswith("in MODEL1, in the training split") for name in others)
    distances = [float(name.split("at ")[1].split(" in")[0]) for name in others]
    assert distances == sorted(distances)
    assert f"{ODD}, dataset large\nrank 1 of 39 in test" in texts(figure)


def test_of_whatever_role_they_are_those_that_the_database_says(scored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, scored, "neighbors", ODD, model="MODEL2", k=10, role=None)
    listed = Catalog(scored).query(
        "SELECT neighbor_mangaid, distance, neighbor_role FROM latent_neighbor "
        "WHERE mangaid = $id AND model = 'MODEL2' AND dataset = 'large' ORDER BY distance, neighbor_spectrum_id",
        {"id": ODD},
    )
    roles = {"train": "in the training split", "validation": "in the validation split"}
    assert sorted(names(figure)[1:]) == sorted(
        f"{row['neighbor_mangaid']}, at {row['distance']:.4g} in MODEL2, "
        + roles.get(str(row["neighbor_role"]), "in neither split")
        for row in listed
    )


def test_other_visits_of_the_star_are_no_neighbours(visited: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figure = drawn(monkeypatch, visited, "neighbors", VISITED, dataset="visits", mjd=58001, role=None)
    assert [name.split(", at")[0] for name in names(figure)] == [VISITED, f"{OTHER}, plate 9000, MJD 58000"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"k": 0}, "k 0: give 1 to 20"),
        ({"k": 21}, "k 21: give 1 to 20"),
        ({"model": "MODEL9"}, "no model MODEL9 in ensemble test; there are: MODEL1, MODEL2, MODEL3"),
        ({"mangaid": MANGAIDS[2]}, "not usable in the window of the ensemble, or not scored yet"),
        ({"mangaid": "none"}, "no star none in this database"),
        ({"dataset": "small"}, "has not scored small"),
    ],
)
def test_what_cannot_be_drawn_says_why(scored: Path, tmp_path: Path, arguments: dict, message: str) -> None:
    with pytest.raises(CatalogError) as refused:
        Catalog(scored).plot.neighbors(tmp_path / "f.png", **({"mangaid": ODD} | arguments))
    assert message in str(refused.value)
    assert list(tmp_path.iterdir()) == []
