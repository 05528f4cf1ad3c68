"""A file comes whole, however often the connection breaks, and from where it broke."""

import fcntl
import gzip
import json
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from fetching import MASTARALL, PATHS, PATIENCE, SMALL, fetch, file_of, nowhere, starts
from http_server import Site, Trouble, site
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sizes import examples

from catalog import Catalog
from catalog.errors import CatalogError
from catalog.surveys.download.download import PAPER_FILES, Patience, download
from catalog.surveys.download.part import locked_part, part_path, version_path
from catalog.surveys.download.products import PRODUCTS, find_products


class TestWhatIsFetched:
    def test_is_the_survey_that_ingest_takes(self, sas: Site, tmp_path: Path) -> None:
        done = download(PAPER_FILES, tmp_path / "mastar", sas.url)
        assert [downloaded.product.name for downloaded in done] == list(PAPER_FILES)
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
        with pytest.raises(CatalogError, match="is not a whole FITS file; remove it"):
            fetch(nowhere(), tmp_path, name)

    def test_a_name_that_is_none_lists_those_that_are(self, sas: Site, tmp_path: Path) -> None:
        with pytest.raises(CatalogError, match="no product smal; there are: small, large, lsf75, "):
            fetch(sas, tmp_path / "new", "small", "smal")
        assert (sas.log, list(tmp_path.iterdir())) == ([], [])

    def test_no_two_products_share_a_name_or_a_file(self) -> None:
        assert len({product.name for product in PRODUCTS}) == len(PRODUCTS)
        assert len({product.file_name for product in PRODUCTS}) == len(PRODUCTS)
        assert [product.name for product in find_products(PAPER_FILES)] == list(PAPER_FILES)

    def test_progress_ends_at_the_size(self, sas: Site, tmp_path: Path) -> None:
        seen: list[tuple[str, int, int]] = []
        download(["small"], tmp_path, sas.url, lambda *step: seen.append(step))
        size = len(sas.files[SMALL])
        assert [step for step in seen if step[0] == "small"][-1] == ("small", size, size)
        assert seen[-1] == ("small: verifying", size, size)


class TestABrokenConnection:
    @settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        version_path(path).write_text(lost)
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
        version_path(path).write_text(json.dumps(of))
        fetch(sas, tmp_path)
        assert sas.asked(SMALL) == []
        assert [file.name for file in tmp_path.iterdir()] == [path.name]

    def test_of_another_server_without_etags_is_begun_anew(self, sas: Site, tmp_path: Path) -> None:
        path = file_of(tmp_path, SMALL)
        part_path(path).write_bytes(bytes(100))
        of = {"url": "https://elsewhere.org/x", "size": len(sas.files[SMALL]), "etag": None, "last_modified": None}
        version_path(path).write_text(json.dumps(of))
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
