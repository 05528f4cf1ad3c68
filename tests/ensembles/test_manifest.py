"""A manifest read is the manifest written, to the last bit; equal ones have equal text."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.ensembles.manifest import ArchivedEpoch, Manifest, ManifestError, Model, SourceFile, TrainingData
from catalog.provenance import canonical_json, sha256_of_text

RECIPE = {"name": "paper", "window": None, "learning_rate": 0.001}
MODEL = Model(
    member=1,
    name="MODEL1",
    seed=2**32 - 1,
    n_train=2000,
    n_validation=770,
    epochs=1,
    train_loss=1e-3,
    validation_loss=2e-3,
    weights_sha256="a" * 64,
    stars_sha256="b" * 64,
    code_version="0.1",
    versions={"python": "3.11.9"},
    started_at=datetime(2026, 1, 1),
    finished_at=datetime(2026, 1, 1, 0, 0, 0, 1),
    history=[ArchivedEpoch(1, 1e-3, 2e-3, 0.5)],
)
MANIFEST = Manifest(
    name="test",
    recipe=RECIPE,
    recipe_sha256=sha256_of_text(canonical_json(RECIPE)),
    n_spectrum=2770,
    created_at=datetime(2026, 1, 1, 12, 30),
    code_version="0.1",
    dataset=TrainingData("small", "MaStar", None, "combspec", 60.0, [SourceFile("a.fits", 10, "c" * 64)]),
    wavelength=[3600.1, 3601.2],
    models=[MODEL],
)

losses = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(exclude_categories=["Cs"]))
grids = st.lists(st.floats(1e-300, 1e300), min_size=2, max_size=9, unique=True).map(sorted)


@given(grids, losses, texts, st.datetimes(), st.integers(0, 2**63 - 1))
def test_written_and_read_it_is_the_same(
    wavelength: list[float], loss: float, name: str, created_at: datetime, seed: int
) -> None:
    model = replace(MODEL, seed=seed, train_loss=loss, history=[ArchivedEpoch(1, loss, loss, loss)])
    written = replace(MANIFEST, name=name, wavelength=wavelength, created_at=created_at, models=[model])
    assert Manifest.from_json(written.to_json().encode()) == written


def test_what_a_database_did_not_know_is_still_unknown() -> None:
    unknown = dict.fromkeys(("epochs", "train_loss", "validation_loss", "versions", "started_at", "finished_at"))
    written = replace(MANIFEST, models=[replace(MODEL, **unknown, history=[])])
    assert Manifest.from_json(written.to_json().encode()) == written


def test_the_order_of_a_recipe_does_not_matter() -> None:
    assert replace(MANIFEST, recipe=dict(reversed(RECIPE.items()))).to_json() == MANIFEST.to_json()


def test_a_key_too_many_or_too_few_is_refused() -> None:
    content = json.loads(MANIFEST.to_json())["manifest"]
    for changed in (content | {"more": 1}, {key: value for key, value in content.items() if key != "code_version"}):
        text = canonical_json({"format": 1, "manifest": changed, "sha256": sha256_of_text(canonical_json(changed))})
        with pytest.raises(ManifestError, match="has a manifest that is not valid"):
            Manifest.from_json(text.encode())
