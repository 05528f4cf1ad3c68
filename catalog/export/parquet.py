"""Parquet with a VOTable for a header, as the IVOA's note on VOParquet 1.0 puts it."""

from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from catalog.export.spool import Spool
from catalog.export.votable import NO_DATA, header

ROW_GROUP = 2**26
"""Bytes of a row group before it is compressed, more or less."""


def write_parquet(file: IO[bytes], spool: Spool) -> None:
    """Write Parquet; units, UCDs, meaning and provenance are in the VOTable among its metadata.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    metadata = {
        "IVOA.VOTable-Parquet.version": "1.0",
        "IVOA.VOTable-Parquet.content": header(spool).replace(NO_DATA, ""),
    }
    schema = spool.schema.with_metadata(metadata)
    with pq.ParquetWriter(file, schema, compression="zstd") as writer:
        waiting: list[pa.RecordBatch] = []
        size = 0
        for block in spool.blocks():
            waiting.append(block)
            size += block.nbytes
            if size > ROW_GROUP:
                _write(writer, waiting, schema)
                waiting, size = [], 0
        if waiting:
            _write(writer, waiting, schema)


def _write(writer: pq.ParquetWriter, blocks: list[pa.RecordBatch], schema: pa.Schema) -> None:
    table = pa.Table.from_batches(blocks).replace_schema_metadata(schema.metadata)
    writer.write_table(table, row_group_size=max(1, len(table)))
