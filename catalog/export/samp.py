"""A table to the programs that run beside this one, by SAMP: TOPCAT, Aladin and others."""

import tempfile
from pathlib import Path
from typing import Any
from xmlrpc.client import Error as XmlRpcError

from pyvo.samp import SAMPHubError, SAMPIntegratedClient, SAMPProxyError

from catalog.database.connection import Database
from catalog.database.records import Scope
from catalog.errors import CatalogError
from catalog.export.export import export

LOAD = "table.load.votable"
PATIENCE = 120
"""Seconds that a program is given to load the table."""


def send(database: Database, what: str, scope: Scope) -> list[str]:
    """Send a table, a view or the answer to a SELECT to whoever takes VOTables; returns who has loaded it."""
    client = SAMPIntegratedClient(name="stellar-anomaly-catalog", description="Anomalous stellar spectra")
    try:
        client.connect()
    except SAMPHubError as error:
        raise CatalogError("no SAMP hub runs; start TOPCAT or Aladin, then run again") from error
    try:
        listeners = {listener: _name(client, listener) for listener in client.get_subscribed_clients(LOAD)}
        if not listeners:
            raise CatalogError("nobody at the SAMP hub takes tables; start TOPCAT or Aladin, then run again")
        # The file goes when all have answered.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.vot"
            export(database, what, path, scope=scope)
            title = what if len(what.split()) == 1 else "answer"
            message = {"samp.mtype": LOAD, "samp.params": {"url": path.as_uri(), "table-id": title, "name": title}}
            loaded = [name for listener, name in listeners.items() if _loads(client, listener, message)]
    except (SAMPHubError, SAMPProxyError, XmlRpcError, OSError) as error:
        raise CatalogError(f"the SAMP hub went away: {str(error).splitlines()[0]}") from error
    finally:
        if client.is_connected:
            client.disconnect()
    if not loaded:
        raise CatalogError(f"{', '.join(listeners.values())} did not load the table within {PATIENCE} s")
    return loaded


def _name(client: SAMPIntegratedClient, listener: str) -> str:
    name: str = client.get_metadata(listener).get("samp.name", listener)
    return name


def _loads(client: SAMPIntegratedClient, listener: str, message: dict[str, Any]) -> bool:
    try:
        response = client.call_and_wait(listener, message, str(PATIENCE))
    except SAMPProxyError:
        return False  # too slow, or gone meanwhile
    return bool(response["samp.status"] == "samp.ok")
