"""What a report says where there is nothing to show yet, with the commands that would bring it."""

from catalog.report.document import Missing
from catalog.report.scope import ReportScope

NOTHING_TRAINED = Missing("No ensemble is trained.", ("catalog train --dataset NAME",))


def not_scored(scope: ReportScope) -> Missing:
    """Why there are no scores, and what would make them."""
    if scope.ensemble is None:
        return Missing(
            "No ensemble is trained, so nothing is scored.",
            (*NOTHING_TRAINED.commands, "catalog score --dataset NAME"),
        )
    command = f"catalog score --dataset NAME --ensemble {scope.ensemble.name}"
    return Missing(f"Ensemble {scope.ensemble.name} has scored nothing.", (command,))
