"""What only asks the database loads nothing that computes or draws."""

import subprocess
import sys

import pytest

HEAVY = {"alembic", "astropy", "keras", "matplotlib", "scipy", "sklearn", "sqlalchemy", "tensorflow"}

LIGHT = ("anomaly.outliers", "anomaly.neighbors", "anomaly.latent_map", "anomaly.tables", "anomaly.regions",
         "anomaly.selection", "anomaly.templates", "anomaly.consensus", "causes.rules", "review.labels")  # fmt: skip


@pytest.mark.parametrize("module", LIGHT)
def test_a_light_module_imports_no_heavy_one(module: str) -> None:
    program = f"import sys, catalog.{module}; print(sorted({HEAVY!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
