"""Binary tables streamed in blocks are what astropy reads at once."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from files import smooth_flux, write_combspec, write_table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from sizes import examples

from catalog.errors import CatalogError
from catalog.surveys.fits_table import open_table, open_tables


@st.composite
def tables(draw: st.DrawFn) -> dict[str, np.ndarray]:
    n_row = draw(st.integers(0, 20))
    columns = {"MANGAID": np.array([f"7-{row}" for row in range(n_row)] or np.empty(0, "U4"))}
    for index in range(draw(st.integers(1, 4))):
        dtype = draw(st.sampled_from(["f4", "f8", "i2", "i4", "i8"]))
        width = draw(st.integers(1, 5))
        columns[f"COLUMN{index}"] = draw(st_numpy.arrays(dtype, (n_row, width) if width > 1 else n_row))
    return columns


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=examples(50))
@given(tables(), st.integers(1, 7), st.booleans())
def test_blocks_equal_astropy_bit_for_bit(
    tmp_path: Path, columns: dict[str, np.ndarray], n_row: int, compressed: bool
) -> None:
    if any(len(values) == 0 and values.ndim > 1 for values in columns.values()):
        return
    path = write_table(tmp_path / ("t.fits.gz" if compressed else "t.fits"), columns)
    expected = fits.getdata(path, 1)
    with open_table(path) as table:
        blocks = list(table.blocks(n_row))
        assert table.n_row == len(expected) == sum(map(len, blocks))
        for name in set(columns) - {"MANGAID"}:
            read = np.concatenate([block.numbers(name) for block in blocks] or [expected[name]])
            assert read.dtype.isnative
            assert read.tobytes() == expected[name].astype(read.dtype).tobytes()
        assert [text for block in blocks for text in block.text("MANGAID")] == list(expected["MANGAID"])


def test_scaled_unsigned_and_null_integers_are_restored(tmp_path: Path) -> None:
    columns = [
        fits.Column("A", "J", bzero=2**31, array=np.array([2**31 + 5, 7], np.uint32)),
        fits.Column("B", "J", null=-99, array=np.array([-99, 7])),
    ]
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "t.fits")
    with open_table(tmp_path / "t.fits") as table:
        (block,) = table.blocks(10)
        assert block.numbers("A").tolist() == [2**31 + 5, 7]
        assert block.numbers("B").tolist()[1] == 7
        assert block.null("B").tolist() == [True, False]
        assert block.null("A") is False


def test_column_names_are_found_in_any_case(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.fits", {"mangaid": np.array(["7-1 "]), "Flux": np.array([1.5], np.float32)})
    with open_table(path) as table:
        assert table.columns == {"MANGAID", "FLUX"}
        (block,) = table.blocks(10)
        assert block.text("MANGAID") == ["7-1"]
        assert block.numbers("FLUX").tolist() == [1.5]


def test_an_image_before_the_table_is_passed_over(tmp_path: Path) -> None:
    table = fits.BinTableHDU.from_columns([fits.Column("X", "J", array=[1, 2])])
    image = fits.ImageHDU(np.ones((100, 37)))
    fits.HDUList([fits.PrimaryHDU(np.ones(1000)), image, table]).writeto(tmp_path / "t.fits")
    with open_table(tmp_path / "t.fits") as found:
        assert [block.numbers("X").tolist() for block in found.blocks(1)] == [[1], [2]]


def three_tables(path: Path) -> Path:
    tables = [fits.BinTableHDU.from_columns([fits.Column("X", "J", array=np.arange(n))]) for n in (5, 2000, 3)]
    parts = [fits.PrimaryHDU(), tables[0], fits.ImageHDU(np.ones(999)), *tables[1:]]
    fits.HDUList(parts).writeto(path)
    return path


@pytest.mark.parametrize("ending", ["fits", "fits.gz"])
@pytest.mark.parametrize("n_block", [0, 1, 99])
def test_tables_come_in_order_whatever_was_read_of_the_one_before(tmp_path: Path, ending: str, n_block: int) -> None:
    with open_tables(three_tables(tmp_path / f"t.{ending}")) as tables:
        sizes = []
        for table in tables:
            rows = [block.numbers("X") for _, block in zip(range(n_block), table.blocks(100), strict=False)]
            assert np.concatenate([[], *rows]).tolist() == list(range(min(table.n_row, 100 * n_block)))
            sizes.append(table.n_row)
    assert sizes == [5, 2000, 3]


def test_zeros_behind_the_last_table_and_absent_padding_are_let_pass(tmp_path: Path) -> None:
    path = three_tables(tmp_path / "t.fits")
    whole = path.read_bytes()
    for changed in (whole + bytes(28800), whole.rstrip(b"\0") + b"\0" * 3, whole[:-2800]):
        path.write_bytes(changed)
        read_all(path)


def test_a_table_that_is_passed_over_must_be_whole(tmp_path: Path) -> None:
    path = three_tables(tmp_path / "t.fits")
    path.write_bytes(path.read_bytes()[: -2880 * 3])
    with open_tables(path) as tables, pytest.raises(CatalogError, match="truncated"):
        list(tables)


def test_columns_that_nobody_looked_at_are_known(tmp_path: Path) -> None:
    path = write_table(tmp_path / "t.fits", {"A": np.ones(3), "b": np.ones(3), "C": np.array(["x"] * 3)})
    with open_table(path) as table:
        for block in table.blocks(2):
            block.numbers("A")
            block.text("C")
        assert table.unread == {"B"}


@pytest.fixture
def spectra(tmp_path: Path) -> Path:
    return write_combspec(tmp_path / "lsfpercent60.0.fits.gz", [f"7-{i}" for i in range(6)], smooth_flux(6))


def read_all(path: Path) -> None:
    with open_tables(path) as tables:
        for table in tables:
            for _ in table.blocks(2):
                pass


@pytest.mark.parametrize("keep", [0.0, 0.001, 0.3, 0.9, 0.99999])
def test_a_truncated_gzip_is_refused(spectra: Path, keep: float) -> None:
    data = spectra.read_bytes()
    spectra.write_bytes(data[: int(len(data) * keep)])
    with pytest.raises(CatalogError, match=r"lsfpercent60.*(truncated|not a FITS|cannot be read|ends after)"):
        read_all(spectra)


@pytest.mark.parametrize("position", [0.05, 0.5, 0.95])
def test_a_flipped_byte_is_refused(spectra: Path, position: float) -> None:
    data = bytearray(spectra.read_bytes())
    data[int(len(data) * position)] ^= 0xFF
    spectra.write_bytes(bytes(data))
    with pytest.raises(CatalogError, match=r"lsfpercent60.*damaged"):
        read_all(spectra)


def test_a_truncated_plain_file_names_its_last_whole_row(spectra: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.fits"
    plain.write_bytes(gzip.decompress(spectra.read_bytes())[: 5760 + 2 * 91263 + 50_000])
    with pytest.raises(CatalogError, match="ends after row 2 of 6"):
        read_all(plain)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a FITS file"),
        (b"MANGAID,FLUX\n", "not a FITS file"),
        (b"SIMPLE  = garbage", "cannot be read|truncated"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "x.fits").write_bytes(content)
    with pytest.raises(CatalogError, match=message):
        read_all(tmp_path / "x.fits")


def test_a_file_without_a_table_is_refused(tmp_path: Path) -> None:
    fits.PrimaryHDU(np.ones((3, 3))).writeto(tmp_path / "image.fits")
    with pytest.raises(CatalogError, match="no binary table"):
        read_all(tmp_path / "image.fits")


@pytest.mark.parametrize("width", [0, 3])
def test_a_flag_is_one_value_a_row(tmp_path: Path, width: int) -> None:
    path = tmp_path / "flags.fits"
    flags = fits.Column("VALID", f"{width}I", array=np.ones((4, width), np.int16))
    fits.BinTableHDU.from_columns([fits.Column("N", "J", array=np.arange(4)), flags]).writeto(path)
    with open_tables(path) as tables, pytest.raises(CatalogError, match=f"VALID holds {width} values a row"):
        next(next(tables).blocks(4)).flags("VALID")
