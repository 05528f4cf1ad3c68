"""Oddities planted in ordinary spectra of a dataset, each judged as if it took the place of its host."""

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import numpy as np

from catalog.database.connection import Database
from catalog.errors import CatalogError
from catalog.evaluation.consensus import Population, Ranking
from catalog.evaluation.detectors import Detectors
from catalog.evaluation.injection import Hosts, Injection, PlantedBlock, choose_hosts, plant
from catalog.evaluation.methods import MEMBERS
from catalog.evaluation.record import RecoveryRow, VerdictCount
from catalog.evaluation.recovery import measure, n_top
from catalog.evaluation.stored import Stored, spectra_of
from catalog.evaluation.verdicts import verdict_counts
from catalog.progress import Progress
from catalog.provenance import canonical_json, sha256_of_text

ODD_ALREADY = 50
"""Permille of the dataset, from the top of the consensus, that are no ordinary hosts."""

Spectra = dict[str, tuple[np.ndarray, np.ndarray]]
"""Kind to flux and ivar of its hosts, (k, n_pixel) each."""


class Planted:
    """The oddities of an injection and their hosts, as an evaluation needs them.

    Attributes
    ----------
    columns, settings : dict
        What the evaluation's row says of them, with a digest of the hosts.
    remarks : list of str
        Lines for the user: the kinds whose hosts are not as they should be.

    Raises
    ------
    CatalogError
        If no spectrum can be a host.
    """

    def __init__(self, injection: Injection, stored: Stored, seed: int) -> None:
        self._injection, self._stored, self._seed = injection, stored, seed
        ordinary = _without_top(Population(stored.error, stored.seen).consensus.all)
        eligible = ~np.isnan(ordinary.rank) & ~np.isnan(stored.error).any(axis=0)
        n_eligible = int(eligible.sum())
        if not n_eligible:
            raise CatalogError(
                f"dataset {stored.dataset.name} has no ordinary spectrum to plant an oddity in: of {len(eligible)} "
                "scored spectra, those in the top 5 % and those that a model has not scored are left out"
            )
        self._hosts: dict[str, Hosts] = {
            kind: choose_hosts(kind, injection.hosts, eligible, stored.bp_rp, stored.abs_g, seed)
            for kind in injection.kinds
        }
        anywhere = [kind for kind, hosts in self._hosts.items() if not hosts.in_region]
        chosen = {kind: stored.spectrum_id[hosts.index].tolist() for kind, hosts in self._hosts.items()}
        self.columns: dict[str, Any] = {"mode": "injection"}
        self.settings: dict[str, Any] = asdict(injection) | {
            "anywhere": anywhere,
            "hosts_sha256": sha256_of_text(canonical_json(chosen)),
            "verdicts": True,
        }
        self.remarks = []
        if anywhere:
            kinds = "any kind" if len(anywhere) == len(self._hosts) else ", ".join(anywhere)
            self.remarks.append(
                f"next to no ordinary spectrum has Gaia photometry in the host region of {kinds}; "
                "planted in any ordinary spectra instead"
            )
        for kind, hosts in self._hosts.items():
            if hosts.in_region and len(hosts.index) < injection.hosts:
                self.remarks.append(f"{kind} has {len(hosts.index)} ordinary hosts in its region, fewer than asked for")
        if anywhere and n_eligible < injection.hosts:
            self.remarks.append(f"dataset {stored.dataset.name} has {n_eligible} ordinary spectra, so that many hosts")

    def rows(self, database: Database, detectors: Detectors, talk: Callable[[str], None]) -> Iterator[RecoveryRow]:
        """Recovery of every kind and strength by every method and set of members, against the ordinary spectra.

        An ordinary spectrum is outside the top 5 %, by the method and members in question: what one of them ranks
        high already, it need not find. The hosts' spectra are held.

        Parameters
        ----------
        database : Database
            Has the spectra.
        detectors : Detectors
            The methods.
        talk : callable
            Called with the kinds that leave every spectrum as it is.
        """
        spectra = self._spectra(database)

        def blocks() -> Iterator[PlantedBlock]:
            return plant(self._stored.pixels.wavelength, spectra, self._injection.strengths, self._seed)

        keys, changed = [], set()
        for block in blocks():
            keys.append((block.kind, block.strength))
            if block.changed.any():
                changed.add(block.kind)
        if unchanged := [kind for kind in spectra if kind not in changed]:
            talk(f"in the window of ensemble {self._stored.ensemble.name}, {', '.join(unchanged)} changes no pixel")
        scores_of = detectors.scores_of(
            lambda: ((block.flux, block.ivar, self._hosts[block.kind].index) for block in blocks()), len(keys)
        )
        for method, population in detectors.populations.items():
            placed = [
                population.place(score, self._hosts[kind].index)
                for score, (kind, _) in zip(scores_of[method], keys, strict=True)
            ]
            for members in MEMBERS:
                ordinary = _without_top(population.consensus.by(members))
                odd = {
                    key: _of_ordinary(consensus.by(members), ordinary, self._hosts[key[0]])
                    for key, consensus in zip(keys, placed, strict=True)
                }
                for (kind, strength), ranking in odd.items():
                    yield RecoveryRow(method, members, kind, strength, measure(ranking, ordinary, self._seed))
                for strength in self._injection.strengths:
                    ranks = [ranking.rank for key, ranking in odd.items() if key[1] == strength]
                    together = Ranking(np.concatenate(ranks), ordinary.n_ranked)
                    yield RecoveryRow(method, members, None, strength, measure(together, ordinary, self._seed))

    def verdicts(self, database: Database, progress: Progress) -> list[VerdictCount]:
        """What the rules of `catalog.causes` say of the same spectra, which are read again."""
        spectra = self._spectra(database)
        blocks = plant(self._stored.pixels.wavelength, spectra, self._injection.strengths, self._seed)
        placed = ((block, self._hosts[block.kind].index) for block in blocks)
        return verdict_counts(database, self._stored, placed, len(spectra) * len(self._injection.strengths), progress)

    def _spectra(self, database: Database) -> Spectra:
        stored = self._stored
        needed = np.unique(np.concatenate([hosts.index for hosts in self._hosts.values()]))
        ids = stored.spectrum_id[needed]
        flux, ivar = spectra_of(database, stored.dataset.dataset_id, stored.pixels, ids, flux_only=False)
        rows = {kind: np.searchsorted(needed, hosts.index) for kind, hosts in self._hosts.items()}
        return {kind: (flux[row], ivar[row]) for kind, row in rows.items()}


def _without_top(ranking: Ranking) -> Ranking:
    ordinary = ranking.rank > n_top(ranking.n_ranked, ODD_ALREADY)
    return Ranking(np.where(ordinary, ranking.rank, np.nan), ranking.n_ranked)


def _of_ordinary(planted: Ranking, ordinary: Ranking, hosts: Hosts) -> Ranking:
    """Without the planted spectra whose hosts are not ordinary."""
    return Ranking(np.where(np.isnan(ordinary.rank[hosts.index]), np.nan, planted.rank), planted.n_ranked)
