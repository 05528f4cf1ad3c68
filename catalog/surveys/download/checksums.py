"""Checksums that the survey publishes beside its files.

A folder of SDSS holds a list of its files in the format of sha1sum. Its name is known for other folders only:
manga/spectro/mastar/v2_4_3/v1_0_2 (DR15) has spectro_mastar_v2_4_3_v1_0_2.sha1sum, and
manga/morphology/galaxyzoo3d/v4_0_0 (DR17) has manga_morphology_galaxyzoo3d_v4_0_0.sha1sum.
So both forms are tried, and a folder may have no list.
"""

import re
from dataclasses import dataclass

from catalog.surveys.download.patience import Patience
from catalog.surveys.download.products import RemoteFile
from catalog.surveys.download.server import Server, ServerError

FOLDER = "spectro_mastar_v3_1_1_v1_7_7"
"""The folder at the base URL, as the name of a list spells it."""

LONGEST = 1 << 24
"""Bytes; what is longer is not a list of the files of one folder."""


@dataclass(frozen=True)
class Checksum:
    """A published checksum, and the name of the list that it stands in."""

    sha1: str
    source: str


class Checksums:
    """The lists of a server, each fetched once, when it is needed."""

    def __init__(self, server: Server, patience: Patience) -> None:
        self._server = server
        self._patience = patience
        self._lists: dict[str, dict[str, str]] = {}

    def of(self, product: RemoteFile) -> Checksum | None:
        """The checksum of a product; None if the server has no list that names it."""
        for path in _candidates(product):
            if path not in self._lists:
                self._lists[path] = self._fetch(path)
            if sha1 := self._lists[path].get(product.file_name):
                return Checksum(sha1, path.rpartition("/")[2])
        return None

    def _fetch(self, path: str) -> dict[str, str]:
        try:
            text = self._patience.keep_trying(lambda: self._read(path), lambda: 0)
        except ServerError:
            return {}
        # Lines as sha1sum writes them; names may have folders before them, and are unique without.
        lines = re.findall(r"^\\?([0-9a-fA-F]{40})[ \t]+\*?(\S.*?)\s*$", text, re.MULTILINE)
        return {name.rpartition("/")[2]: sha1.lower() for sha1, name in lines}

    def _read(self, path: str) -> str:
        text = b""
        with self._server.get(path) as response:
            for block in response.blocks():
                text += block
                if len(text) > LONGEST:
                    return ""
            if response.version.size is not None and len(text) < response.version.size:
                raise ServerError("the list is cut off", reached=True)
        return text.decode("utf-8", "replace")


def _candidates(product: RemoteFile) -> list[str]:
    """Paths of the lists that may name a product: of its own folder first, then of the base."""
    folder = product.path.rpartition("/")[0]
    names = [f"manga_{FOLDER}.sha1sum", f"{FOLDER}.sha1sum"]
    if folder:
        names.insert(0, f"{folder}/manga_{FOLDER}_{folder.replace('/', '_')}.sha1sum")
    return names
