"""What a server may answer, and what is made of it."""

import contextlib
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from fetching import MASTARALL, PATHS, SMALL, fetch, file_of, starts
from http_server import Site, Trouble, site

from catalog.errors import CatalogError
from catalog.surveys.download.download import Patience


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
    assert patience.wait(1, least=30) == 30


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
    with pytest.raises(CatalogError, match="the base URL is not a valid URL; give --base-url https://HOST/FOLDER/"):
        fetch(url, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["https://me:secret@x/", "https://secret@x/", "https://x/?token=secret"])
def test_a_password_gets_into_no_message(url: str, tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="holds more than a host and a folder") as error:
        fetch(url, tmp_path)
    assert "secret" not in str(error.value)
