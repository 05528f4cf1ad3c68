"""The catalog as one object: what the commands do, from Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table

from catalog.anomaly import questions
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import PAPER, find_recipe
from catalog.contents import contents
from catalog.database.compaction import compact
from catalog.database.connection import Database, arrow
from catalog.database.meaning import MEANINGS
from catalog.database.migration import upgrade
from catalog.database.names import find_dataset, find_ensemble, find_region, find_scored_dataset, require_star
from catalog.errors import CatalogError
from catalog.exchange import Exported, Imported, export_ensemble, import_ensemble
from catalog.external import Attached, attach, attached, detach, way_of
from catalog.forms import SpectrumForm, TableForm, spectrum_as, table_as
from catalog.export.export import ExportedTable, export
from catalog.ingest import ingest
from catalog.labels import add_label, add_labels, labels, remove_label
from catalog.loader import Ingested
from catalog.publication import Published, publish
from catalog.question import TIMEOUT, Answer, Parameters, answer
from catalog.regions import add_region, regions, remove_region
from catalog.registry import describe_ensemble, ensembles, losses
from catalog.removal import Dependents, Kind, dependents_of, remove
from catalog.spectra import wavelength, window
from catalog.spectrum import read_spectrum
from catalog.summary import summary
from catalog.table import to_table
from catalog.windows import widest_windows

if TYPE_CHECKING:
    from catalog.autoencoder.training import Epoch
    from catalog.ensemble import Member, Plan, Trained
    from catalog.evaluation.injection import Injection
    from catalog.evaluation.truth import TruthFile
    from catalog.plots import Plots
    from catalog.scoring import Scored
    from pandas import DataFrame
    from specutils import Spectrum

Range = tuple[float, float]

MAIN_COLUMNS = ["ensemble", "trained_on", "imported_from", "n_model", "n_trained", "n_spectrum", "scored"]
"""Of an ensemble, beside the datasets."""


class Catalog:
    """A catalog of spectra, models and scores in one DuckDB file.

    Nothing is held open between calls. Methods that ask never write; `upgrade`, `ingest`, `train`, `score`,
    `evaluate`, `import_ensemble`, `add_region`, `remove_region`, `add_label`, `add_labels`, `remove_label`, `attach`,
    `detach`, `remove` and `compact` write as they say. Every method raises CatalogError if the database is absent,
    locked by another process, or of another revision, and for names it does not know.

    >>> catalog = Catalog("absent.duckdb")
    >>> catalog.query("SELECT 1")
    Traceback (most recent call last):
    catalog.errors.CatalogError: no database at absent.duckdb; create one with: catalog ingest PATH
    """

    def __init__(self, path: str | Path = "catalog.duckdb") -> None:
        self.database = Database(path)

    def __repr__(self) -> str:
        return f"<Catalog {self.database.path}: {summary(self.database)}>"

    @classmethod
    def open(cls, path: str | Path = "catalog.duckdb") -> Self:
        """The catalog at a path that must exist. Read-only."""
        catalog = cls(path)
        with catalog.database.read():
            return catalog

    def upgrade(self) -> tuple[str | None, str]:
        """Create the database or bring it to this version's revision; returns the revision before and after.

        Writes in one transaction.
        """
        return upgrade(self.database)

    def ingest(
        self,
        paths: Iterable[str | Path],
        dataset: str | None = None,
        progress: Callable[[Path, int, int], None] = lambda path, done, total: None,
    ) -> list[Ingested]:
        """Load FITS files, or the FITS files in folders; creates the database if it is absent.

        dataset : name for the dataset of the spectra, instead of the usual one
        Writes everything in one transaction; a file loaded before is skipped.
        """
        return ingest(self.database, [Path(path) for path in paths], dataset, progress)

    def train(
        self,
        dataset: str,
        recipe: Recipe | str = PAPER,
        models: int = 10,
        name: str | None = None,
        on_plan: "Callable[[Plan], None]" = lambda plan: None,
        on_epoch: "Callable[[Plan, Member, Epoch], None]" = lambda plan, member, epoch: None,
    ) -> "Trained":
        """Train an ensemble, by default with the paper's recipe, or finish one that was interrupted.

        recipe : or its name, or the path of a TOML file, as `find_recipe` takes it
        Writes the plan, then each finished model in a transaction of its own, with its weights beside the database.
        """
        from catalog.ensemble import train_ensemble  # loads scikit-learn

        found = find_recipe(recipe) if isinstance(recipe, str) else recipe
        return train_ensemble(self.database, dataset, found, models, name, on_plan, on_epoch)

    def score(
        self,
        dataset: str,
        ensemble: str | None = None,
        progress: Callable[[str, int, int], None] = lambda model, done, total: None,
    ) -> "Scored":
        """Errors and latent vectors for the spectra of a dataset that have none yet; None: the newest ensemble.

        Writes one transaction per model.
        """
        from catalog.scoring import score_dataset  # loads TensorFlow

        return score_dataset(self.database, dataset, ensemble, progress)

    def evaluate(
        self,
        anomalies: "TruthFile | Injection | None" = None,
        dataset: str | None = None,
        ensemble: str | None = None,
        seed: int = 0,
        baselines: bool = True,
        figure: str | Path | None = None,
        talk: Callable[[str], None] = lambda line: None,
        progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    ) -> Table:
        """How well known anomalies are recovered; None: every kind of oddity, planted in ordinary spectra.

        baselines : compare with PCA, isolation forest and local outlier factor on the same splits
        figure : file to draw the recovery into, png, pdf or svg
        Returns the rows of the table `recovery`; `meta` names the ensemble, the dataset and the evaluation.
        Writes the rows in one transaction at the end; the same evaluation is done once and then shown again.
        """
        from catalog.evaluation.evaluate import evaluate
        from catalog.evaluation.injection import Injection

        asked = (self.database, anomalies or Injection(), dataset, ensemble, seed, baselines, talk, progress)
        if figure is None:
            return evaluate(*asked)
        from catalog.figures import recovery  # loads matplotlib
        from catalog.figures.file import writable

        target = writable(Path(figure))
        table = evaluate(*asked)
        recovery.draw(table, target)
        return table

    def losses(self, ensemble: str | None = None) -> Table:
        """Losses of an ensemble's models, epoch by epoch; None: the newest.

        Read-only. Raises CatalogError if no model of it has any.
        """
        return losses(self.database, ensemble)

    @property
    def plot(self) -> "Plots":
        """The figures, each a method that draws into a file: `catalog.plot.errors("errors.pdf")`, see `Plots`."""
        from catalog.plots import Plots  # loads matplotlib

        return Plots(self.database)

    def query(
        self,
        sql: str,
        parameters: Parameters = ...,
        external: bool = ...,
        timeout: float | None = ...,
        as_: Literal["table"] = ...,
    ) -> Table: ...

    @overload
    def query(
        self,
        sql: str,
        parameters: Parameters = ...,
        external: bool = ...,
        timeout: float | None = ...,
        *,
        as_: Literal["arrow"],
    ) -> pa.Table: ...

    @overload
    def query(
        self,
        sql: str,
        parameters: Parameters = ...,
        external: bool = ...,
        timeout: float | None = ...,
        *,
        as_: Literal["pandas"],
    ) -> "DataFrame": ...

    def query(
        self,
        sql: str,
        parameters: Parameters = None,
        external: bool = False,
        timeout: float | None = TIMEOUT,
        as_: TableForm = "table",
    ) -> Any:
        """The rows of a SQL statement; parameters are `$name` or `?`.

        as_ : "table" of astropy with units, "arrow" table, or "pandas" where it is installed; ids exact in all of them
        external : let it read other files, as read_parquet('list.parquet')
        timeout : seconds after which it is stopped; None: never
        Read-only by construction: it must be one SELECT (or FROM, SHOW, DESCRIBE), the file is opened read-only, and
        unless `external`, no other file can be read. Raises CatalogError if the statement is wrong or takes too long.
        """
        with answer(self.database, sql, parameters, external=external, timeout=timeout) as found:
            return table_as(found.read_all(), as_)

    def stream(
        self,
        sql: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        external: bool = False,
        timeout: float | None = TIMEOUT,
    ) -> AbstractContextManager[Answer]:
        """The same as `query` for answers of any length: a context whose `blocks()` are Arrow record batches.

        The file is open until the context is left, and `timeout` runs meanwhile. Read-only.
        """
        return answer(self.database, sql, parameters, external=external, timeout=timeout)

    def schema(self, name: str | None = None) -> Table:
        """One row per table, view and macro; of one of them, a row per column: type, unit and meaning. Read-only."""
        return contents(self.database, name)

    def export(
        self,
        what: str,
        file: str | Path,
        dataset: str | None = None,
        ensemble: str | None = None,
        force: bool = False,
    ) -> ExportedTable:
        """Write a table, a view or the answer to a SELECT to a file: .vot, .fits, .ecsv, .parquet or .csv.

        what : a name as `schema` lists them, or SQL
        dataset, ensemble : only the rows of these, of a view with such columns
        force : replace the file if it is there
        Units, UCDs, meaning and provenance go along. The file appears complete or not at all; the database stays as it
        is.
        """
        return export(self.database, what, file, dataset=dataset, ensemble=ensemble, force=force)

    def publish(
        self,
        folder: str | Path,
        dataset: str | None = None,
        ensemble: str | None = None,
        authors: Sequence[str] = (),
    ) -> Published:
        """Write the anomalies to a new folder that explains itself: tables, README, schema, provenance, citation.

        dataset, ensemble : as `outliers` takes them
        authors : of the publication, as they are to be cited
        The folder appears complete or not at all; the database stays as it is.
        """
        return publish(self.database, folder, dataset=dataset, ensemble=ensemble, authors=authors)

    def send(self, what: str, dataset: str | None = None, ensemble: str | None = None) -> list[str]:
        """Send a table, a view or the answer to a SELECT to TOPCAT, Aladin or whoever listens, by SAMP.

        Returns who has loaded it. Read-only. Raises CatalogError if no hub runs, or nobody takes tables.
        """
        from catalog.export.samp import send  # loads a web server

        return send(self.database, what, dataset=dataset, ensemble=ensemble)

    def outliers(
        self,
        dataset: str | None = None,
        ensemble: str | None = None,
        bp_rp: Range | None = None,
        abs_g: Range | None = None,
        limit: int = 20,
        region: str | None = None,
    ) -> Table:
        """Consensus anomalies, the oddest first.

        dataset : None: the only one that the ensemble scored; ensemble : None: the newest that has scored
        bp_rp, abs_g : ranges in mag, both ends included; stars without Gaia photometry are then left out
        region : name of a region of the colour-magnitude diagram, as `regions` lists them
        The table's `meta` names the ensemble and the dataset; with a region, it has `region`, whether it is
        `corrected` for extinction, and `n_without_photometry`, the scored spectra of stars of which nobody can say
        whether they are in it. Read-only.
        """
        lo_bp_rp, hi_bp_rp = _range("bp_rp", bp_rp)
        lo_abs_g, hi_abs_g = _range("abs_g", abs_g)
        with self.database.read() as connection:
            row = find_ensemble(connection, ensemble, scored=True)
            found = find_scored_dataset(connection, row, dataset)
            of_region = {} if region is None else _of_region(connection, row, found, region)
            table = _ask(
                connection,
                questions.OUTLIERS,
                ensemble=row.name,
                dataset=found.name,
                bp_rp_lo=lo_bp_rp,
                bp_rp_hi=hi_bp_rp,
                abs_g_lo=lo_abs_g,
                abs_g_hi=hi_abs_g,
                region=region,
                limit=limit,
            )
        table.meta |= of_region
        return _answer(table, row, found)

    def regions(self) -> Table:
        """One row per region of the colour-magnitude diagram: stars in it, and what it rests on. Read-only."""
        return regions(self.database)

    def add_region(
        self,
        name: str,
        polygon: str | Path | Iterable[Sequence[float]],
        corrected: bool = False,
        description: str | None = None,
    ) -> None:
        """Add a region of the colour-magnitude diagram.

        polygon : CSV file with columns bp_rp and abs_g, or (n, 2) vertices in order, mag; the last is joined to the
            first, and edges must not cross
        corrected : the vertices are colour and magnitude corrected for extinction
        description : what it is and rests on; by default the name of the file
        Writes in one transaction. Raises CatalogError if the name is taken or the polygon is none.
        """
        add_region(self.database, name, polygon, corrected=corrected, description=description)

    def remove_region(self, name: str) -> None:
        """Remove a region that somebody has added; those that came with the catalog stay.

        Writes in one transaction.
        """
        remove_region(self.database, name)

    def labels(self, label: str | None = None) -> Table:
        """One row per star, label and author, in the order they were given; all, or those of one label. Read-only."""
        return labels(self.database, label)

    def add_label(self, mangaid: str, label: str, note: str | None = None, author: str | None = None) -> None:
        """Label a star with what somebody has seen in it; author None: the login name.

        Writes one row. The same label by the same author again replaces the note, if one is given.
        """
        add_label(self.database, mangaid, label, note, author)

    def add_labels(self, file: str | Path, author: str | None = None) -> int:
        """Label the stars of a file, all or none; returns how many labels are new.

        file : CSV or ECSV with columns mangaid and label, and perhaps note and author, as `labels` lists them
        author : of the rows without one; None: the login name
        Writes in one transaction. Raises CatalogError, which names the line, if a row is at fault.
        """
        return add_labels(self.database, Path(file), author)

    def remove_label(self, mangaid: str, label: str, author: str | None = None) -> None:
        """Take a label back; author None: the login name. Writes: one row goes."""
        remove_label(self.database, mangaid, label, author)

    def attach(
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
    ) -> Attached:
        """Attach somebody else's catalog (CSV, ECSV, FITS, Parquet, VOTable) and find its rows among the stars.

        It becomes the table external.NAME, its matches rows of `external_match`, and the view anomaly_NAME joins it
        with the anomalies. Give one of:
        gaia : column of Gaia ids, with their release: DR2, EDR3 or DR3 (the last two share ids)
        mangaid : column of MaNGA ids
        sky : columns of right ascension and declination (ICRS), with a radius in arcsec; epoch : of these positions,
            yr, by default as the file says, or 2000; stars are brought there by their Gaia proper motion
        every : keep every row that fits a star, not only the nearest, or the first with its id
        Writes in one transaction; a catalog of that name is replaced, and the same file is matched anew only if stars
        have come or changed. Raises CatalogError if the file, the columns or the name are not what they should be.
        """
        return attach(self.database, Path(file), name, way_of(gaia, release, mangaid, sky, radius, epoch), every=every)

    def detach(self, name: str) -> None:
        """Take an attached catalog away: table, matches and view. Writes in one transaction."""
        detach(self.database, name)

    def attached(self) -> Table:
        """One row per attached catalog: file, how it was matched, and how many stars were found. Read-only."""
        return attached(self.database)

    def neighbors(
        self,
        mangaid: str,
        model: str = "MODEL1",
        k: int = 5,
        dataset: str | None = None,
        ensemble: str | None = None,
    ) -> Table:
        """Look-alikes of a star: its nearest neighbours in one model's latent space (the paper's Fig. 10).

        k : how many, at most 10
        Read-only. Raises CatalogError if the star was not scored.
        """
        if not 1 <= k <= 10:
            raise CatalogError(f"k {k}: the view latent_neighbor holds the 10 nearest; give 1 to 10")
        with self.database.read() as connection:
            require_star(connection, mangaid)
            row = find_ensemble(connection, ensemble, scored=True)
            found = find_scored_dataset(connection, row, dataset)
            table = _ask(
                connection,
                questions.NEIGHBORS,
                mangaid=mangaid.strip(),
                model=model,
                ensemble=row.name,
                dataset=found.name,
                k=k,
            )
        if not len(table):
            raise CatalogError(
                f"star {mangaid} has no latent vector of {model} in {found.name}; its spectrum is absent or not usable "
                f"in the window of ensemble {row.name}, or there is no such model"
            )
        return _answer(table, row, found)

    @overload
    def spectrum(
        self,
        mangaid: str,
        dataset: str | None = ...,
        plate: int | None = ...,
        mjd: int | None = ...,
        as_: Literal["table"] = ...,
    ) -> QTable: ...

    @overload
    def spectrum(
        self,
        mangaid: str,
        dataset: str | None = ...,
        plate: int | None = ...,
        mjd: int | None = ...,
        *,
        as_: Literal["specutils"],
    ) -> "Spectrum": ...

    def spectrum(
        self,
        mangaid: str,
        dataset: str | None = None,
        plate: int | None = None,
        mjd: int | None = None,
        as_: SpectrumForm = "table",
    ) -> Any:
        """One spectrum with units: wavelength (vacuum), flux, ivar and mask; `meta` says which file it came from.

        dataset : None: the only one that has the star
        plate, mjd : the visit, where a star has several spectra in the dataset
        as_ : "table", without the columns that the file did not have; or "specutils": a Spectrum, where it is installed
        Read-only. Raises CatalogError if the star has no such spectrum, or several.
        """
        return spectrum_as(read_spectrum(self.database, mangaid, dataset, plate, mjd), as_)

    def reconstruction(
        self,
        mangaid: str,
        dataset: str | None = None,
        ensemble: str | None = None,
        models: Sequence[str] | None = None,
        plate: int | None = None,
        mjd: int | None = None,
    ) -> QTable:
        """A scored spectrum and what each model makes of it, in the ensemble's window (the paper's Fig. 5).

        models : their names; None: all
        Columns wavelength, flux, ivar, mask, and one per model in the unit of flux, so that the mean of
        ((MODEL1 - flux) / max flux)² is its stored error (Eq. 2); `meta` has `error` and `role` of each. Read-only.
        """
        from catalog.reconstruction import reconstruct  # loads scikit-learn, and TensorFlow where there is a network

        return reconstruct(self.database, mangaid, dataset, ensemble, models, plate, mjd)

    def window_usable(self, dataset: str, limits: Range) -> Table:
        """How many spectra of a dataset a window (vacuum Angstrom) keeps, and why the others fall out, in one row.

        A spectrum may fall out for several reasons. Read-only. Raises CatalogError if the window holds no two pixels.
        """
        with self.database.read() as connection:
            window(wavelength(connection, find_dataset(connection, dataset).dataset_id), limits)
            return _ask(connection, questions.WINDOW_USABLE, dataset=dataset, lo=limits[0], hi=limits[1])

    def widest_windows(self, dataset: str, fractions: Sequence[float]) -> Table:
        """The widest windows that keep at least these fractions of a dataset's spectra, behind the paper's full range.

        Widest in log wavelength; fractions that no window keeps have no row. Read-only.
        """
        found = widest_windows(self.database, dataset, fractions)
        table = Table(
            {"at_least": MaskedColumn([w.at_least or 0 for w in found], mask=[not w.at_least for w in found])}
        )
        table["window_lo"], table["window_hi"] = np.array([w.limits for w in found]).T * u.AA
        for name in ("n_pixel", "n_usable"):
            table[name] = [getattr(w, name) for w in found]
        table["fraction"] = [w.n_usable / w.n_spectrum for w in found]
        return table

    def dependents(self, kind: Kind, name: str) -> Dependents:
        """What would be removed with a dataset or an ensemble. Read-only."""
        return dependents_of(self.database, kind, name)

    def remove(self, kind: Kind, name: str, expected: Dependents | None = None) -> Dependents:
        """Remove a dataset or an ensemble with what depends on it; returns what went.

        expected : what `dependents` said; if it is given and no longer true, nothing is removed
        Writes in one transaction, then removes the files of weights.
        """
        return remove(self.database, kind, name, expected)

    def ensembles(self) -> Table:
        """One row per ensemble: recipe, what it was trained on, window, models, losses, what was scored. Read-only."""
        return ensembles(self.database)

    def ensemble(self, name: str) -> dict[str, Any]:
        """Everything about an ensemble: recipe, data with hashes, each model, and what was scored. Read-only."""
        return describe_ensemble(self.database, name)

    def export_ensemble(self, name: str, path: str | Path, force: bool = False) -> Exported:
        """Write the trained models of an ensemble, with all that is known of them, to one file for another database.

        force : replace the file if it is there
        The file appears complete or not at all, and is the same for the same ensemble; the database stays as it is.
        """
        return export_ensemble(self.database, name, Path(path), force=force)

    def import_ensemble(self, path: str | Path, name: str | None = None) -> Imported:
        """Register the ensemble of a file that `export_ensemble` wrote, under its name or another.

        Verifies everything, writes the weights, then all rows in one transaction; an ensemble that is here already is
        not imported again. Raises CatalogError for a file that is damaged or changed, or a name that is taken.
        """
        return import_ensemble(self.database, Path(path), name)

    def compact(self) -> tuple[int, int]:
        """Rewrite the file without free blocks, if that gains anything; returns its size in bytes before and after."""
        return compact(self.database)

    def status(self) -> tuple[Table, Table]:
        """Datasets, and the main columns of `ensembles`. Read-only."""
        with self.database.read() as connection:
            datasets = _ask(connection, questions.STATUS)
        return datasets, self.ensembles()[MAIN_COLUMNS]


def _ask(connection: sa.Connection, statement: str, **parameters: object) -> Table:
    return to_table(arrow(connection, statement, parameters))


def _of_region(connection: sa.Connection, ensemble: sa.Row, dataset: sa.Row, name: str) -> dict[str, object]:
    """What `outliers` says of a region in `meta`."""
    region = find_region(connection, name)
    wanted = {"ensemble_id": ensemble.ensemble_id, "dataset_id": dataset.dataset_id, "corrected": region.corrected}
    unplaced = connection.exec_driver_sql(questions.WITHOUT_PHOTOMETRY, wanted).scalar()
    return {"region": name, "corrected": region.corrected, "n_without_photometry": unplaced}


def _answer(table: Table, ensemble: sa.Row, dataset: sa.Row) -> Table:
    """The table with what it is of in `meta`; plate and mjd only where spectra are of single visits."""
    for name in ("plate", "mjd", "neighbor_plate", "neighbor_mjd"):
        if name in table.colnames and np.all(np.ma.getmaskarray(table[name])):
            table.remove_column(name)
    table.meta |= {"ensemble": ensemble.name, "dataset": dataset.name}
    return table


def _range(name: str, limits: Range | None) -> tuple[float | None, float | None]:
    if limits is None:
        return None, None
    if not (np.isfinite(limits).all() and limits[0] <= limits[1]):
        raise CatalogError(f"{name} from {limits[0]:g} to {limits[1]:g} holds nothing; give the smaller number first")
    return limits
