"""Downloading: whatever the server and the way to it do, a file under its name is the file of the survey."""

import contextlib
import fcntl
import gzip
import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest
from files import smooth_flux, write_combspec, write_gaia, write_mastarall, write_parameters, write_table
from http_server import Site, Trouble, site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import Catalog
from catalog.download import PAPER, Downloaded, Patience, download, stock_of
from catalog.download.part import locked_part, origin_path, part_path
from catalog.download.products import PRODUCTS, find_products
from catalog.download.server import Server
from catalog.download.stock import take_stock
from catalog.download.verification import defect_of
from catalog.errors import CatalogError

PATIENCE = Patience(timeout=0.4, tries=3, first_wait=0.001, longest_wait=1.5)
PATHS = {product.name: product.path for product in PRODUCTS}
SMALL, MASTARALL, PARAMETERS = PATHS["small"], PATHS["mastarall"], PATHS["parameters"]
LIST = "manga_spectro_mastar_v3_1_1_v1_7_7.sha1sum"


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that the paper needs, small ones, by path."""
    folder = tmp_path_factory.mktemp("content")
    mangaids = [f"7-{number}" for number in range(3)]
    noise = np.random.default_rng(1).integers(0, 2**31, (3, 20_000), np.int32)
    made = {
        "small": write_combspec(folder / "small.fits.gz", mangaids, smooth_flux(3)),
        "large": write_combspec(folder / "large.fits.gz", mangaids, smooth_flux(3, 1)),
        "mastarall": write_mastarall(folder / "mastarall.fits", mangaids, NOISE=noise),
        "gaia-edr3": write_gaia(folder / "gaia.fits", mangaids),
        "parameters": write_parameters(folder / "parameters.fits", mangaids),
    }
    return {PATHS[name]: path.read_bytes() for name, path in made.items()}


@pytest.fixture
def sas(content: dict[str, bytes]) -> Iterator[Site]:
    """A server with these files and no troubles."""
    with site() as server:
        server.files = dict(content)
        yield server


def fetch(server: Site | str, folder: Path, *names: str, patience: Patience = PATIENCE) -> list[Downloaded]:
    url = server if isinstance(server, str) else server.url
    return download(names or ("small",), folder, url, patience=patience)


def file_of(folder: Path, path: str) -> Path:
    return folder / path.rpartition("/")[2]


def starts(server: Site, path: str) -> list[int]:
    """First byte that each GET asked for."""
    return [int(asked.range_[6:-1]) if asked.range_ else 0 for asked in server.asked(path)]


def nowhere() -> str:
    """A URL that nobody answers at."""
    with site() as server:
        return server.url


class TestWhatIsFetched:
    def test_is_the_survey_that_ingest_takes(self, sas: Site, tmp_path: Path) -> None:
        done = download(PAPER, tmp_path / "mastar", sas.url)
        assert [downloaded.product.name for downloaded in done] == list(PAPER)
        assert {path.name for path in (tmp_path / "mastar").iterdir()} == {Path(path).name for path in sas.files}
        for path, source in sas.files.items():
            assert file_of(tmp_path / "mastar", path).read_bytes() == source
        files = Catalog(tmp_path / "c.duckdb").ingest([tmp_path / "mastar"])
        assert {file.product for file in files} == {"combspec", "mastarall", "gaia_edr3", "parameters"}

    def test_is_fetched_once(self, sas: Site, tmp_path: Path) -> None:
        fetch(sas, tmp_path, "small", "mastarall")
        (first, second) = fetch(sas, tmp_path, "small", "mastarall")
        assert first.skipped
        assert second.skipped
        assert (len(sas.asked(SMALL)), len(sas.asked(MASTARALL))) == (1, 1)

    def test_is_left_alone_if_nobody_answers(self, sas: Site, tmp_path: Path) -> None:
        fetch(sas, tmp_path)
        (again,) = fetch(nowhere(), tmp_path)
        assert again.skipped
        assert "not compared with the server: no connection" in again.evidence

    def test_is_never_put_over_a_file_of_another_size(self, sas: Site, tmp_path: Path) -> None:
        file_of(tmp_path, SMALL).write_bytes(b"\x1f\x8bmine")
        with pytest.raises(CatalogError, match=r"has 6 bytes, on the server it has \d+; remove it"):
            fetch(sas, tmp_path)
        assert file_of(tmp_path, SMALL).read_bytes() == b"\x1f\x8bmine"

    @pytest.mark.parametrize("name", ["small", "mastarall"])
    def test_a_file_that_is_none_is_not_skipped(self, name: str, tmp_path: Path) -> None:
        file_of(tmp_path, PATHS[name]).write_bytes(b"<html>")
        with pytest.raises(CatalogError, match="is no whole FITS file; remove it"):
            fetch(nowhere(), tmp_path, name)

    def test_a_name_that_is_none_lists_those_that_are(self, sas: Site, tmp_path: Path) -> None:
        with pytest.raises(CatalogError, match="no product smal; there are: small, large, lsf75, "):
            fetch(sas, tmp_path / "new", "small", "smal")
        assert (sas.log, list(tmp_path.iterdir())) == ([], [])

    def test_no_two_products_share_a_name_or_a_file(self) -> None:
        assert len({product.name for product in PRODUCTS}) == len(PRODUCTS)
        assert len({product.file_name for product in PRODUCTS}) == len(PRODUCTS)
        assert [product.name for product in find_products(PAPER)] == list(PAPER)

    def test_progress_ends_at_the_size(self, sas: Site, tmp_path: Path) -> None:
        seen: list[tuple[str, int, int]] = []
        download(["small"], tmp_path, sas.url, lambda *step: seen.append(step))
        size = len(sas.files[SMALL])
        assert [step for step in seen if step[0] == "small"][-1] == ("small", size, size)
        assert seen[-1] == ("small: verifying", size, size)


class TestABrokenConnection:
    @settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        name=st.sampled_from(["small", "mastarall"]),
        drops=st.lists(st.tuples(st.integers(0, 80_000), st.booleans(), st.booleans()), max_size=6),
    )
    def test_leaves_no_trace(self, name: str, drops: list[tuple[int, bool, bool]], content: dict[str, bytes]) -> None:
        with site() as server, tempfile.TemporaryDirectory() as folder:
            path = PATHS[name]
            server.files = dict(content)
            server.troubles[path] = [Trouble(drop_at=at, reset=reset, ignore_range=whole) for at, reset, whole in drops]
            fetch(server, Path(folder), name, patience=Patience(1, 10, 0, 0))
            assert [file.name for file in Path(folder).iterdir()] == [Path(path).name]
            assert file_of(Path(folder), path).read_bytes() == content[path]

    def test_is_gone_on_from_where_it_broke(self, sas: Site, tmp_path: Path) -> None:
        # Ten breaks with three tries: each gets further, so the count begins anew.
        sas.troubles[MASTARALL] = [Trouble(drop_at=10_000)] * 10
        (done,) = fetch(sas, tmp_path, "mastarall")
        assert starts(sas, MASTARALL) == [10_000 * step for step in range(11)]
        assert done.received == done.size == len(sas.files[MASTARALL])
        assert {asked.if_range for asked in sas.asked(MASTARALL)[1:]} != {None}

    def test_that_gets_no_further_ends_in_one_line_and_keeps_what_came(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[MASTARALL] = [Trouble(drop_at=5_000)]
        sas.always[MASTARALL] = Trouble(drop_at=0)
        with pytest.raises(CatalogError, match=r"closed the connection after 5000 of .* 5000 bytes are kept, the same"):
            fetch(sas, tmp_path, "mastarall")
        assert len(sas.asked(MASTARALL)) == 1 + 2
        assert {path.name for path in tmp_path.iterdir()} == {f"{MASTARALL}.part", f"{MASTARALL}.part.json"}
        sas.always.clear()
        fetch(sas, tmp_path, "mastarall")
        assert starts(sas, MASTARALL)[-1] == 5_000
        assert [path.name for path in tmp_path.iterdir()] == [MASTARALL]

    def test_that_falls_silent_is_given_up(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[MASTARALL] = [Trouble(drop_at=20_000, stall=5)]
        begun = time.monotonic()
        fetch(sas, tmp_path, "mastarall")
        assert time.monotonic() - begun < 3
        assert starts(sas, MASTARALL) == [0, 20_000]

    def test_that_trickles_is_not(self, sas: Site, tmp_path: Path) -> None:
        sas.always[MASTARALL] = Trouble(pace=0.015)
        begun = time.monotonic()
        fetch(sas, tmp_path, "mastarall")
        assert time.monotonic() - begun > 2 * PATIENCE.timeout
        assert starts(sas, MASTARALL) == [0]

    def test_to_nobody_is_one_line_and_leaves_nothing(self, tmp_path: Path) -> None:
        url = nowhere()
        with pytest.raises(CatalogError, match=rf"^small: {url}{SMALL}: no connection \(Connection refused\); 0 bytes"):
            fetch(url, tmp_path, "small", "mastarall")
        assert list(tmp_path.iterdir()) == []


class TestAServerThatCannotResume:
    def test_is_asked_for_the_whole_again(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[MASTARALL] = [Trouble(drop_at=9_000), Trouble(ignore_range=True)]
        fetch(sas, tmp_path, "mastarall")
        assert starts(sas, MASTARALL) == [0, 9_000]
        assert file_of(tmp_path, MASTARALL).read_bytes() == sas.files[MASTARALL]

    def test_is_not_asked_for_ever_if_it_breaks_in_the_same_place(self, sas: Site, tmp_path: Path) -> None:
        sas.always[MASTARALL] = Trouble(drop_at=9_000, ignore_range=True)
        with pytest.raises(CatalogError, match="closed the connection after 9000 of"):
            fetch(sas, tmp_path, "mastarall")
        assert len(sas.asked(MASTARALL)) == PATIENCE.tries

    def test_may_say_no_size(self, sas: Site, tmp_path: Path) -> None:
        sas.always[SMALL] = sas.head[SMALL] = Trouble(headers={"Content-Length": None})
        (done,) = fetch(sas, tmp_path)
        assert done.size == len(sas.files[SMALL])

    def test_may_break_without_having_said_a_size(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[SMALL] = [Trouble(headers={"Content-Length": None}, drop_at=9_000)]
        fetch(sas, tmp_path)
        assert file_of(tmp_path, SMALL).read_bytes() == sas.files[SMALL]

    def test_may_send_another_range_than_asked_for(self, sas: Site, tmp_path: Path) -> None:
        size = len(sas.files[MASTARALL])
        other = Trouble(headers={"Content-Range": f"bytes 7-{size - 1}/{size}"})
        sas.troubles[MASTARALL] = [Trouble(drop_at=9_000), other]
        fetch(sas, tmp_path, "mastarall")
        assert starts(sas, MASTARALL) == [0, 9_000, 0]
        assert file_of(tmp_path, MASTARALL).read_bytes() == sas.files[MASTARALL]


class TestAFileThatChangesOnTheServer:
    @pytest.mark.parametrize("second", [Trouble(), Trouble(ignore_if_range=True)])
    def test_is_begun_anew(self, sas: Site, tmp_path: Path, second: Trouble) -> None:
        # Of the same size, so that only its ETag tells.
        older = sas.files[MASTARALL].replace(b"gaia_dr2", b"gaia_dr1")
        sas.troubles[MASTARALL] = [Trouble(body=older, drop_at=9_000), second]
        fetch(sas, tmp_path, "mastarall")
        assert starts(sas, MASTARALL)[1] == 9_000
        assert file_of(tmp_path, MASTARALL).read_bytes() == sas.files[MASTARALL]

    def test_is_told_by_its_size_where_there_is_nothing_else(self, sas: Site, tmp_path: Path) -> None:
        bare: dict[str, str | None] = {"ETag": None, "Last-Modified": None}
        older = gzip.compress(gzip.decompress(sas.files[SMALL]), 9)
        sas.troubles[SMALL] = [Trouble(body=older, headers=bare, drop_at=9_000), Trouble(headers=bare)]
        fetch(sas, tmp_path)
        assert starts(sas, SMALL) == [0, 9_000, 0]
        assert file_of(tmp_path, SMALL).read_bytes() == sas.files[SMALL]

    def test_between_two_commands_is_begun_anew(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[SMALL] = [Trouble(drop_at=9_000), *[Trouble(status=500)] * 2]
        with pytest.raises(CatalogError, match="500 Internal Server Error; 9000 bytes are kept"):
            fetch(sas, tmp_path)
        newer = sas.files[SMALL] = gzip.compress(gzip.decompress(sas.files[SMALL]), 9)
        fetch(sas, tmp_path)
        assert file_of(tmp_path, SMALL).read_bytes() == newer

    def test_a_weak_etag_does_not_ask_for_the_rest_of_a_file(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[SMALL] = [Trouble(headers={"ETag": 'W/"1"'}, drop_at=9_000), Trouble(headers={"ETag": 'W/"1"'})]
        fetch(sas, tmp_path)
        assert [asked.if_range for asked in sas.asked(SMALL)] == [None, "Tue, 07 Dec 2021 10:00:00 GMT"]


class TestAPartOfAnEarlierCommand:
    @pytest.mark.parametrize("lost", ["", "{}", '{"url": 1', "[]", "null"])
    def test_is_begun_anew_if_it_does_not_say_of_what_it_is(self, sas: Site, tmp_path: Path, lost: str) -> None:
        path = file_of(tmp_path, SMALL)
        part_path(path).write_bytes(b"what is this")
        origin_path(path).write_text(lost)
        fetch(sas, tmp_path)
        assert starts(sas, SMALL) == [0]
        assert path.read_bytes() == sas.files[SMALL]

    def test_is_begun_anew_if_it_is_too_long(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[SMALL] = [Trouble(drop_at=9_000), *[Trouble(status=500)] * 2]
        with pytest.raises(CatalogError):
            fetch(sas, tmp_path)
        part_path(file_of(tmp_path, SMALL)).write_bytes(bytes(10_000_000))
        fetch(sas, tmp_path)
        assert starts(sas, SMALL)[-1] == 0

    def test_is_only_verified_if_it_is_all_there(self, sas: Site, tmp_path: Path) -> None:
        path = file_of(tmp_path, SMALL)
        source = sas.files[SMALL]
        part_path(path).write_bytes(source)
        of = {"url": sas.url + SMALL, "size": len(source), "etag": '"e"', "last_modified": None}
        origin_path(path).write_text(json.dumps(of))
        fetch(sas, tmp_path)
        assert sas.asked(SMALL) == []
        assert [file.name for file in tmp_path.iterdir()] == [path.name]

    def test_of_another_server_without_etags_is_begun_anew(self, sas: Site, tmp_path: Path) -> None:
        path = file_of(tmp_path, SMALL)
        part_path(path).write_bytes(bytes(100))
        of = {"url": "https://elsewhere.org/x", "size": len(sas.files[SMALL]), "etag": None, "last_modified": None}
        origin_path(path).write_text(json.dumps(of))
        fetch(sas, tmp_path)
        assert starts(sas, SMALL) == [0]

    def test_is_not_touched_while_another_has_it(self, sas: Site, tmp_path: Path) -> None:
        with (
            locked_part(file_of(tmp_path, SMALL)),
            pytest.raises(CatalogError, match="is being downloaded by another process; wait"),
        ):
            fetch(sas, tmp_path)

    def test_that_another_finishes_before_it_is_locked_is_skipped(
        self, sas: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = file_of(tmp_path, SMALL)

        def finish() -> None:
            part_path(path).write_bytes(sas.files[SMALL])
            part_path(path).rename(path)

        before_the_first_lock(monkeypatch, finish)
        (done,) = fetch(sas, tmp_path)
        assert done.skipped
        assert sas.asked(SMALL) == []
        assert list(tmp_path.iterdir()) == [path]

    def test_that_another_gives_up_before_it_is_locked_is_made_again(
        self, sas: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = file_of(tmp_path, SMALL)
        before_the_first_lock(monkeypatch, part_path(path).unlink)
        fetch(sas, tmp_path)
        assert path.read_bytes() == sas.files[SMALL]

    def test_of_several_at_once_is_fetched_by_one(self, sas: Site, tmp_path: Path) -> None:
        sas.always[MASTARALL] = Trouble(pace=0.005)
        errors: list[Exception] = []

        def insist() -> None:
            for _ in range(1000):
                try:
                    fetch(sas, tmp_path, "mastarall")
                    return
                except CatalogError as error:
                    if "another process" not in str(error):
                        errors.append(error)
                        return

        threads = [threading.Thread(target=insist) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert errors == []
        assert len(sas.asked(MASTARALL)) == 1
        assert file_of(tmp_path, MASTARALL).read_bytes() == sas.files[MASTARALL]


def before_the_first_lock(monkeypatch: pytest.MonkeyPatch, action: Callable[[], object]) -> None:
    """Lets another process do something between the opening of a part and its lock."""
    actions = [action]

    def lock(file: int, how: int) -> None:
        if actions:
            actions.pop()()
        flock(file, how)

    flock = fcntl.flock
    monkeypatch.setattr(fcntl, "flock", lock)


class TestASizeThatIsALie:
    def test_too_large_is_found_out_at_the_end(self, sas: Site, tmp_path: Path) -> None:
        sas.troubles[SMALL] = [Trouble(announce=1000)]
        fetch(sas, tmp_path)
        assert starts(sas, SMALL) == [0, len(sas.files[SMALL])]  # and that was answered by 416
        assert file_of(tmp_path, SMALL).read_bytes() == sas.files[SMALL]

    def test_too_large_and_never_admitted_is_one_line(self, sas: Site, tmp_path: Path) -> None:
        sas.always[SMALL] = Trouble(announce=1000, ignore_range=True)
        with pytest.raises(CatalogError, match="closed the connection after"):
            fetch(sas, tmp_path)
        assert not file_of(tmp_path, SMALL).exists()

    @pytest.mark.parametrize(("name", "short"), [("small", 1), ("mastarall", 1), ("mastarall", 2880)])
    def test_too_small_is_found_by_verifying(self, sas: Site, tmp_path: Path, name: str, short: int) -> None:
        sas.always[PATHS[name]] = Trouble(announce=-short)
        with pytest.raises(CatalogError, match=f"^{name}: .* came twice and was removed: it"):
            fetch(sas, tmp_path, name)
        assert len(sas.asked(PATHS[name])) == 2
        assert list(tmp_path.iterdir()) == []

    def test_a_part_behind_the_end_is_begun_anew(self, sas: Site, tmp_path: Path) -> None:
        longer = sas.files[SMALL] + bytes(5000)
        sas.troubles[SMALL] = [Trouble(body=longer, drop_at=len(longer) - 1000), Trouble(ignore_if_range=True)]
        fetch(sas, tmp_path)
        assert starts(sas, SMALL) == [0, len(longer) - 1000, 0]
        assert file_of(tmp_path, SMALL).read_bytes() == sas.files[SMALL]

    def test_more_than_the_disk_holds_is_not_begun(self, sas: Site, tmp_path: Path) -> None:
        sas.head[SMALL] = Trouble(announce=10**17)
        with pytest.raises(CatalogError, match=r"bytes free, 1\d+ more are to come; free some space"):
            fetch(sas, tmp_path)
        sas.head.clear()
        sas.always[SMALL] = Trouble(announce=10**17)
        with pytest.raises(CatalogError, match=r"bytes free, 1\d+ more are to come; free some space"):
            fetch(sas, tmp_path)
        assert list(tmp_path.iterdir()) == []


class TestAnAnswerThatIsNoFile:
    @pytest.mark.parametrize(
        ("status", "name", "advice"),
        [
            (404, "small", "404 Not Found; its path is inferred, not verified: look in {url} for the file"),
            (404, "mastarall", "404 Not Found; look in {url} whether it has moved"),
            (403, "mastarall", "403 Forbidden; look in"),
            (401, "mastarall", "401 Unauthorized; look in"),
        ],
    )
    def test_is_the_last_word_and_one_line(
        self, sas: Site, tmp_path: Path, status: int, name: str, advice: str
    ) -> None:
        sas.always[PATHS[name]] = Trouble(status=status)
        with pytest.raises(CatalogError) as error:
            fetch(sas, tmp_path, name)
        assert str(error.value).startswith(f"{name}: {sas.url}{PATHS[name]}: {advice.format(url=sas.url)}")
        assert len(sas.asked(PATHS[name])) == 1
        assert list(tmp_path.iterdir()) == []

    def test_does_not_keep_the_others(self, sas: Site, tmp_path: Path) -> None:
        with pytest.raises(CatalogError, match=r"2 of 4 products failed: visits: .* \| lsf75: "):
            fetch(sas, tmp_path, "visits", "small", "lsf75", "mastarall")
        assert {path.name for path in tmp_path.iterdir()} == {SMALL, MASTARALL}

    @pytest.mark.parametrize("status", [500, 502, 503, 504, 429, 408])
    def test_is_waited_out(self, sas: Site, tmp_path: Path, status: int) -> None:
        sas.troubles[SMALL] = [Trouble(status=status)] * 2
        fetch(sas, tmp_path)
        assert len(sas.asked(SMALL)) == 3

    @pytest.mark.parametrize(
        "wait", [lambda: "1", lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)]
    )
    def test_is_waited_out_as_long_as_it_asks(self, sas: Site, tmp_path: Path, wait: object) -> None:
        sas.troubles[SMALL] = [Trouble(status=503, headers={"Retry-After": wait()})]  # type: ignore[operator]
        begun = time.monotonic()
        fetch(sas, tmp_path, patience=Patience(1, 3, 0, 5))
        assert 0.9 < time.monotonic() - begun < 4

    def test_is_left_alone_if_it_asks_for_too_long(self, sas: Site, tmp_path: Path) -> None:
        sas.always[SMALL] = Trouble(status=429, headers={"Retry-After": "3600"})
        with pytest.raises(CatalogError, match="429 Too Many Requests, and asks to be left alone for 3600 s"):
            fetch(sas, tmp_path)
        assert len(sas.asked(SMALL)) == 1

    @pytest.mark.parametrize("nonsense", ["soon", "-1", "", "Tue, 99 Foo 2021", "9" * 30])
    def test_may_ask_nonsense(self, sas: Site, tmp_path: Path, nonsense: str) -> None:
        sas.troubles[SMALL] = [Trouble(status=503, headers={"Retry-After": nonsense})]
        fetch(sas, tmp_path)


def test_waits_grow_are_never_the_same_and_have_an_end() -> None:
    patience = Patience(first_wait=1, longest_wait=60)
    for failures, longest in ((1, 1), (2, 2), (3, 4), (10, 60), (100, 60)):
        waits = [patience.wait(failures) for _ in range(200)]
        assert longest / 2 <= min(waits) < max(waits) <= longest
    assert patience.wait(1, asked=30) == 30


class TestARedirect:
    def test_is_followed_and_can_be_gone_on_with(self, sas: Site, tmp_path: Path) -> None:
        elsewhere = "mirror/file.gz"
        sas.files[elsewhere] = sas.files.pop(SMALL)
        sas.always[SMALL] = sas.head[SMALL] = Trouble(status=302, headers={"Location": sas.url + elsewhere})
        sas.troubles[elsewhere] = [Trouble(drop_at=9_000)]
        fetch(sas, tmp_path)
        assert starts(sas, elsewhere) == [0, 9_000]
        assert len(sas.asked(elsewhere, "HEAD")) == 1

    def test_in_a_circle_is_one_line(self, sas: Site, tmp_path: Path) -> None:
        sas.always[SMALL] = sas.head[SMALL] = Trouble(status=302, headers={"Location": sas.url + SMALL})
        with pytest.raises(CatalogError, match=f"^small: {sas.url}{SMALL}: 302 "):
            fetch(sas, tmp_path)

    @pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense://x"])
    def test_leads_to_no_other_protocol(self, sas: Site, tmp_path: Path, target: str) -> None:
        sas.always[SMALL] = Trouble(status=302, headers={"Location": target})
        with pytest.raises(CatalogError, match=r"^small: .*: 302 Found[,;]"):
            fetch(sas, tmp_path)
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate, and is not there")
    def test_never_leads_from_https_to_http(
        self, sas: Site, content: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with secure_site(tmp_path) as (safe, url, certificate):
            safe.files = dict(content)
            with pytest.raises(
                CatalogError, match=r"its certificate is not trusted \(self-signed certificate\); check"
            ):
                fetch(url, tmp_path / "a")
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            safe.troubles[SMALL] = [Trouble(drop_at=9_000)]
            fetch(url, tmp_path / "a")
            safe.always[SMALL] = Trouble(status=302, headers={"Location": sas.url + SMALL})
            with pytest.raises(CatalogError, match="302 Found, from https to http: not followed; "):
                fetch(url, tmp_path / "b")
            assert sas.log == []


@contextlib.contextmanager
def secure_site(folder: Path) -> Iterator[tuple[Site, str, Path]]:
    """A site that speaks TLS, its URL, and its certificate."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    make = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    subprocess.run([*make, *name, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    with site() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        yield server, server.url.replace("http:", "https:"), certificate


def test_a_proxy_of_the_environment_is_used(sas: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", sas.url.replace("://", "://me:secret@"))
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    fetch("http://sas.example.org", tmp_path)
    assert {asked.host for asked in sas.log} == {"sas.example.org"}
    with pytest.raises(CatalogError) as error:
        fetch("http://sas.example.org", tmp_path, "visits")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url",
    ["", "data.sdss.org", "ftp://x/y", "file:///etc", "https://", "http://x:port/", "https://x/a b", "https://ü/"],
)
def test_a_base_url_that_is_none_is_one_line(url: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="the base URL is none; give --base-url https://HOST/FOLDER/"):
        fetch(url, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["https://me:secret@x/", "https://secret@x/", "https://x/?token=secret"])
def test_a_password_gets_into_no_message(url: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="holds more than a host and a folder") as error:
        fetch(url, tmp_path)
    assert "secret" not in str(error.value)


def damaged(content: bytes) -> bytes:
    """With one bit of its middle the other way round."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 16]) + content[middle + 1 :]


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
                "it is no FITS file, it begins with b'<html",
            ),
            ("mastarall", lambda source: b"<html>log in</html>", "it is no FITS file, it begins with b'<html"),
            ("mastarall", lambda source: b"", "it is no FITS file, it begins with b''"),
            ("mastarall", lambda source: source[:-1], r"its \d+ bytes are no multiple of 2880"),
            ("mastarall", lambda source: source[: 2880 * 20], "it ends before its last table does"),
            ("mastarall", gzip.compress, "it is no FITS file"),
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

    @settings(max_examples=60, deadline=None)
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
    with pytest.raises(CatalogError, match="is no file; remove it"):
        fetch(sas, tmp_path)
