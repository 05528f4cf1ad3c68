"""What the rules of `catalog.causes` say of planted oddities: how far a verdict is to be trusted."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from catalog.autoencoder.preprocessing import log_flux
from catalog.causes.diagnosis import LARGEST, Diagnosis, diagnose
from catalog.database.connection import Database, arrow
from catalog.ensembles.reconstruction import each_network
from catalog.evaluation.injection import PlantedBlock
from catalog.evaluation.record import VerdictCount
from catalog.evaluation.stored import Stored
from catalog.progress import Progress
from catalog.spectra.quality import usable_rows

AT_ONCE = 512
"""Spectra whose reconstructions by all models are held, more or less: 93 MB with ten models."""

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

DENSITY_PERCENTILES = """
SELECT spectrum_id, CASE WHEN cmd_density IS NOT NULL THEN 100 * cume_dist() OVER (
    PARTITION BY cmd_density IS NULL ORDER BY cmd_density) END AS density_percentile
FROM ensemble_rank
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
"""


Blocks = Iterable[tuple[PlantedBlock, np.ndarray]]
"""With the scored spectra that each stands in for, (k,)."""


def verdict_counts(
    database: Database, stored: Stored, blocks: Blocks, n_block: int, progress: Progress
) -> list[VerdictCount]:
    """Count the verdicts on planted oddities.

    Parameters
    ----------
    database, stored : Database, Stored
        The scores of the ensemble on the dataset.
    blocks : iterable of (PlantedBlock, ndarray)
        Each spectrum has the place of its host in the colour-magnitude diagram.
    n_block : int
        How many blocks there are.
    progress : Progress
        Called with the number of blocks that are judged.

    Raises
    ------
    CatalogError
        If weights are absent or were changed.
    """
    density = _density_percentile(database, stored)
    counts, done = [], 0
    for group in _groups(blocks):
        for block in _reconstructed(database, stored, group):
            progress("verdicts", done, n_block)
            done += 1
            given = Counter((case.verdict.cause, case.verdict.rule) for case in _cases(stored, block, density))
            kind, strength = block.planted.kind, block.planted.strength
            counts += [
                VerdictCount(kind, strength, RIGHT_CAUSE.get(kind), cause, rule, n)
                for (cause, rule), n in sorted(given.items(), key=str)
            ]
    return counts


@dataclass(frozen=True)
class _Usable:
    """The spectra of a block that models can take, the scored ones that they stand in for, and reconstructions F̂."""

    planted: PlantedBlock
    flux: np.ndarray
    ivar: np.ndarray
    host: np.ndarray
    reconstructions: np.ndarray


def _groups(blocks: Blocks) -> Iterator[list[tuple[PlantedBlock, np.ndarray]]]:
    """The blocks together, until they hold so many spectra that weights are read seldom."""
    group: list[tuple[PlantedBlock, np.ndarray]] = []
    for block in blocks:
        group.append(block)
        if sum(len(host) for _, host in group) >= AT_ONCE:
            yield group
            group = []
    if group:
        yield group


def _reconstructed(database: Database, stored: Stored, group: list[tuple[PlantedBlock, np.ndarray]]) -> list[_Usable]:
    """The blocks that have usable spectra, reconstructed by every model."""
    found = []
    for planted, host in group:
        usable = usable_rows(planted.flux)
        if usable.any():
            flux, ivar = planted.flux[usable], planted.ivar[usable]
            reconstructions = np.empty((len(stored.models), *flux.shape), np.float32)
            found.append(_Usable(planted, flux, ivar, host[usable], reconstructions))
    if not found:
        return []
    networks = each_network(database, stored.recipe, len(stored.pixels.wavelength), stored.models)
    for number, (_, network) in enumerate(networks):
        for block in found:
            _, reconstruction = network.reconstruct(log_flux(block.flux), stored.photometry[block.host])
            block.reconstructions[number] = np.exp(np.minimum(reconstruction, LARGEST))
    return found


def _cases(stored: Stored, block: _Usable, density: list[float | None]) -> Iterator[Diagnosis]:
    good = np.zeros(block.flux.shape[1], np.int32)
    for row, host in enumerate(block.host):
        arrays = (block.flux[row], block.ivar[row], good, block.reconstructions[:, row])
        yield diagnose(stored.pixels.wavelength, *arrays, {"density_percentile": density[host]})


def _density_percentile(database: Database, stored: Stored) -> list[float | None]:
    """Of every scored spectrum; None where it is unknown."""
    ids = {"ensemble_id": stored.ensemble.ensemble_id, "dataset_id": stored.dataset.dataset_id}
    with database.read() as connection:
        rows = arrow(connection, DENSITY_PERCENTILES, ids)
    known = dict(zip(rows["spectrum_id"].to_pylist(), rows["density_percentile"].to_pylist(), strict=True))
    return [known.get(spectrum_id) for spectrum_id in stored.spectrum_id.tolist()]
