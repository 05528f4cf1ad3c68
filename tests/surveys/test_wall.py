"""The readers of survey files know nothing of the database."""

import subprocess
import sys

IMPORT_ALL = """
import importlib, pkgutil, sys
import catalog.surveys

for module in pkgutil.walk_packages(catalog.surveys.__path__, "catalog.surveys."):
    importlib.import_module(module.name)
print(*sorted(name for name in sys.modules if name.startswith("catalog.")))
"""

BELOW = {"catalog.errors", "catalog.extinction", "catalog.prefetch", "catalog.progress", "catalog.provenance"}
"""What lies below `catalog.surveys`."""


def test_surveys_import_nothing_of_the_database_nor_of_what_knows_it() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT_ALL], capture_output=True, text=True, timeout=120, check=True)
    imported = done.stdout.split()
    assert "catalog.surveys.mock.survey" in imported
    assert "catalog.surveys.download.download" in imported
    assert {name for name in imported if not name.startswith("catalog.surveys")} <= BELOW


def test_what_a_reader_hands_out_is_light() -> None:
    program = "import sys, catalog.surveys.product; print('astropy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout == "False\n"
