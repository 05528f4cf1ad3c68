"""`catalog explain`: why spectra are anomalous."""

from collections.abc import Iterable
from typing import Any

import click
import pyarrow as pa

from catalog import RULES, about_of

from .shared.options import catalog_of, format_option, scored_options
from .shared.output import chosen_format, progress_bar, say, show


@click.command()
@click.argument("mangaid", nargs=-1)
@click.option("--top", type=click.IntRange(1), help="So many of the oddest by the consensus.")
@click.option(
    "--from",
    "file",
    type=click.File(encoding="utf-8"),
    metavar="FILE",
    help="Ids from a file, one a line, or - for standard input.",
)
@click.option("--again", is_flag=True, help="Also what was explained before.")
@click.option("--rules", is_flag=True, help="List the rules of the verdict instead: their conditions and reasons.")
@scored_options
@format_option
@click.pass_context
def explain(
    ctx: click.Context,
    mangaid: tuple[str, ...],
    top: int | None,
    file: Iterable[str] | None,
    again: bool,
    rules: bool,
    dataset: str | None,
    ensemble: str | None,
    format_: str | None,
) -> None:
    """Say why spectra are anomalous.

    Writes a row of anomaly_cause for each, once; read-only where they are there. Where the error lies and how large it
    is beside the noise, which signs of known causes the residual bears, where the star stands among others, which
    templates it is like; and a verdict by rules, with the facts that led to it (the paper's section 4). The rules know
    what was planted to make them: the verdict is where to look first.

    \b
    Example:
      catalog explain 7-17219806
      catalog explain --top 100
      catalog explain --rules
      catalog query "SELECT mangaid FROM anomaly WHERE bp_rp > 4" --format csv | catalog explain --from -
    """
    if rules:
        show(_rules(), format_)
        return
    if sum((bool(mangaid), top is not None, file is not None)) != 1:
        raise click.UsageError("give stars by their MANGAID, or --top N, or --from FILE")
    stars = None if top is not None else mangaid or _ids(file)
    with progress_bar("explain") as progress:
        table = catalog_of(ctx).explain(stars, top, dataset, ensemble, again, progress)
    say("ensemble {ensemble} on dataset {dataset}: {n_new} explained now".format(**about_of(table)))
    if chosen_format(format_) == "table":
        for row in table.to_pylist():
            click.echo("\n".join(told(row)) + "\n")
        return
    show(table, format_)


def _rules() -> pa.Table:
    """The rules, in the order in which they are tried."""
    return pa.table(
        {
            "rule": [rule.name for rule in RULES],
            "cause": [rule.cause for rule in RULES],
            "conditions": [" and ".join(map(str, rule.conditions)) for rule in RULES],
            "reason": [rule.reason for rule in RULES],
            "confidence": pa.array([rule.confidence for rule in RULES], pa.float64()),
        }
    )


def _ids(file: Iterable[str] | None) -> list[str]:
    lines = [line.split(",")[0].strip() for line in file or ()]
    return [line for line in lines if line and line != "mangaid" and not line.startswith("#")]


def told(row: dict[str, Any]) -> list[str]:
    """What a person reads of a spectrum, line by line."""
    visit = f", plate {row['plate']} mjd {row['mjd']}" if "mjd" in row else ""
    sure = "" if row["rule"] is None else f", by rule: {row['rule']}"
    sure += "" if row["confidence"] is None else f", confidence {row['confidence']:.2f}"
    lines = [
        f"{row['mangaid']}{visit}: {row['cause']}{sure}",
        f"  rank {row['consensus_rank']}, flagged by {row['n_flagged']} of {row['n_model']} models",
        *(f"  - {fact}" for fact in row["evidence"]),
    ]
    if row["labels"]:
        lines.append(f"  labelled {', '.join(row['labels'])}")
    for match in row["template_match"]:
        chi2 = "" if match["reduced_chi2"] is None else f", reduced chi2 {match['reduced_chi2']:.3g}"
        fit = f"rms {match['rms']:.3f} of the flux{chi2}, E(B-V) {match['ebv']:+.2f}"
        lines.append(f"  like {match['library']} {match['name']}: {fit}")
    if row["nearest_trained"]:
        lines.append(f"  nearest that a model was trained on: {', '.join(row['nearest_trained'])}")
    return lines
