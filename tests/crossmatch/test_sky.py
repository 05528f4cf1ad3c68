"""The match on the sky is that of brute force, everywhere on it; proper motion and units count."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table
from files import write_combspec, write_gaia, write_mastarall
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog import Catalog
from catalog.crossmatch import sky
from catalog.database.table import to_table
from catalog.errors import CatalogError

RADIUS = 3600.0
IDS = [f"7-{number:08d}" for number in range(4)]

position = st.tuples(
    st.floats(-360, 360) | st.sampled_from([0.0, 360.0, 359.9999, 0.0001, 180.0]),
    st.floats(-90, 90) | st.sampled_from([90.0, -90.0, 89.9999, 0.0]),
)
place = position | st.tuples(st.sampled_from([np.nan, np.inf, -999.0, 361.0]), st.just(0.0)) | st.just((0.0, 90.5))
offset = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))


def brute_force(ra: np.ndarray, dec: np.ndarray, other_ra: np.ndarray, other_dec: np.ndarray) -> np.ndarray:
    """(n, m) separations in arcsec, by Vincenty's formula."""
    ra, dec, other_ra, other_dec = (np.radians(each) for each in (ra, dec, other_ra, other_dec))
    difference = other_ra[None] - ra[:, None]
    sin, cos, other_sin, other_cos = np.sin(dec)[:, None], np.cos(dec)[:, None], np.sin(other_dec), np.cos(other_dec)
    across = np.hypot(other_cos * np.sin(difference), cos * other_sin - sin * other_cos * np.cos(difference))
    return 3600 * np.degrees(np.arctan2(across, sin * other_sin + cos * other_cos * np.cos(difference)))


@settings(max_examples=examples(150), deadline=None)
@given(
    stars=st.lists(position, min_size=1, max_size=8), near=st.lists(offset, max_size=8), far=st.lists(place, max_size=4)
)
@example(stars=[(0.0, 0.0)], near=[], far=[(360.0, 0.0)])
@example(stars=[(0.0, 90.0)], near=[], far=[(123.0, 90.0)])
def test_all_pairs_are_those_of_brute_force(stars: list, near: list, far: list) -> None:
    ra, dec = np.array(stars, float).T
    listed = [(x + dx, float(np.clip(y + dy, -90, 90))) for (x, y), (dx, dy) in zip(stars, near, strict=False)] + far
    listed_ra, listed_dec = np.array(listed, float).reshape(-1, 2).T
    number = np.arange(1, len(listed) + 1)
    middle = len(listed) // 2
    blocks = [(number[part], listed_ra[part], listed_dec[part]) for part in (slice(middle), slice(middle, None))]
    star, row, separation, n_unusable = sky.pairs_within(SkyCoord(ra * u.deg, dec * u.deg), blocks, RADIUS)

    good = np.isfinite(listed_ra) & (np.abs(listed_ra) <= 360) & (np.abs(listed_dec) <= 90)
    assert n_unusable == (~good).sum()
    expected = brute_force(ra, dec, np.where(good, listed_ra, 0), np.where(good, listed_dec, 0))
    expected[:, ~good] = np.inf
    found = np.full(expected.shape, np.inf)
    found[star, row - 1] = separation
    certain = np.abs(expected - RADIUS) > 1e-6
    assert np.array_equal((expected <= RADIUS) & certain, np.isfinite(found) & certain)
    close = np.isfinite(found)
    np.testing.assert_allclose(found[close], expected[close], atol=1e-6)


@settings(max_examples=examples(60), deadline=None)
@given(
    place=st.tuples(st.floats(0, 359.999), st.floats(-89.99, 89.99)),
    motion=st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    years=st.floats(-120, 120),
)
def test_a_star_moves_along_a_great_circle(place: tuple, motion: tuple, years: float) -> None:
    (ra, dec), (pmra, pmdec) = place, motion
    moved = sky.at_epoch(*(np.array([value], float) for value in (ra, dec, 2015.5, pmra, pmdec)), target=2015.5 + years)
    # In Cartesian coordinates: the position, plus the motion along east and north.
    a, d = np.radians([ra, dec])
    here = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    east, north = (
        np.array([-np.sin(a), np.cos(a), 0]),
        np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)]),
    )
    there = here + np.radians(years / 3.6e6) * (pmra * east + pmdec * north)
    expected = SkyCoord(*(there / np.linalg.norm(there)), representation_type="cartesian")
    assert moved[0].separation(expected).arcsec < 1e-4


def test_a_star_without_an_epoch_or_a_motion_stays() -> None:
    nan, one = np.nan, np.array([1.0, 1.0, 1.0])
    moved = sky.at_epoch(
        one, one, np.array([nan, 2000, 2000]), np.array([1e4, nan, 1e4]), np.array([1e4, 1, nan]), 2050
    )
    assert moved.ra.deg.tolist() == moved.dec.deg.tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("unit", "degrees"),
    [
        (None, 1),
        ("deg", 1),
        ("hourangle", 15),
        ("h", 15),
        ("rad", 57.29577951308232),
        ("arcsec", 1 / 3600),
        ("mas", 1 / 3.6e6),
    ],
)
def test_units_of_angles(unit: str | None, degrees: float) -> None:
    assert sky.degrees_per(unit, "x") == pytest.approx(degrees, rel=1e-12)


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Four stars at epoch 2015.5: the second moves 2 arcsec a year to the north, the last has no position."""
    dec = np.array([10, 20, -89.9999, -999])
    write_combspec(tmp_path / "lsfpercent90.0.fits", IDS, np.ones((4, 4563)))
    write_mastarall(tmp_path / "m.fits", IDS, RA=np.array([0.0001, 50, 200, -999]), DEC=dec)
    pmdec = np.array([0, 2000, 0, 0], np.float32)
    write_gaia(
        tmp_path / "g.fits", IDS, PMRA=np.zeros(4, np.float32), PMDEC=pmdec, RA=np.full(4, -999.0), DEC=dec * 0 - 999
    )
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([tmp_path])
    return catalog


def written(folder: Path, ra: list, dec: list, name: str = "x.ecsv", unit: str | None = "deg") -> Path:
    Table({"ra": MaskedColumn(ra, unit=unit), "dec": MaskedColumn(dec, unit=unit)}).write(folder / name, overwrite=True)
    return folder / name


def matches(catalog: Catalog) -> list[tuple]:
    found = catalog.query("FROM external_match WHERE catalog_row IS NOT NULL ORDER BY star_id, separation_arcsec")
    return [(int(row["star_id"]), int(row["catalog_row"]), round(float(row["separation_arcsec"]), 3)) for row in found]


def test_the_nearest_or_all(catalog: Catalog, tmp_path: Path) -> None:
    near = 10 + np.array([3, 1, -2, 9]) / 3600
    path = written(tmp_path, [0.0001] * 4, near.tolist())
    found = catalog.attach(path, "x", sky=("ra", "dec"), radius=5, epoch=2015.5)
    assert matches(catalog) == [(1, 2, 1.0)]
    assert (found.n_matched, found.n_ambiguous, found.n_unknown, found.n_row_unusable) == (1, 1, 1, 0)
    candidates = catalog.query("SELECT n_candidate AS n FROM external_match ORDER BY star_id")["n"]
    assert np.ma.filled(candidates, -1).tolist() == [3, 0, 0, -1]
    catalog.attach(path, "x", sky=("ra", "dec"), radius=5, epoch=2015.5, every=True)
    assert matches(catalog) == [(1, 2, 1.0), (1, 3, 2.0), (1, 1, 3.0)]


def test_across_right_ascension_0_and_at_the_pole(catalog: Catalog, tmp_path: Path) -> None:
    path = written(tmp_path, [359.9999, 20.0], [10.0, -89.9999])
    catalog.attach(path, "x", sky=("ra", "dec"), radius=2, epoch=2015.5)
    assert matches(catalog) == [(1, 1, 0.709), (3, 2, 0.72)]


def test_rows_without_a_position_are_counted(catalog: Catalog, tmp_path: Path) -> None:
    path = written(tmp_path, [np.nan, -999.0, 0.0001, 0.0001, 0.0001], [10.0, 10.0, 90.5, np.nan, 10.0])
    found = catalog.attach(path, "x", sky=("ra", "dec"), radius=1, epoch=2015.5)
    assert (found.n_row_unusable, matches(catalog)) == (4, [(1, 5, 0.0)])
    with pytest.raises(CatalogError, match="no row of y has a position in ra and dec; name other columns"):
        catalog.attach(written(tmp_path, [np.nan], [1.0]), "y", sky=("ra", "dec"), radius=1)


def test_one_row_may_be_several_stars(catalog: Catalog, tmp_path: Path) -> None:
    found = catalog.attach(written(tmp_path, [0.0], [0.0]), "x", sky=("ra", "dec"), radius=3600, epoch=2015.5)
    assert found.n_row_shared == 0
    write_mastarall(tmp_path / "again.fits", IDS[2:], RA=np.array([0.0001, 0.0002]), DEC=np.array([10.0, 10]))
    catalog.ingest([tmp_path / "again.fits"])
    found = catalog.attach(written(tmp_path, [0.0001], [10.0]), "x", sky=("ra", "dec"), radius=5, epoch=2015.5)
    assert (found.n_matched, found.n_row_shared) == (3, 1)


def test_stars_are_brought_to_the_epoch_of_the_catalog(catalog: Catalog, tmp_path: Path) -> None:
    path = written(tmp_path, [50.0], [20 - 31 / 3600])
    found = catalog.attach(path, "x", sky=("ra", "dec"), radius=1)
    assert found.remarks == ("its positions are taken to be of epoch 2000; --epoch YEAR if they are not",)
    assert matches(catalog) == [(2, 1, 0.0)]
    found = catalog.attach(path, "x", sky=("ra", "dec"), radius=1, epoch=2015.5)
    assert (found.remarks, matches(catalog)) == ((), [])
    catalog.attach(path, "x", sky=("ra", "dec"), radius=3, epoch=2001)
    assert matches(catalog) == [(2, 1, 2.0)]
    assert catalog.attached()["catalog_epoch"].tolist() == [2001]


def test_the_epoch_that_a_votable_states(catalog: Catalog, tmp_path: Path) -> None:
    Table({"ra": [50.0], "dec": [20 + 1 / 3600]}).write(tmp_path / "x.vot", format="votable")
    text = (tmp_path / "x.vot").read_text()
    system = '<COOSYS ID="J" system="ICRS" epoch="J2016.0"/>'
    (tmp_path / "x.vot").write_text(text.replace("<TABLE", system + "<TABLE", 1))
    found = catalog.attach(tmp_path / "x.vot", "x", sky=("ra", "dec"), radius=0.5)
    assert found.remarks == ("its positions are of epoch 2016, as the file says",)
    assert matches(catalog) == [(2, 1, 0.0)]


@pytest.mark.parametrize(("unit", "factor"), [("hourangle", 1 / 15), ("rad", np.pi / 180), ("deg", 1)])
def test_positions_in_other_units(catalog: Catalog, tmp_path: Path, unit: str, factor: float) -> None:
    for name in ("x.ecsv", "x.fits", "x.parquet"):
        said = "h" if (name, unit) == ("x.fits", "hourangle") else unit  # FITS has no other
        path = written(tmp_path, [0.0001 * factor], [10 * factor], name, said)
        catalog.attach(path, "x", sky=("ra", "dec"), radius=1, epoch=2015.5)
        assert matches(catalog) == [(1, 1, 0.0)]


@pytest.mark.parametrize(
    ("ra", "unit", "message"),
    [
        (["00 00 01"], None, "column ra holds text, not numbers; give a column in decimal degrees, hours or radians"),
        ([1.0], "mag", "column ra is in mag, not an angle; give degrees, hours or radians"),
        ([[1.0, 2.0]], "deg", r"column ra holds DOUBLE\[2\], not numbers"),
        ([True], None, "column ra holds BOOLEAN, not numbers"),
    ],
)
def test_columns_that_hold_no_positions(
    catalog: Catalog, tmp_path: Path, ra: list, unit: str | None, message: str
) -> None:
    Table({"ra": MaskedColumn(ra, unit=unit), "dec": [1.0]}).write(tmp_path / "x.ecsv")
    with pytest.raises(CatalogError, match=message):
        catalog.attach(tmp_path / "x.ecsv", "x", sky=("ra", "dec"), radius=1)


def test_the_open_clusters_of_gaia(real_data: Path, copy_of: Callable, tmp_path: Path) -> None:
    """By Gaia DR2 id and on the sky: the same matches as a computation of astropy on its own."""
    file = real_data / "gaia" / "gaia_dr2_openclusters_cmd.parquet"
    if not file.exists():
        pytest.skip(f"no {file}")
    clusters = to_table(pq.read_table(file))
    generator = np.random.default_rng(1)
    chosen = generator.choice(len(clusters), 40, replace=False)
    ids = [f"7-{number:08d}" for number in range(60)]
    write_combspec(tmp_path / "lsfpercent90.0.fits", ids, np.ones((60, 4563)))
    # Forty of them, up to an arcsecond off, and twenty stars that are somewhere.
    ra = np.append(clusters["ra"][chosen], generator.uniform(0, 360, 20))
    dec = np.append(clusters["dec"][chosen] + generator.uniform(-1, 1, 40) / 3600, generator.uniform(-80, 80, 20))
    source_id = np.append(clusters["gaia_dr2_source_id"][chosen], np.arange(1, 21))
    write_mastarall(tmp_path / "m.fits", ids, RA=ra, DEC=dec)
    write_gaia(tmp_path / "g.fits", ids, "DR2", SOURCE_ID=source_id, RA=ra, DEC=dec)
    catalog = Catalog(tmp_path / "c.duckdb")
    catalog.ingest([tmp_path])

    found = catalog.attach(file, "clusters", gaia="gaia_dr2_source_id", release="DR2")
    assert (found.n_row, found.n_matched) == (35506, 40)
    assert matches_of_ids(catalog) == {star + 1: row + 1 for star, row in enumerate(chosen.tolist())}

    found = catalog.attach(file, "clusters", sky=("ra", "dec"), radius=1.5, epoch=2015.5)
    places = SkyCoord(clusters["ra"], clusters["dec"], unit="deg")
    row, separation, _ = SkyCoord(ra, dec, unit="deg").match_to_catalog_sky(places)
    near = separation.arcsec <= 1.5
    assert near.sum() >= 40
    assert matches_of_ids(catalog) == {int(star) + 1: int(row[star]) + 1 for star in np.flatnonzero(near)}
    rows = catalog.query(
        "SELECT separation_arcsec AS s FROM external_match WHERE catalog_row IS NOT NULL ORDER BY star_id"
    )
    np.testing.assert_allclose(rows["s"], separation.arcsec[near], atol=1e-6)


def matches_of_ids(catalog: Catalog) -> dict[int, int]:
    found = catalog.query("SELECT star_id, catalog_row FROM external_match WHERE catalog_row IS NOT NULL")
    return dict(zip(found["star_id"].tolist(), found["catalog_row"].tolist(), strict=True))
