"""Why spectra are anomalous: each asked spectrum through the models once more, and what its residuals say, as rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
from astropy.table import QTable, Table

from catalog.anomaly.selection import STANDING, Selection, find_selection, nearest_trained, rarity
from catalog.anomaly.templates import digest_of_templates, read_stored
from catalog.autoencoder.model import model_for
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.weights import load_each
from catalog.causes.diagnosis import LARGEST, Diagnosis, diagnose
from catalog.causes.likeness import Match, Templates
from catalog.database import schema
from catalog.database.connection import Database, append, arrow
from catalog.database.names import find_ensemble
from catalog.database.table import of_scores, to_table
from catalog.ensembles.reconstruction import reconstruct
from catalog.progress import Progress, silent
from catalog.provenance import __version__, canonical_json, utc_now
from catalog.spectra.blocks import SpectrumBlock, usable_blocks

AT_ONCE = 512
"""Spectra whose reconstructions by all models are held: 93 MB with ten models."""

N_MATCH = 3
"""How many templates a row keeps."""

FORGET = "DELETE FROM anomaly_cause WHERE ensemble_id = $ensemble_id AND spectrum_id IN (SELECT unnest($spectrum_ids))"

EXPLAINED = """
SELECT
    consensus.consensus_rank,
    consensus.mangaid,
    consensus.plate,
    consensus.mjd,
    cause.cause,
    cause.confidence,
    cause.rule,
    cause.interval_lo,
    cause.interval_hi,
    cause.evidence,
    cause.template_match,
    cause.nearest_trained,
    consensus.n_flagged,
    consensus.n_model,
    cmd.bp_rp,
    cmd.abs_g,
    star_label.labels
FROM anomaly_cause AS cause
JOIN consensus_anomaly AS consensus
    ON consensus.ensemble_id = cause.ensemble_id AND consensus.spectrum_id = cause.spectrum_id
JOIN cmd ON cmd.star_id = consensus.star_id
LEFT JOIN star_label ON star_label.star_id = consensus.star_id
WHERE cause.ensemble_id = $ensemble_id AND consensus.dataset_id = $dataset_id
  AND cause.spectrum_id IN (SELECT unnest($spectrum_ids))
ORDER BY consensus.consensus_rank
"""


def explain(
    database: Database,
    stars: str | Iterable[str] | None = None,
    top: int | None = None,
    dataset: str | None = None,
    ensemble: str | None = None,
    *,
    again: bool = False,
    progress: Progress = silent,
) -> Table:
    """Why spectra are anomalous, one row each, the oddest first.

    stars : mangaid, or several; top : or so many of the oddest by the consensus
    again : also those that were explained before, with the same scores and templates
    Writes the rows of anomaly_cause in one transaction; what is there already is not computed. Raises CatalogError for
    unknown names, a star without a score, and weights that are absent or changed.
    """
    with database.read() as connection:
        selection = find_selection(connection, stars, top, dataset, ensemble)
        waiting = [
            spectrum_id
            for spectrum_id in selection.spectrum_ids
            if again or not selection.standing[spectrum_id]["up_to_date"]
        ]
        digest = digest_of_templates(connection)
        nearest = nearest_trained(connection, selection, waiting)
        library = Templates(read_stored(connection), selection.pixels.wavelength)
    rows: list[dict[str, Any]] = []
    starts = range(0, len(waiting), AT_ONCE)
    for number, start in enumerate(starts):
        block = _block(database, selection, waiting[start : start + AT_ONCE])
        made = np.empty((len(selection.models), *block.flux.shape), np.float32)
        for member, (name, reconstruction) in enumerate(_reconstructions(database, selection, block)):
            made[member] = reconstruction
            progress(name, number * len(selection.models) + member + 1, len(starts) * len(selection.models))
        for index, spectrum_id in enumerate(block.spectrum_id.tolist()):
            known = selection.standing[spectrum_id]
            arrays = (block.flux[index], block.ivar[index], block.mask[index])
            case = diagnose(selection.pixels.wavelength, *arrays, made[:, index], rarity(known))
            row = _row(case, library.match(*arrays))
            row |= {name: known[name] for name in ("spectrum_id", "n_model", "mean_log10_error", "n_spectrum")}
            rows.append(row | {"nearest_trained": nearest.get(spectrum_id), "templates_sha256": digest})
    if rows:
        _write(database, selection, rows)
    with database.read() as connection:
        found = {"ensemble_id": selection.ensemble.ensemble_id, "dataset_id": selection.dataset.dataset_id}
        table = to_table(arrow(connection, EXPLAINED, found | {"spectrum_ids": selection.spectrum_ids}))
    table = of_scores(table, selection.ensemble, selection.dataset)
    table.meta["n_new"] = len(rows)
    return table


def diagnose_star(
    database: Database,
    mangaid: str,
    dataset: str | None = None,
    ensemble: str | None = None,
    plate: int | None = None,
    mjd: int | None = None,
) -> tuple[QTable, Diagnosis]:
    """A scored spectrum with its reconstructions, as `reconstruct` gives them, and what is to be said of it.

    Read-only. Raises CatalogError as `reconstruct`.
    """
    table = reconstruct(database, mangaid, dataset, ensemble, None, plate, mjd)
    with database.read() as connection:
        row = find_ensemble(connection, table.meta["ensemble"])
        wanted = {"ensemble_id": row.ensemble_id, "dataset_id": table.meta["dataset_id"], "templates": ""}
        asked = wanted | {"spectrum_ids": [table.meta["spectrum_id"]]}
        (standing,) = arrow(connection, STANDING, asked).to_pylist()
    wavelength, flux, ivar = (table[name].value for name in ("wavelength", "flux", "ivar"))
    made = np.stack([table[name].value for name in table.meta["models"]]) / float(flux.max())
    mask = np.asarray(table["mask"])
    return table, diagnose(wavelength, flux, ivar, mask, made, rarity(standing))


def _row(case: Diagnosis, matches: Sequence[Match]) -> dict[str, Any]:
    """What a row of anomaly_cause says of one spectrum, by column."""
    place, against, verdict = case.place, case.against, case.verdict
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
        "sign": canonical_json(case.measured),
        "density_percentile": case.measured["density_percentile"],
        "template_match": [
            {name: value for name, value in asdict(match).items() if name != "n_pixel"} for match in matches[:N_MATCH]
        ],
    }


def _block(database: Database, selection: Selection, spectrum_ids: Sequence[int]) -> SpectrumBlock:
    """Some of the spectra as scoring reads them, with what the models are told of their stars."""
    condition = f"spectrum_id IN ({', '.join(map(str, spectrum_ids))})"
    photometry = selection.recipe.photometry
    with database.read() as connection:
        dataset_id = selection.dataset.dataset_id
        parts = list(
            usable_blocks(connection, dataset_id, selection.pixels, condition=condition, photometry=photometry)
        )
    return SpectrumBlock(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])})


def _reconstructions(
    database: Database, selection: Selection, block: SpectrumBlock
) -> Iterator[tuple[str, np.ndarray]]:
    """Name of each model, and its F̂ of every spectrum, (n, n_pixel) float32."""
    network = model_for(selection.recipe, len(selection.pixels.wavelength))
    values = log_flux(block.flux)
    weights = load_each(database.path, ((model.weights_file, model.weights_sha256) for model in selection.models))
    for model, loaded in zip(selection.models, weights, strict=True):
        network.set_weights(loaded)
        _, reconstruction = network.reconstruct(values, block.photometry)
        yield model.name, np.exp(np.minimum(reconstruction, LARGEST))


def _write(database: Database, selection: Selection, rows: list[dict[str, Any]]) -> None:
    columns = {name: [row[name] for row in rows] for name in rows[0]}
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
    made: dict[str, Any] = {name: pa.array(values, types.get(name)) for name, values in columns.items()}
    made |= {
        "ensemble_id": pa.array([selection.ensemble.ensemble_id] * len(rows), pa.int64()),
        "created_at": pa.array([utc_now()] * len(rows)),
        "code_version": [__version__] * len(rows),
    }
    with database.write() as connection:
        gone = {"ensemble_id": selection.ensemble.ensemble_id, "spectrum_ids": columns["spectrum_id"]}
        connection.exec_driver_sql(FORGET, gone)
        append(connection, schema.anomaly_cause, pa.table(made))
