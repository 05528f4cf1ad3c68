"""The anomalies of a dataset in a folder that explains itself, for others to read, attach and cite."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from catalog.database.connection import Database, arrow
from catalog.database.names import find_ensemble, find_scored_dataset
from catalog.database.relations import columns, find_relation
from catalog.ensembles.registry import describe_ensemble
from catalog.errors import CatalogError
from catalog.export.export import ExportedTable, export
from catalog.provenance import __version__, sha256_of_file, utc_now
from catalog.surveys.product import MOCK

VIEW = "anomaly"
TABLES = ("anomalies.parquet", "anomalies.vot")

MADE_UP = "\n**The survey is made up (`catalog mock`): no star in these tables is real, whatever its id.**\n"

ANOMALIES = """
SELECT * EXCLUDE (ensemble_id, dataset_id, spectrum_id, star_id)
FROM anomaly
WHERE ensemble = '{ensemble}' AND dataset = '{dataset}'
ORDER BY consensus_rank
"""

COUNTS = """
SELECT
    count(*) AS spectra,
    count(DISTINCT mangaid) AS stars,
    count(*) FILTER (n_flagged > 0) AS "flagged by a model",
    count(*) FILTER (n_flagged = n_model) AS "flagged by every model",
    count(*) FILTER (n_model_unseen > 0) AS "judged by a model that has not seen the star",
    count(source_id) AS "with a Gaia id",
    count(teff) AS "with stellar parameters"
FROM anomaly
WHERE ensemble = $ensemble AND dataset = $dataset
"""


@dataclass(frozen=True)
class Published:
    """What was written, and of what."""

    folder: Path
    ensemble: str
    dataset: str
    n_row: int
    size: int


def publish(
    database: Database,
    folder: str | Path,
    *,
    dataset: str | None = None,
    ensemble: str | None = None,
    authors: Sequence[str] = (),
) -> Published:
    """Write the anomalies of a dataset to a new folder: Parquet and VOTable, README, schema, provenance, citation.

    dataset, ensemble : as `Catalog.outliers` takes them
    authors : of the publication, as they are to be cited
    The folder appears complete or not at all; the database stays as it is. Raises CatalogError if the folder is there,
    if nothing is scored, or if it cannot be written.
    """
    target = Path(folder)
    if target.exists():
        raise CatalogError(f"{target} is there already; name a new folder")
    if not target.parent.is_dir():
        raise CatalogError(f"no folder {target.parent} for {target.name}; create it first")
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        partial.mkdir()
        published = _write(database, partial, dataset, ensemble, authors)
        partial.replace(target)
    except OSError as error:
        raise CatalogError(f"{target} cannot be written: {error.strerror or error}; nothing is there now") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Published(target, *published)


def _write(
    database: Database, folder: Path, dataset: str | None, ensemble: str | None, authors: Sequence[str]
) -> tuple[str, str, int, int]:
    with database.read() as connection:
        found = find_ensemble(connection, ensemble, scored=True)
        scored = find_scored_dataset(connection, found, dataset)
        of = {"ensemble": found.name, "dataset": scored.name}
        schema = _schema(connection)
        (counts,) = arrow(connection, COUNTS, of).to_pylist()
    provenance = describe_ensemble(database, of["ensemble"])
    sql = ANOMALIES.format(**{name: text.replace("'", "''") for name, text in of.items()}).strip()
    tables = {name: export(database, sql, folder / name) for name in TABLES}
    _text(folder / "schema.json", _json({"columns": schema}))
    _text(folder / "ensemble.json", _json(provenance))
    _text(folder / "CITATION.cff", _citation(of, authors))
    made_up = MADE_UP if scored.release == MOCK else ""
    _text(folder / "README.md", _readme(of, made_up, counts, schema, provenance, tables, sql, authors))
    size = sum(path.stat().st_size for path in folder.iterdir())
    return of["ensemble"], of["dataset"], tables[TABLES[0]].n_row, size


def _schema(connection: sa.Connection) -> list[dict[str, str | None]]:
    left_out = ("ensemble_id", "dataset_id", "spectrum_id", "star_id")
    return [
        {"name": column.name, "type": column.type, "unit": column.unit, "description": column.description}
        for column in columns(connection, find_relation(connection, VIEW))
        if column.name not in left_out
    ]


def _readme(
    of: dict[str, str],
    made_up: str,
    counts: dict[str, int],
    schema: list[dict[str, str | None]],
    provenance: dict[str, Any],
    tables: dict[str, ExportedTable],
    sql: str,
    authors: Sequence[str],
) -> str:
    rows = "\n".join(f"| {name} | {count} |" for name, count in counts.items())
    described = "\n".join(
        f"| `{column['name']}` | {column['type']} | {_cell(column['unit'])} | {_cell(column['description'])} |"
        for column in schema
    )
    recipe = "\n".join(f"| {name} | {_cell(json.dumps(value))} |" for name, value in provenance["recipe"].items())
    sources = provenance["dataset"]["source_files"]
    source_files = "\n".join(f"- {source['name']}, SHA-256 {source['sha256']}" for source in sources)
    models = "\n".join(
        f"| {model['name']} | {model['seed']} | {model['epochs']} | {model['n_train']} | {model['weights_sha256']} |"
        for model in provenance["models"]
    )
    written = "\n".join(f"- `{name}`, SHA-256 {sha256_of_file(done.path)}" for name, done in tables.items())
    template = (files("catalog.export") / "publication.md").read_text(encoding="utf-8")
    return template.format(
        **of,
        made_up=made_up,
        rows=rows,
        described=described,
        recipe=recipe,
        recipe_sha256=provenance["recipe_sha256"],
        trained_on=provenance["dataset"]["name"],
        source_files=source_files,
        models=models,
        written=written,
        sql=sql,
        version=__version__,
        date=f"{utc_now():%Y-%m-%d}",
        authors=f" by {', '.join(authors)}" if authors else "",
    )


def _citation(of: dict[str, str], authors: Sequence[str]) -> str:
    """JSON for every value, which is YAML too."""
    names = [{"name": author} for author in authors or ["anonymous"]]
    return (
        "cff-version: 1.2.0\n"
        f"title: {json.dumps('Anomalous stellar spectra in {dataset}, by the ensemble {ensemble}'.format(**of))}\n"
        "message: If you use this data set, please cite it together with the works below.\n"
        "type: dataset\n"
        f"authors: {json.dumps(names, ensure_ascii=False)}\n"
        f"date-released: {utc_now():%Y-%m-%d}\n"
        + (files("catalog.export") / "references.cff").read_text(encoding="utf-8")
    )


def _cell(text: str | None) -> str:
    return (text or "").replace("|", "\\|").replace("\n", " ")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False, default=str) + "\n"


def _text(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
