"""The catalog as one object: what the commands do, from Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, overload

from catalog.database.connection import Database
from catalog.database.contents import contents, datasets, summary
from catalog.database.question import TIMEOUT, Answer, Parameters, answer
from catalog.database.records import Scope, Visit
from catalog.facade.answers import Answers
from catalog.progress import Progress, silent

if TYPE_CHECKING:
    import pyarrow as pa
    from astropy.table import QTable, Table
    from pandas import DataFrame
    from specutils import Spectrum

    from catalog.anomaly.scoring import ScoringResult
    from catalog.autoencoder.recipe import Recipe
    from catalog.autoencoder.training import EpochLosses
    from catalog.crossmatch.attachment import Attached
    from catalog.database.removal import Dependents, Kind
    from catalog.database.table import TableForm
    from catalog.ensembles.exchange import Exported, Imported
    from catalog.ensembles.planning import Member, Plan
    from catalog.ensembles.training import TrainingResult
    from catalog.evaluation.injection import Injection
    from catalog.evaluation.truth import TruthFile
    from catalog.export.export import ExportedTable
    from catalog.export.publication import Published
    from catalog.facade.attached import AttachedCatalogs
    from catalog.facade.ensembles import Ensembles
    from catalog.facade.labels import Labels
    from catalog.facade.regions import Regions
    from catalog.facade.templates import Templates
    from catalog.figures.plots import Plots
    from catalog.ingest.loader import Ingested
    from catalog.report.writing import Written
    from catalog.spectra.spectrum import SpectrumForm

Range = tuple[float, float]

MAIN_COLUMNS = ["ensemble", "trained_on", "imported_from", "n_model", "n_trained", "n_spectrum", "scored"]
"""Of an ensemble, beside the datasets."""


class Catalog(Answers):
    """A catalog of spectra, models and scores in one DuckDB file.

    Nothing is held open between calls. Methods only read unless they say that they write.

    Parameters
    ----------
    path : str or Path
        The DuckDB file.
    as_ : {"table", "arrow", "pandas"}
        What methods answer with: tables of astropy with units, of Arrow, or of pandas where it is installed. What is
        said of a table as a whole (the names of ensemble and dataset, …) is its `meta`, or in pandas its `attrs`.

    Attributes
    ----------
    labels, regions, templates, attached, ensembles
        What belongs together: each lists its kind when it is called, and has methods that add and remove.
    plot : Plots
        The figures.

    Raises
    ------
    CatalogError
        Every method, if the database is absent, locked by another process, or of another revision, and for names that
        it does not know.

    Examples
    --------
    >>> catalog = Catalog("absent.duckdb")
    >>> catalog.query("SELECT 1")
    Traceback (most recent call last):
    catalog.errors.CatalogError: no database at absent.duckdb; create one with: catalog ingest PATH
    """

    def __init__(self, path: str | Path = "catalog.duckdb", as_: "TableForm" = "table") -> None:
        super().__init__(Database(path), as_)

    def __repr__(self) -> str:
        return f"<Catalog {self.database.path}: {summary(self.database)}>"

    @classmethod
    def open(cls, path: str | Path = "catalog.duckdb", as_: "TableForm" = "table") -> Self:
        """The catalog at a path that must exist, see `Catalog`."""
        catalog = cls(path, as_)
        with catalog.database.read():
            return catalog

    @property
    def labels(self) -> "Labels":
        """What people have seen in stars: `catalog.labels()`, `catalog.labels.add("7-17219806", "carbon")`."""
        from catalog.facade.labels import Labels

        return Labels(self.database, self._form)

    @property
    def regions(self) -> "Regions":
        """Regions of the colour-magnitude diagram: `catalog.regions()`, `catalog.regions.add(name, polygon)`."""
        from catalog.facade.regions import Regions

        return Regions(self.database, self._form)

    @property
    def templates(self) -> "Templates":
        """Spectra to compare with: `catalog.templates()`, `catalog.templates.add(file, library)`."""
        from catalog.facade.templates import Templates

        return Templates(self.database, self._form)

    @property
    def attached(self) -> "AttachedCatalogs":
        """Other people's catalogs: `catalog.attached()`, `catalog.attached.add(file, name, mangaid="id")`."""
        from catalog.facade.attached import AttachedCatalogs

        return AttachedCatalogs(self.database, self._form)

    @property
    def ensembles(self) -> "Ensembles":
        """Trained ensembles: `catalog.ensembles()`, `catalog.ensembles.export(name, file)`."""
        from catalog.facade.ensembles import Ensembles

        return Ensembles(self.database, self._form)

    @property
    def plot(self) -> "Plots":
        """The figures, each a method that draws into a file: `catalog.plot.errors("errors.pdf")`, see `Plots`."""
        from catalog.figures.plots import Plots  # loads matplotlib

        return Plots(self.database)

    # Load.

    def upgrade(self) -> tuple[str | None, str]:
        """Create the database or bring it to this version's revision.

        Writes in one transaction, and where older scores have no ranks, these in another.

        Returns
        -------
        tuple of str
            The revision before (None: new) and after.
        """
        from catalog.anomaly.ranks import rank_pending
        from catalog.database.migration import upgrade  # loads Alembic

        revisions = upgrade(self.database)
        with self.database.write() as connection:
            rank_pending(connection)
        return revisions

    def ingest(
        self, paths: Iterable[str | Path], dataset: str | None = None, progress: Progress = silent
    ) -> "list[Ingested]":
        """Load FITS files, or the FITS files in folders; creates the database if it is absent.

        Writes everything in one transaction; if anything is wrong, nothing is changed. A file loaded before (by its
        SHA-256) is skipped.

        Parameters
        ----------
        paths : iterable of str or Path
            Files, each recognised by its columns, and folders, which are searched for FITS files.
        dataset : str, optional
            Name for the dataset of the spectra, instead of the usual one.
        progress : Progress
            Called with the name of a file, rows read, and rows in all.

        Returns
        -------
        list of Ingested
            One per file.
        """
        from catalog.ingest.files import ingest  # loads astropy

        return ingest(self.database, [Path(path) for path in paths], dataset, progress)

    # Train and score.

    def train(
        self,
        dataset: str,
        recipe: "Recipe | str" = "paper",
        models: int = 10,
        name: str | None = None,
        on_plan: "Callable[[Plan], None]" = lambda plan: None,
        on_epoch: "Callable[[Plan, Member, EpochLosses], None]" = lambda plan, member, epoch: None,
    ) -> "TrainingResult":
        """Train an ensemble, or finish one that was interrupted (the paper's section 3.2).

        Writes the plan, then each finished model in a transaction of its own, with its weights beside the database; on
        a GPU up to ten models, which are trained together, in one. The file is not locked while a model trains.

        Parameters
        ----------
        dataset : str
            What to train on; "small" is the paper's.
        recipe : Recipe or str
            Or its name, or the path of a TOML file, as `find_recipe` takes it; by default the paper's.
        models : int
            Members of the ensemble.
        name : str, optional
            Of the ensemble; by default made from the recipe and the dataset.
        on_plan, on_epoch : callable
            Called when it is known what is to be trained, and after every epoch of a member.

        Raises
        ------
        CatalogError
            If the dataset has too few usable spectra, if the name stands for another recipe or dataset, or if every
            model has diverged.
        """
        from catalog.autoencoder.recipes import find_recipe
        from catalog.ensembles.training import train_ensemble  # loads scikit-learn

        found = find_recipe(recipe) if isinstance(recipe, str) else recipe
        return train_ensemble(self.database, dataset, found, models, name, on_plan, on_epoch)

    def score(self, dataset: str, ensemble: str | None = None, progress: Progress = silent) -> "ScoringResult":
        """Errors and latent vectors for the spectra of a dataset that have none yet.

        Writes one transaction per 16,384 spectra, with what all models say of them, and at last one with the ranks of
        all scores and the consensus, before which no view shows them.

        Parameters
        ----------
        dataset : str
            What to score; "large" is the paper's.
        ensemble : str, optional
            None: the newest.
        progress : Progress
            Called with the name of the dataset, spectra scored, and spectra in all.

        Raises
        ------
        CatalogError
            For an ensemble without trained models, a dataset on another wavelength grid, or weights that are absent
            or changed.
        """
        from catalog.anomaly.scoring import score_dataset  # loads TensorFlow

        return score_dataset(self.database, dataset, ensemble, progress)

    # Ask.

    @overload
    def query(
        self,
        sql: str,
        parameters: Parameters = ...,
        external: bool = ...,
        timeout: float | None = ...,
        as_: Literal["table"] | None = ...,
    ) -> "Table": ...

    @overload
    def query(
        self,
        sql: str,
        parameters: Parameters = ...,
        external: bool = ...,
        timeout: float | None = ...,
        *,
        as_: Literal["arrow"],
    ) -> "pa.Table": ...

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
        as_: "TableForm | None" = None,
    ) -> Any:
        """The rows of a SQL statement.

        It only reads, by construction: it must be one SELECT (or FROM, SHOW, DESCRIBE), the file is opened read-only,
        and unless `external`, no other file can be read.

        Parameters
        ----------
        sql : str
            DuckDB's SQL; parameters are `$name` or `?`.
        parameters : mapping or sequence, optional
            Their values.
        external : bool
            Let it read other files, as read_parquet('list.parquet').
        timeout : float, optional
            Seconds after which it is stopped; None: never.
        as_ : {"table", "arrow", "pandas"}, optional
            The form of the answer, ids exact in all of them; None: that of the catalog.

        Raises
        ------
        CatalogError
            If the statement is wrong or takes too long.
        """
        with answer(self.database, sql, parameters, external=external, timeout=timeout) as found:
            return self._answer(found.read_all(), as_)

    def stream(
        self,
        sql: str,
        parameters: Mapping[str, Any] | Sequence[Any] | None = None,
        external: bool = False,
        timeout: float | None = TIMEOUT,
    ) -> AbstractContextManager[Answer]:
        """The same as `query` for answers of any length: a context whose `blocks()` are Arrow record batches.

        The file is open until the context is left, and `timeout` runs meanwhile.
        """
        return answer(self.database, sql, parameters, external=external, timeout=timeout)

    def schema(self, name: str | None = None) -> "Table":
        """One row per table, view and macro; of one of them, a row per column: type, unit and meaning.

        `meta` of the latter has the name, the kind and the comment of the relation.
        """
        return self._answer(contents(self.database, name))

    def status(self) -> tuple["Table", "Table"]:
        """Datasets, and the main columns of `ensembles`."""
        from catalog.ensembles import registry

        return self._answer(datasets(self.database)), self._answer(
            registry.ensembles(self.database).select(MAIN_COLUMNS)
        )

    def outliers(
        self,
        dataset: str | None = None,
        ensemble: str | None = None,
        bp_rp: Range | None = None,
        abs_g: Range | None = None,
        limit: int = 20,
        region: str | None = None,
        by: str = "error",
    ) -> "Table":
        """Consensus anomalies, the oddest first (the paper's section 3.3).

        Parameters
        ----------
        dataset : str, optional
            None: the only one that the ensemble scored.
        ensemble : str, optional
            None: the newest that has scored.
        bp_rp, abs_g : tuple of float, optional
            Ranges in mag, both ends included; stars without Gaia photometry are then left out.
        limit : int
            Rows at most.
        region : str, optional
            Name of a region of the colour-magnitude diagram, as `regions` lists them.
        by : {"error", "unseen", "chi2", "relative", "isolation", "peers"}
            Score to order by; the paper's is the error. Spectra without a rank by it are left out.

        Returns
        -------
        Table
            `meta` names the ensemble, the dataset and the score; with a region, it has `region`, whether it is
            `corrected` for extinction, and `n_without_photometry`, the scored spectra of stars of which nobody can say
            whether they are in it.
        """
        from catalog.anomaly.outliers import outliers

        return self._answer(outliers(self.database, Scope(dataset, ensemble), bp_rp, abs_g, limit, region, by))

    def error_percentiles(self, dataset: str | None = None, ensemble: str | None = None) -> "Table":
        """Percentiles of log10 error, one row per model (the paper's Table 1)."""
        from catalog.anomaly.tables import error_percentiles

        return self._answer(error_percentiles(self.database, Scope(dataset, ensemble)))

    def top_errors(self, dataset: str | None = None, ensemble: str | None = None) -> "Table":
        """The five spectra with the highest errors of every model (the paper's Table 2)."""
        from catalog.anomaly.tables import top_errors

        return self._answer(top_errors(self.database, Scope(dataset, ensemble)))

    def neighbors(
        self,
        mangaid: str,
        model: str | None = "MODEL1",
        k: int = 5,
        dataset: str | None = None,
        ensemble: str | None = None,
        role: str | None = None,
    ) -> "Table":
        """Look-alikes of a star: its nearest neighbours in one model's latent space (the paper's Fig. 10).

        Parameters
        ----------
        mangaid : str
            The star.
        model : str, optional
            None: of all models, merged by the mean of their ranks.
        k : int
            How many.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        role : {"train", "validation"}, optional
            "train": among the stars that the model was trained on, as the paper's; None: among all.

        Raises
        ------
        CatalogError
            If the star was not scored.
        """
        from catalog.anomaly.neighbors import neighbors

        return self._answer(neighbors(self.database, mangaid, model, k, Scope(dataset, ensemble), role))

    def neighbors_of_all(
        self,
        k: int = 10,
        dataset: str | None = None,
        ensemble: str | None = None,
        progress: Progress = silent,
    ) -> tuple[str, str, int]:
        """The k nearest neighbours of every scored spectrum in every model, as rows of the table `neighbor`.

        Writes one transaction per model; a model whose rows are there already is passed over.

        Parameters
        ----------
        k : int
            How many of each.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        progress : Progress
            Called with the name of a model, models done, and models in all.

        Returns
        -------
        tuple of (str, str, int)
            The names of ensemble and dataset, and the number of rows added.
        """
        from catalog.anomaly.all_neighbors import neighbors_of_all  # loads scipy

        return neighbors_of_all(self.database, k, Scope(dataset, ensemble), progress)

    # Explain and evaluate.

    def explain(
        self,
        stars: str | Iterable[str] | None = None,
        top: int | None = None,
        dataset: str | None = None,
        ensemble: str | None = None,
        again: bool = False,
        progress: Progress = silent,
    ) -> "Table":
        """Why spectra are anomalous, one row each, the oddest first (the paper's section 4).

        Each has a cause, and the facts that led to it. Writes rows of anomaly_cause in one transaction; what is there
        already, from the same scores and templates, is only shown.

        Parameters
        ----------
        stars : str or iterable of str, optional
            mangaid, or several.
        top : int, optional
            Instead of stars: so many of the oddest by the consensus.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        again : bool
            Explain also what was explained before.
        progress : Progress
            Called with the name of a model, how often a model has seen a block, and how often it will.

        Returns
        -------
        Table
            `meta` has n_new, how many were explained now.

        Raises
        ------
        CatalogError
            For a star without a score, and for weights that are absent or changed.
        """
        from catalog.anomaly.selection import explained, find_selection

        with self.database.read() as connection:
            selection = find_selection(connection, stars, top, Scope(dataset, ensemble))
        waiting = selection.waiting(again)
        if waiting:
            from catalog.anomaly.explain import explain_spectra  # loads scikit-learn, and TensorFlow for a network

            explain_spectra(self.database, selection, waiting, progress)
        return self._answer(explained(self.database, selection, len(waiting)))

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
    ) -> "Table":
        """How well known anomalies are recovered.

        Writes the rows in one transaction at the end; the same evaluation is done once and then shown again.

        Parameters
        ----------
        anomalies : TruthFile or Injection, optional
            A list of stars of which it is known what is odd, or oddities to plant in ordinary spectra; None: every
            kind of oddity, planted.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        seed : int
            Of all that is random: hosts of planted oddities, baselines, intervals.
        baselines : bool
            Compare with PCA, isolation forest and local outlier factor on the same splits.
        figure : str or Path, optional
            File to draw the recovery into, png, pdf or svg.
        talk : callable
            Called with a line of what is worth knowing.
        progress : Progress
            Called with what is being done, how far it is, and where it ends.

        Returns
        -------
        Table
            The rows of the table `recovery`; `meta` names the ensemble, the dataset and the evaluation, and has as
            tables of their own (of Arrow and pandas as lists of rows) the `agreement` of its models, pair by pair, and
            the `verdicts` of the rules of `explain` on planted oddities.
        """
        from catalog.evaluation.evaluate import evaluate  # loads scikit-learn, and TensorFlow where there is a network
        from catalog.evaluation.injection import Injection
        from catalog.evaluation.record import BESIDE

        target = None
        if figure is not None:
            from catalog.figures.file import writable

            target = writable(Path(figure))
        scope = Scope(dataset, ensemble)
        rows = evaluate(self.database, anomalies or Injection(), scope, seed, baselines, talk, progress)
        if target is not None:
            from catalog.database.table import to_table
            from catalog.figures import recovery  # loads matplotlib

            recovery.draw(to_table(rows), target)
        return self._with_tables(self._answer(rows), BESIDE)

    # Stars.

    @overload
    def spectrum(
        self,
        mangaid: str,
        dataset: str | None = ...,
        plate: int | None = ...,
        mjd: int | None = ...,
        as_: Literal["table"] = ...,
    ) -> "QTable": ...

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
        as_: "SpectrumForm" = "table",
    ) -> Any:
        """One spectrum with units: wavelength (vacuum), flux, ivar and mask; `meta` says which file it came from.

        Parameters
        ----------
        mangaid : str
            The star.
        dataset : str, optional
            None: the only one that has the star.
        plate, mjd : int, optional
            The visit, where a star has several spectra in the dataset.
        as_ : {"table", "specutils"}
            A table of astropy, without the columns that the file did not have; or a Spectrum, where specutils is
            installed.

        Raises
        ------
        CatalogError
            If the star has no such spectrum, or several.
        """
        from catalog.spectra.spectrum import read_spectrum, spectrum_as  # loads astropy

        return spectrum_as(read_spectrum(self.database, mangaid, dataset, Visit(plate, mjd)), as_)

    def reconstruction(
        self,
        mangaid: str,
        dataset: str | None = None,
        ensemble: str | None = None,
        models: Sequence[str] | None = None,
        plate: int | None = None,
        mjd: int | None = None,
    ) -> "QTable":
        """A scored spectrum and what each model makes of it, in the ensemble's window (the paper's Fig. 5).

        Parameters
        ----------
        mangaid : str
            The star.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        models : sequence of str, optional
            Their names; None: all.
        plate, mjd : int, optional
            The visit, where a star has several spectra in the dataset.

        Returns
        -------
        QTable
            Columns wavelength, flux, ivar, mask, and one per model in the unit of flux, so that the mean of
            ((MODEL1 - flux) / max flux)² is its stored error (Eq. 2), to single precision. `meta` is the row of the
            spectrum, with the names of ensemble and models, and `error` and `role` of each model; the role is None
            where the star was not in its training dataset.

        Raises
        ------
        CatalogError
            For a spectrum that the models have not scored or cannot take, and weights that are absent or changed.
        """
        from catalog.ensembles.reconstruction import reconstruct  # loads scikit-learn, and TensorFlow for a network

        return reconstruct(self.database, mangaid, Scope(dataset, ensemble), models, Visit(plate, mjd))

    def window_usable(self, dataset: str, limits: Range) -> "Table":
        """How many spectra of a dataset a window (vacuum Angstrom) keeps, and why the others fall out, in one row.

        A spectrum may fall out for several reasons. Raises CatalogError if the window does not hold two pixels.
        """
        from catalog.spectra.windows import window_usable

        return self._answer(window_usable(self.database, dataset, limits))

    def widest_windows(self, dataset: str, fractions: Sequence[float]) -> "Table":
        """The widest windows that keep at least these fractions of a dataset's spectra, behind the paper's full range.

        Widest in log wavelength; fractions that no window keeps have no row.
        """
        from catalog.spectra.windows import widest_windows, windows_table

        return self._answer(windows_table(widest_windows(self.database, dataset, fractions)))

    # Draw and give away.

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

        Before anything is scored, it has what there is, and says what would bring the rest. Writes the file, complete
        or not at all.

        Parameters
        ----------
        file : str or Path
            The file, .html.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        top : int
            How many of the oddest spectra it lists.
        force : bool
            Replace the file if it is there.
        now : datetime, optional
            The time that it states, UTC; None: the present.
        progress : Progress
            Called with what is gathered, how far it is, and where it ends.

        Raises
        ------
        CatalogError
            If the file is there or cannot be written, or if the database changes meanwhile.
        """
        from catalog.report.writing import write_report  # loads matplotlib

        scope = Scope(dataset, ensemble)
        return write_report(self.database, Path(file), scope, top, force=force, now=now, progress=progress)

    def export(
        self,
        what: str,
        file: str | Path,
        dataset: str | None = None,
        ensemble: str | None = None,
        force: bool = False,
    ) -> "ExportedTable":
        """Write a table, a view or the answer to a SELECT to a file: .vot, .fits, .ecsv, .parquet or .csv.

        Units, UCDs, meaning and provenance go along. The file appears complete or not at all; the database stays as it
        is.

        Parameters
        ----------
        what : str
            A name as `schema` lists them, or SQL.
        file : str or Path
            The file, whose ending says the format.
        dataset, ensemble : str, optional
            Only the rows of these, of a view with such columns.
        force : bool
            Replace the file if it is there.
        """
        from catalog.export.export import export  # loads astropy

        return export(self.database, what, file, scope=Scope(dataset, ensemble), force=force)

    def publish(
        self,
        folder: str | Path,
        dataset: str | None = None,
        ensemble: str | None = None,
        authors: Sequence[str] = (),
    ) -> "Published":
        """Write the anomalies to a new folder that explains itself: tables, README, schema, provenance, citation.

        The folder appears complete or not at all; the database stays as it is.

        Parameters
        ----------
        folder : str or Path
            The folder, which must be new.
        dataset, ensemble : str, optional
            As `outliers` takes them.
        authors : sequence of str
            Of the publication, as they are to be cited.
        """
        from catalog.export.publication import publish  # loads astropy

        return publish(self.database, folder, scope=Scope(dataset, ensemble), authors=authors)

    def send(self, what: str, dataset: str | None = None, ensemble: str | None = None) -> list[str]:
        """Send a table, a view or the answer to a SELECT to TOPCAT, Aladin or whoever listens, by SAMP.

        Returns who has loaded it. Raises CatalogError if no hub runs, or nobody takes tables.
        """
        from catalog.export.samp import send  # loads astropy and a web server

        return send(self.database, what, Scope(dataset, ensemble))

    # Remove and compact.

    def dependents(self, kind: "Kind", name: str) -> "Dependents":
        """What would be removed with a dataset or an ensemble."""
        from catalog.database.removal import dependents_of

        return dependents_of(self.database, kind, name)

    def remove(self, kind: "Kind", name: str, expected: "Dependents | None" = None) -> "Dependents":
        """Remove a dataset or an ensemble with what depends on it; returns what went.

        Stars stay, save those that only the dataset's files named and nobody has labelled. Writes in one transaction,
        then removes the files of weights, and those that a killed run left.

        Parameters
        ----------
        kind : {"dataset", "ensemble"}
            What it is.
        name : str
            What it is called.
        expected : Dependents, optional
            What `dependents` said; if it is given and no longer true, nothing is removed.
        """
        from catalog.database.removal import remove

        return remove(self.database, kind, name, expected)

    def compact(self) -> tuple[int, int]:
        """Rewrite the file without free blocks, if that gains anything; returns its size in bytes before and after.

        Writes a copy beside the file, which takes its place when it is complete.
        """
        from catalog.database.compaction import compact

        return compact(self.database)

    # The same as methods of labels, regions, templates, attached and ensembles, by the names that they had first.

    def add_label(self, mangaid: str, label: str, note: str | None = None, author: str | None = None) -> None:
        """Writes one row: the same as `labels.add`."""
        self.labels.add(mangaid, label, note, author)

    def add_labels(self, file: str | Path, author: str | None = None) -> int:
        """Writes in one transaction: the same as `labels.add_file`."""
        return self.labels.add_file(file, author)

    def remove_label(self, mangaid: str, label: str, author: str | None = None) -> None:
        """Writes: the same as `labels.remove`."""
        self.labels.remove(mangaid, label, author)

    def add_region(
        self,
        name: str,
        polygon: str | Path | Iterable[Sequence[float]],
        corrected: bool = False,
        description: str | None = None,
    ) -> None:
        """Writes one row: the same as `regions.add`."""
        self.regions.add(name, polygon, corrected, description)

    def remove_region(self, name: str) -> None:
        """Writes: the same as `regions.remove`."""
        self.regions.remove(name)

    def add_templates(self, file: str | Path, library: str) -> int:
        """Writes in one transaction: the same as `templates.add`."""
        return self.templates.add(file, library)

    def remove_templates(self, library: str) -> int:
        """Writes in one transaction: the same as `templates.remove`."""
        return self.templates.remove(library)

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
    ) -> "Attached":
        """Writes in one transaction: the same as `attached.add`."""
        by: dict[str, Any] = {"gaia": gaia, "release": release, "mangaid": mangaid, "sky": sky, "radius": radius}
        return self.attached.add(file, name, epoch=epoch, every=every, **by)

    def detach(self, name: str) -> None:
        """Writes in one transaction: the same as `attached.remove`."""
        self.attached.remove(name)

    def losses(self, ensemble: str | None = None) -> "Table":
        """The same as `ensembles.losses`."""
        return self.ensembles.losses(ensemble)

    def ensemble(self, name: str) -> dict[str, Any]:
        """The same as `ensembles.describe`."""
        return self.ensembles.describe(name)

    def export_ensemble(self, name: str, path: str | Path, force: bool = False) -> "Exported":
        """Writes the file: the same as `ensembles.export`."""
        return self.ensembles.export(name, path, force)

    def import_ensemble(self, path: str | Path, name: str | None = None) -> "Imported":
        """Writes: the same as `ensembles.import_file`."""
        return self.ensembles.import_file(path, name)
