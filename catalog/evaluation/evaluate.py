"""What an ensemble recovers of known anomalies: database in, rows out."""

from collections.abc import Callable
from functools import partial

from astropy.table import Table

from catalog.database.connection import Database
from catalog.errors import CatalogError
from catalog.evaluation.agreement import agreements
from catalog.evaluation.detectors import Detectors
from catalog.evaluation.injection import Injection
from catalog.evaluation.listed import Listed
from catalog.evaluation.methods import SCORES
from catalog.evaluation.planted import Planted
from catalog.evaluation.record import columns_of, find_evaluation, read_evaluation, write_evaluation
from catalog.evaluation.stored import Stored, read_scores
from catalog.evaluation.truth import TruthFile, read_truth
from catalog.progress import Progress, silent

Talk = Callable[[str], None]
"""Called with what a user should know, one line at a time."""


def evaluate(
    database: Database,
    anomalies: TruthFile | Injection,
    dataset: str | None = None,
    ensemble: str | None = None,
    seed: int = 0,
    baselines: bool = True,
    talk: Talk = lambda line: None,
    progress: Progress = silent,
) -> Table:
    """Recovery of listed or of planted anomalies by an ensemble on a dataset it has scored.

    dataset, ensemble : None: the only one scored, the newest that has scored
    seed : of the hosts, the baselines and the bootstrap
    baselines : the same for PCA, isolation forest and local outlier factor on the same splits
    Returns the rows of `recovery`; `meta` names the ensemble, the dataset, the mode and the evaluation_id, says whether
    the evaluation was known before, and has the tables of agreement between the models and, of planted oddities, of
    what the rules of `catalog explain` say of them.
    Writes the rows in one transaction at the end, if the same evaluation is not there yet; stored scores stay as
    they are. Raises CatalogError for what is wrong with the truth table, and for unknown names.
    """
    if seed < 0:
        raise CatalogError(f"seed {seed}: give 0 or more")
    # Before the scores are read, so that a mistake in the file is answered at once.
    make: Callable[[Stored, int], Listed | Planted] = (
        partial(Listed, read_truth(anomalies)) if isinstance(anomalies, TruthFile) else partial(Planted, anomalies)
    )
    stored = read_scores(database, dataset, ensemble)
    asked = make(stored, seed)
    for remark in asked.remarks:
        talk(remark)
    wanted = columns_of(stored, asked.columns, asked.settings | {"baselines": baselines, "scores": list(SCORES)}, seed)
    with database.read() as connection:
        evaluation_id = find_evaluation(connection, wanted)
    known = evaluation_id is not None
    if evaluation_id is None:
        detectors = Detectors(database, stored, seed, baselines, progress)
        rows = list(asked.rows(database, detectors, talk))
        verdicts = asked.verdicts(database, progress) if isinstance(asked, Planted) else []
        agreement = agreements(stored.error)
        evaluation_id = write_evaluation(database, wanted, rows, agreement, verdicts, stored.models)
    table, agreed, verdict = read_evaluation(database, evaluation_id)
    table.meta |= {
        "evaluation_id": evaluation_id,
        "ensemble": stored.ensemble.name,
        "dataset": stored.dataset.name,
        "mode": asked.columns["mode"],
        "known": known,
        "agreement": agreed,
        "verdicts": verdict,
    }
    return table
