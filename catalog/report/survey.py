"""What was loaded: the summary in numbers, datasets, what was rejected and why, and the files it came from."""

from catalog.database.records import Scored
from catalog.report import questions
from catalog.report.cells import GridColumn, counted, grid, interval
from catalog.report.document import Block, Facts, Folded, Missing, Numbers, Section, Text
from catalog.report.missing import NOTHING_TRAINED, not_scored
from catalog.report.scope import Asker, ReportScope, Row


def summary(scope: ReportScope) -> Section:
    """The report in a paragraph and a few numbers."""
    asker = Asker(scope)
    (contents,) = asker.ask("What the database holds", questions.COUNTS)
    numbers = [
        (f"{contents['n_star']:,}", "stars"),
        (f"{contents['n_spectrum']:,}", "spectra"),
    ]
    blocks: list[Block] = []
    if not contents["n_spectrum"]:
        blocks.append(Missing("No spectra are loaded.", ("catalog ingest PATH",)))
    elif scope.ensemble is None:
        blocks.append(NOTHING_TRAINED)
    elif scope.scored is None:
        blocks.append(not_scored(scope))
    else:
        (flagged,) = asker.ask("What the models agree on", questions.COUNTS_OF_FLAGGED)
        numbers += [
            (f"{flagged['n_spectrum']:,}", f"spectra of {scope.scored.dataset.name} scored"),
            (f"{flagged['n_model']}", "models"),
            (f"{flagged['n_any']:,}", "flagged by any model"),
            (f"{flagged['n_all']:,}", "flagged by every model"),
        ]
        blocks.append(Text(_agreed(scope.scored, flagged)))
    if contents["is_mock"]:
        blocks.append(Text("The survey is made up (catalog mock): no star in this report is real, whatever its id."))
    numbers += [
        (f"{contents['n_labelled']:,}", "stars labelled"),
        (f"{contents['n_cause']:,}", "causes stored"),
    ]
    return Section("summary", "In short", [Numbers(numbers), *blocks], asker.questions)


def data(scope: ReportScope) -> Section:
    """Datasets, the window, what was rejected, and the files with their hashes."""
    asker = Asker(scope)
    datasets = asker.ask("Datasets", questions.DATASETS)
    if not datasets:
        return Section("data", "Data", [Missing("Nothing is loaded.", ("catalog ingest PATH",))], asker.questions)
    blocks: list[Block] = [
        grid(
            "Datasets",
            datasets,
            [
                GridColumn("dataset", "dataset"),
                GridColumn("survey", "survey"),
                GridColumn("release", "release"),
                GridColumn("product", "product"),
                GridColumn("resolution percentile", "lsf_percentile"),
                GridColumn("spectra", "n_spectrum"),
                GridColumn("usable over the full range", "n_usable"),
            ],
        ),
        Text(
            "A spectrum is usable over the full range if its flux is finite and above 0 in every pixel: "
            "the logarithm that the models take is defined nowhere else (the paper's section 2.1)."
        ),
    ]
    if rejected := asker.ask("Why spectra are not usable over the full range", questions.REASONS_OF_REJECTION):
        columns = [
            GridColumn("dataset", "dataset"),
            GridColumn("reason", "reject_reason"),
            GridColumn("spectra", "n_spectrum"),
        ]
        blocks.append(grid("Spectra not usable over the full range, and why", rejected, columns, named_by=1))
    blocks += _window(scope, asker)
    files = asker.ask("Files that were read", questions.SOURCE_FILES)
    columns = [
        GridColumn("file", "name"),
        GridColumn("product", "product"),
        GridColumn("rows", "n_row"),
        GridColumn("bytes", "size"),
        GridColumn("SHA-256", "sha256", kind="hash"),
        GridColumn("read by version", "code_version"),
    ]
    blocks.append(
        Folded(f"{counted(len(files), 'source file')} with hashes", [grid("Files that were read", files, columns)])
    )
    return Section("data", "Data", blocks, asker.questions)


def _window(scope: ReportScope, asker: Asker) -> list[Block]:
    """What the window of the ensemble keeps."""
    if scope.ensemble is None:
        return []
    window = scope.ensemble.recipe.get("window")
    if not window:
        return [
            Facts([("window of the models", "the full range of the grid, as the paper's")]),
            Text("A narrower window keeps more spectra: catalog dataset usable NAME lists the widest ones."),
        ]
    lo, hi = window
    kept = asker.ask("What the window of the ensemble keeps", questions.KEPT_BY_WINDOW, lo=lo, hi=hi)
    columns = [
        GridColumn("dataset", "dataset"),
        GridColumn("pixels", "n_pixel"),
        GridColumn("spectra", "n_spectrum"),
        GridColumn("usable in the window", "n_usable"),
        GridColumn("empty at an end", "n_empty_end"),
        GridColumn("zero flux inside", "n_zero_inside"),
        GridColumn("negative flux", "n_negative"),
        GridColumn("not finite", "n_nonfinite"),
    ]
    return [
        grid(f"Spectra in the window of the models, {interval(lo, hi, '.6g')} Å in vacuum", kept, columns),
        Text("A spectrum may fall out of the window for several reasons."),
    ]


def _agreed(scored: Scored, flagged: Row) -> str:
    return (
        f"The {counted(flagged['n_model'], 'model')} of ensemble {scored.ensemble.name} reconstruct "
        f"{counted(flagged['n_spectrum'], 'spectrum', 'spectra')} of dataset {scored.dataset.name}. A model flags a "
        "spectrum whose error is at or above the 99th percentile of its errors. "
        f"{counted(flagged['n_any'], 'spectrum is', 'spectra are')} flagged by at least one model, "
        f"{flagged['n_half']:,} by at least half of them, {flagged['n_all']:,} by all. "
        f"The oddest by consensus is {flagged['oddest']}."
    )
