"""The attached catalogs, as a part of the entrance."""

from pathlib import Path
from typing import TYPE_CHECKING

from catalog.crossmatch.listed import attached
from catalog.crossmatch.match_by import match_by
from catalog.facade.answers import Answers

if TYPE_CHECKING:
    from astropy.table import Table

    from catalog.crossmatch.attachment import Attached


class AttachedCatalogs(Answers):
    """Other people's catalogs: `catalog.attached()` lists them, its methods attach one and take one away."""

    def __call__(self) -> "Table":
        """One row per attached catalog: its file, how it was matched, and how many stars were found."""
        return self._answer(attached(self.database))

    def add(
        self,
        file: str | Path,
        name: str,
        *,
        gaia: str | None = None,
        release: str | None = None,
        mangaid: str | None = None,
        sky: tuple[str, str] | None = None,
        radius: float | None = None,
        epoch: float | None = None,
        every: bool = False,
    ) -> "Attached":
        """Attach somebody else's catalog and find its rows among the stars; give one of gaia, mangaid and sky.

        It becomes the table external.NAME, its matches rows of `external_match`, and the view anomaly_NAME joins it
        with the anomalies. Writes in one transaction; a catalog of that name is replaced, and the same file is matched
        anew only if stars have come or changed.

        Parameters
        ----------
        file : str or Path
            CSV, ECSV, FITS, Parquet or VOTable.
        name : str
            Small letters, digits and _, beginning with a letter.
        gaia, release : str, optional
            Column of Gaia ids, and their release: DR2, EDR3 or DR3 (the last two share ids).
        mangaid : str, optional
            Column of MaNGA ids.
        sky : tuple of str, optional
            Columns of right ascension and declination (ICRS).
        radius : float, optional
            Largest separation on the sky, arcsec.
        epoch : float, optional
            Of the positions, yr; by default as the file says, or 2000. Stars are brought there by their Gaia proper
            motion.
        every : bool
            Keep every row that fits a star, not only the nearest, or the first with its id.

        Raises
        ------
        CatalogError
            If the file, the columns or the name are not what they should be.
        """
        from catalog.crossmatch.attachment import attach  # loads astropy

        by = match_by(gaia, release, mangaid, sky, radius, epoch)
        return attach(self.database, Path(file), name, by, every=every)

    def remove(self, name: str) -> None:
        """Take an attached catalog away: its table, its matches and its view. The file stays.

        Writes in one transaction. Raises CatalogError if there is none of that name.
        """
        from catalog.crossmatch.attachment import detach  # loads astropy

        detach(self.database, name)
