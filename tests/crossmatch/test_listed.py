"""What is attached is listed, and how to match is said, without what reads the files."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
from files import write_mastarall

from catalog import Catalog
from catalog.crossmatch.listed import attached

HEAVY = ("alembic", "astropy", "keras", "matplotlib", "scipy", "sklearn", "sqlalchemy", "tensorflow")


def test_listing_and_match_by_are_light() -> None:
    program = "import sys; from catalog.crossmatch import listed, match_by; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    imported = done.stdout.split()
    assert "catalog.crossmatch.listed" in imported
    assert not set(HEAVY) & set(imported)


def test_attached_catalogs_are_rows_of_arrow(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([write_mastarall(tmp_path / "m.fits", ["7-1", "7-2"])])
    assert attached(catalog.database).num_rows == 0
    (tmp_path / "x.csv").write_text("mangaid,kind\n7-2,a\n7-3,b\n")
    catalog.attach(tmp_path / "x.csv", "x", mangaid="mangaid")
    rows = attached(catalog.database)
    assert isinstance(rows, pa.Table)
    (row,) = rows.to_pylist()
    assert (row["catalog"], row["n_row"], row["n_star_matched"], row["n_star_unmatched"]) == ("x", 2, 1, 1)
    assert catalog.attached().colnames == rows.column_names
