"""Why spectra are anomalous: each through the models once more, and what its residuals say, as rows.

What is stored already is shown by `selection`, without this module and what it loads.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from astropy.table import QTable

from catalog.anomaly.method import digest_of_rules
from catalog.anomaly.neighbors import nearest_trained
from catalog.anomaly.selection import Selection, rarity, read_known
from catalog.anomaly.templates import digest_of_templates, read_stored
from catalog.autoencoder.recipe import Recipe
from catalog.causes.diagnosis import LARGEST, Diagnosis, diagnose
from catalog.causes.likeness import Match, Templates
from catalog.database.connection import Connection, Database, append
from catalog.database.names import find_scored, scored_models
from catalog.database.records import ModelVersion, Scope, Visit
from catalog.ensembles.reconstruction import log_reconstructions, reconstruct
from catalog.ensembles.registry import recipe_of
from catalog.progress import Progress, silent
from catalog.provenance import canonical_json, utc_now
from catalog.spectra.blocks import SpectrumBlock, Window, trained_wavelength, usable_blocks, window
from catalog.version import code_version

AT_ONCE = 512
"""Spectra whose reconstructions by all models are held: 93 MB with ten models."""

N_MATCH = 3
"""How many templates a row keeps."""

N_NEAREST = 3
"""How many training stars a row keeps."""

FORGET = "DELETE FROM anomaly_cause WHERE ensemble_id = $ensemble_id AND spectrum_id IN (SELECT unnest($spectrum_ids))"


@dataclass(frozen=True)
class _Setup:
    """What the spectra of a selection are explained with."""

    recipe: Recipe
    pixels: Window
    models: list[ModelVersion]
    templates: Templates
    templates_sha256: str
    rules_sha256: str
    nearest: dict[int, list[str]]


def explain_spectra(
    database: Database, selection: Selection, spectrum_ids: Sequence[int], progress: Progress = silent
) -> None:
    """Find the causes of some of the selected spectra. Writes their rows of anomaly_cause, in one transaction.

    Raises CatalogError for weights that are absent or changed.
    """
    if not spectrum_ids:
        return
    with database.read() as connection:
        setup = _setup(connection, selection, spectrum_ids)
    rows: list[dict[str, Any]] = []
    starts = range(0, len(spectrum_ids), AT_ONCE)
    n_step = len(starts) * len(setup.models)
    for number, start in enumerate(starts):
        block = _block(database, selection, setup, spectrum_ids[start : start + AT_ONCE])
        reconstructions = np.empty((len(setup.models), *block.flux.shape), np.float32)
        of_models = log_reconstructions(database, setup.recipe, setup.models, block.flux, block.photometry)
        for member, (model, log_reconstruction) in enumerate(of_models):
            reconstructions[member] = np.exp(np.minimum(log_reconstruction, LARGEST))
            progress(model.name, number * len(setup.models) + member + 1, n_step)
        rows += _rows(selection, setup, block, reconstructions)
    _write(database, selection, rows)


def diagnose_star(database: Database, mangaid: str, scope: Scope, visit: Visit) -> tuple[QTable, Diagnosis]:
    """A scored spectrum with its reconstructions, as `reconstruct` gives them, and what is to be said of it.

    Raises CatalogError as `reconstruct`.
    """
    table = reconstruct(database, mangaid, scope, None, visit)
    spectrum_id = table.meta["spectrum_id"]
    with database.read() as connection:
        scored = find_scored(connection, Scope(table.meta["dataset"], table.meta["ensemble"]))
        known = read_known(connection, scored, [spectrum_id])
    wavelength, flux, ivar = (table[name].value for name in ("wavelength", "flux", "ivar"))
    reconstructions = np.stack([table[name].value for name in table.meta["models"]]) / float(flux.max())
    mask = np.asarray(table["mask"])
    # Scores that came after the last ranks have none yet.
    place = rarity(known[spectrum_id]) if spectrum_id in known else {}
    return table, diagnose(wavelength, flux, ivar, mask, reconstructions, place)


def _setup(connection: Connection, selection: Selection, spectrum_ids: Sequence[int]) -> _Setup:
    ensemble = selection.scored.ensemble
    recipe = recipe_of(ensemble)
    pixels = window(trained_wavelength(connection, ensemble), recipe.window)
    return _Setup(
        recipe,
        pixels,
        scored_models(connection, selection.scored),
        Templates(read_stored(connection), pixels.wavelength),
        digest_of_templates(connection),
        digest_of_rules(connection, selection.scored),
        nearest_trained(connection, selection.scored, spectrum_ids, N_NEAREST),
    )


def _block(database: Database, selection: Selection, setup: _Setup, spectrum_ids: Sequence[int]) -> SpectrumBlock:
    """Some of the spectra as scoring reads them, with what the models are told of their stars."""
    condition = f"spectrum_id IN ({', '.join(map(str, spectrum_ids))})"
    dataset_id, photometry = selection.scored.dataset.dataset_id, setup.recipe.photometry
    with database.read() as connection:
        parts = list(usable_blocks(connection, dataset_id, setup.pixels, condition=condition, photometry=photometry))
    return SpectrumBlock(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def _rows(
    selection: Selection, setup: _Setup, block: SpectrumBlock, reconstructions: np.ndarray
) -> list[dict[str, Any]]:
    """Rows of anomaly_cause, but for what they have in common; reconstructions (n_model, n, n_pixel)."""
    rows = []
    for index, spectrum_id in enumerate(block.spectrum_id.tolist()):
        known = selection.known[spectrum_id]
        arrays = (block.flux[index], block.ivar[index], block.mask[index])
        diagnosis = diagnose(setup.pixels.wavelength, *arrays, reconstructions[:, index], rarity(known))
        row = _row(diagnosis, setup.templates.match(*arrays))
        row |= {name: known[name] for name in ("spectrum_id", "n_model", "mean_log10_error", "n_spectrum")}
        row |= {"nearest_trained": setup.nearest.get(spectrum_id)}
        row |= {"templates_sha256": setup.templates_sha256, "rules_sha256": setup.rules_sha256}
        rows.append(row)
    return rows


def _row(diagnosis: Diagnosis, matches: Sequence[Match]) -> dict[str, Any]:
    """What a row of anomaly_cause says of one spectrum, by column."""
    place, against, verdict = diagnosis.place, diagnosis.against, diagnosis.verdict
    return {
        "cause": verdict.cause,
        "rule": verdict.rule,
        "confidence": verdict.confidence,
        "evidence": list(verdict.evidence),
        "interval_lo": place.interval_lo,
        "interval_hi": place.interval_hi,
        "interval_fraction": place.interval_fraction,
        "half_fraction": place.half_fraction,
        "interval_excess": place.excess,
        "interval_spread": place.interval_spread,
        "interval_overlap": place.interval_overlap,
        "window_share": [{"name": name, "share": share} for name, share in place.share.items()],
        "residual_chi2": against.chi2,
        "interval_chi2": against.interval_chi2,
        "sigma_ratio": against.sigma_ratio,
        "masked_fraction": against.masked_fraction,
        "roughness": against.roughness,
        "sign": canonical_json(diagnosis.measured),
        "density_percentile": diagnosis.measured["density_percentile"],
        "template_match": [
            {name: value for name, value in asdict(match).items() if name != "n_pixel"} for match in matches[:N_MATCH]
        ],
    }


def _write(database: Database, selection: Selection, rows: list[dict[str, Any]]) -> None:
    types = {
        "confidence": pa.float64(),
        "rule": pa.string(),
        "nearest_trained": pa.list_(pa.string()),
        "template_match": pa.list_(
            pa.struct(
                {"library": pa.string(), "name": pa.string()}
                | dict.fromkeys(("reduced_chi2", "rms", "scale", "ebv"), pa.float64())
            )
        ),
    } | dict.fromkeys(
        ("residual_chi2", "interval_chi2", "sigma_ratio", "density_percentile", "mean_log10_error"), pa.float64()
    )
    ensemble_id = selection.scored.ensemble.ensemble_id
    columns: dict[str, Any] = {name: pa.array([row[name] for row in rows], types.get(name)) for name in rows[0]}
    columns |= {
        "ensemble_id": pa.array([ensemble_id] * len(rows), pa.int64()),
        "created_at": pa.array([utc_now()] * len(rows)),
        "code_version": [code_version()] * len(rows),
    }
    with database.write() as connection:
        spectrum_ids = [row["spectrum_id"] for row in rows]
        connection.execute(FORGET, {"ensemble_id": ensemble_id, "spectrum_ids": spectrum_ids})
        append(connection, "anomaly_cause", pa.table(columns))
