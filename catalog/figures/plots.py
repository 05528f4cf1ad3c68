"""The figures: what each is asked of the database, and which module draws it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from catalog.anomaly.latent_map import latent_map, look_alikes
from catalog.anomaly.templates import read_stored
from catalog.autoencoder.recipe import Recipe
from catalog.causes.likeness import Templates
from catalog.database.connection import Database, arrow
from catalog.database.names import find_ensemble, find_scored_dataset, require_star
from catalog.database.table import to_table
from catalog.ensembles.registry import find_models
from catalog.ensembles.registry import losses as losses_of
from catalog.errors import CatalogError
from catalog.figures import cause, cmd, errors, latent, losses, neighbors, network, reconstruction, uncertainty
from catalog.figures import templates as templates_figure
from catalog.figures.diagram import diagram
from catalog.figures.file import writable
from catalog.provenance import canonical_json
from catalog.spectra.blocks import trained_wavelength, window
from catalog.spectra.spectrum import describe_spectrum, find_spectrum, has_ivar, read_arrays

ERRORS = """
SELECT log10(scored.error) AS log10_error
FROM reconstruction_error AS scored
JOIN spectrum ON spectrum.spectrum_id = scored.spectrum_id
WHERE scored.model_id = $model_id AND spectrum.dataset_id = $dataset_id AND scored.error > 0
ORDER BY scored.spectrum_id
"""

PERCENTILES = """
SELECT model, percentile_1, percentile_10, percentile_50, percentile_90, percentile_99
FROM error_percentile
WHERE ensemble_id = $ensemble_id AND dataset_id = $dataset_id
ORDER BY model_id
"""

N_ALIKE = 10
"""Spectra with whose uncertainty one is compared."""


class Plots:
    """The figures of a catalog, each drawn into a file: `Catalog("catalog.duckdb").plot.errors("errors.pdf")`.

    file : png, pdf or svg, by its suffix
    dataset : None: the only one that the ensemble scored; ensemble : None: the newest that has scored
    plate, mjd : the visit, where a star has several spectra in the dataset
    Every method writes the file and never to the database. It raises CatalogError for names it does not know, if
    there is nothing to draw, or if the file cannot be written; then it leaves no file.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def losses(self, file: str | Path, ensemble: str | None = None) -> None:
        """Training and validation losses of every model, epoch by epoch (the paper's Fig. 3).

        ensemble : None: the newest
        """
        target = writable(Path(file))
        losses.draw(losses_of(self.database, ensemble), target)

    def cmd(
        self,
        file: str | Path,
        catalogs: Sequence[str] = (),
        dataset: str | None = None,
        ensemble: str | None = None,
        mark: int = 3,
        *,
        observed: bool = False,
    ) -> list[str]:
        """The colour-magnitude diagram (the paper's Fig. 1), or attached catalogs in it (Fig. 11).

        catalogs : names, or NAME:COLUMN, where the values of the column are kinds to be told apart
        mark : how many of the oddest stars; observed : not corrected for extinction
        Before anything is scored, it has all stars. Returns what is not drawn, a line each.
        """
        target = writable(Path(file))
        found = diagram(self.database, catalogs, dataset, ensemble, mark, observed=observed)
        cmd.draw(found, target)
        return found.remarks

    def network(self, file: str | Path, ensemble: str | None = None) -> None:
        """The layers of an ensemble's models with their sizes (the paper's Fig. 2).

        ensemble : None: the newest
        """
        target = writable(Path(file))
        with self.database.read() as connection:
            row = find_ensemble(connection, ensemble)
            recipe = Recipe.from_json(canonical_json(row.recipe))
            pixels = window(trained_wavelength(connection, row), recipe.window)
        network.draw(recipe, len(pixels.wavelength), row.name, target)

    def errors(self, file: str | Path, dataset: str | None = None, ensemble: str | None = None) -> None:
        """The distribution of every model's errors, with its percentiles (the paper's Fig. 4)."""
        target = writable(Path(file))
        with self.database.read() as connection:
            row, found = _scored(connection, dataset, ensemble)
            wanted = {"ensemble_id": row.ensemble_id, "dataset_id": found.dataset_id}
            percentiles = to_table(arrow(connection, PERCENTILES, wanted))
            of_model = {}
            for model in find_models(connection, row, list(percentiles["model"])):
                asked = {"model_id": model.model_id, "dataset_id": found.dataset_id}
                of_model[model.name] = arrow(connection, ERRORS, asked)["log10_error"].to_numpy()
        percentiles.meta = {"ensemble": row.name, "dataset": found.name}
        errors.draw(of_model, percentiles, target)

    def reconstruction(
        self,
        file: str | Path,
        mangaid: str,
        dataset: str | None = None,
        ensemble: str | None = None,
        models: Sequence[str] | None = None,
        plate: int | None = None,
        mjd: int | None = None,
    ) -> None:
        """A spectrum, what each model makes of it, and the residual (the paper's Figs. 5, 6, 8, 9 and 12).

        models : their names; None: all
        """
        from catalog.ensembles.reconstruction import reconstruct  # loads scikit-learn

        target = writable(Path(file))
        made = reconstruct(self.database, mangaid, dataset, ensemble, models, plate, mjd)
        with self.database.read() as connection:
            row = find_ensemble(connection, made.meta["ensemble"])
            known = describe_spectrum(connection, made.meta, row)
            spectrum = read_arrays(connection, made.meta)
        reconstruction.draw(spectrum, made, known, target)

    def cause(
        self,
        file: str | Path,
        mangaid: str,
        dataset: str | None = None,
        ensemble: str | None = None,
        plate: int | None = None,
        mjd: int | None = None,
    ) -> None:
        """Why a spectrum is anomalous: residual, share of the error by window, uncertainty, and the verdict."""
        from catalog.anomaly.explain import diagnose_star  # loads scikit-learn

        target = writable(Path(file))
        made, case = diagnose_star(self.database, mangaid, dataset, ensemble, plate, mjd)
        with self.database.read() as connection:
            known = describe_spectrum(connection, made.meta, find_ensemble(connection, made.meta["ensemble"]))
            spectrum = read_arrays(connection, made.meta)
        cause.draw(made, spectrum, known, case, target)

    def templates(
        self,
        file: str | Path,
        mangaid: str,
        library: str | None = None,
        dataset: str | None = None,
        ensemble: str | None = None,
        plate: int | None = None,
        mjd: int | None = None,
    ) -> None:
        """A spectrum among the templates of a library, each fitted to it (the paper's Fig. 13).

        library : None: of all
        """
        target = writable(Path(file))
        with self.database.read() as connection:
            row, found = _scored(connection, dataset, ensemble)
            spectrum = read_arrays(connection, find_spectrum(connection, mangaid, found, plate, mjd))
            known = describe_spectrum(connection, spectrum.meta, row)
            stored = read_stored(connection, library)
        there = Templates(stored, spectrum["wavelength"].value)
        n_pixel = len(spectrum)
        ivar = spectrum["ivar"].value if has_ivar(spectrum) else np.full(n_pixel, np.nan)
        mask = np.asarray(spectrum["mask"]) if "mask" in spectrum.colnames else np.zeros(n_pixel, int)
        matches = there.match(spectrum["flux"].value, ivar, mask)
        if not matches:
            raise CatalogError(
                f"no template to compare {mangaid} with; add some with: catalog templates add FILE --library NAME"
            )
        templates_figure.draw(spectrum, [(match, there.curve(match)) for match in matches], known, target)

    def uncertainty(
        self,
        file: str | Path,
        mangaid: str,
        model: str = "MODEL1",
        dataset: str | None = None,
        ensemble: str | None = None,
        plate: int | None = None,
        mjd: int | None = None,
    ) -> None:
        """A spectrum and its uncertainty, beside that of its ten look-alikes in one model (the paper's Fig. 7)."""
        target = writable(Path(file))
        with self.database.read() as connection:
            row, found = _scored(connection, dataset, ensemble)
            spectrum = read_arrays(connection, find_spectrum(connection, mangaid, found, plate, mjd))
            if not has_ivar(spectrum):
                raise CatalogError(f"the spectrum of {mangaid} in {found.name} has no ivar; its uncertainty is unknown")
            (member,) = find_models(connection, row, [model])
            alike = look_alikes(connection, spectrum.meta, row, member, N_ALIKE, None)
            others = [read_arrays(connection, near) for near in alike]
            known = describe_spectrum(connection, spectrum.meta, row)
        uncertainty.draw(spectrum, list(filter(has_ivar, others)), known, member.name, target)

    def neighbors(
        self,
        file: str | Path,
        mangaid: str,
        model: str = "MODEL1",
        k: int = 5,
        dataset: str | None = None,
        ensemble: str | None = None,
        plate: int | None = None,
        mjd: int | None = None,
        role: str | None = "train",
    ) -> None:
        """A spectrum and its look-alikes in one model's latent space (the paper's Fig. 10).

        role : "train": among the stars that the model was trained on, as the paper's; None: among all
        """
        target = writable(Path(file))
        if not 1 <= k <= 20:
            raise CatalogError(f"k {k}: give 1 to 20")
        with self.database.read() as connection:
            row, found = _scored(connection, dataset, ensemble)
            spectrum = find_spectrum(connection, mangaid, found, plate, mjd)
            (member,) = find_models(connection, row, [model])
            alike = look_alikes(connection, spectrum, row, member, k, role)
            spectra = [read_arrays(connection, shown) for shown in (spectrum, *alike)]
            known = describe_spectrum(connection, spectrum, row)
        neighbors.draw(spectra, known, member.name, target)

    def latent(
        self,
        file: str | Path,
        color: str = "bp_rp",
        marked: Sequence[str] = (),
        model: str = "MODEL1",
        dataset: str | None = None,
        ensemble: str | None = None,
    ) -> None:
        """A map of one model's latent space: its two principal axes.

        color : a column of numbers of the view cmd or consensus_anomaly
        marked : stars to be named
        """
        target = writable(Path(file))
        with self.database.read() as connection:
            row, found = _scored(connection, dataset, ensemble)
            (member,) = find_models(connection, row, [model])
            table = latent_map(connection, member, found, color)
            for mangaid in marked:
                require_star(connection, mangaid)
                if mangaid.strip() not in table["mangaid"]:
                    raise CatalogError(f"{member.name} has not scored star {mangaid} in {found.name}; nothing to mark")
        title = f"{member.name} of {row.name}, dataset {found.name}"
        latent.draw(table, color, [mangaid.strip() for mangaid in marked], title, target)


def _scored(connection: sa.Connection, dataset: str | None, ensemble: str | None) -> tuple[sa.Row, sa.Row]:
    """Ensemble and dataset of a question about scores."""
    row = find_ensemble(connection, ensemble, scored=True)
    return row, find_scored_dataset(connection, row, dataset)
