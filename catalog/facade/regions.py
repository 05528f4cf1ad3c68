"""The named regions of the colour-magnitude diagram, as a part of the entrance."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalog.anomaly import regions
from catalog.facade.answers import Answers

if TYPE_CHECKING:
    from astropy.table import Table


class Regions(Answers):
    """Regions of the colour-magnitude diagram: `catalog.regions()` lists them, its methods add and remove one."""

    def __call__(self) -> "Table":
        """One row per region: which photometry it takes, its vertices, the stars in it, and what it rests on.

        Those that came with the catalog stand first.
        """
        return self._answer(regions.regions(self.database))

    def add(
        self,
        name: str,
        polygon: str | Path | Iterable[Sequence[float]],
        corrected: bool = False,
        description: str | None = None,
    ) -> None:
        """Add a region.

        Writes in one transaction.

        Parameters
        ----------
        name : str
            What it is called from now on.
        polygon : str, Path, or iterable of pairs
            A CSV file with columns bp_rp and abs_g, or (n, 2) vertices in order, in mag. The last is joined to the
            first, and edges must not cross.
        corrected : bool
            The vertices are colour and magnitude corrected for extinction.
        description : str, optional
            What it is and rests on; by default the name of the file.

        Raises
        ------
        CatalogError
            If there is a region of that name, or if the polygon has fewer than three vertices, something else than
            magnitudes, edges that cross, or no area.
        """
        regions.add_region(self.database, name, polygon, corrected=corrected, description=description)

    def remove(self, name: str) -> None:
        """Remove a region that somebody has added; those that came with the catalog stay.

        They are the same in every database, so that their names can be cited. Writes in one transaction. Raises
        CatalogError if there is none of that name, or if it came with the catalog.
        """
        regions.remove_region(self.database, name)
