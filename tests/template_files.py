"""Files of templates, in every format."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
from astropy.table import Table

WAVELENGTH = np.linspace(4000, 9000, 400)
FLUX = np.sin(WAVELENGTH / 300) + 2


def write_templates(path: Path, **columns: object) -> Path:
    """Two templates, one row each; `columns` replaces some."""
    made = {"name": ["a", "b"], "wavelength": np.tile(WAVELENGTH, (2, 1)), "flux": np.stack([FLUX, 2 * FLUX])}
    made |= columns  # type: ignore[arg-type]
    table = Table({name: values for name, values in made.items() if values is not None})
    if path.suffix == ".parquet":
        parquet.write_table(pa.table({name: list(table[name]) for name in table.colnames}), path)
    else:
        table.write(path, format="ascii.ecsv" if path.suffix == ".ecsv" else "fits")
    return path
