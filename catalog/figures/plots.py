"""The figures: what each is asked of the database, and which module draws it."""

from collections.abc import Sequence
from pathlib import Path

from catalog.anomaly.latent_map import latent_map
from catalog.anomaly.neighbors import look_alikes
from catalog.anomaly.templates import read_stored
from catalog.database.connection import Database
from catalog.database.names import find_ensemble, find_models, find_scored, require_star
from catalog.database.records import Scope, Visit
from catalog.database.table import to_table
from catalog.ensembles import registry
from catalog.errors import CatalogError
from catalog.figures import (
    cause,
    cmd,
    errors,
    latent,
    losses,
    neighbors,
    network,
    reconstruction,
    templates,
    uncertainty,
)
from catalog.figures.diagram import diagram
from catalog.figures.file import writable
from catalog.figures.gathering import errors_of_models, fitted_templates, spectrum_behind
from catalog.spectra.blocks import trained_wavelength, window
from catalog.spectra.spectrum import describe_spectrum, find_spectrum, has_ivar, read_arrays

N_ALIKE = 10
"""Spectra with whose uncertainty one is compared."""


class Plots:
    """The figures of a catalog, each drawn into a file: `Catalog("catalog.duckdb").plot.errors("errors.pdf")`.

    Parameters
    ----------
    database : Database
        What is drawn; no method writes to it.

    Raises
    ------
    CatalogError
        From every method: for names that the database does not have, if there is nothing to draw, or if the file
        cannot be written. Then no file is written, and one that is there stays as it was.

    Notes
    -----
    Every method writes its file. In all of them these parameters mean the same:

    file : str or Path
        png, pdf or svg, by its suffix.
    dataset : str, optional
        None: the only one that the ensemble has scored.
    ensemble : str, optional
        None: the newest that has scored anything.
    mangaid : str
        The star.
    model : str
        The model of the ensemble whose latent space is meant.
    plate, mjd : int, optional
        The visit, where a star has several spectra in the dataset.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    def losses(self, file: str | Path, ensemble: str | None = None) -> None:
        """Training and validation losses of every model, epoch by epoch (the paper's Fig. 3).

        Parameters
        ----------
        file : str or Path
            See `Plots`.
        ensemble : str, optional
            None: the newest.
        """
        target = writable(Path(file))
        losses.draw(to_table(registry.losses(self.database, ensemble)), target)

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

        Before anything is scored, it has all stars.

        Parameters
        ----------
        file, dataset, ensemble
            See `Plots`.
        catalogs : sequence of str
            Names, or NAME:COLUMN, where the values of the column are kinds to be told apart.
        mark : int
            How many of the oddest stars.
        observed : bool
            Not corrected for extinction.

        Returns
        -------
        list of str
            What is not drawn, a line each.
        """
        target = writable(Path(file))
        found = diagram(self.database, catalogs, Scope(dataset, ensemble), mark, observed=observed)
        cmd.draw(found, target)
        return found.remarks

    def network(self, file: str | Path, ensemble: str | None = None) -> None:
        """The layers of an ensemble's models with their sizes (the paper's Fig. 2).

        Parameters
        ----------
        file : str or Path
            See `Plots`.
        ensemble : str, optional
            None: the newest.
        """
        target = writable(Path(file))
        with self.database.read() as connection:
            found = find_ensemble(connection, ensemble)
            recipe = registry.recipe_of(found)
            pixels = window(trained_wavelength(connection, found), recipe.window)
        network.draw(recipe, len(pixels.wavelength), found.name, target)

    def errors(self, file: str | Path, dataset: str | None = None, ensemble: str | None = None) -> None:
        """The distribution of every model's errors, with its percentiles (the paper's Fig. 4)."""
        target = writable(Path(file))
        with self.database.read() as connection:
            of_models, percentiles = errors_of_models(connection, find_scored(connection, Scope(dataset, ensemble)))
        errors.draw(of_models, percentiles, target)

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

        Parameters
        ----------
        file, mangaid, dataset, ensemble, plate, mjd
            See `Plots`.
        models : sequence of str, optional
            Their names; None: all.
        """
        from catalog.ensembles.reconstruction import reconstruct  # loads scikit-learn

        target = writable(Path(file))
        scope, visit = Scope(dataset, ensemble), Visit(plate, mjd)
        reconstructions = reconstruct(self.database, mangaid, scope, models, visit)
        spectrum, known = spectrum_behind(self.database, reconstructions)
        reconstruction.draw(spectrum, reconstructions, known, target)

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
        scope, visit = Scope(dataset, ensemble), Visit(plate, mjd)
        reconstructions, diagnosis = diagnose_star(self.database, mangaid, scope, visit)
        spectrum, known = spectrum_behind(self.database, reconstructions)
        cause.draw(spectrum, reconstructions, known, diagnosis, target)

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

        Parameters
        ----------
        file, mangaid, dataset, ensemble, plate, mjd
            See `Plots`.
        library : str, optional
            None: the templates of all.
        """
        target = writable(Path(file))
        with self.database.read() as connection:
            scored = find_scored(connection, Scope(dataset, ensemble))
            row = find_spectrum(connection, mangaid, scored.dataset, Visit(plate, mjd))
            spectrum = read_arrays(connection, row)
            known = describe_spectrum(connection, row, scored.ensemble)
            stored = read_stored(connection, library)
        templates.draw(spectrum, fitted_templates(stored, spectrum), known, target)

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
            scored = find_scored(connection, Scope(dataset, ensemble))
            row = find_spectrum(connection, mangaid, scored.dataset, Visit(plate, mjd))
            spectrum = read_arrays(connection, row)
            if not has_ivar(spectrum):
                raise CatalogError(
                    f"the spectrum of {mangaid} in {scored.dataset.name} has no ivar; its uncertainty is unknown"
                )
            (member,) = find_models(connection, scored.ensemble, [model])
            alike = look_alikes(connection, row, scored.ensemble, member, N_ALIKE, None)
            others = [read_arrays(connection, near) for near in alike]
            known = describe_spectrum(connection, row, scored.ensemble)
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

        Parameters
        ----------
        file, mangaid, model, dataset, ensemble, plate, mjd
            See `Plots`.
        k : int
            How many look-alikes, 1 to 20.
        role : str, optional
            "train": among the stars that the model was trained on, as the paper's; None: among all.
        """
        target = writable(Path(file))
        if not 1 <= k <= 20:
            raise CatalogError(f"k {k}: give 1 to 20")
        with self.database.read() as connection:
            scored = find_scored(connection, Scope(dataset, ensemble))
            row = find_spectrum(connection, mangaid, scored.dataset, Visit(plate, mjd))
            (member,) = find_models(connection, scored.ensemble, [model])
            alike = look_alikes(connection, row, scored.ensemble, member, k, role)
            spectra = [read_arrays(connection, shown) for shown in (row, *alike)]
            known = describe_spectrum(connection, row, scored.ensemble)
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

        Parameters
        ----------
        file, model, dataset, ensemble
            See `Plots`.
        color : str
            A column of numbers of the view cmd or consensus_anomaly.
        marked : sequence of str
            Stars to be named.
        """
        target = writable(Path(file))
        with self.database.read() as connection:
            scored = find_scored(connection, Scope(dataset, ensemble))
            (member,) = find_models(connection, scored.ensemble, [model])
            table = to_table(latent_map(connection, member, scored.dataset, color))
            for mangaid in marked:
                require_star(connection, mangaid)
                if mangaid.strip() not in table["mangaid"]:
                    raise CatalogError(
                        f"{member.name} has not scored star {mangaid} in {scored.dataset.name}; nothing to mark"
                    )
        title = f"{member.name} of {scored.ensemble.name}, dataset {scored.dataset.name}"
        latent.draw(table, color, [mangaid.strip() for mangaid in marked], title, target)
