"""How long figures take: `python -m benchmarks.figures DATABASE [ENSEMBLE …]`.

Of the ensembles named, or of all that have scored: each figure of the oddest star, once, after everything is imported.
Seconds are those of the processor, all threads together: other work on the machine does not count.
"""

import sys
import time
from functools import partial
from importlib import import_module
from pathlib import Path

from benchmarks.measure import measure, table
from catalog import Catalog

FIGURES = ("network", "losses", "errors", "reconstruction", "uncertainty", "neighbors", "latent")
OF_A_STAR = ("reconstruction", "uncertainty", "neighbors")
IMPORTED = ("catalog.figures.plots", "catalog.ensembles.reconstruction", "catalog.autoencoder.network")


def draw(database: Path, ensemble: str, mangaid: str, name: str, folder: Path) -> float:
    """Seconds of the processor that a figure takes after the imports."""
    for module in IMPORTED:
        import_module(module)
    plot = Catalog(database).plot
    start = time.process_time()
    arguments = (mangaid,) if name in OF_A_STAR else ()
    getattr(plot, name)(folder / f"{ensemble}-{name}.pdf", *arguments, ensemble=ensemble)
    return time.process_time() - start


def main(database: Path, ensembles: list[str]) -> None:
    catalog = Catalog(database)
    listed = catalog.ensembles()
    ensembles = ensembles or [row["ensemble"] for row in listed if row["scored"]]
    oddest = {name: catalog.outliers(ensemble=name, limit=1)["mangaid"][0] for name in ensembles}
    n_scored = len(catalog.query("SELECT DISTINCT spectrum_id FROM consensus_anomaly"))
    folder = database.parent
    print(f"### Figures of a database with {n_scored} scored spectra and {len(listed)} ensembles\n")
    rows: list[list[object]] = []
    for name in FIGURES:
        row: list[object] = [f"`{name}`"]
        for ensemble, mangaid in oddest.items():
            seconds, memory = measure(partial(draw, database.absolute(), ensemble, mangaid, name), folder, repeats=1)
            row += [
                f"{seconds:.2f}",
                f"{memory:.0f}",
                f"{(folder / f'{ensemble}-{name}.pdf').stat().st_size / 1e3:.0f}",
            ]
        rows.append(row)
    columns = [f"{ensemble}: {what}" for ensemble in ensembles for what in ("s", "peak MB", "pdf kB")]
    print(table(["figure", *columns], rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
