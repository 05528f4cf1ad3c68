"""Ranks of scores, computed by numpy from the rows of the tables alone, for tests of what the database says.

Nothing of catalog.anomaly or catalog.evaluation is used here, and no view.
"""

from dataclasses import dataclass

import duckdb
import numpy as np
import pytest

N_ALIKE, NTH, N_PEER = 50, 10, 300

SCORES = """
SELECT model.model_id, spectrum.spectrum_id, spectrum.star_id, scored.error, scored.chi2, latent.latent
FROM reconstruction_error AS scored
JOIN latent_vector AS latent USING (model_id, spectrum_id)
JOIN model_version AS model USING (model_id)
JOIN spectrum USING (spectrum_id)
WHERE model.ensemble_id = ? AND spectrum.dataset_id = ?
"""

SEEN = """
SELECT model_id, star_id FROM training_split JOIN spectrum USING (spectrum_id) WHERE role = 'train'
UNION ALL
SELECT model_id, star_id FROM training_star JOIN star USING (mangaid) WHERE role = 'train'
"""

PHOTOMETRY = "SELECT star_id, bp_rp0, abs_g FROM gaia_match ORDER BY gaia_release"  # DR2 before EDR3


@dataclass(frozen=True)
class Scores:
    """Of an ensemble on a dataset: (n_model, n) each, NaN where a model has not scored a spectrum."""

    model_id: np.ndarray
    spectrum_id: np.ndarray
    star_id: np.ndarray
    error: np.ndarray
    chi2: np.ndarray
    latent: np.ndarray
    seen: np.ndarray
    place: np.ndarray

    @property
    def scored(self) -> np.ndarray:
        return ~np.isnan(self.error)


def read(connection: duckdb.DuckDBPyConnection, ensemble_id: int, dataset_id: int) -> Scores:
    rows = connection.execute(SCORES, [ensemble_id, dataset_id]).fetchall()
    model_id = np.unique([row[0] for row in rows]).astype(int)
    star_of = {row[1]: row[2] for row in rows}
    spectrum_id = np.array(sorted(star_of), int)
    star_id = np.array([star_of[spectrum] for spectrum in spectrum_id.tolist()], int)
    shape = (len(model_id), len(spectrum_id))
    error, chi2, latent = np.full(shape, np.nan), np.full(shape, np.nan), np.full((*shape, 10), np.nan)
    for model, spectrum, _, error_, chi2_, latent_ in rows:
        at = np.searchsorted(model_id, model), np.searchsorted(spectrum_id, spectrum)
        error[at], chi2[at], latent[at] = error_, np.nan if chi2_ is None else chi2_, latent_
    known = set(connection.execute(SEEN).fetchall())
    seen = np.array([[(m, s) in known for s in star_id.tolist()] for m in model_id.tolist()]).reshape(shape)
    photometry = {star: (bp_rp, abs_g) for star, bp_rp, abs_g in connection.execute(PHOTOMETRY).fetchall()}
    place = np.array([photometry.get(star, (None, None)) for star in star_id.tolist()], float).reshape(-1, 2)
    return Scores(model_id, spectrum_id, star_id, error, chi2, latent, seen, place)


def share(values: np.ndarray) -> np.ndarray:
    """(n,) percent of the values at or below each; NaN among nobody."""
    known = values[~np.isnan(values)]
    below = (known[None, :] <= values[:, None]).sum(axis=1)
    return np.where(np.isnan(values), np.nan, 100 * (below / max(len(known), 1)))


def distances(latent: np.ndarray, star_id: np.ndarray) -> np.ndarray:
    """(n, n) between spectra of different stars, inf between those of one."""
    square = np.stack([((latent - one) ** 2).sum(axis=1) for one in latent])
    return np.where(star_id[:, None] == star_id[None, :], np.inf, np.sqrt(square))


def error_alike_bounds(distance: np.ndarray, error: np.ndarray, among: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) least and greatest median error of the 50 nearest: the same unless the 50th and the 51st are as near."""
    ends = np.full((2, len(error)), np.nan)
    for row, near in enumerate(distance):
        candidates = np.flatnonzero(among & np.isfinite(near))
        if len(candidates):
            for end, sign in enumerate((1, -1)):
                # Rounded, since two ways of adding squares up may tell equal distances apart.
                order = np.lexsort((sign * error[candidates], np.round(near[candidates], 9)))
                ends[end, row] = np.median(error[candidates[order[:N_ALIKE]]])
    return ends[0], ends[1]


def assert_ranks_of_scores(
    connection: duckdb.DuckDBPyConnection, scores: Scores, dataset_id: int
) -> dict[str, np.ndarray]:
    """Every column of score_rank; returns those that the consensus is made of, (n_model, n) each."""
    names = ("percentile", "percentile_unseen", "chi2_percentile", "relative_error", "relative_percentile",
             "isolation_percentile")  # fmt: skip
    ranked = {name: np.full(scores.error.shape, np.nan) for name in names}
    ranked["flagged"] = np.zeros(scores.error.shape, bool)
    for number, model in enumerate(scores.model_id.tolist()):
        found = columns(
            connection,
            "FROM score_rank WHERE model_id = ? AND dataset_id = ? ORDER BY spectrum_id",
            [model, dataset_id],
        )
        own = scores.scored[number]
        error, star_id, seen = scores.error[number, own], scores.star_id[own], scores.seen[number, own]
        assert found["spectrum_id"].tolist() == scores.spectrum_id[own].tolist()
        assert found["rank"].tolist() == [1 + np.sum(error > value) for value in error]
        assert found["flagged"].tolist() == (error >= np.quantile(error, 0.99)).tolist()
        same(found["percentile"], share(error))
        same(found["percentile_unseen"], share(np.where(seen, np.nan, error)))
        same(found["chi2_percentile"], share(scores.chi2[number, own]))
        distance = distances(scores.latent[number, own], star_id)
        among = seen if seen.sum() >= N_ALIKE else np.ones(len(seen), bool)
        least, greatest = error_alike_bounds(distance, error, among)
        with np.errstate(all="ignore"):
            expected = np.where(least > 0, error / least, np.nan)
            lowest = error / greatest
        sure = (least == greatest) | np.isnan(least)
        same(found["relative_error"][sure], expected[sure])
        between = found["relative_error"][~sure]
        assert ((np.isnan(between) & (least[~sure] == 0)) | (between >= lowest[~sure] * (1 - 1e-9))).all()
        assert not (between > expected[~sure] * (1 + 1e-9)).any()
        same(found["relative_percentile"], share(found["relative_error"]))
        nearest = np.sort(np.pad(distance, ((0, 0), (0, NTH)), constant_values=np.inf), axis=1)[:, NTH - 1]
        same(found["isolation"], np.where(np.isfinite(nearest), nearest, np.nan))
        same(found["isolation_percentile"], share(found["isolation"]))
        for name, values in ranked.items():
            values[number, own] = found[name]
    return ranked


def mean(values: np.ndarray) -> np.ndarray:
    """(n,) over the models that say something, to nine digits; NaN where none does."""
    known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.round(np.where(known, values, 0).sum(axis=0) / known.sum(axis=0), 9)


def median(values: np.ndarray) -> np.ndarray:
    return np.array([np.median(row[~np.isnan(row)]) if not np.isnan(row).all() else np.nan for row in values.T])


def ranks(*keys: np.ndarray) -> np.ndarray:
    """(n,) 1 for the largest first key, then the next keys, then the first in order; NaN without a first key."""
    order = np.lexsort([-key for key in reversed(keys)])
    rank = np.empty(len(order))
    rank[order] = np.arange(1, len(order) + 1)
    return np.where(np.isnan(keys[0]), np.nan, rank)


def consensus(scores: Scores, ranked: dict[str, np.ndarray], threshold: float) -> dict[str, np.ndarray]:
    """Every column of the macro consensus(threshold)."""
    limit = np.array([np.quantile(row[~np.isnan(row)], threshold / 100) for row in scores.error])
    with np.errstate(all="ignore"):
        n_flagged = (scores.error >= limit[:, None]).sum(axis=0)
        log10 = np.where(scores.error > 0, np.log10(scores.error), np.nan)
    percentile, unseen, log10_error = mean(ranked["percentile"]), mean(ranked["percentile_unseen"]), mean(log10)
    spread = [np.std(row[~np.isnan(row)], ddof=1) if np.sum(~np.isnan(row)) > 1 else np.nan for row in log10.T]
    chi2, relative = median(scores.chi2), median(ranked["relative_error"])
    isolation = mean(ranked["isolation_percentile"])
    return {
        "spectrum_id": scores.spectrum_id,
        "consensus_rank": ranks(n_flagged.astype(float), percentile, log10_error),
        "n_model": scores.scored.sum(axis=0),
        "n_flagged": n_flagged,
        "mean_log10_error": log10_error,
        "std_log10_error": np.round(spread, 9),
        "mean_percentile": percentile,
        "min_percentile": np.nanmin(ranked["percentile"], axis=0),
        "n_model_unseen": (scores.scored & ~scores.seen).sum(axis=0),
        "mean_percentile_unseen": unseen,
        "unseen_rank": ranks(unseen, log10_error),
        "median_chi2": chi2,
        "chi2_rank": ranks(mean(ranked["chi2_percentile"]), chi2),
        "median_relative_error": relative,
        "relative_rank": ranks(mean(ranked["relative_percentile"]), relative),
        "mean_isolation_percentile": isolation,
        "isolation_rank": ranks(isolation),
    }


def intervals(ranked: dict[str, np.ndarray], order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The fifth least and fifth greatest rank in 200 ensembles drawn from the models; NaN for one model."""
    n_model, n = ranked["percentile"].shape
    if n_model == 1:
        return np.full(n, np.nan), np.full(n, np.nan)
    generator = np.random.default_rng([0, n_model])
    replicates = np.empty((200, n))
    for number, members in enumerate(
        np.concatenate([generator.integers(n_model, size=(20, n_model)) for _ in range(10)])
    ):
        flags = ranked["flagged"][members].sum(axis=0)
        average = np.nan_to_num(mean(ranked["percentile"][members]), nan=-1)
        replicates[number, np.lexsort((order, -average, -flags))] = np.arange(1, n + 1)
    replicates.sort(axis=0)
    return replicates[4], replicates[-5]


def assert_peers(found: dict[str, np.ndarray], scores: Scores) -> None:
    rank = found["consensus_rank"]
    for row, (bp_rp, abs_g) in enumerate(scores.place):
        distance = np.hypot(scores.place[:, 0] - bp_rp, (scores.place[:, 1] - abs_g) / 4)
        distance[scores.star_id == scores.star_id[row]] = np.nan
        near = np.sort(distance[np.isfinite(distance)])[:N_PEER]
        assert found["n_peer"][row] == len(near)
        if not len(near):
            assert np.isnan(found["peer_rank"][row])
            assert np.isnan(found["cmd_density"][row])
            continue
        surely, perhaps = distance < near[-1] - 1e-9, np.abs(distance - near[-1]) <= 1e-9
        odder, missing = rank < rank[row], len(near) - surely.sum()
        least = 1 + (surely & odder).sum() + max(0, missing - (perhaps & ~odder).sum())
        greatest = 1 + (surely & odder).sum() + min(missing, (perhaps & odder).sum())
        assert least <= found["peer_rank"][row] <= greatest
        density = len(near) / (4 * np.pi * near[-1] ** 2) if near[-1] > 0 else np.nan
        assert found["cmd_density"][row] == pytest.approx(density, nan_ok=True)


def assert_standing(connection: duckdb.DuckDBPyConnection) -> None:
    """Every column of the tables, of the macro and of the views on them, for every ensemble and dataset scored."""
    pairs = connection.execute(
        """SELECT DISTINCT ensemble_id, dataset_id FROM reconstruction_error
           JOIN latent_vector USING (model_id, spectrum_id)
           JOIN model_version USING (model_id) JOIN spectrum USING (spectrum_id) ORDER BY ALL"""
    ).fetchall()
    n_score = n_consensus = 0
    for ensemble_id, dataset_id in pairs:
        scores = read(connection, ensemble_id, dataset_id)
        ranked = assert_ranks_of_scores(connection, scores, dataset_id)
        n_score, n_consensus = n_score + scores.scored.sum(), n_consensus + len(scores.spectrum_id)
        where = "WHERE ensemble_id = ? AND dataset_id = ? ORDER BY spectrum_id"
        of = [ensemble_id, dataset_id]
        for threshold in (99, 90, 50.5):
            expected = consensus(scores, ranked, threshold)
            found = columns(connection, f"FROM consensus({threshold}) {where}", of)
            assert set(found) == {*expected, "ensemble_id", "dataset_id"}
            for name, values in expected.items():
                same(found[name], values, name)
        expected = consensus(scores, ranked, 99)
        lo, hi = intervals(ranked, expected["consensus_rank"])
        expected |= {"consensus_rank_lo": lo, "consensus_rank_hi": hi}
        for relation in ("ensemble_rank", "consensus_anomaly"):
            found = columns(connection, f"FROM {relation} {where}", of)
            for name, values in expected.items():
                same(found[name], values, name)
            assert_peers(found, scores)
    for relation, n in (
        ("score_rank", n_score),
        ("anomaly_score", n_score),
        ("ensemble_rank", n_consensus),
        ("consensus_anomaly", n_consensus),
    ):
        assert connection.execute(f"SELECT count(*) FROM {relation}").fetchone() == (n,)


def columns(
    connection: duckdb.DuckDBPyConnection, sql: str, parameters: list[object] | None = None
) -> dict[str, np.ndarray]:
    """The columns of an answer; numbers with NaN for NULL."""
    found = connection.execute(sql, parameters or []).fetchnumpy()
    return {
        name: np.ma.filled(values.astype(float), np.nan) if values.dtype.kind in "iuf" else np.asarray(values)
        for name, values in found.items()
    }


def same(found: np.ndarray, expected: np.ndarray, name: str = "") -> None:
    np.testing.assert_allclose(
        np.asarray(found, float), np.asarray(expected, float), rtol=1e-9, atol=2e-9, err_msg=name
    )
