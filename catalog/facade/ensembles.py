"""The ensembles of a database, as a part of the entrance."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog.ensembles import registry
from catalog.facade.answers import Answers

if TYPE_CHECKING:
    from astropy.table import Table

    from catalog.database.removal import Dependents
    from catalog.ensembles.exchange import Exported, Imported


class Ensembles(Answers):
    """Trained ensembles: `catalog.ensembles()` lists them, its methods describe, export, import and remove one."""

    def __call__(self) -> "Table":
        """One row per ensemble: recipe, what it was trained on, window, models, losses, what was scored.

        In the order they came. An ensemble without a window works on the full range.
        """
        return self._answer(registry.ensembles(self.database))

    def describe(self, name: str) -> dict[str, Any]:
        """Everything about an ensemble: recipe, data with hashes, each model, and what was scored.

        Raises CatalogError if there is none of that name.
        """
        return registry.describe_ensemble(self.database, name)

    def losses(self, name: str | None = None) -> "Table":
        """Losses of an ensemble's models, epoch by epoch; None: of the newest.

        `meta` names the ensemble. Raises CatalogError if no model of it is trained.
        """
        return self._answer(registry.losses(self.database, name))

    def export(self, name: str, path: str | Path, force: bool = False) -> "Exported":
        """Write the trained models of an ensemble, with all that is known of them, to one file for another database.

        The file appears complete or not at all, and is the same for the same ensemble. Scores and evaluations stay
        behind; the database stays as it is.

        Parameters
        ----------
        name : str
            The ensemble.
        path : str or Path
            The file, a zip archive.
        force : bool
            Replace the file if it is there.

        Raises
        ------
        CatalogError
            If there is no such ensemble or none of its models is trained, if its weights are absent or changed, or if
            the file is there or cannot be written.
        """
        from catalog.ensembles.exchange import export_ensemble

        return export_ensemble(self.database, name, Path(path), force=force)

    def import_file(self, path: str | Path, name: str | None = None) -> "Imported":
        """Register the ensemble of a file that `export` wrote, to score spectra of this database with it.

        Verifies everything first. Then writes the weights, then all rows in one transaction: killed before its end,
        the database is as it was. The same ensemble under the same name is imported once.

        Parameters
        ----------
        path : str or Path
            The file.
        name : str, optional
            For the ensemble here, instead of the one it has in the file.

        Raises
        ------
        CatalogError
            If the file is absent, cut short, changed, of another kind or of a newer version, or if the name stands
            for another ensemble.
        """
        from catalog.ensembles.exchange import import_ensemble

        return import_ensemble(self.database, Path(path), name)

    def remove(self, name: str, expected: "Dependents | None" = None) -> "Dependents":
        """Remove an ensemble with its models, weights, scores, causes and evaluations, see `Catalog.remove`."""
        from catalog.database.removal import remove

        return remove(self.database, "ensemble", name, expected)
