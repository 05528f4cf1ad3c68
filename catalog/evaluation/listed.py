"""Anomalies that a truth table lists, among the spectra of all other stars."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from catalog.database.connection import Database
from catalog.errors import CatalogError
from catalog.evaluation.consensus import Ranking
from catalog.evaluation.detectors import Detectors
from catalog.evaluation.methods import MEMBERS
from catalog.evaluation.record import RecoveryRow
from catalog.evaluation.recovery import measure
from catalog.evaluation.stored import Stored
from catalog.evaluation.truth import ORDINARY, Truth, TruthLabel, in_octaves

Group = tuple[str | None, float | None, Callable[[TruthLabel], bool]]
"""A kind, a strength, and whether a label belongs to them; None: all together."""


class Listed:
    """The anomalies of a truth table, as an evaluation needs them.

    Attributes
    ----------
    columns, settings : dict
        What the evaluation's row says of them.
    remarks : list of str
        Lines for the user: how many ids match.

    Raises
    ------
    CatalogError
        If none of the anomalies matches a scored spectrum.
    """

    def __init__(self, truth: Truth, stored: Stored, seed: int) -> None:
        self._truth, self._stored, self._seed = truth, stored, seed
        scored = set(stored.mangaid.tolist())
        self._missing = {star: label for star, label in truth.labels.items() if star not in scored}
        n_listed, n_missing = len(truth.labels), len(self._missing)
        odd = [star for star, label in truth.labels.items() if label.kind != ORDINARY]
        n_odd_matched = sum(star in scored for star in odd)
        self.columns: dict[str, Any] = {
            "mode": "truth",
            "truth_file": truth.file.path.name,
            "truth_sha256": truth.sha256,
            "n_listed": n_listed,
            "n_matched": n_listed - n_missing,
        }
        self.settings: dict[str, Any] = {"id_column": truth.file.id_column, "kind_column": truth.file.kind_column}
        n_unusable = len(self._missing.keys() & stored.without_score)
        matched = (
            f"{n_listed - n_missing} of {n_listed} ids match spectra that ensemble {stored.ensemble.name} scored in "
            f"dataset {stored.dataset.name}; {n_unusable} have no usable spectrum, {n_missing - n_unusable} are not "
            f"in the dataset"
        )
        if not n_odd_matched:
            raise CatalogError(f"{truth.file.path}: {matched}; none of the {len(odd)} with a kind matches")
        self.remarks = [f"{matched}; of the {len(odd)} with a kind, {n_odd_matched} match"]

    def rows(self, _database: Database, detectors: Detectors, _talk: Callable[[str], None]) -> Iterator[RecoveryRow]:
        """Recovery of every group by every method and set of members."""
        labels = [self._truth.labels.get(star, TruthLabel(ORDINARY)) for star in self._stored.mangaid.tolist()]
        ordinary = np.array([label.kind == ORDINARY for label in labels])
        for kind, strength, belongs in self._groups():
            odd = np.array([belongs(label) for label in labels])
            absent = np.full(sum(belongs(label) for label in self._missing.values()), np.nan)
            for method, population in detectors.populations.items():
                for members in MEMBERS:
                    ranking = population.consensus.by(members)
                    anomalies = Ranking(np.append(ranking.rank[odd], absent), ranking.n_ranked)
                    others = Ranking(ranking.rank[ordinary], ranking.n_ranked)
                    yield RecoveryRow(method, members, kind, strength, measure(anomalies, others, self._seed))

    def _groups(self) -> Iterator[Group]:
        """Every kind, every strength of it where the table gives any, and all kinds together."""
        labels = self._truth.labels.values()
        counted = in_octaves(label.strength for label in labels if label.strength is not None)
        for kind in self._truth.kinds:
            of_kind = {label for label in labels if label.kind == kind}
            yield kind, None, of_kind.__contains__
            for strength in sorted({counted[label.strength] for label in of_kind if label.strength is not None}):
                alike = {label for label in of_kind if label.strength and counted[label.strength] == strength}
                yield kind, strength, alike.__contains__
        yield None, None, lambda label: label.kind != ORDINARY
