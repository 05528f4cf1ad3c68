"""`python -m catalog.cli`, where the command is not on the path."""

from .main import main

main(prog_name="catalog")
