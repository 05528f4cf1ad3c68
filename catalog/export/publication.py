"""The anomalies of a dataset in a folder that explains itself, for others to read, attach and cite."""

import json
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from catalog.database.connection import Connection, Database, arrow, literal
from catalog.database.names import find_scored
from catalog.database.records import Scope, Scored
from catalog.database.relations import columns, find_relation
from catalog.ensembles.registry import describe_ensemble
from catalog.errors import CatalogError
from catalog.export.export import ExportedTable, export
from catalog.export.units import unit_and_description
from catalog.provenance import __version__, sha256_of_file, utc_now
from catalog.surveys.product import MOCK

VIEW = "anomaly"
TABLES = ("anomalies.parquet", "anomalies.vot")

NUMBERS = ("ensemble_id", "dataset_id", "spectrum_id", "star_id")
"""Columns that say something in this database only."""

MADE_UP = "\n**The survey is made up (`catalog mock`): no star in these tables is real, whatever its id.**\n"

ANOMALIES = """
SELECT * EXCLUDE ({numbers})
FROM anomaly
WHERE ensemble = {ensemble} AND dataset = {dataset}
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
    """What was written, and of what; `size` of all files in bytes."""

    folder: Path
    ensemble: str
    dataset: str
    n_row: int
    size: int


@dataclass(frozen=True)
class _Publication:
    """What the files of a folder are about.

    Attributes
    ----------
    scored : Scored
        The ensemble and the dataset.
    schema : list of dict
        Name, type, unit and description of every column.
    counts : dict
        Numbers of spectra, by what they count.
    provenance : dict
        The ensemble, as `describe_ensemble` gives it.
    authors : sequence of str
        As they are to be cited.
    sql : str
        What the tables are the answer to.
    """

    scored: Scored
    schema: list[dict[str, str | None]]
    counts: dict[str, int]
    provenance: dict[str, Any]
    authors: Sequence[str]

    @property
    def sql(self) -> str:
        names = {name: literal(text) for name, text in self.scored.names.items()}
        return ANOMALIES.format(numbers=", ".join(NUMBERS), **names).strip()


def publish(database: Database, folder: str | Path, *, scope: Scope, authors: Sequence[str] = ()) -> Published:
    """Write the anomalies of a dataset to a new folder: Parquet and VOTable, README, schema, provenance, citation."""
    target = Path(folder)
    if target.exists():
        raise CatalogError(f"{target} is there already; name a new folder")
    if not target.parent.is_dir():
        raise CatalogError(f"no folder {target.parent} for {target.name}; create it first")
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    try:
        partial.mkdir()
        publication = _publication(database, scope, authors)
        n_row = _write(database, publication, partial)
        size = sum(path.stat().st_size for path in partial.iterdir())
        partial.replace(target)
    except OSError as error:
        raise CatalogError(f"{target} cannot be written: {error.strerror or error}; nothing is there now") from error
    except CatalogError as error:
        # Of a file in the folder, which the user knows by the name that it was to get.
        raise CatalogError(str(error).replace(str(partial), str(target))) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Published(target, publication.scored.ensemble.name, publication.scored.dataset.name, n_row, size)


def _publication(database: Database, scope: Scope, authors: Sequence[str]) -> _Publication:
    with database.read() as connection:
        scored = find_scored(connection, scope)
        schema = _schema(connection)
        (counts,) = arrow(connection, COUNTS, scored.names).to_pylist()
    return _Publication(scored, schema, counts, describe_ensemble(database, scored.ensemble.name), authors)


def _write(database: Database, publication: _Publication, folder: Path) -> int:
    """Write all files; returns the rows of a table."""
    tables = [export(database, publication.sql, folder / name) for name in TABLES]
    _text(folder / "schema.json", _json({"columns": publication.schema}))
    _text(folder / "ensemble.json", _json(publication.provenance))
    _text(folder / "CITATION.cff", _citation(publication))
    _text(folder / "README.md", _readme(publication, tables))
    return tables[0].n_row


def _schema(connection: Connection) -> list[dict[str, str | None]]:
    described = []
    for column in columns(connection, find_relation(connection, VIEW)):
        unit, description = unit_and_description(column.unit, column.description)
        if column.name not in NUMBERS:
            described.append({"name": column.name, "type": column.type, "unit": unit, "description": description})
    return described


def _readme(publication: _Publication, tables: Sequence[ExportedTable]) -> str:
    provenance = publication.provenance
    rows = "\n".join(f"| {name} | {count} |" for name, count in publication.counts.items())
    described = "\n".join(
        f"| `{column['name']}` | {column['type']} | {_cell(column['unit'])} | {_cell(column['description'])} |"
        for column in publication.schema
    )
    recipe = "\n".join(f"| {name} | {_cell(json.dumps(value))} |" for name, value in provenance["recipe"].items())
    sources = provenance["dataset"]["source_files"]
    source_files = "\n".join(f"- {source['name']}, SHA-256 {source['sha256']}" for source in sources)
    models = "\n".join(
        f"| {model['name']} | {model['seed']} | {model['epochs']} | {model['n_train']} | {model['weights_sha256']} |"
        for model in provenance["models"]
    )
    written = "\n".join(f"- `{table.path.name}`, SHA-256 {sha256_of_file(table.path)}" for table in tables)
    template = (files("catalog.export") / "publication.md").read_text(encoding="utf-8")
    return template.format(
        **publication.scored.names,
        made_up=MADE_UP if publication.scored.dataset.release == MOCK else "",
        rows=rows,
        described=described,
        recipe=recipe,
        recipe_sha256=provenance["recipe_sha256"],
        trained_on=provenance["dataset"]["name"],
        source_files=source_files,
        models=models,
        written=written,
        sql=publication.sql,
        version=__version__,
        date=f"{utc_now():%Y-%m-%d}",
        authors=f" by {', '.join(publication.authors)}" if publication.authors else "",
    )


def _citation(publication: _Publication) -> str:
    """JSON for every value, which is YAML too."""
    names = [{"name": author} for author in publication.authors or ["anonymous"]]
    title = "Anomalous stellar spectra in {dataset}, by the ensemble {ensemble}".format(**publication.scored.names)
    return (
        "cff-version: 1.2.0\n"
        f"title: {json.dumps(title)}\n"
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
