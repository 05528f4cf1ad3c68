"""The catalog as one object: what the commands do, from Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, overload

import pyarrow as pa
from astropy.table import QTable, Table

from catalog.anomaly.neighbors import neighbors, neighbors_of_all
from catalog.anomaly.outliers import outliers
from catalog.anomaly.ranks import rank_pending
from catalog.anomaly.regions import add_region, regions, remove_region
from catalog.anomaly.tables import error_percentiles, top_errors
from catalog.anomaly.templates import add_templates, remove_templates, templates
from catalog.autoencoder.recipe import Recipe
from catalog.autoencoder.recipes import PAPER, find_recipe
from catalog.crossmatch import Attached, attach, attached, detach, match_by
from catalog.database.compaction import compact
from catalog.database.connection import Database
from catalog.database.contents import contents
from catalog.database.forms import SpectrumForm, TableForm, spectrum_as, table_as
from catalog.database.migration import upgrade
from catalog.database.question import TIMEOUT, Answer, Parameters, answer
from catalog.database.removal import Dependents, Kind, dependents_of, remove
from catalog.database.summary import datasets, summary
from catalog.ensembles.exchange import Exported, Imported, export_ensemble, import_ensemble
from catalog.ensembles.registry import describe_ensemble, ensembles, losses
from catalog.export.export import ExportedTable, export
from catalog.export.publication import Published, publish
from catalog.ingest.files import ingest
from catalog.ingest.loader import Ingested
from catalog.progress import Progress, silent
from catalog.review.labels import add_label, add_labels, labels, remove_label
from catalog.spectra.spectrum import read_spectrum
from catalog.spectra.windows import widest_windows, window_usable, windows_table

if TYPE_CHECKING:
    from pandas import DataFrame
    from specutils import Spectrum

    from catalog.anomaly.scoring import Scored
    from catalog.autoencoder.training import EpochLosses
    from catalog.ensembles.training import Member, Plan, TrainingResult
    from catalog.evaluation.injection import Injection
    from catalog.evaluation.truth import TruthFile
    from catalog.figures.plots import Plots
    from catalog.report import Written

Range = tuple[float, float]

MAIN_COLUMNS = ["ensemble", "trained_on", "imported_from", "n_model", "n_trained", "n_spectrum", "scored"]
"""Of an ensemble, beside the datasets."""


class Catalog:
    """A catalog of spectra, models and scores in one DuckDB file.

    Nothing is held open between calls. Methods that ask never write; `upgrade`, `ingest`, `train`, `score`,
    `evaluate`, `import_ensemble`, `add_region`, `remove_region`, `add_label`, `add_labels`, `remove_label`, `attach`,
    `detach`, `neighbors_of_all`, `explain`, `add_templates`, `remove_templates`, `remove` and `compact` write as they
    say. Every method raises CatalogError if the database is absent, locked by another process, or of another revision,
    and for names it does not know.

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

        Writes in one transaction, and where older scores stand in another.
        """
        revisions = upgrade(self.database)
        with self.database.write() as connection:
            rank_pending(connection)
        return revisions

    def ingest(
        self,
        paths: Iterable[str | Path],
        dataset: str | None = None,
        progress: Progress = silent,
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
        on_epoch: "Callable[[Plan, Member, EpochLosses], None]" = lambda plan, member, epoch: None,
    ) -> "TrainingResult":
        """Train an ensemble, by default with the paper's recipe, or finish one that was interrupted.

        recipe : or its name, or the path of a TOML file, as `find_recipe` takes it
        Writes the plan, then each finished model in a transaction of its own, with its weights beside the database; on
        a GPU up to ten models, which are trained together, in one.
        """
        from catalog.ensembles.training import train_ensemble  # loads scikit-learn

        found = find_recipe(recipe) if isinstance(recipe, str) else recipe
        return train_ensemble(self.database, dataset, found, models, name, on_plan, on_epoch)

    def score(
        self,
        dataset: str,
        ensemble: str | None = None,
        progress: Progress = silent,
    ) -> "Scored":
        """Errors and latent vectors for the spectra of a dataset that have none yet; None: the newest ensemble.

        Writes one transaction per 16,384 spectra, and one with where the scores stand, before which no view shows them.
        """
        from catalog.anomaly.scoring import score_dataset  # loads TensorFlow

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
        progress: Progress = silent,
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
        from catalog.figures.plots import Plots  # loads matplotlib

        return Plots(self.database)

    def report(
        self,
        file: str | Path,
        dataset: str | None = None,
        ensemble: str | None = None,
        top: int = 20,
        *,
        force: bool = False,
        now: datetime | None = None,
        progress: Progress = silent,
    ) -> "Written":
        """Write the paper's tables and figures for this database into one HTML file that needs nothing else.

        dataset : None: the only one that the ensemble scored; ensemble : None: the newest that has scored
        top : how many of the oddest spectra it lists; force : replace the file if it is there
        now : the time that it states, UTC; None: the present
        Before anything is scored, it has what there is, and says what would bring the rest. Writes the file, complete
        or not at all. Raises CatalogError if it is there or cannot be written.
        """
        from catalog.report import write_report  # loads matplotlib

        return write_report(self.database, Path(file), dataset, ensemble, top, force=force, now=now, progress=progress)

    @overload
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
        by: str = "error",
    ) -> Table:
        """Consensus anomalies, the oddest first.

        dataset : None: the only one that the ensemble scored; ensemble : None: the newest that has scored
        bp_rp, abs_g : ranges in mag, both ends included; stars without Gaia photometry are then left out
        region : name of a region of the colour-magnitude diagram, as `regions` lists them
        by : "error" (the paper's), "unseen", "chi2", "relative", "isolation" or "peers"; spectra without a rank by it
            are left out
        The table's `meta` names the ensemble, the dataset and the score; with a region, it has `region`, whether it is
        `corrected` for extinction, and `n_without_photometry`, the scored spectra of stars of which nobody can say
        whether they are in it. Read-only.
        """
        return outliers(self.database, dataset, ensemble, bp_rp, abs_g, limit, region, by)

    def error_percentiles(self, dataset: str | None = None, ensemble: str | None = None) -> Table:
        """Percentiles of log10 error, one row per model (the paper's Table 1). Read-only."""
        return error_percentiles(self.database, dataset, ensemble)

    def top_errors(self, dataset: str | None = None, ensemble: str | None = None) -> Table:
        """The five spectra with the highest errors of every model (the paper's Table 2). Read-only."""
        return top_errors(self.database, dataset, ensemble)

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
        return attach(
            self.database, Path(file), name, match_by(gaia, release, mangaid, sky, radius, epoch), every=every
        )

    def detach(self, name: str) -> None:
        """Take an attached catalog away: table, matches and view. Writes in one transaction."""
        detach(self.database, name)

    def attached(self) -> Table:
        """One row per attached catalog: file, how it was matched, and how many stars were found. Read-only."""
        return attached(self.database)

    def neighbors(
        self,
        mangaid: str,
        model: str | None = "MODEL1",
        k: int = 5,
        dataset: str | None = None,
        ensemble: str | None = None,
        role: str | None = None,
    ) -> Table:
        """Look-alikes of a star: its nearest neighbours in one model's latent space (the paper's Fig. 10).

        model : None: of all models, merged by the mean of their ranks
        role : "train": among the stars that the model was trained on, as the paper's; None: among all
        Read-only. Raises CatalogError if the star was not scored.
        """
        return neighbors(self.database, mangaid, model, k, dataset, ensemble, role)

    def neighbors_of_all(
        self,
        k: int = 10,
        dataset: str | None = None,
        ensemble: str | None = None,
        progress: Progress = silent,
    ) -> tuple[str, str, int]:
        """The k nearest neighbours of every scored spectrum in every model, as rows of the table `neighbor`.

        Returns the names of ensemble and dataset, and the number of rows added. Writes one transaction per model.
        """
        return neighbors_of_all(self.database, k, dataset, ensemble, progress)

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

    def explain(
        self,
        stars: str | Iterable[str] | None = None,
        top: int | None = None,
        dataset: str | None = None,
        ensemble: str | None = None,
        again: bool = False,
        progress: Progress = silent,
    ) -> Table:
        """Why spectra are anomalous, one row each, the oddest first: a cause, and the facts that led to it.

        stars : mangaid, or several; top : or so many of the oddest by the consensus
        again : also those that were explained before, with the same scores and templates
        Writes rows of anomaly_cause in one transaction; `meta` has n_new, how many. Raises CatalogError for a star
        without a score (the paper's section 4).
        """
        from catalog.anomaly.explain import explain  # loads scikit-learn, and TensorFlow where there is a network

        return explain(self.database, stars, top, dataset, ensemble, again=again, progress=progress)

    def templates(self) -> Table:
        """One row per template: library, name, the range where it is real, and its file. Read-only."""
        return templates(self.database)

    def add_templates(self, file: str | Path, library: str) -> int:
        """Keep the templates of a file, with which `explain` compares spectra (the paper's Fig. 13); returns how many.

        file : Parquet, FITS or ECSV with columns name, wavelength (vacuum Angstrom), flux and perhaps good
        Writes in one transaction; the same file is kept once. Raises CatalogError if the file holds no templates.
        """
        return add_templates(self.database, Path(file), library)

    def remove_templates(self, library: str) -> int:
        """Take a library of templates away; returns how many there were. Writes in one transaction."""
        return remove_templates(self.database, library)

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
        from catalog.ensembles.reconstruction import (
            reconstruct,  # loads scikit-learn, and TensorFlow where there is a network
        )

        return reconstruct(self.database, mangaid, dataset, ensemble, models, plate, mjd)

    def window_usable(self, dataset: str, limits: Range) -> Table:
        """How many spectra of a dataset a window (vacuum Angstrom) keeps, and why the others fall out, in one row.

        A spectrum may fall out for several reasons. Read-only. Raises CatalogError if the window holds no two pixels.
        """
        return window_usable(self.database, dataset, limits)

    def widest_windows(self, dataset: str, fractions: Sequence[float]) -> Table:
        """The widest windows that keep at least these fractions of a dataset's spectra, behind the paper's full range.

        Widest in log wavelength; fractions that no window keeps have no row. Read-only.
        """
        return windows_table(widest_windows(self.database, dataset, fractions))

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
        return datasets(self.database), self.ensembles()[MAIN_COLUMNS]
