"""`catalog recipes`: the recipes there are."""

import click

from catalog import RECIPES, find_recipe, to_toml


@click.command()
@click.argument("name", required=False)
def recipes(name: str | None) -> None:
    """Print a recipe as a TOML file, or the names of all.

    Read-only. A recipe of your own is such a file with what you want otherwise; `like = "fast"` takes the rest
    from another recipe than the paper's.

    \b
    Example:
      catalog recipes
      catalog recipes fast > mine.toml
      catalog train --dataset small --recipe mine.toml
    """
    if name is None:
        for known in RECIPES:
            click.echo(known)
    else:
        click.echo(to_toml(find_recipe(name)), nl=False)
