"""Catalogs of other people: their files as tables of the database, and which of their rows are our stars."""

from catalog.crossmatch.attachment import Attached, attach, attached, detach
from catalog.crossmatch.match_by import ByGaia, ByMangaid, MatchBy, OnSky, match_by

__all__ = ["Attached", "ByGaia", "ByMangaid", "MatchBy", "OnSky", "attach", "attached", "detach", "match_by"]
