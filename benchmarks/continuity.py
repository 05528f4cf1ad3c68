"""What an earlier version of the catalog left behind opens, goes on and gives the same bits with a later one.

    python -m benchmarks.continuity make FOLDER     # with the earlier version
    python -m benchmarks.continuity check FOLDER    # with the later one; exit status 1 if anything differs

The first leaves a database with scores, a killed training, an exported ensemble, and what is in them, row by row. The
second works on copies. Both know the program by its commands and its tables only, which its versions have in common.
"""

import argparse
import hashlib
import json
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.measure import table

MOCK = ("--stars", 150, "--seed", 7, "--anomaly-fraction", 0.05)
TRAIN = ("train", "--dataset", "small", "--recipe", "paper", "--window", 3700, 10200, "--models", 2)
TINY = (*TRAIN, "--epochs", 2, "--seed", 3, "--name", "tiny")
STOPPED_EPOCHS = 20
STOPPED = (*TRAIN, "--epochs", STOPPED_EPOCHS, "--seed", 4, "--name", "stopped")
WHOLE, KILLED, FILE, FACTS = "whole.duckdb", "stopped.duckdb", "tiny.zip", "facts.json"
COMMAND = (sys.executable, "-m", "catalog.cli", "--database")

# Rows say by name which spectrum and which model they are about, since nothing promises that internal ids stay. Times
# and versions of the code are left out: they are those of the run.
NAMES = """WITH spectra AS (
    SELECT spectrum_id, star_id, dataset.name AS dataset, concat_ws('/', mangaid, plate, ifudesign, mjd) AS who
    FROM spectrum JOIN star USING (star_id) JOIN dataset USING (dataset_id)
), models AS (
    SELECT model_id, member, model.name AS model, ensemble.name AS ensemble, recipe_sha256, weights_sha256
    FROM model_version AS model JOIN ensemble USING (ensemble_id)
) """
OF_MODEL = "JOIN models USING (model_id) JOIN spectra USING (spectrum_id)"
TABLES = {
    "spectrum": """SELECT who, usable, reject_reason, sha256(concat_ws(' ', flux, ivar, mask))
        FROM spectrum JOIN spectrum_array USING (spectrum_id) JOIN spectra USING (spectrum_id)""",
    "reconstruction_error": f"SELECT ensemble, model, who, error, chi2 FROM reconstruction_error {OF_MODEL}",
    "latent_vector": f"SELECT ensemble, model, who, latent FROM latent_vector {OF_MODEL}",
    "consensus_anomaly": """SELECT ensemble, mangaid, plate, mjd, consensus_rank, consensus_rank_lo, consensus_rank_hi,
        n_model, n_flagged, mean_log10_error, std_log10_error, mean_percentile, mean_percentile_unseen, unseen_rank,
        median_chi2, median_relative_error, mean_isolation_percentile, cmd_density, peer_rank FROM consensus_anomaly""",
    "neighbor": f"""SELECT ensemble, model, who, neighbor_rank, distance,
        (SELECT near.who FROM spectra AS near WHERE near.spectrum_id = neighbor_spectrum_id)
        FROM neighbor {OF_MODEL}""",
    "anomaly_cause": """SELECT ensemble.name, who, cause, rule, confidence, evidence, interval_lo, interval_hi,
        interval_fraction, half_fraction, interval_excess, interval_spread, interval_overlap, window_share,
        residual_chi2, interval_chi2, sigma_ratio, masked_fraction, roughness, sign, density_percentile,
        nearest_trained, template_match, n_model, mean_log10_error, anomaly_cause.n_spectrum
        FROM anomaly_cause JOIN ensemble USING (ensemble_id) JOIN spectra USING (spectrum_id)""",
    "label": "SELECT who, label, note, author FROM label JOIN spectra USING (star_id)",
    "recovery": """SELECT method, members, kind, strength, n_odd, recall_1, recall_5, median_percentile, auc, auc_lo
        FROM recovery JOIN evaluation USING (evaluation_id)
        JOIN (SELECT dataset_id, name AS dataset FROM dataset) USING (dataset_id)""",
}
SCORES = ("spectrum", "reconstruction_error", "latent_vector", "consensus_anomaly")
KEPT = [("large", name) for name in TABLES] + [("small", name) for name in SCORES]
N_SCORE = "SELECT count(*) FROM reconstruction_error"
ODDEST = "SELECT mangaid FROM consensus_anomaly WHERE dataset = 'large' ORDER BY consensus_rank, mangaid LIMIT 1"
MODELS = "SELECT model, recipe_sha256, weights_sha256 FROM models WHERE ensemble = $name ORDER BY member"
EPOCHS = """SELECT model, epoch, train_loss, validation_loss, seconds
    FROM training_epoch JOIN models USING (model_id) WHERE ensemble = $name ORDER BY member, epoch"""
VERSIONS = "SELECT concat_ws(' ', code_version, 'revision', version_num, versions) FROM model_version, schema_version"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    work = {"make": make, "check": check}
    parser.add_argument("what", choices=work)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    sys.exit(work[arguments.what](arguments.folder))


def make(folder: Path) -> None:
    """Leave behind what a later version has to take up, in a new folder."""
    (folder / "tables").mkdir(parents=True)
    whole, stopped = folder / WHOLE, folder / KILLED
    catalog(whole, "mock", "-o", folder / "mock", *MOCK)
    catalog(whole, "ingest", folder / "mock")
    shutil.copyfile(whole, stopped)
    catalog(whole, *TINY)
    use(whole, folder / "mock")
    catalog(whole, "ensemble", "export", "tiny", "-o", folder / FILE)
    facts: dict[str, object] = {**models(whole, "tiny"), **tables(whole, folder=folder / "tables")}
    facts |= {"mock survey": digest_of(*(folder / "mock").iterdir()), "exported file": digest_of(folder / FILE)}
    kill_in_second_model(stopped)
    with tempfile.TemporaryDirectory() as temporary:
        finished = take_up(stopped, Path(temporary))
        (kept,) = re.findall(r"MODEL2 goes on .* (\d+)", catalog(finished, *STOPPED))  # none if it began anew: an error
        facts |= models(finished, "stopped") | {"epochs kept": STOPPED_EPOCHS + int(kept)}
        left = {"by": rows(whole, VERSIONS)[0][0], "facts": facts, "epochs": rows(finished, EPOCHS, name="stopped")}
    (folder / FACTS).write_text(json.dumps(left, indent=1) + "\n")


def check(folder: Path) -> int:
    """Print what is found of an earlier version's state; returns the exit status, 1 if anything differs."""
    left = json.loads((folder / FACTS).read_text())
    lines: list[list[object]] = []
    for stage in (opened, gone_on, imported, trained_anew):
        with tempfile.TemporaryDirectory() as temporary:
            try:
                for what, found in stage(folder, Path(temporary)):
                    expected = left["facts"].get(what, 0)  # what is no fact of the earlier version counts changes
                    verdict = "same" if found == expected else "DIFFERS"
                    lines.append([f"`{stage.__name__}`: {what}", str(expected)[:12], str(found)[:12], verdict])
            except (RuntimeError, duckdb.Error) as error:  # the other stages still have something to say
                lines.append([f"`{stage.__name__}`: {' '.join(str(error).split())}", "no error", "error", "DIFFERS"])
    n_different = sum(verdict != "same" for *_, verdict in lines)
    print(f"### The state of an earlier version ({len(lines)} checks, {n_different} differ)\n")
    print(table(["what", "expected", "found", "verdict"], lines), f"Made by version {left['by']}.", sep="\n\n")
    return min(n_different, 1)


def opened(folder: Path, temporary: Path) -> Iterator[tuple[str, object]]:
    """The database, migrated if need be, still holds its rows, has nothing to score, and exports the same file."""
    database = take_up(folder / WHOLE, temporary)
    before = tables(database)
    yield from (before | models(database, "tiny")).items()
    before_again = rows(database, N_SCORE)[0][0]
    score(database)
    yield "scores added", rows(database, N_SCORE)[0][0] - before_again
    yield "tables changed by scoring again", len(before.items() - tables(database).items())
    catalog(database, "ensemble", "export", "tiny", "-o", temporary / FILE)
    yield "exported file", digest_of(temporary / FILE)


def gone_on(folder: Path, temporary: Path) -> Iterator[tuple[str, object]]:
    """The killed training goes on from its checkpoint, and ends with the same weights."""
    database = take_up(folder / KILLED, temporary)
    catalog(database, *STOPPED)
    yield from models(database, "stopped").items()
    # Begun anew it would end with the same weights as well, but no epoch would take the same time.
    recorded = json.loads((folder / FACTS).read_text())["epochs"]
    yield "epochs kept", sum(list(row) in recorded for row in rows(database, EPOCHS, name="stopped"))


def imported(folder: Path, temporary: Path) -> Iterator[tuple[str, object]]:
    """In a database of its own, the exported ensemble says the same of the same files."""
    database = temporary / "imported.duckdb"
    catalog(database, "ingest", folder / "mock")
    catalog(database, "ensemble", "import", folder / FILE)
    score(database)
    yield from (models(database, "tiny") | tables(database, SCORES)).items()


def trained_anew(folder: Path, temporary: Path) -> Iterator[tuple[str, object]]:
    """The same seeds make the same survey and the same ensemble, which says the same."""
    database = temporary / "anew.duckdb"
    catalog(database, "mock", "-o", temporary / "mock", *MOCK)
    yield "mock survey", digest_of(*(temporary / "mock").iterdir())
    catalog(database, "ingest", folder / "mock")
    catalog(database, *TINY)
    use(database, folder / "mock")
    yield from (models(database, "tiny") | tables(database)).items()


def score(database: Path) -> None:
    for dataset in ("large", "small"):
        catalog(database, "score", "--dataset", dataset, "--ensemble", "tiny")


def use(database: Path, mock: Path) -> None:
    """Do everything with an ensemble that leaves rows."""
    score(database)
    catalog(database, "explain", "--top", 5, "--dataset", "large")
    catalog(database, "neighbors", "--all", "--dataset", "large")
    catalog(database, "evaluate", "--truth", mock / "truth.csv", "--dataset", "large")
    catalog(database, "label", *rows(database, ODDEST)[0], "odd", "--note", "the first", "--author", "continuity")


def kill_in_second_model(database: Path) -> None:
    """Train `stopped`, and kill it once its second model has a checkpoint."""
    process = subprocess.Popen([*COMMAND, database, *map(str, STOPPED)], stderr=subprocess.DEVNULL)
    seen: set[str] = set()
    # A checkpoint has a name of its own for every model, and goes when the model is registered.
    while process.poll() is None and len(seen) < 2:
        seen.update(file.name for file in database.with_suffix(".weights").glob(".training-*.npz"))
        time.sleep(0.01)
    process.kill()
    if process.wait() != -signal.SIGKILL:
        raise RuntimeError("the training ended before it could be killed; it needs more epochs")


def catalog(database: Path, *arguments: object, may_fail: bool = False) -> str:
    """Run a command; returns what it says. Raises RuntimeError with its last line if it fails and must not."""
    print("catalog", *arguments, file=sys.stderr, flush=True)
    done = subprocess.run([*COMMAND, database, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0 and not may_fail:
        raise RuntimeError(f"catalog {arguments[0]}: {(done.stderr.splitlines() or ['no message'])[-1]}")
    return done.stdout + done.stderr


def take_up(database: Path, folder: Path) -> Path:
    """A copy of a database with its weights, brought to the revision of this version if that asks for it."""
    for path in database.parent.glob(f"{database.stem}.*"):  # it finds its weights by name, so all names stay
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, folder / path.name)
    copy = folder / database.name
    if "catalog db upgrade" in catalog(copy, "db", "status", may_fail=True):
        catalog(copy, "db", "upgrade")
    return copy


def rows(database: Path, sql: str, **parameters: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(NAMES + sql, parameters).fetchall()


def tables(database: Path, names: tuple[str, ...] = tuple(TABLES), folder: Path | None = None) -> dict[str, str]:
    """Digests of the rows of each table, by dataset; the rows themselves go into a folder, to be looked at."""
    found = {}
    for dataset, name in ((dataset, name) for dataset, name in KEPT if name in names):
        lines = sorted(map(repr, rows(database, f"{TABLES[name]} WHERE dataset = $dataset", dataset=dataset)))
        if not lines:  # to find nothing again would show nothing
            raise RuntimeError(f"{name} has no rows of {dataset}")
        found[f"{name} of {dataset}"] = digest(lines)
        if folder is not None:
            (folder / f"{dataset}-{name}.txt").write_text("\n".join(lines) + "\n")
    return found


def models(database: Path, ensemble: str) -> dict[str, str]:
    """The digests that the database has of an ensemble's recipe and weights, and one of the losses on the way there."""
    found = {f"losses of {ensemble}": digest([repr(row[:-1]) for row in rows(database, EPOCHS, name=ensemble)])}
    for model, recipe, weights in rows(database, MODELS, name=ensemble):
        found |= {f"recipe of {ensemble}": recipe, f"weights of {ensemble} {model}": weights}
    return found


def digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def digest_of(*files: Path) -> str:
    return digest([f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in sorted(files)])


if __name__ == "__main__":
    main()
