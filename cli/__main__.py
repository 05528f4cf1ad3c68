"""`python -m catalog.cli`, where the command is not on the path."""

from catalog.cli.main import main

main(prog_name="catalog")
