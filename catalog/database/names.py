"""Datasets, ensembles, regions and stars by the names a user gives; a wrong name is answered with those that exist."""

import sqlalchemy as sa

from catalog.database import schema
from catalog.errors import CatalogError


def find_dataset(connection: sa.Connection, name: str) -> sa.Row:
    """The dataset of that name. Read-only. Raises CatalogError if there is none."""
    return _find(connection, schema.dataset, name, "catalog ingest PATH")


def find_ensemble(connection: sa.Connection, name: str | None, *, scored: bool = False) -> sa.Row:
    """The ensemble of that name, or the newest, or with `scored` the newest that has scored anything.

    Read-only. Raises CatalogError if there is none.
    """
    if name is not None:
        return _find(connection, schema.ensemble, name, "catalog train --dataset NAME")
    newest = sa.select(schema.ensemble).order_by(schema.ensemble.c.ensemble_id.desc()).limit(1)
    has_scored = schema.ensemble.c.ensemble_id.in_(sa.select(schema.consensus_standing.c.ensemble_id))
    found = (connection.execute(newest.where(has_scored)).first() if scored else None) or connection.execute(
        newest
    ).first()
    if found is None:
        raise CatalogError("no ensemble in this database; train one with: catalog train --dataset NAME")
    return found


def find_region(connection: sa.Connection, name: str) -> sa.Row:
    """The region of the colour-magnitude diagram of that name. Read-only. Raises CatalogError if there is none."""
    return _find(connection, schema.cmd_region, name, "catalog region add NAME --polygon FILE", "region")


def find_external_catalog(connection: sa.Connection, name: str) -> sa.Row:
    """The attached catalog of that name. Read-only. Raises CatalogError if there is none."""
    return _find(connection, schema.external_catalog, name, "catalog attach FILE --name NAME", "attached catalog")


def find_scored_dataset(connection: sa.Connection, ensemble: sa.Row, name: str | None) -> sa.Row:
    """The dataset of that name, or the only one that the ensemble has scored.

    Read-only. Raises CatalogError if it has not scored it, or scored several and no name is given.
    """
    standing = schema.consensus_standing.c
    of_ensemble = sa.select(standing.dataset_id).where(standing.ensemble_id == ensemble.ensemble_id)
    dataset = schema.dataset.c
    names = list(
        connection.execute(
            sa.select(dataset.name).where(dataset.dataset_id.in_(of_ensemble)).order_by(dataset.name)
        ).scalars()
    )
    if name is not None:
        found = find_dataset(connection, name)
        if name not in names:
            raise CatalogError(
                f"ensemble {ensemble.name} has not scored {name}; "
                f"run: catalog score --dataset {name} --ensemble {ensemble.name}"
            )
        return found
    if not names:
        raise CatalogError(f"ensemble {ensemble.name} has scored nothing yet; run: catalog score --dataset NAME")
    if len(names) > 1:
        raise CatalogError(f"ensemble {ensemble.name} has scored {', '.join(names)}; choose one with --dataset")
    return find_dataset(connection, names[0])


def find_star_dataset(connection: sa.Connection, mangaid: str, name: str | None) -> sa.Row:
    """The dataset of that name, or the only one with a spectrum of the star.

    Read-only. Raises CatalogError if there is none, or several and no name is given.
    """
    if name is not None:
        return find_dataset(connection, name)
    dataset, spectrum = schema.dataset.c, schema.spectrum.c
    of_star = sa.select(spectrum.dataset_id).where(spectrum.star_id == require_star(connection, mangaid))
    with_star = sa.select(schema.dataset).where(dataset.dataset_id.in_(of_star)).order_by(dataset.name)
    found = connection.execute(with_star).all()
    if not found:
        raise CatalogError(f"star {mangaid} has no spectrum in this database")
    if len(found) > 1:
        raise CatalogError(f"star {mangaid} is in {', '.join(row.name for row in found)}; choose one dataset")
    return found[0]


def require_star(connection: sa.Connection, mangaid: str) -> int:
    """star_id of a star. Read-only. Raises CatalogError, with ids that begin alike, if it is unknown."""
    star = schema.star.c
    found = connection.execute(sa.select(star.star_id).where(star.mangaid == mangaid.strip())).scalar()
    if found is None:
        found_alike = connection.execute(
            sa.select(star.mangaid)
            .where(star.mangaid.startswith(mangaid[:4], autoescape=True))
            .order_by(star.mangaid)
            .limit(3)
        ).scalars()
        alike = ", ".join(found_alike)
        hint = f"; ids that begin alike: {alike}" if alike else ""
        raise CatalogError(f"no star {mangaid} in this database{hint}")
    return int(found)


def _find(connection: sa.Connection, table: sa.Table, name: str, command: str, noun: str | None = None) -> sa.Row:
    found = connection.execute(sa.select(table).where(table.c.name == name)).first()
    if found is None:
        names = list(connection.execute(sa.select(table.c.name).order_by(table.c.name)).scalars())
        existing = f"there are: {', '.join(names)}" if names else f"there is none yet; run: {command}"
        raise CatalogError(f"no {noun or table.name} {name}; {existing}")
    return found
