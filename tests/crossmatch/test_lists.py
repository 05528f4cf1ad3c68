"""The lists that docs/catalogs.md names, in the layouts in which their sources give them, attached as it says."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from files import write_combspec, write_gaia, write_mastarall

from catalog import Catalog

IDS = [f"7-{number:08d}" for number in range(4)]
RA, DEC = np.array([10.0, 20, 30, 40]), np.array([0.0, 30, -30, 60])
FIRST_ID = 2**60 + 1

VIZIER = """<?xml version="1.0" encoding="UTF-8"?>
<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE ID="yCat_22340031" name="J/ApJS/234/31">
<COOSYS ID="H_2000" system="ICRS" epoch="J2000.0"/>
<TABLE ID="J_ApJS_234_31_table1" name="J/ApJS/234/31/table1">
<FIELD name="_RAJ2000" ucd="pos.eq.ra" ref="H_2000" datatype="double" unit="deg">
<DESCRIPTION>Right ascension (FK5, Equinox=J2000.0) (computed by VizieR)</DESCRIPTION></FIELD>
<FIELD name="_DEJ2000" ucd="pos.eq.dec" ref="H_2000" datatype="double" unit="deg"/>
<FIELD name="Type" datatype="char" arraysize="8*"/>
<FIELD name="RAJ2000" datatype="char" arraysize="11" unit="&quot;h:m:s&quot;"/>
<FIELD name="Gmag" datatype="float" unit="mag"/><FIELD name="gmag" datatype="float" unit="mag"/>
<DATA><TABLEDATA>{rows}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    write_combspec(tmp_path / "lsfpercent90.0.fits", IDS, np.ones((4, 4563)))
    write_mastarall(tmp_path / "m.fits", IDS, RA=RA, DEC=DEC)
    write_gaia(tmp_path / "g.fits", IDS, RA=RA, DEC=DEC)
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([tmp_path])
    return catalog


def matched(catalog: Catalog, column: str) -> list[str]:
    table = catalog.attached()["catalog"][0]
    joined = f"external_match JOIN external.{table} USING (catalog_row)"
    return catalog.query(f"SELECT {column} AS value FROM {joined} ORDER BY star_id")["value"].tolist()


def test_a_votable_of_vizier(catalog: Catalog, tmp_path: Path) -> None:
    cells = [(RA[1], DEC[1], "C-H", "01 20 00.00", 14.5, ""), (RA[0], DEC[0] + 1 / 3600, "C-R", "00 40 00.00", "", 15)]
    rows = "".join("<TR>" + "".join(f"<TD>{cell}</TD>" for cell in row) + "</TR>" for row in cells)
    (tmp_path / "li2018.vot").write_text(VIZIER.format(rows=rows))
    found = catalog.attach(tmp_path / "li2018.vot", "li2018", sky=("_RAJ2000", "_DEJ2000"), radius=3, epoch=2000)
    assert found.n_matched == 2
    assert matched(catalog, "Type") == ["C-R", "C-H"]
    assert "li2018_gmag_1" in catalog.query("FROM anomaly_li2018").colnames


def test_mangaids_typed_from_a_paper(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "hill2024.csv").write_text(f"mangaid,type\n{IDS[2]},C-rich\n{IDS[3]},O-rich\n")
    assert catalog.attach(tmp_path / "hill2024.csv", "hill2024", mangaid="mangaid").n_matched == 2
    assert matched(catalog, "type") == ["C-rich", "O-rich"]


def test_an_answer_of_simbad(catalog: Catalog, tmp_path: Path) -> None:
    ids = [f"Gaia DR3 {FIRST_ID + 2}", f"Gaia DR3 {FIRST_ID}"]
    Table({"id": ids, "main_id": ["V* A", "V* B"], "otype": ["C*", "C*"]}).write(
        tmp_path / "simbad.vot", format="votable"
    )
    assert catalog.attach(tmp_path / "simbad.vot", "simbad", gaia="id", release="DR3").n_matched == 2
    assert matched(catalog, "main_id") == ["V* B", "V* A"]


def test_a_catalog_of_lamost(catalog: Catalog, tmp_path: Path) -> None:
    text = f"obsid|ra|dec|subclass|gaia_source_id\n101001|{RA[3]}|{DEC[3]}|Carbon|123\n101002|99.5|1.5|G5|\n"
    (tmp_path / "dr8.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert catalog.attach(tmp_path / "dr8.csv.gz", "lamost_dr8", sky=("ra", "dec"), radius=3).n_matched == 1
    assert matched(catalog, "subclass") == ["Carbon"]
    assert matched(catalog, "obsid") == [101001]
