"""The libraries of templates, as a part of the entrance."""

from pathlib import Path
from typing import TYPE_CHECKING

from catalog.anomaly import templates
from catalog.facade.answers import Answers

if TYPE_CHECKING:
    from astropy.table import Table


class Templates(Answers):
    """Spectra of known kind to compare with: `catalog.templates()` lists them, its methods add and remove a library."""

    def __call__(self) -> "Table":
        """One row per template: its library, its name, the range where it is real, and its file."""
        return self._answer(templates.templates(self.database))

    def add(self, file: str | Path, library: str) -> int:
        """Keep the templates of a file, with which `Catalog.explain` compares spectra (the paper's Fig. 13).

        Writes in one transaction; the same file is kept once.

        Parameters
        ----------
        file : str or Path
            Parquet, FITS or ECSV with columns name, wavelength (vacuum Angstrom), flux and perhaps good, false where
            the flux is not real. A row is a template whose columns are arrays, or a pixel of one.
        library : str
            What the library is called.

        Returns
        -------
        int
            How many templates are new.

        Raises
        ------
        CatalogError
            If the file holds no templates; it names the row.
        """
        from catalog.anomaly.template_files import add_templates  # loads astropy

        return add_templates(self.database, Path(file), library)

    def remove(self, library: str) -> int:
        """Take a library of templates away; returns how many there were.

        Writes in one transaction; causes that were found with them stay, and are found anew when asked for. Raises
        CatalogError if there is none of that name.
        """
        return templates.remove_templates(self.database, library)
