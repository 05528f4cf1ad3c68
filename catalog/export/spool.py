"""An answer on disk, gone through once: what a file's header must say before the first row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc

from catalog.errors import CatalogError
from catalog.export.fields import Field

NOT_PLAIN = "[^ -~]"
"""A character that is not printable ASCII, which FITS does not have, nor `char` in a VOTable."""

ESCAPED = r"[^ -~]|\\"


@dataclass
class Extent:
    """What the values of a column span.

    Attributes
    ----------
    n_null : int
        Values that are NULL.
    n_blank : int
        Texts with nothing but blanks.
    least, most : int, optional
        Of integers, in arrays too; None: there are none.
    n_byte : int
        Of the longest text in UTF-8.
    n_escaped : int
        The same with Python's escapes.
    plain : bool
        Every text is of printable ASCII.
    n_element, longest : int
        Elements of all arrays, and of the longest.
    """

    n_null: int = 0
    n_blank: int = 0
    least: int | None = None
    most: int | None = None
    n_byte: int = 0
    n_escaped: int = 0
    plain: bool = True
    n_element: int = 0
    longest: int = 0

    def add(self, field: Field, values: pa.Array) -> None:
        """Take the values of a block into account. Raises CatalogError for NULL inside an array of integers."""
        self.n_null += values.null_count
        if pa.types.is_string(values.type):
            self.n_blank += pc.sum(pc.equal(pc.utf8_trim_whitespace(values), "")).as_py() or 0
            longest = pc.max(pc.binary_length(values)).as_py() or 0
            self.n_byte = max(self.n_byte, longest)
            self.plain = self.plain and not pc.any(pc.match_substring_regex(values, NOT_PLAIN)).as_py()
            if pc.any(pc.match_substring_regex(values, ESCAPED)).as_py():
                longest = max(len(text.encode("unicode_escape")) for text in values.drop_null().to_pylist())
            self.n_escaped = max(self.n_escaped, longest)
            return
        if field.length is not None:
            self.longest = max(self.longest, pc.max(pc.list_value_length(values)).as_py() or 0)
            values = pc.list_flatten(values)
            self.n_element += len(values)
            if values.null_count and field.kind.startswith("int"):
                raise CatalogError(f"column {field.name} has NULL inside an array of integers; take list_filter of it")
        if pa.types.is_integer(values.type):
            found = pc.min_max(values).as_py()
            self.least = min((n for n in (self.least, found["min"]) if n is not None), default=None)
            self.most = max((n for n in (self.most, found["max"]) if n is not None), default=None)


class Spool:
    """The rows of an answer in a file that is open, and what was found as they went by.

    Attributes
    ----------
    fields : list of Field
        The columns.
    about : dict of str
        What is said of the rows, by name; `title` and `description` are among it.
    extents : dict of Extent
        What the values span, by the name of the column.
    schema : pa.Schema
        Of the blocks.
    n_row : int
        How many rows there are.
    """

    def __init__(self, file: IO[bytes], fields: list[Field], about: dict[str, str]) -> None:
        self.fields = fields
        self.about = about
        self.extents = {field.name: Extent() for field in fields}
        self.n_row = 0
        self.schema: pa.Schema
        self._file = file

    def fill(self, schema: pa.Schema, blocks: Iterable[pa.RecordBatch]) -> None:
        """Keep the rows, block by block."""
        self.schema = schema
        with pa.ipc.new_stream(self._file, schema) as stream:
            for block in blocks:
                for field in self.fields:
                    self.extents[field.name].add(field, block.column(field.name))
                self.n_row += block.num_rows
                stream.write_batch(block)

    def blocks(self) -> Iterator[pa.RecordBatch]:
        """The rows once more, in the same blocks."""
        self._file.seek(0)
        with pa.ipc.open_stream(self._file) as stream:
            yield from stream
