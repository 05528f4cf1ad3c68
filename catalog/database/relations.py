"""What is in a database, as it says itself: its tables, views and macros, and the meaning of their columns."""

import re
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from catalog.database.connection import Connection, arrow, quoted
from catalog.database.revision import REVISION_TABLE
from catalog.database.views import MACROS
from catalog.errors import CatalogError

RELATIONS = f"""
WITH relation (kind, schema_name, name, arguments, comment) AS (
    SELECT 'table', schema_name, table_name, NULL, comment
    FROM duckdb_tables()
    WHERE database_name = current_database() AND NOT internal AND table_name <> '{REVISION_TABLE}'
    UNION ALL
    SELECT 'view', schema_name, view_name, NULL, comment
    FROM duckdb_views()
    WHERE database_name = current_database() AND NOT internal
    UNION ALL
    SELECT 'macro', schema_name, function_name, parameters, comment
    FROM duckdb_functions()
    WHERE database_name = current_database() AND NOT internal AND function_type = 'table_macro'
)

SELECT kind, schema_name, name, arguments, comment FROM relation ORDER BY kind, schema_name <> 'main', schema_name, name
"""

COLUMNS = """
SELECT column_name, data_type, comment
FROM duckdb_columns()
WHERE database_name = current_database() AND schema_name = $schema_name AND table_name = $name
ORDER BY column_index
"""


IN_BRACKETS = re.compile(r"(.+) \[([^\[\]]+)\]", re.DOTALL)

PREFIX = "(da|[yzafpnuµmcdhkMGTPEZY])?"

UNIT = re.compile(
    "%|°|dex|mag|deg(ree)?|arcsec|arcmin|rad|sr|hourangle|h|min|s|d|day|yr|year|K|AU|au|lyr|Å|"
    "(M|R|L)☉|(M|R|L|sol)?(sun|Sun)|sol(Mass|Rad|Lum)|S_sun|ct|count|adu|electron|photon|ph|pix(el)?|bit|byte|"
    f"{PREFIX}(as|m|g|s|yr|pc|Hz|W|J|Jy|eV|erg|L|Angstrom|angstrom|A|V|T|G|N|Pa|bar|C|F|mol|lm|lx|byte)"
)
"""Units as catalogs spell them. Not parsed by astropy, which would double the time of `catalog schema`; an export,
which has astropy, writes only what that can parse."""


@dataclass(frozen=True)
class Relation:
    """A table, view or macro.

    name : with that of its schema, if that is not the main one
    sql : the same as SQL; of a macro, called with arguments that it can have
    """

    kind: str
    schema_name: str
    short_name: str
    arguments: tuple[str, ...]
    comment: str | None

    @property
    def name(self) -> str:
        return self.short_name if self.schema_name == "main" else f"{self.schema_name}.{self.short_name}"

    @property
    def sql(self) -> str:
        parts = [self.short_name] if self.schema_name == "main" else [self.schema_name, self.short_name]
        name = ".".join(quoted(part) for part in parts)
        if self.kind != "macro":
            return name
        arguments = MACROS.get(self.short_name) or dict.fromkeys(self.arguments, "NULL")
        return f"{name}({', '.join(arguments.values())})"


@dataclass(frozen=True)
class Column:
    """A column with what its comment says; unit None: dimensionless, or no quantity, or unknown."""

    name: str
    type: str
    unit: str | None
    description: str | None


def relations(connection: Connection) -> list[Relation]:
    """Every table, view and macro, in this order."""
    order = ("table", "view", "macro")
    found = [
        Relation(row["kind"], row["schema_name"], row["name"], tuple(row["arguments"] or ()), row["comment"])
        for row in arrow(connection, RELATIONS).to_pylist()
    ]
    return sorted(found, key=lambda relation: order.index(relation.kind))


def find_relation(connection: Connection, name: str) -> Relation:
    """The table, view or macro of that name, in any case.  Raises CatalogError if there is none."""
    found = relations(connection)
    for relation in found:
        if relation.name.lower() == name.strip().lower():
            return relation
    raise CatalogError(f"no table, view or macro {name}; there are: {', '.join(relation.name for relation in found)}")


def columns(connection: Connection, relation: Relation) -> list[Column]:
    """The columns of a table or view, or those that a macro gives, with the meaning in its comment."""
    if relation.kind == "macro":
        return _columns_of_macro(connection, relation)
    wanted = {"schema_name": relation.schema_name, "name": relation.short_name}
    return [
        Column(row["column_name"], row["data_type"], *split_comment(row["comment"]))
        for row in arrow(connection, COLUMNS, wanted).to_pylist()
    ]


def _columns_of_macro(connection: Connection, relation: Relation) -> list[Column]:
    try:
        described: pa.Table = arrow(connection, f"DESCRIBE FROM {relation.sql}")
    except duckdb.Error:
        return []  # somebody's macro that takes no NULL does not say what it gives
    found = described.to_pylist()
    # DuckDB takes no comments on a macro's columns, so its own holds theirs: `…; column: comment; …`.
    names = "|".join(re.escape(row["column_name"]) for row in found)
    said = dict(re.findall(rf"; ({names}): (.*?)(?=; (?:{names}): |$)", relation.comment or "", re.DOTALL))
    return [
        Column(row["column_name"], row["column_type"], *split_comment(said.get(row["column_name"]))) for row in found
    ]


def split_comment(comment: str | None) -> tuple[str | None, str | None]:
    """Unit and text of a column's comment, as `Meaning.comment` puts them together.

    >>> split_comment("[Fe/H] of the star [dex]"), split_comment("Vertices [bp_rp, abs_g]")
    (('dex', '[Fe/H] of the star'), (None, 'Vertices [bp_rp, abs_g]'))
    >>> split_comment("Flux [1e-17 erg / (s cm2 Angstrom)]")[0], split_comment("Spectral type [MK system]")[0]
    ('1e-17 erg / (s cm2 Angstrom)', None)
    """
    found = IN_BRACKETS.fullmatch(comment or "")
    if found and "," not in found[2]:
        words = re.findall(r"[^\W\d_]+(?:_sun)?☉?|%|°", re.sub(r"\d+(\.\d+)?[eE][+-]?\d+", "", found[2]))
        if words and all(UNIT.fullmatch(word) for word in words):
            return found[2], found[1]
    return None, comment
