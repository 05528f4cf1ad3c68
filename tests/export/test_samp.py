"""A table sent by SAMP arrives; without a hub, or a listener, one line says what to do."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from astropy.table import Table
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient

from catalog import Catalog
from catalog.errors import CatalogError


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SAMPHubServer]:
    """A hub of this test alone, without a door to the web."""
    monkeypatch.setenv("SAMP_HUB", f"std-lockurl:{(tmp_path / 'samp').as_uri()}")
    hub = SAMPHubServer(web_profile=False, lockfile=str(tmp_path / "samp"), addr="127.0.0.1")
    hub.start()
    yield hub
    hub.stop()


@pytest.fixture
def listener(hub: SAMPHubServer) -> Iterator[list[Table]]:
    """The tables that a program at the hub has loaded."""
    loaded: list[Table] = []
    client = SAMPIntegratedClient(name="Topcat", addr="127.0.0.1")
    client.connect()

    def receive(_key: str, _sender: str, message_id: str, _mtype: str, params: dict, _extra: dict) -> None:
        loaded.append(Table.read(params["url"].removeprefix("file://"), format="votable"))
        client.reply(message_id, {"samp.status": "samp.ok", "samp.result": {}})

    client.bind_receive_call("table.load.votable", receive)
    yield loaded
    client.disconnect()


def test_a_table_arrives(ingested: Path, listener: list[Table]) -> None:
    assert Catalog(ingested).send("star") == ["Topcat"]
    (table,) = listener
    assert len(table) == 40
    assert str(table["ra"].unit) == "deg"


def test_an_answer_arrives(ingested: Path, listener: list[Table]) -> None:
    Catalog(ingested).send("SELECT source_id FROM cmd WHERE source_id IS NOT NULL ORDER BY source_id LIMIT 1")
    assert listener[0]["source_id"].tolist() == [2**60 + 1]


def test_nobody_listens(ingested: Path, hub: SAMPHubServer) -> None:
    with pytest.raises(CatalogError, match="nobody at the SAMP hub takes tables; start TOPCAT or Aladin"):
        Catalog(ingested).send("star")


def test_no_hub(ingested: Path, run: Callable, tmp_path: Path) -> None:
    environment = {"SAMP_HUB": f"std-lockurl:{(tmp_path / 'absent').as_uri()}", "HOME": str(tmp_path), "PATH": ""}
    done = run("--database", ingested, "export", "star", "--samp", env=environment)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch("Error: no SAMP hub runs; start TOPCAT or Aladin, then run again\n", done.stderr)
