"""The paper for one database: numbers and figures gathered into a `document`, and that rendered into one HTML file."""

from catalog.report.writing import Written, write_report

__all__ = ["Written", "write_report"]
