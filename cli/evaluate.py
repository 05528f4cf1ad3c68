"""`catalog evaluate`: what is recovered of known anomalies."""

import math
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from catalog import N_HOST, STRENGTHS, CatalogError, Injection, TruthFile, about_of

from .shared.options import catalog_of, format_option, scored_options
from .shared.output import chosen_format, progress_bar, say, show


@click.command()
@click.option(
    "--truth", type=click.Path(path_type=Path), metavar="FILE", help="Ids and kinds: CSV, ECSV, FITS, VOTable."
)
@click.option("--id", "id_column", metavar="COLUMN", help="Its column of MaNGA ids.  Default: mangaid.")
@click.option("--kind-column", metavar="COLUMN", help="Its column of kinds; blank is ordinary.  Default: kind.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Oddity to plant, repeatable.  Default: all.")
@click.option(
    "--strength",
    "strengths",
    multiple=True,
    type=float,
    help=f"Strength to plant it at, repeatable.  Default: {', '.join(f'{strength:g}' for strength in STRENGTHS)}.",
)
@click.option("--hosts", type=int, help=f"Spectra to plant each kind in.  Default: {N_HOST}.")
@scored_options
@click.option("--seed", default=0, show_default=True, help="Of hosts, oddities, baselines and bootstrap.")
@click.option("--no-baselines", is_flag=True, help="Leave out PCA, isolation forest and local outlier factor.")
@click.option("--figure", type=click.Path(path_type=Path), metavar="FILE", help="Draw it: png, pdf or svg.")
@format_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    truth: Path | None,
    id_column: str | None,
    kind_column: str | None,
    kinds: tuple[str, ...],
    strengths: tuple[float, ...],
    hosts: int | None,
    dataset: str | None,
    ensemble: str | None,
    seed: int,
    no_baselines: bool,
    figure: Path | None,
    format_: str | None,
) -> None:
    """Measure what is recovered of known anomalies.

    With --truth, of the stars that a file lists; without, of oddities planted in ordinary spectra of the dataset.
    Recall is the share of the anomalies in the top 0.5, 1, 2 and 5 % of the consensus, percentile their median place
    in it, AUC the probability that one ranks before an ordinary spectrum; each with its 95 % interval, once for all
    models and once for those that have not seen the star. The same for simpler methods on the same splits.

    Of planted oddities it also says how often the verdict of catalog explain is right.

    Writes the rows of evaluation, recovery, model_agreement and planted_verdict in one transaction at the end. Scores
    stay as they are. The same evaluation is done once, and then shown again. A table on a terminal has the main columns
    and, of a truth table, kinds as a whole; the other formats have all, by strength as well.

    \b
    Example:
      catalog evaluate --truth carbon_stars.csv --kind-column class
      catalog evaluate --kind ch-star --kind artifact-9500 --figure recovery.pdf
    """
    if truth is not None and (kinds or strengths or hosts is not None):
        raise CatalogError("--kind, --strength and --hosts are of planted oddities; leave them out, or --truth")
    if truth is None and (id_column or kind_column):
        raise CatalogError("--id and --kind-column are columns of a truth table; name its file with --truth")
    asked: TruthFile | Injection
    if truth is not None:
        asked = TruthFile(truth, id_column or "mangaid", kind_column or "kind")
    else:
        asked = Injection(kinds, strengths or STRENGTHS, N_HOST if hosts is None else hosts)
    with progress_bar("evaluating") as bar:
        table = catalog_of(ctx).evaluate(
            asked, dataset, ensemble, seed, not no_baselines, figure, talk=say, progress=bar
        )
    about = about_of(table)
    say(
        "ensemble {ensemble} on dataset {dataset}: evaluation {evaluation_id}".format(**about)
        + (", done before and shown again" if about["known"] else "")
    )
    if agreement := about["agreement"]:
        spearman, overlap = (_range([pair[name] for pair in agreement]) for name in ("spearman", "top_1_overlap"))
        say(f"its models agree pair by pair: Spearman {spearman}, {overlap} of the top 1 % in common")
    if verdicts := about["verdicts"]:
        say(f"catalog explain names the right cause of {_right(verdicts)}")
    if figure is not None:
        say(f"drawn in {figure}")
    show(_compact(table) if chosen_format(format_) == "table" else table, format_)


def _right(verdicts: list[dict[str, Any]]) -> str:
    shares = []
    for strength in sorted({row["strength"] for row in verdicts}):
        those = [row for row in verdicts if row["strength"] == strength]
        right = sum(row["n_planted"] for row in those if row["cause"] == row["right_cause"])
        shares.append(f"{right} of {sum(row['n_planted'] for row in those)} at strength {strength:g}")
    return ", ".join(shares)


def _range(values: list[float | None]) -> str:
    known = [math.nan if value is None else value for value in values]
    return f"{min(known):.2f} to {max(known):.2f}" if len(known) > 1 else f"{known[0]:.2f}"


def _compact(table: pa.Table) -> pa.Table:
    """The main columns, with the unseen consensus beside that of all members; of a truth table, kinds as a whole."""
    rows = table.to_pylist()
    if about_of(table)["mode"] == "truth":
        rows = [row for row in rows if row["strength"] is None]
    every, unseen = ([row for row in rows if row["members"] == members] for members in ("all", "unseen"))
    columns: dict[str, list[Any]] = {"kind": [row["kind"] or "all kinds" for row in every]}
    if any(row["strength"] is not None for row in every):
        columns["strength"] = ["" if row["strength"] is None else f"{row['strength']:g}" for row in every]
    columns["method"] = [row["method"] for row in every]
    columns["n"] = [row["n_odd"] for row in every]
    columns["recall_1"] = _with_interval(every, "recall_1", ".2f")
    columns["recall_5"] = _with_interval(every, "recall_5", ".2f")
    columns["auc"] = _with_interval(every, "auc", ".2f")
    columns["percentile"] = _with_interval(every, "median_percentile", ".1f")
    columns["n unseen"] = [row["n_odd"] for row in unseen]
    columns["recall_5 unseen"] = _with_interval(unseen, "recall_5", ".2f")
    columns["auc unseen"] = _with_interval(unseen, "auc", ".2f")
    return pa.table(columns)


def _with_interval(rows: list[dict[str, Any]], name: str, digits: str) -> list[str]:
    found = []
    for row in rows:
        value, lo, hi = row[name], row[f"{name}_lo"], row[f"{name}_hi"]
        interval = "" if lo is None else f" [{lo:{digits}}, {hi:{digits}}]"
        found.append("" if value is None else format(value, digits) + interval)
    return found
