"""Attaching a catalog: the open clusters of Gaia DR2 to a mock survey, and a million rows on the sky.

`python -m benchmarks.attach [N]`: N rows, 1000000 unless told.
"""

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table

from benchmarks.measure import measure, table
from catalog import Catalog
from catalog.crossmatch import matching
from catalog.database.table import to_table
from catalog.surveys.mock.survey import GAIA, MASTARALL, MockSurvey, write_mock

N_ROW = 1_000_000
N_STAR = 24_130
"""Stars of MaStar."""

RADIUS = 3.0
CLUSTERS = Path(os.environ.get("CATALOG_TEST_DATA", "../shared/data")) / "gaia" / "gaia_dr2_openclusters_cmd.parquet"
N_MEMBER = 200


def attach_parquet(folder: Path) -> None:
    attach(folder, "list.parquet")


def match_alone(folder: Path) -> float:
    """Seconds of the match within an attachment: positions out of the table, and matches into theirs."""
    seconds = []
    match = matching.match

    def timed(*arguments: object, **options: object) -> object:
        start = time.perf_counter()
        found = match(*arguments, **options)  # type: ignore[arg-type]
        seconds.append(time.perf_counter() - start)
        return found

    matching.match = timed  # type: ignore[assignment]
    attach_parquet(folder)
    return seconds[0]


def attach_csv(folder: Path) -> None:
    attach(folder, "list.csv")


def attach_fits(folder: Path) -> None:
    attach(folder, "list.fits")


def attach_many(folder: Path) -> None:
    attach(folder, "many.parquet")


def attach_id(folder: Path) -> None:
    database = fresh(folder)
    Catalog(database).attach(folder / "list.parquet", "list", gaia="source_id", release="DR3")


def attach(folder: Path, name: str) -> None:
    Catalog(fresh(folder)).attach(folder / name, "list", sky=("ra", "dec"), radius=RADIUS, epoch=2016.0)


def bare(folder: Path) -> None:
    """What a user would write, on arrays that are there."""
    stars, rows = np.load(folder / "stars.npy"), np.load(folder / "rows.npy")
    row, separation, _ = SkyCoord(*stars, unit="deg").match_to_catalog_sky(SkyCoord(*rows, unit="deg"))
    np.save(folder / "bare.npy", np.where(separation.arcsec <= RADIUS, row + 1, 0))


def bare_from_file(folder: Path) -> None:
    """The same, from the Parquet file."""
    rows = pq.read_table(folder / "list.parquet", columns=["ra", "dec"])
    np.save(folder / "rows.npy", np.array([rows["ra"], rows["dec"]]))
    bare(folder)


def fresh(folder: Path) -> Path:
    return Path(shutil.copy(folder / "stars.duckdb", folder / "c.duckdb"))


def write_survey(folder: Path, n_row: int) -> None:
    """Stars that do not move, and a list in which a tenth of them are, some arcsec off, among others."""
    generator = np.random.default_rng(0)
    ra, dec = on_sky(generator, N_STAR)
    np.save(folder / "stars.npy", np.array([ra, dec]))
    ids = np.array([f"7-{number:08d}" for number in range(N_STAR)])
    columns = {"MANGAID": ids, "NVISITS": np.ones(N_STAR, np.int32), "RA": ra, "DEC": dec}
    goodstars = Table(columns | {"EPOCH": np.full(N_STAR, 2016, np.float32), "PHOTOCAT": np.full(N_STAR, "gaia")})
    fits.BinTableHDU(goodstars, name="GOODSTARS").writeto(folder / "mastarall.fits", overwrite=True)
    source_id = np.arange(N_STAR, dtype=np.int64) * 7 + 2**61
    gaia = Table(columns | {"SOURCE_ID": source_id, "R_MED_PHOTOGEO": np.full(N_STAR, 1000, np.float32)})
    fits.BinTableHDU(gaia, name="GOODSTARS").writeto(folder / "gaia.fits", overwrite=True)
    Catalog(folder / "stars.duckdb").ingest([folder / "mastarall.fits", folder / "gaia.fits"])

    listed_ra, listed_dec = on_sky(generator, n_row)
    place = generator.choice(n_row, N_STAR // 10, replace=False)
    star = generator.choice(N_STAR, len(place), replace=False)
    listed_ra[place] = ra[star] + generator.normal(0, 1 / 3600, len(star)) / np.cos(np.radians(dec[star]))
    listed_dec[place] = np.clip(dec[star] + generator.normal(0, 1 / 3600, len(star)), -90, 90)
    listed_id = np.arange(n_row, dtype=np.int64) * 2 + 1
    listed_id[place] = source_id[star]
    rows = {"source_id": listed_id, "ra": listed_ra % 360, "dec": listed_dec}
    rows |= {name: generator.random(n_row) for name in ("parallax", "pmra", "pmdec", "gmag", "bp_rp")}
    rows["type"] = generator.choice(["C-H", "C-R", "dC", "M5"], n_row)
    np.save(folder / "rows.npy", np.array([rows["ra"], rows["dec"]]))
    pq.write_table(pa.table(rows), folder / "list.parquet")
    made = Table(rows)
    made.write(folder / "list.fits", overwrite=True)
    made.write(folder / "list.csv", format="ascii.fast_csv", overwrite=True)


def write_many(folder: Path, n_row: int) -> None:
    """Ten times as many rows, in parts, so that this takes no more memory either."""
    listed = pq.read_table(folder / "list.parquet")
    with pq.ParquetWriter(folder / "many.parquet", listed.schema) as writer:
        for number in range(10):
            ra, dec = on_sky(np.random.default_rng(number + 1), n_row)
            part = listed.set_column(1, "ra", pa.array(ra)).set_column(2, "dec", pa.array(dec))
            writer.write_table(part, row_group_size=100_000)


def on_sky(generator: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """(n,) right ascension and declination, deg, evenly over the sky."""
    return generator.uniform(0, 360, n), np.degrees(np.arcsin(generator.uniform(-1, 1, n)))


def million(n_row: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_survey(folder, n_row)
        ways = {
            "match_to_catalog_sky alone": bare,
            "the same, from Parquet": bare_from_file,
            "ours, the match alone": match_alone,
            "ours, Parquet": attach_parquet,
            "ours, CSV": attach_csv,
            "ours, FITS": attach_fits,
            "ours, Parquet by Gaia id": attach_id,
        }
        results = {way: measure(work, folder) for way, work in ways.items()}
        write_many(folder, n_row)
        results["ours, Parquet, 10 times as many rows"] = measure(attach_many, folder, 1)
        attach(folder, "list.parquet")
        found = Catalog(folder / "c.duckdb").query("SELECT catalog_row FROM external_match ORDER BY star_id")
        same = np.array_equal(np.ma.filled(found["catalog_row"], 0), np.load(folder / "bare.npy"))
        reference = results["match_to_catalog_sky alone"][0]
        rows = [[way, f"{s:.2f}", f"{s / reference:.2f}", f"{mb:.0f}"] for way, (s, mb) in results.items()]
        print(f"### Attaching {n_row} rows to {N_STAR} stars, within {RADIUS:g} arcsec\n")
        print(table(["way", "s", "relative to matching alone", "peak memory MB"], rows))
        print(f"\nThe matches are {'the same' if same else 'NOT the same'}.\n")


def clusters() -> None:
    if not CLUSTERS.exists():
        print(f"no {CLUSTERS}; set CATALOG_TEST_DATA")
        return
    listed = to_table(pq.read_table(CLUSTERS))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mock(folder / "mock", MockSurvey(600, seed=0))
        generator = np.random.default_rng(0)
        chosen = generator.choice(len(listed), N_MEMBER, replace=False)
        off = generator.uniform(-1, 1, N_MEMBER) / 3600
        for file in (GAIA, MASTARALL):
            with fits.open(folder / "mock" / file, mode="update") as opened:
                rows = opened["GOODSTARS"].data
                rows["RA"][:N_MEMBER], rows["DEC"][:N_MEMBER] = listed["ra"][chosen], listed["dec"][chosen] + off
        stars = Table.read(folder / "mock" / MASTARALL, hdu=1)
        ids = np.zeros(len(stars), np.int64)
        ids[:N_MEMBER] = listed["gaia_dr2_source_id"][chosen]
        dr2 = Table({"MANGAID": stars["MANGAID"], "SOURCE_ID": ids, "R_EST": np.ones(len(stars), np.float32)})
        fits.BinTableHDU(dr2, name="GOODSTARS").writeto(folder / "gaiadr2.fits")
        catalog = Catalog(folder / "c.duckdb")
        catalog.ingest([folder / "mock", folder / "gaiadr2.fits"])

        print("### The 35,506 stars of open clusters, and a mock survey with 200 of them\n")
        found = catalog.attach(CLUSTERS, "clusters", gaia="gaia_dr2_source_id", release="DR2")
        rows_of = {int(source_id): row + 1 for row, source_id in enumerate(listed["gaia_dr2_source_id"])}
        expected = {str(star["MANGAID"]).strip(): rows_of[i] for star, i in zip(stars, ids.tolist(), strict=True) if i}
        same = matches(catalog) == expected
        print(f"By Gaia DR2 id {found.n_matched} of {found.n_star} stars; as expected: {same}.")
        found = catalog.attach(CLUSTERS, "clusters", sky=("ra", "dec"), radius=1.5, epoch=float(stars["EPOCH"][0]))
        places = SkyCoord(listed["ra"], listed["dec"], unit="deg")
        row, separation, _ = SkyCoord(stars["RA"], stars["DEC"], unit="deg").match_to_catalog_sky(places)
        near = separation.arcsec <= 1.5
        expected = {str(stars["MANGAID"][i]).strip(): int(row[i]) + 1 for i in np.flatnonzero(near)}
        same = matches(catalog) == expected
        print(f"Within 1.5 arcsec {found.n_matched}, several for {found.n_ambiguous}; as astropy finds: {same}.\n")


def matches(catalog: Catalog) -> dict[str, int]:
    found = catalog.query(
        "SELECT mangaid, catalog_row FROM external_match JOIN star USING (star_id) WHERE catalog_row > 0"
    )
    return dict(zip(found["mangaid"].tolist(), found["catalog_row"].tolist(), strict=True))


def main(n_row: int = N_ROW) -> None:
    clusters()
    million(n_row)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else N_ROW)
