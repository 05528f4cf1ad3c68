"""One spectrum with what the models make of it, computed once for all figures that show it."""

from functools import cached_property
from pathlib import Path
from typing import Any

from astropy.table import QTable

from catalog.anomaly.explain import Diagnosis, diagnose_star
from catalog.database.names import find_ensemble
from catalog.figures import cause, reconstruction
from catalog.report.scope import ReportScope, Row
from catalog.spectra.spectrum import describe_spectrum, read_arrays


class Study:
    """Draws the figures that need reconstructions, as `Plots` does; to read the weights takes longer than all the rest.

    row : with mangaid, plate and mjd
    Both figures raise CatalogError where `reconstruct` does.
    """

    def __init__(self, scope: ReportScope, row: Row) -> None:
        self.scope = scope
        self.row = row

    def reconstruction(self, file: Path) -> None:
        """The spectrum, its reconstructions and residuals (the paper's Figs. 5, 6, 8, 9 and 12). Writes the file."""
        made, _ = self._case
        reconstruction.draw(self._spectrum[0], made, self._spectrum[1], file)

    def cause(self, file: Path) -> None:
        """Where the error lies, and the verdict. Writes the file."""
        made, case = self._case
        cause.draw(made, *self._spectrum, case, file)

    @cached_property
    def _case(self) -> tuple[QTable, Diagnosis]:
        visit = {"plate": self.row["plate"], "mjd": self.row["mjd"]}
        return diagnose_star(self.scope.database, self.row["mangaid"], **self.scope.names, **visit)

    @cached_property
    def _spectrum(self) -> tuple[QTable, dict[str, Any]]:
        meta = self._case[0].meta
        with self.scope.database.read() as connection:
            known = describe_spectrum(connection, meta, find_ensemble(connection, meta["ensemble"]))
            return read_arrays(connection, meta), known
