"""Files of MWRFITS 1.11, byte for byte: two readers, astropy's and one from the FITS standard alone, agree on them."""

import gzip
import re
import struct
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.surveys.mock.layouts import GOODSPEC, PARAMETERS
from catalog.surveys.mock.mwrfits import Layout, create, primary_header, row_dtype, table_header, table_rows

LAYOUT: Layout = {"MANGAID": "22A", "PLATE": "J", "PSFMAG": "5E", "SP_QUAL": "A", "RA": "D", "NEXP": "I", "ID": "K"}

Hdu = tuple[dict[str, str], dict[str, list]]


def read_by_the_standard(path: Path) -> list[Hdu]:
    """Header cards and columns of every unit of a FITS file: sections 3.3, 4 and 7.3 of the FITS standard 4.0."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        data = gzip.decompress(data)
    assert len(data) % 2880 == 0
    units, at = [], 0
    while at < len(data):
        cards: dict[str, str] = {}
        while "END" not in cards:
            for start in range(at, at + 2880, 80):
                card = data[start : start + 80].decode("ascii")
                assert card.isprintable()
                if "END" in cards:
                    assert card == 80 * " "
                elif card[8:10] == "= ":
                    cards[card[:8].rstrip()] = re.match(r" *('[^']*'|[^/]*)", card[10:])[1].strip(" '")
                elif card.rstrip() == "END":
                    cards["END"] = ""
            at += 2880
        size = 0 if cards["NAXIS"] == "0" else int(cards["NAXIS1"]) * int(cards["NAXIS2"])
        units.append((cards, columns_of(cards, data[at : at + size])))
        assert set(data[at + size : at + size + -size % 2880]) <= {0}
        at += size + -size % 2880
    return units


def columns_of(cards: dict[str, str], data: bytes) -> dict[str, list]:
    codes = {"A": "s", "I": "h", "J": "i", "K": "q", "E": "f", "D": "d"}
    columns: dict[str, list] = {}
    offset = 0
    for index in range(1, int(cards.get("TFIELDS", 0)) + 1):
        count, code = re.fullmatch(r"(\d*)([A-Z])", cards[f"TFORM{index}"]).groups()
        format_ = f">{count or 1}{codes[code]}"
        starts = range(offset, len(data), int(cards["NAXIS1"]))
        columns[cards[f"TTYPE{index}"]] = [struct.unpack_from(format_, data, start) for start in starts]
        offset += struct.calcsize(format_)
    assert offset == int(cards.get("NAXIS1", 0))
    return columns


def cards_of(header: bytes) -> list[str]:
    return [header[start : start + 80].decode("ascii") for start in range(0, len(header), 80)]


def some_rows(layout: Layout, n_row: int, seed: int = 0) -> np.ndarray:
    """Arbitrary numbers, infinities and NaN among them, and short and long text."""
    generator = np.random.default_rng(seed)
    dtype = row_dtype(layout)
    rows = np.frombuffer(generator.bytes(n_row * dtype.itemsize), dtype).copy()
    for name in dtype.names:
        if dtype[name].kind == "S":
            width = dtype[name].itemsize
            text = ["x" * generator.integers(width + 1) for _ in range(n_row)]
            rows[name] = table_rows({"TEXT": layout[name]}, n_row, {"TEXT": np.array(text, f"U{width}")})["TEXT"]
        elif dtype[name].base.kind == "f":
            # One kind of NaN: Python's float changes others.
            rows[name][np.isnan(rows[name])] = np.nan
    return rows


def write_table(path: Path, layout: Layout, n_row: int, blocks: Iterable[np.ndarray]) -> Path:
    with create(path, {"MOCKSTAR": n_row}) as file, file.table(layout, n_row) as write:
        for rows in blocks:
            write(rows)
    return path


@st.composite
def layouts(draw: st.DrawFn) -> Layout:
    names = draw(st.lists(st.from_regex(r"[A-Z][A-Z0-9_]{0,24}", fullmatch=True), min_size=1, max_size=6, unique=True))
    counts = st.sampled_from(["", *map(str, range(2, 40))])
    return {name: draw(counts) + draw(st.sampled_from("AIJKED")) for name in names}


@settings(deadline=None, max_examples=examples(60))
@given(layouts(), st.integers(0, 40), st.integers(1, 15), st.booleans())
def test_both_readers_find_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, layout: Layout, n_row: int, block: int, compressed: bool
) -> None:
    path = tmp_path_factory.mktemp("mwrfits") / ("t.fits.gz" if compressed else "t.fits")
    rows = some_rows(layout, n_row)
    write_table(path, layout, n_row, (rows[start : start + block] for start in range(0, n_row, block)))
    (primary, _), (header, columns) = read_by_the_standard(path)
    assert primary["MOCKSTAR"] == header["NAXIS2"] == str(n_row)
    assert list(columns) == list(layout)
    with fits.open(path) as hdus:
        hdus.verify("exception")
        table = hdus[1].data
        assert table.dtype.names == tuple(layout)
        for name in layout:
            unpacked = [np.array(values).astype(rows.dtype[name].base) for values in columns[name]]
            assert b"".join(value.tobytes() for value in unpacked) == rows[name].tobytes()
            # astropy drops the blanks behind text.
            if rows.dtype[name].kind == "S":
                assert list(table[name]) == [text.decode().rstrip() for text in rows[name].tolist()]
            else:
                assert table[name].astype(rows.dtype[name].base).tobytes() == rows[name].tobytes()


def test_a_row_is_packed_and_big_endian() -> None:
    dtype = row_dtype(LAYOUT)
    assert dtype.itemsize == 22 + 4 + 5 * 4 + 1 + 8 + 2 + 8
    assert [dtype[name].base.str for name in LAYOUT] == ["|S22", ">i4", ">f4", "|S1", ">f8", ">i2", ">i8"]
    assert dtype["PSFMAG"].shape == (5,)


@pytest.mark.parametrize("tform", ["1J", "0A", "X", "5", "", "PE(3)", "5 E"])
def test_a_tform_that_mwrfits_would_not_write_is_refused(tform: str) -> None:
    with pytest.raises(ValueError, match=r"column A: .* is not a TFORM"):
        row_dtype({"A": tform})


def test_the_primary_header_is_the_dummy_of_mwrfits_and_the_marker() -> None:
    header = primary_header({"MOCKSTAR": 600, "MOCKKIND": "demo"})
    assert len(header) == 2880
    assert cards_of(header)[:8] == [
        "SIMPLE  =                    T /Dummy Created by MWRFITS v1.11                  ",
        "BITPIX  =                    8 /Dummy primary header created by MWRFITS         ",
        "NAXIS   =                    0 /No data is associated with this header          ",
        "EXTEND  =                    T /Extensions may (will!) be present               ",
        "MOCKSTAR=                  600 /                                                ",
        "MOCKKIND= 'demo    '           /                                                ",
        "END                                                                             ",
        80 * " ",
    ]


@pytest.mark.parametrize("marker", [{f"MOCK{number}": 0 for number in range(32)}, {"MOCKSTARS": 1}, {"MOCK": 80 * "x"}])
def test_a_marker_that_does_not_fit_is_refused(marker: dict[str, int | str]) -> None:
    with pytest.raises(ValueError, match="card"):
        primary_header(marker)


@pytest.mark.parametrize(("layout", "n_card", "size"), [(GOODSPEC, 91, 8640), (PARAMETERS, 163, 14400)])
def test_a_table_header_has_the_cards_of_mastar(layout: Layout, n_card: int, size: int) -> None:
    header = table_header(layout, 59266)
    cards = cards_of(header)
    assert len(header) == size
    assert cards[n_card].rstrip() == "END"
    assert not "".join(cards[n_card + 1 :]).strip()
    keywords = [card[:8].strip() for card in cards[:n_card]]
    columns = range(1, len(layout) + 1)
    assert keywords == [
        "XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "TFIELDS", *6 * ["COMMENT"],
        *(f"TTYPE{column}" for column in columns), *3 * ["COMMENT"], *(f"TFORM{column}" for column in columns),
    ]  # fmt: skip
    assert {card.rstrip() for card in cards if card.startswith("COMMENT")} == {
        "COMMENT",
        "COMMENT  *** End of mandatory fields ***",
        "COMMENT  *** Column names ***",
        "COMMENT  *** Column formats ***",
    }


def test_the_cards_of_a_table_are_those_of_mwrfits() -> None:
    cards = [card.rstrip() for card in cards_of(table_header(PARAMETERS, 24290))]
    assert cards[:8] == [
        "XTENSION= 'BINTABLE'           /Binary table written by MWRFITS v1.11",
        "BITPIX  =                    8 /Required value",
        "NAXIS   =                    2 /Required value",
        "NAXIS1  =                  324 /Number of bytes per row",
        "NAXIS2  =                24290 /Number of rows",
        "PCOUNT  =                    0 /Normally 0 (no varying arrays)",
        "GCOUNT  =                    1 /Required value",
        "TFIELDS =                   73 /Number of columns in table",
    ]
    assert "TTYPE3  = 'MANGAID '           /" in cards
    assert "TFORM28 = '4I      '           /" in cards
    assert "TTYPE29 = 'INPUT_GROUPS_NAME'  /" in cards


def test_the_slash_is_in_column_32_unless_a_name_is_too_long() -> None:
    cards = [card for card in cards_of(table_header(PARAMETERS, 1)) if card[8:10] == "= "]
    late = [card.rstrip() for card in cards if card[31] != "/"]
    assert late == ["TTYPE32 = 'INPUT_ALPHA_GROUPS_NAME' /"]


def test_a_name_goes_between_the_mandatory_cards_and_the_columns() -> None:
    plain, named = (cards_of(table_header({"A": "J"}, 1, extname)) for extname in (None, "GOODSTARS"))
    assert named[11].rstrip() == "EXTNAME = 'GOODSTARS'          /"
    assert named[:11] + named[12:] == plain[:-1]


def test_several_tables_follow_each_other(tmp_path: Path) -> None:
    rows = some_rows(LAYOUT, 3)
    with create(tmp_path / "t.fits", {}) as file:
        with file.table(LAYOUT, 3, "GOODSTARS") as write:
            write(rows)
        with file.table({"A": "J"}, 0, "NONE"):
            pass
        with file.table(LAYOUT, 2, "GOODVISITS") as write:
            write(rows[:2])
    units = read_by_the_standard(tmp_path / "t.fits")
    assert [(cards.get("EXTNAME"), cards.get("NAXIS2")) for cards, _ in units] == [
        (None, None), ("GOODSTARS", "3"), ("NONE", "0"), ("GOODVISITS", "2"),
    ]  # fmt: skip
    assert units[3][1]["PLATE"] == units[1][1]["PLATE"][:2]


def test_text_is_padded_with_blanks_and_data_with_nul(tmp_path: Path) -> None:
    layout = {"TEXT": "5A", "NUMBER": "J"}
    path = write_table(tmp_path / "t.fits", layout, 2, [table_rows(layout, 2, {"TEXT": ["ab", ""], "NUMBER": 1})])
    assert path.read_bytes()[5760:] == b"ab   \0\0\0\1" + b"     \0\0\0\1" + bytes(2880 - 18)


def test_equal_content_gives_equal_bytes_whatever_the_name_and_the_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = write_table(tmp_path / "first.fits.gz", LAYOUT, 5, [some_rows(LAYOUT, 5)]).read_bytes()
    monkeypatch.setattr(time, "time", lambda: 1e9)
    assert write_table(tmp_path / "second.fits.gz", LAYOUT, 5, [some_rows(LAYOUT, 5)]).read_bytes() == first
    # RFC 1952: no flags, so no name; modification time 0; fastest compression.
    assert first[:9] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x04"


def test_a_block_may_be_a_part_of_another_array(tmp_path: Path) -> None:
    rows = some_rows(LAYOUT, 6)
    _, (_, columns) = read_by_the_standard(write_table(tmp_path / "t.fits", LAYOUT, 3, [rows[::2]]))
    assert columns["PLATE"] == [(plate,) for plate in rows["PLATE"][::2]]


def interrupted(rows: np.ndarray) -> Iterator[np.ndarray]:
    yield rows
    raise KeyboardInterrupt


@pytest.mark.parametrize("name", ["t.fits", "t.fits.gz"])
def test_interrupted_writing_changes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyboardInterrupt):
        write_table(tmp_path / name, LAYOUT, 5, interrupted(some_rows(LAYOUT, 4)))
    assert not list(tmp_path.iterdir())
    (tmp_path / name).write_bytes(b"earlier")
    with pytest.raises(KeyboardInterrupt):
        write_table(tmp_path / name, LAYOUT, 5, interrupted(some_rows(LAYOUT, 4)))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"earlier"]


def test_a_file_appears_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "t.fits"
    with create(path, {}) as file, file.table(LAYOUT, 1) as write:
        write(some_rows(LAYOUT, 1))
        assert not path.exists()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("n_written", [4, 6])
def test_another_number_of_rows_than_announced_is_refused(tmp_path: Path, n_written: int) -> None:
    blocks = some_rows(LAYOUT, 3), some_rows(LAYOUT, n_written - 3)
    with pytest.raises(ValueError, match=f"{n_written} rows for a table announced with 5"):
        write_table(tmp_path / "t.fits", LAYOUT, 5, blocks)
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_behind_a_complete_table(tmp_path: Path) -> None:
    with create(tmp_path / "t.fits", {}) as file:
        with file.table(LAYOUT, 1) as write:
            write(some_rows(LAYOUT, 1))
        with pytest.raises(ValueError, match="2 rows for a table announced with 1"):
            write(some_rows(LAYOUT, 1))


@pytest.mark.parametrize(
    "rows",
    [
        np.zeros(5, row_dtype(LAYOUT).newbyteorder("<")),
        np.zeros(5, row_dtype({**LAYOUT, "RA": "K"})),
        np.zeros((5, 1), row_dtype(LAYOUT)),
    ],
)
def test_a_block_of_another_type_is_refused(tmp_path: Path, rows: np.ndarray) -> None:
    with pytest.raises(ValueError, match="does not fit the layout"):
        write_table(tmp_path / "t.fits", LAYOUT, 5, [rows])
    assert not list(tmp_path.iterdir())


def test_rows_take_one_value_per_row_or_one_for_all() -> None:
    layout = {"TEXT": "4A", "VECTOR": "2E", "NUMBER": "I"}
    rows = table_rows(layout, 2, {"TEXT": "ab", "VECTOR": [1, 2], "NUMBER": [3, 4]})
    assert rows.dtype == row_dtype(layout)
    # numpy hides NUL at the end of text, not blanks.
    assert rows["TEXT"].tolist() == [b"ab  ", b"ab  "]
    assert rows["VECTOR"].tolist() == [[1, 2], [1, 2]]
    assert rows["NUMBER"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("columns", "error", "match"),
    [
        ({"TEXT": "ab"}, ValueError, "not the columns of the layout: NUMBER"),
        ({"TEXT": "ab", "NUMBER": 1, "OTHER": 2}, ValueError, "not the columns of the layout: OTHER"),
        ({"TEXT": "abcde", "NUMBER": 1}, ValueError, "TEXT holds text longer than its 4 characters"),
        ({"TEXT": "Å", "NUMBER": 1}, ValueError, "ascii"),
        ({"TEXT": "ab", "NUMBER": [1, 2, 3]}, ValueError, "NUMBER is of shape"),
        ({"TEXT": "ab", "NUMBER": 1.5}, TypeError, "Cannot cast"),
    ],
)
def test_values_that_do_not_fit_are_refused(columns: dict, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        table_rows({"TEXT": "4A", "NUMBER": "I"}, 2, columns)
