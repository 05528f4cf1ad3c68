"""What an earlier version of the catalog left behind opens, goes on and gives the same bits with a later one.

    python -m benchmarks.continuity make FOLDER     # with the earlier version
    python -m benchmarks.continuity check FOLDER    # with the later one; exit status 1 if anything differs

The first leaves a database with scores, a training that was killed, an exported ensemble, and what is in them, row by
row. The second works on copies. Both know the program only by its commands and by the tables of its databases, which is
what versions have in common; nothing of the package is imported.
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
from collections.abc import Callable, Iterator
from pathlib import Path

import duckdb

from benchmarks.measure import table

MOCK = ("--stars", 150, "--seed", 7, "--anomaly-fraction", 0.05)
TRAIN = ("train", "--dataset", "small", "--recipe", "paper", "--window", 3700, 10200, "--models", 2)
TINY = (*TRAIN, "--epochs", 2, "--seed", 3, "--name", "tiny")
STOPPED_EPOCHS = 12
STOPPED = (*TRAIN, "--epochs", STOPPED_EPOCHS, "--seed", 4, "--name", "stopped")
WHOLE, KILLED, FILE, FACTS = "whole.duckdb", "stopped.duckdb", "tiny.zip", "facts.json"

# Rows say which star they are about by its id, since nothing promises that internal ids stay. Times and versions of the
# code are left out: they are those of the run.
NAMED = """
FROM {table}
JOIN model_version AS model USING (model_id) JOIN ensemble USING (ensemble_id)
JOIN spectrum USING (spectrum_id) JOIN star USING (star_id) JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
"""
KEY = "ensemble.name, model.name, mangaid, plate, ifudesign, mjd"
TABLES = {
    "spectrum": """
        SELECT mangaid, plate, ifudesign, mjd, snr, max_flux, n_masked, usable, reject_reason,
            sha256(flux::VARCHAR), sha256(ivar::VARCHAR), sha256(mask::VARCHAR)
        FROM spectrum JOIN spectrum_array USING (spectrum_id) JOIN star USING (star_id) JOIN dataset USING (dataset_id)
        WHERE dataset.name = $dataset""",
    "reconstruction_error": f"""
        SELECT {KEY}, error, chi2 {NAMED.format(table="reconstruction_error")} WHERE dataset.name = $dataset""",
    "latent_vector": f"SELECT {KEY}, latent {NAMED.format(table='latent_vector')} WHERE dataset.name = $dataset",
    "consensus_anomaly": """
        SELECT ensemble, mangaid, plate, mjd, consensus_rank, consensus_rank_lo, consensus_rank_hi, n_model, n_flagged,
            mean_log10_error, std_log10_error, mean_percentile, min_percentile, n_model_unseen, mean_percentile_unseen,
            unseen_rank, median_chi2, chi2_rank, median_relative_error, relative_rank, mean_isolation_percentile,
            isolation_rank, cmd_density, n_peer, peer_rank
        FROM consensus_anomaly WHERE dataset = $dataset""",
    "neighbor": f"""
        SELECT {KEY}, neighbor_rank, there.mangaid, near.plate, near.ifudesign, near.mjd, distance
        {NAMED.format(table="neighbor").replace("mangaid", "star.mangaid")}
        JOIN spectrum AS near ON near.spectrum_id = neighbor_spectrum_id
        JOIN star AS there ON there.star_id = near.star_id
        WHERE dataset.name = $dataset""",
    "anomaly_cause": """
        SELECT ensemble.name, mangaid, plate, ifudesign, mjd, cause, rule, confidence, evidence, interval_lo,
            interval_hi, interval_fraction, half_fraction, interval_excess, interval_spread, interval_overlap,
            window_share, residual_chi2, interval_chi2, sigma_ratio, masked_fraction, roughness, sign::VARCHAR,
            density_percentile, nearest_trained, template_match, n_model, mean_log10_error, anomaly_cause.n_spectrum
        FROM anomaly_cause JOIN ensemble USING (ensemble_id) JOIN spectrum USING (spectrum_id)
        JOIN star USING (star_id) JOIN dataset ON dataset.dataset_id = spectrum.dataset_id
        WHERE dataset.name = $dataset""",
    "label": """
        SELECT mangaid, label, note, author
        FROM label JOIN star USING (star_id) JOIN spectrum USING (star_id) JOIN dataset USING (dataset_id)
        WHERE dataset.name = $dataset""",
    "recovery": """
        SELECT ensemble.name, mode, seed, method, members, kind, strength, n_odd, n_unranked, n_ordinary,
            recall_0_5, recall_0_5_lo, recall_0_5_hi, recall_1, recall_1_lo, recall_1_hi, recall_2, recall_2_lo,
            recall_2_hi, recall_5, recall_5_lo, recall_5_hi, median_percentile, median_percentile_lo,
            median_percentile_hi, auc, auc_lo, auc_hi
        FROM recovery JOIN evaluation USING (evaluation_id) JOIN ensemble USING (ensemble_id)
        JOIN dataset ON dataset.dataset_id = evaluation.dataset_id
        WHERE dataset.name = $dataset""",
}
KEPT = {"large": list(TABLES), "small": ["spectrum", "reconstruction_error", "latent_vector", "consensus_anomaly"]}

MODEL = "FROM model_version AS model JOIN ensemble USING (ensemble_id) WHERE ensemble.name = $ensemble ORDER BY member"
WEIGHTS = f"SELECT model.name, weights_sha256 {MODEL}"
VERSIONS = f"SELECT model.code_version, model.versions {MODEL} LIMIT 1"
RECIPE = "SELECT recipe_sha256 FROM ensemble WHERE name = $ensemble"
EPOCHS = f"SELECT model.name, epoch, {{}} {MODEL}".replace("model JOIN", "model JOIN training_epoch USING (model_id) JOIN")
ODDEST = "SELECT mangaid FROM consensus_anomaly WHERE dataset = 'large' AND consensus_rank = 1"

Fact = tuple[str, object]


class FailedError(RuntimeError):
    """A command that should have done its work did not."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["make", "check"])
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    if arguments.what == "make":
        if arguments.folder.exists():
            parser.error(f"{arguments.folder} is there already; remove it first")
        make(arguments.folder)
    else:
        sys.exit(0 if check(arguments.folder) else 1)


def make(folder: Path) -> None:
    """Leave behind what a later version has to take up."""
    (folder / "tables").mkdir(parents=True)
    whole, stopped = folder / WHOLE, folder / KILLED
    catalog(whole, "mock", "-o", folder / "mock", *MOCK)
    catalog(whole, "ingest", folder / "mock")
    shutil.copyfile(whole, stopped)
    catalog(whole, *TINY)
    use(whole, folder / "mock")
    catalog(whole, "ensemble", "export", "tiny", "-o", folder / FILE)
    facts = {"mock survey": digest_of(folder / "mock"), "exported file": digest_of(folder / FILE)}
    facts |= tables(whole, KEPT, folder / "tables") | models(whole, "tiny")
    kill_in_second_model(stopped)
    with tempfile.TemporaryDirectory() as name:
        finished = copy(stopped, Path(name))
        went_on = re.search(r"MODEL2 goes on after epoch (\d+)", catalog(finished, *STOPPED))
        if went_on is None:
            raise FailedError("the killed training did not go on from a checkpoint")
        facts |= models(finished, "stopped") | {"epochs kept": STOPPED_EPOCHS + int(went_on[1])}
        seconds = rows(finished, EPOCHS.format("seconds"), ensemble="stopped")
    code_version, versions = rows(whole, VERSIONS, ensemble="tiny")[0]
    made_by = {"catalog": code_version, "revision": revision(whole), "python": sys.version.split()[0]}
    made_by |= json.loads(versions)
    text = json.dumps({"made_by": made_by, "facts": facts, "seconds": seconds}, indent=1)
    (folder / FACTS).write_text(text + "\n")
    print(f"{len(facts)} facts in {folder / FACTS}")


def check(folder: Path) -> bool:
    """Print what was found of an earlier version's state; returns whether all of it is as it was left."""
    start = time.perf_counter()
    left = json.loads((folder / FACTS).read_text())
    lines: list[list[object]] = []
    stages: list[Callable[[Path, Path], Iterator[Fact]]] = [opened, gone_on, imported, trained_anew]
    for stage in stages:
        name = stage.__name__.replace("_", " ")
        with tempfile.TemporaryDirectory() as temporary:
            try:
                for what, found in stage(folder, Path(temporary)):
                    # What is no fact of the earlier version is a count of changes.
                    expected = left["facts"].get(what, 0)
                    verdict = "same" if found == expected else "DIFFERS"
                    lines.append([f"{name}: {what}", *(str(value)[:12] for value in (expected, found)), verdict])
            except (FailedError, duckdb.Error) as error:  # the other stages may still say something
                lines.append([f"{name}: {' '.join(str(error).split())}", "no error", "error", "DIFFERS"])
    n_different = sum(line[-1] != "same" for line in lines)
    made_by = ", ".join(f"{name} {version}" for name, version in left["made_by"].items())
    print(f"### The state of an earlier version ({len(lines)} checks, {time.perf_counter() - start:.0f} s)\n")
    print(table(["what", "expected", "found", ""], lines))
    print(f"\nMade by {made_by}. {n_different or 'None'} of {len(lines)} differ.")
    return n_different == 0


def opened(folder: Path, temporary: Path) -> Iterator[Fact]:
    """The database, migrated if need be, still holds its rows, and has nothing to score."""
    database = up_to_date(copy(folder / WHOLE, temporary))
    before = tables(database, KEPT)
    yield from (before | models(database, "tiny")).items()
    n_score = count_scores(database)
    for dataset in KEPT:
        catalog(database, "score", "--dataset", dataset, "--ensemble", "tiny")
    yield "scores added by scoring again", count_scores(database) - n_score
    after = tables(database, KEPT)
    yield "tables changed by scoring again", sum(after[name] != digest for name, digest in before.items())
    catalog(database, "ensemble", "export", "tiny", "-o", temporary / FILE)
    yield "exported file", digest_of(temporary / FILE)


def gone_on(folder: Path, temporary: Path) -> Iterator[Fact]:
    """The killed training goes on from its checkpoint, and ends with the same weights."""
    database = up_to_date(copy(folder / KILLED, temporary))
    catalog(database, *STOPPED)
    yield from models(database, "stopped").items()
    # Begun anew it would have the same weights, but no epoch would take the same time.
    recorded = {tuple(row) for row in json.loads((folder / FACTS).read_text())["seconds"]}
    yield "epochs kept", len(recorded.intersection(rows(database, EPOCHS.format("seconds"), ensemble="stopped")))


def imported(folder: Path, temporary: Path) -> Iterator[Fact]:
    """In a database of its own, the exported ensemble says the same of the same files."""
    database = temporary / "imported.duckdb"
    catalog(database, "ingest", folder / "mock")
    catalog(database, "ensemble", "import", folder / FILE)
    use(database, folder / "mock")
    yield from (models(database, "tiny") | tables(database, KEPT)).items()


def trained_anew(folder: Path, temporary: Path) -> Iterator[Fact]:
    """The same seeds make the same survey and the same ensemble."""
    database = temporary / "anew.duckdb"
    catalog(database, "mock", "-o", temporary / "mock", *MOCK)
    yield "mock survey", digest_of(temporary / "mock")
    catalog(database, "ingest", folder / "mock")
    catalog(database, *TINY)
    yield from models(database, "tiny").items()


def use(database: Path, mock: Path) -> None:
    """Everything that is done with an ensemble and leaves rows."""
    for dataset in KEPT:
        catalog(database, "score", "--dataset", dataset, "--ensemble", "tiny")
    catalog(database, "explain", "--top", 5, "--dataset", "large")
    catalog(database, "neighbors", "--all", "--dataset", "large")
    catalog(database, "evaluate", "--truth", mock / "truth.csv", "--dataset", "large")
    ((oddest,),) = rows(database, ODDEST)
    catalog(database, "label", oddest, "odd", "--note", "the first", "--author", "continuity")


def kill_in_second_model(database: Path) -> None:
    """Train `stopped`, and kill it once its second model has a checkpoint."""
    process = subprocess.Popen(command(database, *STOPPED), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seen: set[str] = set()
    # A checkpoint has a name of its own for every model, and goes when the model is registered.
    while process.poll() is None and len(seen) < 2:
        seen.update(file.name for file in database.with_suffix(".weights").glob(".training-*.npz"))
        time.sleep(0.01)
    process.kill()
    if process.wait() != -signal.SIGKILL:
        raise FailedError("the training ended before it could be killed; it needs more epochs")


def command(database: Path, *arguments: object) -> list[str]:
    return [sys.executable, "-m", "catalog.cli", "--database", str(database), *map(str, arguments)]


def catalog(database: Path, *arguments: object) -> str:
    """Run a command; returns what it says. Raises FailedError with its last line if it fails."""
    start = time.perf_counter()
    done = subprocess.run(command(database, *arguments), capture_output=True, text=True)
    print(f"{time.perf_counter() - start:5.1f} s: catalog", *arguments, file=sys.stderr, flush=True)
    if done.returncode != 0:
        raise FailedError(f"catalog {arguments[0]}: {(done.stderr.splitlines() or ['no message'])[-1]}")
    return done.stdout + done.stderr


def up_to_date(database: Path) -> Path:
    """The database, brought to the revision of this version if that says that it must be."""
    try:
        catalog(database, "db", "status")
    except FailedError as error:
        if "catalog db upgrade" not in str(error):
            raise
        catalog(database, "db", "upgrade")
    return database


def copy(database: Path, folder: Path) -> Path:
    """A copy of a database with its weights, which it finds by their folder's name, so that it keeps its own."""
    for path in database.parent.glob(f"{database.stem}.*"):
        (shutil.copytree if path.is_dir() else shutil.copyfile)(path, folder / path.name)
    return folder / database.name


def rows(database: Path, sql: str, **parameters: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql, parameters).fetchall()


def tables(database: Path, names: dict[str, list[str]], folder: Path | None = None) -> dict[str, str]:
    """Digests of the rows of tables, by dataset; the rows themselves go into a folder if there is one."""
    found = {}
    for dataset, name in ((dataset, name) for dataset in names for name in names[dataset]):
        lines = sorted(map(repr, rows(database, TABLES[name], dataset=dataset)))
        found[f"{name} of {dataset}"] = digest(lines)
        if folder is not None:
            if not lines:  # nothing would be shown by finding nothing again
                raise FailedError(f"{name} has no rows of {dataset}")
            (folder / f"{dataset}-{name}.txt").write_text("\n".join(lines) + "\n")
    return found


def models(database: Path, ensemble: str) -> dict[str, str]:
    """Digests of what an ensemble is."""
    losses = rows(database, EPOCHS.format("training_epoch.train_loss, training_epoch.validation_loss"), ensemble=ensemble)
    weights = {f"weights of {ensemble} {name}": sha256 for name, sha256 in rows(database, WEIGHTS, ensemble=ensemble)}
    recipes = {f"recipe of {ensemble}": sha256 for (sha256,) in rows(database, RECIPE, ensemble=ensemble)}
    return recipes | weights | {f"losses of {ensemble}": digest(sorted(map(repr, losses)))}


def count_scores(database: Path) -> int:
    return rows(database, "SELECT count(*) FROM reconstruction_error")[0][0]


def revision(database: Path) -> str:
    return rows(database, "SELECT version_num FROM schema_version")[0][0]


def digest(lines: list[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def digest_of(path: Path) -> str:
    """Of a file, or of all files in a folder and their names."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    return digest([f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}" for file in files])


if __name__ == "__main__":
    main()
