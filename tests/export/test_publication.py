"""A published folder explains itself, can be attached, and is complete or not there."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from astropy.table import Table
from conftest import ODD, REPOSITORY

from catalog import Catalog
from catalog.database.meaning import MEANINGS
from catalog.errors import CatalogError
from catalog.provenance import sha256_of_file


@pytest.fixture(scope="module")
def published(scored: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("published") / "odd"
    done = Catalog(scored).publish(folder, "large", authors=["A. Stronomer", 'Ö. "Quote"'])
    assert (done.folder, done.ensemble, done.dataset) == (folder, "test", "large")
    return folder


def test_all_files_are_there(published: Path) -> None:
    names = ["CITATION.cff", "README.md", "anomalies.parquet", "anomalies.vot", "ensemble.json", "schema.json"]
    assert sorted(path.name for path in published.iterdir()) == names


def test_both_tables_hold_the_anomalies_the_oddest_first(published: Path, scored: Path) -> None:
    expected = Catalog(scored).outliers("large", limit=1000)["mangaid"].tolist()
    assert expected[0] == ODD
    assert pq.read_table(published / "anomalies.parquet")["mangaid"].to_pylist() == expected
    table = Table.read(published / "anomalies.vot", format="votable")
    assert table["mangaid"].tolist() == expected
    assert str(table["ra"].unit) == "deg"


def test_the_readme_says_what_and_how_many_and_where_from(published: Path, scored: Path) -> None:
    text = (published / "README.md").read_text()
    described = Catalog(scored).ensemble("test")
    n = len(pq.read_table(published / "anomalies.parquet"))
    assert f"| spectra | {n} |" in text
    assert f"| `ra` | DOUBLE | deg | {MEANINGS['ra'].text} |" in text
    assert described["recipe_sha256"] in text
    assert "A. Stronomer" in text
    for file in described["dataset"]["source_files"]:
        assert file["sha256"] in text
    for name in ("anomalies.parquet", "anomalies.vot"):
        assert f"`{name}`, SHA-256 {sha256_of_file(published / name)}" in text
    assert "{" not in text.replace("{'", "").split("with this recipe")[0]


def test_a_made_up_survey_is_not_passed_on_as_data(
    published: Path, scored: Path, copy_of: Callable, tmp_path: Path
) -> None:
    assert "made up" not in (published / "README.md").read_text()
    catalog = Catalog(copy_of(scored))
    with catalog.database.write() as connection:
        connection.execute("UPDATE dataset SET release = 'mock'")
    catalog.publish(tmp_path / "mock")
    assert "no star in these tables is real" in (tmp_path / "mock" / "README.md").read_text()


def test_the_sql_of_the_readme_gives_the_same_rows(published: Path, scored: Path) -> None:
    sql = (published / "README.md").read_text().split("```sql\n")[1].split("```")[0]
    rows = Catalog(scored).query(sql)
    assert rows["mangaid"].tolist() == pq.read_table(published / "anomalies.parquet")["mangaid"].to_pylist()


def test_the_schema_is_that_of_the_tables(published: Path) -> None:
    columns = json.loads((published / "schema.json").read_text())["columns"]
    assert [column["name"] for column in columns] == pq.read_schema(published / "anomalies.parquet").names
    assert next(column["unit"] for column in columns if column["name"] == "ra") == "deg"


def test_the_recipe_and_every_model_are_there(published: Path) -> None:
    ensemble = json.loads((published / "ensemble.json").read_text())
    assert ensemble["name"] == "test"
    assert [model["name"] for model in ensemble["models"]] == ["MODEL1", "MODEL2", "MODEL3"]


def test_it_can_be_cited(published: Path) -> None:
    citation = yaml.safe_load((published / "CITATION.cff").read_text())
    assert (citation["cff-version"], citation["type"]) == ("1.2.0", "dataset")
    assert [author["name"] for author in citation["authors"]] == ["A. Stronomer", 'Ö. "Quote"']
    assert citation["references"] == yaml.safe_load((REPOSITORY / "CITATION.cff").read_text())["references"]


def test_others_can_attach_it(published: Path, ingested: Path, copy_of: Callable) -> None:
    catalog = Catalog(copy_of(ingested))
    catalog.attach(published / "anomalies.parquet", "theirs", mangaid="mangaid")
    assert catalog.query("SELECT mangaid FROM external.theirs ORDER BY consensus_rank LIMIT 1")["mangaid"][0] == ODD


def test_a_folder_that_is_there_stays(scored: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(CatalogError, match="is there already; name a new folder"):
        Catalog(scored).publish(tmp_path / "mine")
    with pytest.raises(CatalogError, match=r"no folder .*absent for odd; create it first"):
        Catalog(scored).publish(tmp_path / "absent" / "odd")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_full_disk_leaves_no_folder(scored: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("catalog.files.whole.os.fsync", full)
    with pytest.raises(CatalogError, match=f"^{tmp_path}/odd/.* cannot be written: No space left on device"):
        Catalog(scored).publish(tmp_path / "odd")
    assert list(tmp_path.iterdir()) == []


def test_without_scores_there_is_nothing_to_publish(ingested: Path, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="no ensemble in this database"):
        Catalog(ingested).publish(tmp_path / "odd")
    assert list(tmp_path.iterdir()) == []


def test_the_command(scored: Path, run: Callable, tmp_path: Path) -> None:
    done = run("--database", scored, "publish", "-o", tmp_path / "odd")
    assert (done.returncode, done.stdout) == (0, "")
    assert "spectra of dataset large by ensemble test" in done.stderr
    assert yaml.safe_load((tmp_path / "odd" / "CITATION.cff").read_text())["authors"] == [{"name": "anonymous"}]
    assert run("--database", scored, "publish", "-o", tmp_path / "odd").returncode == 2
