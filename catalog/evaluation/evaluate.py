"""What an ensemble recovers of known anomalies: database in, rows out."""

from collections.abc import Callable
from functools import partial

import pyarrow as pa

from catalog.database.connection import Database
from catalog.database.listing import listing
from catalog.database.records import Scope
from catalog.errors import CatalogError
from catalog.evaluation.agreement import agreements
from catalog.evaluation.detectors import Detectors
from catalog.evaluation.injection import Injection
from catalog.evaluation.listed import Listed
from catalog.evaluation.methods import SCORES
from catalog.evaluation.planted import Planted
from catalog.evaluation.record import Results, columns_of, find_evaluation, read_evaluation, write_evaluation
from catalog.evaluation.stored import Stored, read_scores
from catalog.evaluation.truth import TruthFile
from catalog.evaluation.truth_files import read_truth
from catalog.progress import Progress, silent

Talk = Callable[[str], None]
"""Called with what a user should know, one line at a time."""


def evaluate(
    database: Database,
    anomalies: TruthFile | Injection,
    scope: Scope,
    seed: int = 0,
    baselines: bool = True,
    talk: Talk = lambda line: None,
    progress: Progress = silent,
) -> pa.Table:
    """Recovery of listed or of planted anomalies by an ensemble on a dataset that it has scored.

    Notes
    -----
    What is said of the rows names the ensemble, the dataset, the mode and the evaluation_id, and whether the evaluation
    was `known` before; `agreement` (between the models) and `verdicts` (of the rules of `catalog explain` on planted
    oddities) are lists of rows.
    """
    if seed < 0:
        raise CatalogError(f"seed {seed}: give 0 or more")
    # Before the scores are read, so that a mistake in the file is answered at once.
    make: Callable[[Stored, int], Listed | Planted] = (
        partial(Listed, read_truth(anomalies)) if isinstance(anomalies, TruthFile) else partial(Planted, anomalies)
    )
    stored = read_scores(database, scope)
    among = make(stored, seed)
    for remark in among.remarks:
        talk(remark)
    settings = among.settings | {"baselines": baselines, "scores": list(SCORES)}
    with database.read() as connection:
        row = columns_of(connection, stored, among.columns, settings, seed)
        evaluation_id = find_evaluation(connection, row)
    known = evaluation_id is not None
    if evaluation_id is None:
        detectors = Detectors(database, stored, seed, baselines, progress)
        recovered = list(among.rows(database, detectors, talk))
        verdicts = among.verdicts(database, progress) if isinstance(among, Planted) else []
        results = Results(recovered, agreements(stored.error), verdicts)
        evaluation_id = write_evaluation(database, row, results, stored.models)
    recovery, agreement, verdict = read_evaluation(database, evaluation_id)
    about = {
        "evaluation_id": evaluation_id,
        "ensemble": stored.ensemble.name,
        "dataset": stored.dataset.name,
        "mode": among.columns["mode"],
        "known": known,
        "agreement": agreement.to_pylist(),
        "verdicts": verdict.to_pylist(),
    }
    return listing(recovery, about)
