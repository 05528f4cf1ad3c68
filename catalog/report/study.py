"""One spectrum with what the models make of it, computed once for all figures that show it."""

from functools import cached_property
from pathlib import Path
from typing import Any

from astropy.table import QTable

from catalog.anomaly.explain import Diagnosis, diagnose_star
from catalog.database.records import Visit
from catalog.figures import cause, reconstruction
from catalog.figures.gathering import spectrum_behind
from catalog.report.scope import ReportScope, Row


class Study:
    """Draws the figures that need reconstructions, as `Plots` does; to read the weights takes longer than all the rest.

    Parameters
    ----------
    scope : ReportScope
        With scores.
    row : Row
        The spectrum, with mangaid, plate and mjd.

    Notes
    -----
    Both figures raise CatalogError where `reconstruct` does.
    """

    def __init__(self, scope: ReportScope, row: Row) -> None:
        self.scope = scope
        self.row = row

    def reconstruction(self, file: Path) -> None:
        """The spectrum, its reconstructions and residuals (the paper's Figs. 5, 6, 8, 9 and 12). Writes the file."""
        reconstructions, _ = self._diagnosed
        spectrum, known = self._spectrum
        reconstruction.draw(spectrum, reconstructions, known, file)

    def cause(self, file: Path) -> None:
        """Where the error lies, and the verdict. Writes the file."""
        reconstructions, diagnosis = self._diagnosed
        spectrum, known = self._spectrum
        cause.draw(spectrum, reconstructions, known, diagnosis, file)

    @cached_property
    def _diagnosed(self) -> tuple[QTable, Diagnosis]:
        visit = Visit(self.row["plate"], self.row["mjd"])
        return diagnose_star(self.scope.database, self.row["mangaid"], self.scope.scope, visit)

    @cached_property
    def _spectrum(self) -> tuple[QTable, dict[str, Any]]:
        return spectrum_behind(self.scope.database, self._diagnosed[0])
