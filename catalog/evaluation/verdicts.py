"""What the rules of `catalog.causes` say of planted oddities: how far a verdict is to be trusted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from catalog.autoencoder.model import model_for
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.weights import load_each
from catalog.causes.diagnosis import LARGEST, Diagnosis, diagnose
from catalog.database.connection import Database, arrow
from catalog.evaluation.injection import PlantedBlock
from catalog.evaluation.stored import Stored
from catalog.progress import Progress
from catalog.spectra.quality import usable_rows

RIGHT_CAUSE = {
    "artifact-9500": "instrument",
    "sky-residual": "instrument",
    "arm-step": "instrument",
    "cosmic-rays": "instrument",
    "fringing": "instrument",
    "wrong-velocity": "instrument",
    "wrong-extinction": "instrument",
    "ch-star": "carbon",
    "cn-star": "carbon",
    "dwarf-carbon": "carbon",
    "o-rich-agb": "extreme",
    "emission-line": "emission",
    "cataclysmic": "emission",
    "wd-m-dwarf": "composite",
    "double-lined": "composite",
    "chemically-peculiar": "peculiar",
}
"""Kind of oddity to the cause that a verdict should name."""

DENSITY = """
SELECT spectrum_id, CASE WHEN cmd_density IS NOT NULL THEN 100 * cume_dist() OVER (
    PARTITION BY cmd_density IS NULL ORDER BY cmd_density) END AS density_percentile
FROM ensemble_rank
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
"""


@dataclass(frozen=True)
class VerdictCount:
    """How many of the spectra of a kind and strength a rule gives a cause.

    right_cause : None for a kind of which none is known; rule : None where none holds
    """

    kind: str
    strength: float
    right_cause: str | None
    cause: str
    rule: str | None
    n_planted: int


Blocks = Iterable[tuple[PlantedBlock, np.ndarray]]
"""With the scored spectra that each stands in for, (k,)."""


def verdict_counts(
    database: Database, stored: Stored, blocks: Blocks, n_block: int, progress: Progress
) -> list[VerdictCount]:
    """Count the verdicts on planted oddities.

    blocks : each spectrum has the place of its host in the colour-magnitude diagram
    Reads weights, and holds those of all models; changes nothing stored.
    """
    counts = []
    for number, (block, cases) in enumerate(_cases(database, stored, blocks)):
        progress("verdicts", number, n_block)
        given = Counter((case.verdict.cause, case.verdict.rule) for case in cases)
        counts += [
            VerdictCount(block.kind, block.strength, RIGHT_CAUSE.get(block.kind), cause, rule, n)
            for (cause, rule), n in sorted(given.items(), key=str)
        ]
    return counts


def _cases(database: Database, stored: Stored, blocks: Blocks) -> Iterator[tuple[PlantedBlock, list[Diagnosis]]]:
    network = model_for(stored.recipe, len(stored.pixels.wavelength))
    files = ((model["weights_file"], model["weights_sha256"]) for model in stored.models)
    members = [network.place(weights) for weights in load_each(database.path, files)]
    density = _density_percentile(database, stored)
    for block, host in blocks:
        usable = usable_rows(block.flux)
        flux, ivar, kept = block.flux[usable], block.ivar[usable], host[usable]
        if not len(kept):
            continue
        made = np.empty((len(members), *flux.shape), np.float32)
        for number, weights in enumerate(members):
            network.set_weights(weights)
            _, reconstruction = network.reconstruct(log_flux(flux), stored.photometry[kept])
            made[number] = np.exp(np.minimum(reconstruction, LARGEST))
        good = np.zeros(flux.shape[1], np.int32)
        rarity = [{"density_percentile": density[at]} for at in kept]
        wavelength = stored.pixels.wavelength
        yield block, [diagnose(wavelength, flux[i], ivar[i], good, made[:, i], rarity[i]) for i in range(len(kept))]


def _density_percentile(database: Database, stored: Stored) -> list[float | None]:
    """Of every scored spectrum; None where it is unknown."""
    asked = {"ensemble_id": stored.ensemble.ensemble_id, "dataset_id": stored.dataset.dataset_id}
    with database.read() as connection:
        rows = arrow(connection, DENSITY, asked)
    known = dict(zip(rows["spectrum_id"].to_pylist(), rows["density_percentile"].to_pylist(), strict=True))
    return [known.get(spectrum_id) for spectrum_id in stored.spectrum_id.tolist()]
