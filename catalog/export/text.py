"""CSV, and ECSV, which is CSV with a header in YAML that says what the columns are."""

import csv
import io
import json
from collections.abc import Iterator
from typing import IO, Any

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.csv import CSVWriter, WriteOptions

from catalog.export.fields import Field
from catalog.export.spool import Spool

MASKED = "astropy.table.column.MaskedColumn"


def write_csv(file: IO[bytes], spool: Spool) -> None:
    """Write CSV in UTF-8: NULL is nothing, the empty text two quotes, arrays JSON.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    header = csv.writer(text := io.StringIO(), lineterminator="\n")
    header.writerow([field.name for field in spool.fields])
    file.write(text.getvalue().encode())
    _write_rows(file, spool.schema, spool.blocks())


def write_ecsv(file: IO[bytes], spool: Spool) -> None:
    """Write ECSV 1.0 in UTF-8: units, meaning and provenance in the header.

    A column of text of which some is blank gets a second column, `NAME.mask`, which says what is NULL.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    # astropy takes blank text for NULL, unless that is said in a column beside it.
    masked = [field.name for field in spool.fields if spool.extents[field.name].n_blank]
    schema, columns = spool.schema, []
    for number, field in reversed(list(enumerate(spool.fields))):
        if field.kind == "bool":
            schema = schema.set(number, pa.field(field.name, pa.string()))
        if field.name in masked:
            schema = schema.insert(number + 1, pa.field(f"{field.name}.mask", pa.string()))
    for field in spool.fields:
        columns.append(_flow(_column(field, spool.n_row)))
        if field.name in masked:
            columns.append(_flow({"name": f"{field.name}.mask", "datatype": "bool"}))
    header = csv.writer(text := io.StringIO(), lineterminator="\n")
    header.writerow(schema.names)
    lines = [
        "%ECSV 1.0",
        "---",
        "delimiter: ','",
        "datatype:",
        *(f"- {column}" for column in columns),
        f"meta: {_meta(spool.about, masked)}",
        "schema: astropy-2.0",
    ]
    file.write("".join(f"# {line}\n" for line in lines).encode() + text.getvalue().encode())
    _write_rows(file, schema, (_ecsv_block(block, schema) for block in spool.blocks()))


def _write_rows(file: IO[bytes], schema: pa.Schema, blocks: Iterator[pa.RecordBatch]) -> None:
    # Quotes all text that is not NULL, so that the empty one differs from none.
    with CSVWriter(file, schema, write_options=WriteOptions(include_header=False, quoting_style="needed")) as writer:
        for block in blocks:
            writer.write_batch(block)


def _ecsv_block(block: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = []
    for name in schema.names:
        if name in block.schema.names:
            values = block.column(name)
            columns.append(_words(values) if pa.types.is_boolean(values.type) else values)
        else:
            columns.append(_words(pc.is_null(block.column(name.removesuffix(".mask")))))
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _words(values: pa.Array) -> pa.Array:
    return pc.if_else(values, "True", "False")


def _column(field: Field, n_row: int) -> dict[str, Any]:
    type_ = "string" if field.kind == "text" else field.kind
    known: dict[str, Any] = {"name": field.name, "unit": field.unit, "datatype": type_}
    if field.length is not None:
        # astropy does not read a table of no rows whose arrays are all of one length.
        length = field.length if field.length and n_row else "null"
        known |= {"datatype": "string", "subtype": f"{field.kind}[{length}]"}
    known |= {"description": field.description, "meta": {"ucd": field.ucd} if field.ucd else None}
    return {key: value for key, value in known.items() if value is not None}


def _meta(about: dict[str, str], masked: list[str]) -> str:
    text = _flow(about)
    if not masked:
        return text
    columns = ", ".join(
        f'{_flow(name)}: {{"__class__": "{MASKED}", '
        f'"data": !astropy.table.SerializedColumn {{"name": {_flow(name)}}}, '
        f'"mask": !astropy.table.SerializedColumn {{"name": {_flow(name + ".mask")}}}}}'
        for name in masked
    )
    return f'{text[:-1]}, "__serialized_columns__": {{{columns}}}}}'


def _flow(value: Any) -> str:
    """As JSON, which is YAML too if no character is put together from two escapes, and every other one is printable."""
    return "".join(
        character if character.isprintable() else f"\\U{ord(character):08x}"
        for character in json.dumps(value, ensure_ascii=False)
    )
