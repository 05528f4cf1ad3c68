"""Where a spectrum lies on the sky, as a HEALPix pixel of order 29: neighbours on the sky are neighbours in number."""

import numpy as np
import pyarrow as pa
from astropy import units as u
from astropy_healpix import lonlat_to_healpix
from duckdb.func import ARROW

from catalog.database.connection import Connection

ORDER = 29
"""The finest that fits into 64 bits, 0.4 mas; that of HATS catalogs and of the IVOA's MOCs."""

FUNCTION = "healpix_29_of"

# Only what has changed is written: a star without spectra has none, and most stars never get another position.
PLACE = f"""
UPDATE spectrum SET healpix_29 = place.healpix_29
FROM (
    SELECT star_id, {FUNCTION}(ra, dec) AS healpix_29 FROM star WHERE isfinite(ra) AND dec BETWEEN -90 AND 90
) AS place
WHERE spectrum.star_id = place.star_id AND spectrum.healpix_29 IS DISTINCT FROM place.healpix_29
"""


def healpix_29(ra: np.ndarray, dec: np.ndarray) -> np.ndarray:
    """Pixels (n,), nested, of order 29, of positions (n,) in deg, ICRS.  Raises ValueError beyond the poles.

    >>> healpix_29(np.array([0.0, 360.0]), np.array([0.0, 0.0]))
    array([1369094286720630784, 1369094286720630784])
    """
    return np.asarray(lonlat_to_healpix(ra * u.deg, dec * u.deg, 2**ORDER, order="nested"), dtype=np.int64)


def place_spectra(connection: Connection) -> None:
    """Bring the pixel of every spectrum to the position that its star has now; none without a position.

    Writes inside the connection's transaction, and nothing where it is so already.
    """
    # In blocks of DuckDB's own, so that a large survey is never in memory.
    connection.create_function(FUNCTION, _place, ["DOUBLE", "DOUBLE"], "BIGINT", type=ARROW)
    connection.execute(PLACE)
    connection.remove_function(FUNCTION)


def _place(ra: pa.ChunkedArray, dec: pa.ChunkedArray) -> pa.Array:
    return pa.array(healpix_29(ra.to_numpy(), dec.to_numpy()))
