"""`catalog label`: a verdict on a star."""

import shlex
from pathlib import Path

import click

from .shared.options import catalog_of
from .shared.output import say


@click.command()
@click.argument("mangaid", required=False)
@click.argument("label", required=False)
@click.option("--note", metavar="TEXT", help="Whatever there is to say about it.")
@click.option("--author", metavar="NAME", help="Default: the login name.")
@click.option("--remove", is_flag=True, help="Take the label back.")
@click.option(
    "--from",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="CSV or ECSV with columns mangaid, label and perhaps note, author.",
)
@click.pass_context
def label(
    ctx: click.Context,
    mangaid: str | None,
    label: str | None,
    note: str | None,
    author: str | None,
    remove: bool,
    file: Path | None,
) -> None:
    """Label a star with what you have seen in it, or take a label back.

    Writes one row, or all of a file or none. A star may have several labels; the same one by the same author again
    replaces its note. `catalog labels` lists them, and what it lists can be loaded again. A labelled star stays when
    its dataset is removed.

    \b
    Example:
      catalog label 7-17219806 carbon --note "C2 Swan bands"
      catalog label 7-17219806 carbon --remove
      catalog label --from verdicts.csv --author "A. Suzuki"
    """
    catalog = catalog_of(ctx)
    if file is not None:
        if mangaid or note or remove:
            raise click.UsageError("--from takes stars, labels and notes from the file")
        say(f"{catalog.add_labels(file, author)} new labels from {file}")
        return
    if mangaid is None or label is None:
        raise click.UsageError("give a star and a label, or --from FILE")
    if remove:
        catalog.remove_label(mangaid, label, author)
        say(f"label {label} of {mangaid} removed")
        return
    catalog.add_label(mangaid, label, note, author)
    back = ["catalog", "label", mangaid, label, "--remove"] + (["--author", author] if author else [])
    say(f"{mangaid} labelled {label}; to take it back: {shlex.join(back)}")
