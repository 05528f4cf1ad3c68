"""A database into a report: its sections, in the order of the paper."""

import shlex
from collections.abc import Callable
from datetime import datetime

from catalog.progress import Progress
from catalog.provenance import __version__
from catalog.report.document import Report, Section
from catalog.report.models import ensemble, errors, latent
from catalog.report.oddest import N_SHOWN, oddest, star
from catalog.report.pictures import Pictures
from catalog.report.places import catalogs, diagram
from catalog.report.proof import provenance, recovery
from catalog.report.scope import ReportScope
from catalog.report.survey import data, summary


def gather(scope: ReportScope, now: datetime, progress: Progress) -> Report:
    """Everything that a report says.

    Parameters
    ----------
    scope : ReportScope
        What it is about.
    now : datetime
        The time that it states, UTC.
    progress : Progress
        Called with what is being gathered.
    """
    pictures = Pictures(scope.database)
    listed, rows = oddest(scope)
    shown = rows[:N_SHOWN]
    marked = list(dict.fromkeys(row["mangaid"] for row in shown))
    stars = Section("stars", "One by one", parts=[])
    steps: list[tuple[str, Callable[[], Section]]] = [
        ("summary", lambda: summary(scope)),
        ("data", lambda: data(scope)),
        ("ensemble", lambda: ensemble(scope, pictures)),
        ("errors", lambda: errors(scope, pictures)),
        ("diagram", lambda: diagram(scope, pictures)),
        ("oddest", lambda: listed),
        *((row["mangaid"], lambda row=row: star(scope, pictures, row)) for row in shown),
        ("catalogs", lambda: catalogs(scope, pictures)),
        ("recovery", lambda: recovery(scope, pictures)),
        ("latent space", lambda: latent(scope, pictures, marked)),
        ("provenance", lambda: provenance(scope, command_of(scope))),
    ]
    sections: list[Section] = []
    for done, (what, make) in enumerate(steps):
        progress(what, done, len(steps))
        section = make()
        if section.anchor.startswith("star-"):
            if not stars.parts:
                sections.append(stars)
            stars.parts.append(section)
        else:
            sections.append(section)
    progress("written", len(steps), len(steps))
    return Report(
        title=title_of(scope),
        subtitle=f"{scope.database.path.name}, by stellar-anomaly-catalog {__version__}",
        made=f"{now:%d %B %Y, %H:%M} UTC",
        sections=sections,
    )


def title_of(scope: ReportScope) -> str:
    """What a report is about, in a line."""
    if scope.scored is None:
        return "Anomalous stellar spectra"
    return f"Anomalous stellar spectra in {scope.scored.dataset.name}, by ensemble {scope.scored.ensemble.name}"


def command_of(scope: ReportScope) -> str:
    """The command that makes this report again, with what it chose written out."""
    database = shlex.quote(scope.database.path.name)
    return f"catalog --database {database} report -o report.html {scope.options} --top {scope.top}"
