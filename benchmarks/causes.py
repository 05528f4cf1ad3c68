"""Verdicts on planted, mock and real oddities, beside a classifier; templates matched to themselves.

python -m benchmarks.causes MOCK.duckdb TRUTH.csv [REAL.duckdb]: the first with ensembles that scored a mock survey, and
its truth; the last with ensembles that scored the real spectra of CATALOG_TEST_DATA.
"""

import csv
import os
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks.measure import table
from catalog import Catalog
from catalog.anomaly.template_files import read_templates
from catalog.autoencoder.model import Model
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.weights import load_weights
from catalog.causes.diagnosis import Diagnosis, diagnose
from catalog.causes.likeness import Templates, on_grid
from catalog.causes.verdict import CAUSES
from catalog.causes.windows import WINDOWS
from catalog.database.records import Scope
from catalog.evaluation.consensus import Population
from catalog.evaluation.injection import choose_hosts
from catalog.evaluation.stored import Stored, read_scores, spectra_of
from catalog.evaluation.verdicts import RIGHT_CAUSE
from catalog.extinction import extinction
from catalog.spectra.quality import usable_rows
from catalog.surveys.mock.oddities import ODDITIES

DATA = Path(os.environ.get("CATALOG_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
STRENGTHS = (0.5, 1.0, 2.0, 4.0)
N_HOST = 24
MADE_WITH, REPORTED = 101, 202
"""Seeds of the hosts with which the thresholds were chosen, and of those that are reported."""

ORDINARY = "ordinary"
CAUSE_OF = RIGHT_CAUSE | {ORDINARY: "noise"}
PAPER = ("artifact-9500", "ch-star", "cn-star", "dwarf-carbon", "o-rich-agb")
BANDS = [window for window in WINDOWS if window.family in ("C2", "CN", "CH")]


def hosts(stored: Stored) -> np.ndarray:
    """Whether a scored spectrum is outside the top 5 % of the consensus, (n,)."""
    rank = Population(stored.error, stored.seen).consensus.all.rank
    chosen: np.ndarray = (rank > 0.05 * len(rank)) & ~np.isnan(stored.error).any(axis=0)
    return chosen


def planted(catalog: Catalog, stored: Stored, seed: int) -> list[tuple[str, float, Diagnosis]]:
    """Kind, strength and case of every oddity planted in hosts of a seed, and of hosts as they are."""
    eligible, flux, ivar, of = hosts(stored), [], [], []
    keys: list[tuple[str, float]] = []
    densities = catalog.query(
        """SELECT spectrum_id, CASE WHEN cmd_density IS NOT NULL THEN 100 * cume_dist() OVER (
        PARTITION BY cmd_density IS NULL ORDER BY cmd_density) END AS density
        FROM ensemble_rank WHERE ensemble_id = $id AND dataset_id = $dataset""",
        {"id": stored.ensemble.ensemble_id, "dataset": stored.dataset.dataset_id},
    )
    density = dict(zip(densities["spectrum_id"], np.ma.filled(densities["density"], np.nan), strict=True))
    random = np.random.default_rng(seed)
    for kind in (*ODDITIES, ORDINARY):
        if kind == ORDINARY:
            index = np.sort(random.choice(np.flatnonzero(eligible), 4 * N_HOST, replace=False))
        else:
            index = choose_hosts(kind, N_HOST, eligible, stored.bp_rp, stored.abs_g, seed).index
        arrays = spectra_of(
            catalog.database, stored.dataset.dataset_id, stored.pixels, stored.spectrum_id[index], flux_only=False
        )
        for strength in STRENGTHS if kind != ORDINARY else (0.0,):
            generator = np.random.default_rng([seed, len(keys)])
            made = arrays
            if kind != ORDINARY:
                made = ODDITIES[kind].plant(stored.pixels.wavelength, *arrays, strength, generator)
            usable = usable_rows(made[0])
            flux.append(made[0][usable])
            ivar.append(made[1][usable])
            of.append(index[usable])
            keys += [(kind, strength)] * int(usable.sum())
    index, spectra = np.concatenate(of), np.concatenate(flux)
    cases = judged(catalog, stored, spectra, np.concatenate(ivar), index, density)
    return [(*key, case) for key, case in zip(keys, cases, strict=True)]


def judged(
    catalog: Catalog, stored: Stored, flux: np.ndarray, ivar: np.ndarray, index: np.ndarray, density: dict[int, float]
) -> list[Diagnosis]:
    photometry = np.zeros((len(index), len(stored.recipe.photometry)))
    for number, name in enumerate(stored.recipe.photometry):
        photometry[:, number] = {"bp_rp": stored.bp_rp, "abs_g": stored.abs_g}[name][index]
    network = Model(stored.recipe, len(stored.pixels.wavelength))
    made = np.empty((len(stored.models), *flux.shape), np.float32)
    for number, model in enumerate(stored.models):
        weights = load_weights(*catalog.database.weights_of(model))
        network.set_weights(weights)
        for start in range(0, len(flux), 512):
            rows = slice(start, start + 512)
            made[number, rows] = np.exp(np.minimum(network.reconstruct(log_flux(flux[rows]), photometry[rows])[1], 40))
    good = np.zeros(flux.shape[1], np.int32)
    cases = []
    for row, host in enumerate(stored.spectrum_id[index]):
        at = density[host]
        known = {"density_percentile": None if np.isnan(at) else float(at)}
        cases.append(diagnose(stored.pixels.wavelength, flux[row], ivar[row], good, made[:, row], known))
    return cases


def share(values: list[bool]) -> str:
    return f"{np.mean(values):.2f}" if values else ""


def report(name: str, cases: list[tuple[str, float, Diagnosis]]) -> None:
    """Accuracy by kind and strength, the confusion at nominal strength, the rules, and where the error lies."""
    print(f"\n{name}: share of verdicts that are right, by strength ({N_HOST} hosts a kind)\n")
    rows: list[list[object]] = []
    for kind, cause in CAUSE_OF.items():
        of_kind = {
            s: [case.verdict.cause == cause for k, t, case in cases if (k, t) == (kind, s)] for s in (0, *STRENGTHS)
        }
        shown = [share(of_kind[s]) for s in STRENGTHS] if kind != ORDINARY else ["", share(of_kind[0]), "", ""]
        rows.append([kind, cause, *shown])
    print(table(["kind", "right verdict", *map(str, STRENGTHS)], rows))
    print(f"\n{name}: verdicts at nominal strength, and on ordinary spectra\n")
    rows = []
    for kind in CAUSE_OF:
        counted = Counter(case.verdict.cause for k, s, case in cases if k == kind and s in (0, 1))
        rows.append([kind, *(counted[cause] or "" for cause in CAUSES)])
    print(table(["kind", *CAUSES], rows))
    rules = Counter(case.verdict.rule for _, _, case in cases)
    right = Counter(case.verdict.rule for kind, _, case in cases if case.verdict.cause == CAUSE_OF[kind])
    print(f"\n{name}: rules, over all strengths\n")
    print(
        table(
            ["rule", "verdicts", "right"],
            [[rule or "none", n, f"{right[rule] / n:.2f}"] for rule, n in rules.most_common()],
        )
    )
    print(f"\n{name}: the interval that holds half of the error, at nominal strength\n")
    rows = []
    for kind in PAPER:
        places = [case.place for k, s, case in cases if (k, s) == (kind, 1.0)]
        lo, hi = (np.median([getattr(place, end) for place in places]) for end in ("interval_lo", "interval_hi"))
        holds = {
            "artifact-9500": ("contains 9500 Å", [place.interval_lo < 9500 < place.interval_hi for place in places]),
            "o-rich-agb": ("reaches beyond 8500 Å", [place.interval_hi > 8500 for place in places]),
        }.get(
            kind,
            (
                "meets a window of C2, CN or CH",
                [any(w.lo < p.interval_hi and w.hi > p.interval_lo for w in BANDS) for p in places],
            ),
        )
        wide = np.median([place.interval_fraction for place in places])
        rows.append([kind, f"{lo:.0f} to {hi:.0f} Å", f"{wide:.1%}", holds[0], share(holds[1])])
    print(table(["kind", "median interval", "of the window", "", "share"], rows))
    bumps = [case for k, s, case in cases if (k, s) == ("artifact-9500", 1.0)]
    named = [(case.measured["bump_lo"] or 0) < 9500 < (case.measured["bump_hi"] or 0) for case in bumps]
    print(f"\nThe raised uncertainty named for artifact-9500 contains 9500 Å in {share(named)} of them.")


def classifier(cases: dict[int, list[tuple[str, float, Diagnosis]]]) -> None:
    """A random forest on the same quantities, taught with one seed's hosts, beside the rules on the other's."""
    names = sorted(cases[REPORTED][0][2].measured)

    def features(seed: int) -> np.ndarray:
        values = [[case.measured[name] for name in names] for _, _, case in cases[seed]]
        return np.nan_to_num(np.array(values, np.float64), nan=-99)

    forest = RandomForestClassifier(300, random_state=0, n_jobs=2)
    forest.fit(features(MADE_WITH), [CAUSE_OF[kind] for kind, _, _ in cases[MADE_WITH]])
    guessed = forest.predict(features(REPORTED))
    rows = []
    for title, kinds in (("the paper's kinds", PAPER), ("all kinds and ordinary", tuple(CAUSE_OF))):
        chosen = [(g, c) for g, (k, s, c) in zip(guessed, cases[REPORTED], strict=True) if k in kinds and s in (0, 1)]
        truth = [CAUSE_OF[k] for k, s, _ in cases[REPORTED] if k in kinds and s in (0, 1)]
        by_rules = [case.verdict.cause == right for (_, case), right in zip(chosen, truth, strict=True)]
        by_forest = [guess == right for (guess, _), right in zip(chosen, truth, strict=True)]
        rows.append([title, len(chosen), share(by_rules), share(by_forest)])
    print("\n" + table(["at nominal strength", "spectra", "rules", "random forest"], rows))


def listed(catalog: Catalog, ensemble: str, truth: Path) -> None:
    """Verdicts on the odd stars of the survey, whose photometry is that of such stars, and on the others of the top."""
    with truth.open(newline="") as file:
        kinds = {row["mangaid"]: (row["kind"], row["strength"]) for row in csv.DictReader(file) if row["kind"]}
    start = time.perf_counter()
    top = catalog.explain(top=100, ensemble=ensemble, again=True)
    print(f"\nexplain --top 100 --again: {time.perf_counter() - start:.1f} s")
    scored = set(
        catalog.query("SELECT mangaid FROM consensus_anomaly WHERE ensemble = $name", {"name": ensemble})["mangaid"]
    )
    odd = catalog.explain([mangaid for mangaid in kinds if mangaid in scored], ensemble=ensemble, again=True)
    found: dict[str, list[tuple[bool, str, int]]] = {}
    for row in odd:
        kind, strength = kinds[row["mangaid"]]
        found.setdefault(kind, []).append(
            (row["cause"] == CAUSE_OF[kind], f"{float(strength):g}: {row['cause']}", int(row["consensus_rank"]))
        )
    print("\nThe mock survey's own odd stars, strength and verdict, in the order of the consensus\n")
    rows = [[kind, CAUSE_OF[kind], len(all_), sum(ok for ok, _, _ in all_), ", ".join(t for _, t, _ in all_)]
            for kind, all_ in sorted(found.items())]  # fmt: skip
    print(table(["kind", "right verdict", "scored", "right", "strength: verdict"], rows))
    others = Counter(row["cause"] for row in top if row["mangaid"] not in kinds)
    counted = ", ".join(f"{n} {cause}" for cause, n in others.most_common())
    print(f"\nOf the 100 oddest, {sum(others.values())} are ordinary stars: {counted}")


def real(catalog: Catalog, ensemble: str) -> None:
    """Verdicts on known oddities among real spectra."""
    with (DATA / "real_stars" / "truth.csv").open(newline="") as file:
        truth = {row["mangaid"]: row for row in csv.DictReader(file)}
    scored = set(
        catalog.query("SELECT mangaid FROM consensus_anomaly WHERE ensemble = $name", {"name": ensemble})["mangaid"]
    )
    chosen = [mangaid for mangaid, row in truth.items() if row["anomaly"] and mangaid in scored]
    rows = []
    for row in catalog.explain(chosen, ensemble=ensemble, again=True):
        star = truth[row["mangaid"]]
        matches = row["template_match"] if star["anomaly"] in ("CARBON", "LPV_MIRA", "LATE_M_GIANT") else []
        like = [f"{match['name'].split('-')[-1]}, rms {match['rms']:.2f}" for match in matches[:1]]
        rows.append(
            [row["consensus_rank"], star["star"], star["spectral_type"], star["anomaly"], row["cause"],
             "" if row["rule"] is np.ma.masked else row["rule"], *(like or [""])]
        )  # fmt: skip
    print(f"\nReal spectra, ensemble {ensemble}, known oddities in the order of the consensus\n")
    print(table(["rank", "star", "type", "known as", "verdict", "rule", "best template"], rows))


def templates() -> None:
    """Each mean of Lançon & Mouhcine, reddened and with noise, is matched to itself or to its neighbour in colour."""
    found = read_templates(DATA / "templates" / "lm2002_agb.parquet", "lm2002")
    grid = 10 ** (np.log10(3621.596) + 1e-4 * np.arange(4563))
    library, generator = Templates(found, grid), np.random.default_rng(0)
    rows: list[list[object]] = []
    for snr in (10, 50):
        for ebv in (0.0, 0.5, 1.5):
            itself = neighbor = 0
            off = []
            for template in found:
                light, good = on_grid(template, grid)
                clean = np.where(good, light * 10 ** (-0.4 * ebv * extinction(grid)), 0)
                sigma = np.median(clean[good]) / snr
                flux = clean + sigma * generator.standard_normal(len(grid))
                best, *_ = library.match(flux, np.where(good, sigma**-2, 0), np.zeros(len(grid), int))
                itself += best.name == template.name
                kind, number = template.name[:-1], int(template.name[-1])
                neighbor += best.name[:-1] == kind and abs(int(best.name[-1]) - number) <= 1
                off.append(abs(best.ebv - ebv))
            rows.append([snr, ebv, f"{itself} of {len(found)}", f"{neighbor} of {len(found)}", f"{max(off):.3f}"])
    print("\n" + table(["S/N", "E(B-V)", "matched to itself", "or its neighbour", "largest error of E(B-V)"], rows))


def main() -> None:
    catalog, truth = Catalog(sys.argv[1]), Path(sys.argv[2])
    for ensemble in catalog.ensembles()["ensemble"]:
        if not ensemble.startswith(("paper", "fast")):
            continue
        stored = read_scores(catalog.database, Scope(ensemble=ensemble))
        cases = {seed: planted(catalog, stored, seed) for seed in (MADE_WITH, REPORTED)}
        report(ensemble, cases[REPORTED])
        classifier(cases)
        listed(catalog, ensemble, truth)
    templates()
    if len(sys.argv) > 3:
        for ensemble in ("fast", "paper"):
            real(Catalog(sys.argv[3]), ensemble)


if __name__ == "__main__":
    main()
