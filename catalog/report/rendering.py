"""A report into HTML."""

from base64 import b64encode

from jinja2 import Environment, PackageLoader, StrictUndefined

from catalog.report.document import Picture, Report

WIDE = 1000
"""Pixels of an image from which on it takes the whole width of a page."""


def render(report: Report) -> str:
    """One HTML document with everything in it."""
    environment = Environment(
        loader=PackageLoader("catalog.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"kind": lambda block: type(block).__name__, "data_url": data_url}
    return environment.get_template("report.html.j2").render(report=report, wide=WIDE)


def data_url(picture: Picture) -> str:
    """An image as a URL that holds it."""
    return f"data:image/png;base64,{b64encode(picture.png).decode()}"
