"""A file that is not what the survey published never gets its name; what is there is said truly."""

import gzip
import hashlib
import socket
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from fetching import LIST, MASTARALL, PARAMETERS, PATHS, SMALL, damaged, fetch, file_of, nowhere
from files import write_table
from http_server import Site, Trouble
from hypothesis import given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog.errors import CatalogError
from catalog.surveys.download.download import stock_of
from catalog.surveys.download.part import part_path
from catalog.surveys.download.products import PRODUCTS
from catalog.surveys.download.server import Server
from catalog.surveys.download.stock import take_stock
from catalog.surveys.download.verification import defect_of


class TestVerification:
    @pytest.mark.parametrize(
        ("name", "spoil", "defect"),
        [
            ("small", damaged, "its gzip stream is damaged"),
            ("small", lambda source: source[:-5], r"its gzip stream is damaged \(it ends early\)"),
            ("small", lambda source: source[: len(source) // 2], r"its gzip stream is damaged \(it ends early\)"),
            ("small", lambda source: source[:-1] + b"\1", "its gzip stream is damaged .*incorrect length check"),
            ("small", lambda source: source + b"garbage behind it", "its gzip stream is damaged .*incorrect header"),
            ("small", lambda source: gzip.decompress(source), "its gzip stream is damaged .*incorrect header"),
            ("small", lambda source: b"", "its gzip stream is damaged"),
            (
                "small",
                lambda source: gzip.compress(b"<html>log in</html>"),
                "it is not a FITS file, it begins with b'<html",
            ),
            ("mastarall", lambda source: b"<html>log in</html>", "it is not a FITS file, it begins with b'<html"),
            ("mastarall", lambda source: b"", "it is not a FITS file, it begins with b''"),
            ("mastarall", lambda source: source[:-1], r"its \d+ bytes are not a multiple of 2880"),
            ("mastarall", lambda source: source[: 2880 * 20], "it ends before its last table does"),
            ("mastarall", gzip.compress, "it is not a FITS file"),
        ],
    )
    def test_finds(self, sas: Site, tmp_path: Path, name: str, spoil: object, defect: str) -> None:
        good = sas.files[PATHS[name]]
        bad = spoil(good)  # type: ignore[operator]
        sas.files[PATHS[name]] = bad
        with pytest.raises(CatalogError, match=f"^{name}: .* came twice and was removed: {defect}"):
            fetch(sas, tmp_path, name)
        assert list(tmp_path.iterdir()) == []
        # Wrong only once, as where a proxy had it wrong: begun anew.
        sas.files[PATHS[name]] = good
        sas.troubles[PATHS[name]] = [Trouble(body=bad)]
        fetch(sas, tmp_path, name)
        assert file_of(tmp_path, PATHS[name]).read_bytes() == good

    @settings(max_examples=examples(60), deadline=None)
    @given(st.data())
    def test_finds_any_flipped_bit_of_a_gzip_that_matters(self, data: st.DataObject) -> None:
        noise = np.random.default_rng(0).integers(0, 255, 2880 * 20, np.uint8).tobytes()
        plain = b"SIMPLE".ljust(2880) + noise
        source = gzip.compress(plain, 1, mtime=0)
        # The ten bytes of a gzip header carry nothing but a time and flags.
        at, bit = data.draw(st.integers(10, len(source) - 1)), data.draw(st.integers(0, 7))
        wrong = source[:at] + bytes([source[at] ^ (1 << bit)]) + source[at + 1 :]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "x.fits.gz"
            path.write_bytes(wrong)
            # A few bits of a deflate stream are padding.
            assert defect_of(path, True, None) is not None or gzip.decompress(wrong) == plain
            path.write_bytes(source)
            assert defect_of(path, True, None) is None

    @pytest.mark.parametrize("padding", [b"", bytes(700)])
    def test_accepts_gzip_in_several_members(self, tmp_path: Path, padding: bytes) -> None:
        first, second = b"SIMPLE".ljust(2880), bytes(5_000_000) + bytes(2880 - 5_000_000 % 2880)
        (tmp_path / "x.gz").write_bytes(gzip.compress(first) + padding + gzip.compress(second) + padding)
        assert defect_of(tmp_path / "x.gz", True, None) is None

    def test_finds_damage_behind_what_inflates_to_very_much(self, tmp_path: Path) -> None:
        first = gzip.compress(b"SIMPLE".ljust(2880) + bytes(2880 * 10_000))
        (tmp_path / "x.gz").write_bytes(first + gzip.compress(bytes(2880))[:-1])
        assert defect_of(tmp_path / "x.gz", True, None) == "its gzip stream is damaged (it ends early)"

    def test_does_not_mind_headers_that_are_merely_odd(self, tmp_path: Path) -> None:
        path = write_table(tmp_path / "x.fits", {"A": np.arange(4000)}, "ODD")
        path.write_bytes(path.read_bytes().replace(b"EXTNAME = 'ODD     '", b"extname = 'ODD     '"))
        assert defect_of(path, False, None) is None

    @pytest.mark.parametrize(
        "line", ["{sha1}  {name}", "{sha1} *./{name}", "{SHA1}  /a/b/{name}\r", "\n{sha1}\t{name}  "]
    )
    def test_says_that_the_published_checksum_agrees(self, sas: Site, tmp_path: Path, line: str) -> None:
        sha1 = hashlib.sha1(sas.files[SMALL], usedforsecurity=False).hexdigest()
        text = line.format(sha1=sha1, SHA1=sha1.upper(), name=SMALL)
        sas.files[LIST] = f"# a list\n{'0' * 40}  another.fits\n{text}\n".encode()
        (done,) = fetch(sas, tmp_path)
        assert done.evidence == f"SHA-1 of {LIST}"

    @pytest.mark.parametrize(
        "path",
        [
            "vac/parameters/v2/manga_spectro_mastar_v3_1_1_v1_7_7_vac_parameters_v2.sha1sum",
            LIST,
            "spectro_mastar_v3_1_1_v1_7_7.sha1sum",
        ],
    )
    def test_looks_for_a_list_in_the_folder_and_at_the_base(self, sas: Site, tmp_path: Path, path: str) -> None:
        sha1 = hashlib.sha1(sas.files[PARAMETERS], usedforsecurity=False).hexdigest()
        sas.files[path] = f"{sha1}  {PARAMETERS}\n".encode()
        (done,) = fetch(sas, tmp_path, "parameters")
        assert done.evidence == f"SHA-1 of {path.rpartition('/')[2]}"

    def test_finds_what_only_the_published_checksum_tells(self, sas: Site, tmp_path: Path) -> None:
        sas.files[LIST] = f"{'0' * 40}  {MASTARALL}\n".encode()
        with pytest.raises(CatalogError, match=f"came twice and was removed: its SHA-1 is not the one in {LIST}"):
            fetch(sas, tmp_path, "mastarall")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("text", [b"", b"<html>", b"\xff\xfe", b"deadbeef  " + SMALL.encode()])
    def test_goes_without_a_list_that_is_none(self, sas: Site, tmp_path: Path, text: bytes) -> None:
        sas.files[LIST] = text
        (done,) = fetch(sas, tmp_path)
        assert done.evidence == "gzip checksum and FITS structure"

    def test_asks_for_a_list_once(self, sas: Site, tmp_path: Path) -> None:
        fetch(sas, tmp_path, "small", "large", "mastarall")
        assert len(sas.asked(LIST)) == 1


class TestStock:
    def test_knows_what_is_there(self, sas: Site, tmp_path: Path) -> None:
        fetch(sas, tmp_path, "small", "mastarall")
        file_of(tmp_path, MASTARALL).write_bytes(b"cut off")
        part_path(file_of(tmp_path, PARAMETERS)).write_bytes(bytes(100))
        stock = stock_of(["small", "large", "mastarall", "parameters", "visits"], tmp_path, sas.url)
        assert [entry.state for entry in stock] == ["complete", "absent", "other size", "partial", "absent"]
        assert [entry.on_server for entry in stock] == [True, True, True, True, False]
        assert [entry.missing for entry in stock[:4]] == [
            0,
            len(sas.files[PATHS["large"]]),
            0,
            len(sas.files[PARAMETERS]) - 100,
        ]
        assert (stock[4].size, stock[4].reason) == (5_760_000_000, "404 Not Found")
        assert not sas.asked(PATHS["large"])

    def test_knows_without_a_server(self, tmp_path: Path) -> None:
        stock = stock_of(PATHS, tmp_path / "absent", nowhere())
        assert {entry.reason for entry in stock} == {"no connection (Connection refused)"}
        assert {entry.product.name for entry in stock if entry.size is not None} == {"visits", "parameters"}
        assert list(tmp_path.iterdir()) == []

    def test_asks_a_silent_server_once(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            server = Server(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
            begun = time.monotonic()
            stock = take_stock(PRODUCTS, tmp_path, server)
        assert time.monotonic() - begun < 0.3 * len(PRODUCTS) / 2
        assert {entry.reason for entry in stock} == {"it fell silent"}

    def test_goes_without_sizes(self, sas: Site, tmp_path: Path) -> None:
        sas.head[SMALL] = Trouble(status=405)
        sas.head[MASTARALL] = Trouble(headers={"Content-Length": None})
        stock = stock_of(["small", "mastarall", "large"], tmp_path, sas.url)
        assert [entry.reason for entry in stock] == ["405 Method Not Allowed", "no Content-Length", None]
        assert len(fetch(sas, tmp_path, "small", "mastarall")) == 2


def test_a_folder_that_cannot_be_is_one_line(sas: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CatalogError, match=r"cannot be written .*; give another folder"):
        fetch(sas, tmp_path / "file")
    file_of(tmp_path, SMALL).mkdir()
    with pytest.raises(CatalogError, match="is not a file; remove it"):
        fetch(sas, tmp_path)
