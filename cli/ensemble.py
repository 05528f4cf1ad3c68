"""`catalog ensemble`: one ensemble looked at, given away, taken over or removed."""

import sys
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from .shared.options import catalog_of
from .shared.output import say, show, show_object
from .shared.removal import remove_command

TABLES = {
    "Models": (
        "name", "status", "seed", "n_train", "n_validation", "epochs", "train_loss", "validation_loss", "seconds",
        "finished_at",
    ),
    "Provenance": ("name", "code_version", "versions", "weights_file"),
}  # fmt: skip
"""What is shown of the models on a terminal, in two tables, since one would be too wide; weights are named by their
SHA-256."""


@click.group()
def ensemble() -> None:
    """Look at an ensemble, export, import or remove one.

    `show` and `export` are read-only. Writes: `import`, `remove`; `catalog ensembles` lists the ensembles.

    \b
    Example:
      catalog ensemble show paper-small
      catalog ensemble export paper-small -o paper-small.zip
      catalog ensemble import paper-small.zip
      catalog ensemble remove paper-small
    """


ensemble.add_command(remove_command("ensemble"))


@ensemble.command("show")
@click.argument("name")
@click.option("--format", "format_", type=click.Choice(["table", "json"]), help="Default: json but on a terminal.")
@click.pass_context
def show_(ctx: click.Context, name: str, format_: str | None) -> None:
    """Show everything about an ensemble.

    Its recipe, the data it was trained on with the files they came from, every model with its losses, weights and
    versions, and what was scored with it; as JSON one object. Read-only.

    \b
    Example:
      catalog ensemble show paper-small
      catalog ensemble show paper-small --format json
    """
    described = catalog_of(ctx).ensemble(name)
    if format_ == "json" or (format_ is None and not sys.stdout.isatty()):
        show_object(described)
    else:
        _show_tables(described)


@ensemble.command("export")
@click.argument("name")
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True, help="File to write, a zip archive.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.pass_context
def export(ctx: click.Context, name: str, output: Path, force: bool) -> None:
    """Write an ensemble to one file, for another database.

    Writes the file, complete or not at all: recipe, weights, losses, versions, and which stars each model has seen, by
    id. Models that are not trained, scores and evaluations stay behind. The same ensemble gives the same bytes.

    \b
    Example:
      catalog ensemble export paper-small -o paper-small.zip
    """
    done = catalog_of(ctx).export_ensemble(name, output, force)
    others = "; the others are not trained" if done.n_trained < done.n_model else ""
    size = f"{done.size / 1e6:.0f} MB"
    say(f"{done.path}: {done.n_trained} of {done.n_model} models of {done.ensemble}, {size}{others}")


@ensemble.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--name", help="Name for the ensemble here.  Default: the one in the file.")
@click.pass_context
def import_(ctx: click.Context, file: Path, name: str | None) -> None:
    """Take over an ensemble that was exported from another database.

    Verifies the whole file first. Writes the weights, then all rows in one transaction. A star is seen by a model if it
    was trained on it there, by id, also if its spectra are loaded later. The same ensemble is imported once.

    \b
    Example:
      catalog ensemble import paper-small.zip
      catalog ensemble import paper-small.zip --name theirs
    """
    done = catalog_of(ctx).import_ensemble(file, name)
    if done.already:
        say(f"ensemble {done.ensemble} is here already, with the same {done.n_model} models; nothing to do")
        return
    say(
        f"ensemble {done.ensemble}: {done.n_model} models, trained on {done.trained_on} with {done.n_star} stars, "
        f"{done.n_star_here} of them here; score with: catalog score --dataset NAME --ensemble {done.ensemble}"
    )


def _show_tables(described: dict[str, Any]) -> None:
    dataset, origin = described["dataset"], described["origin"]
    about = {"created_at": described["created_at"], "code_version": described["code_version"]}
    if origin:
        about |= {f"imported: {key}": value for key, value in origin.items()}
    about |= {"recipe_sha256": described["recipe_sha256"], "n_spectrum": described["n_spectrum"]}
    about |= {f"dataset: {key}": value for key, value in dataset.items() if key != "source_files"}
    _show_pairs(about, f"Ensemble {described['name']}")
    _show_pairs(described["recipe"], "\nRecipe")
    _show_rows(dataset["source_files"], "\nSource files of its spectra")
    for title, columns in TABLES.items():
        rows = [{column: model[column] for column in columns} for model in described["models"]]
        _show_rows(rows, f"\n{title}")
    _show_rows(described["scored"], "\nScored")


def _show_pairs(pairs: dict[str, Any], title: str) -> None:
    _show_rows([{"key": key, "value": _text(value)} for key, value in pairs.items()], title)


def _show_rows(rows: list[dict[str, Any]], title: str) -> None:
    if not rows:
        click.echo(f"{title}: nothing")
        return
    columns = {name: [_text(row[name]) for row in rows] for name in rows[0]}
    show(pa.table(columns), "table", title)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:.5g}" if isinstance(value, float) else str(value)
