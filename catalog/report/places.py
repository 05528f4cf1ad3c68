"""Places in the colour-magnitude diagram: the survey, its regions, and catalogs of other people."""

from collections.abc import Callable
from pathlib import Path

from catalog.crossmatch.listed import ATTACHED
from catalog.figures.diagram import with_kinds
from catalog.figures.plots import Plots
from catalog.report import questions
from catalog.report.cells import GridColumn, counted, grid, interval, text
from catalog.report.document import Block, Missing, Section, Text
from catalog.report.missing import not_scored
from catalog.report.pictures import Pictures
from catalog.report.scope import Asker, ReportScope, Row

N_MARKED = 5
"""Oddest stars with a mark of their own."""

CROSS_MATCH = "catalog ingest PATH"


def diagram(scope: ReportScope, pictures: Pictures) -> Section:
    """The colour-magnitude diagram (Fig. 1) with the oddest stars, and the oddest of every region."""
    title = "Colour-magnitude diagram"
    if scope.scored is None:
        return Section("cmd", title, [not_scored(scope)])
    asker = Asker(scope)
    (placed,) = asker.ask("Where the scored stars are", questions.PHOTOMETRY_OF_SCORED_STARS)
    oddest = asker.ask("The oddest", questions.ODDEST_SPECTRA, top=N_MARKED)
    regions = asker.ask("The oddest of every region", questions.ODDEST_OF_REGIONS)
    counts = asker.ask("Stars in the regions", questions.STARS_OF_REGIONS)
    if not placed["n_placed"]:
        missing = Missing(
            "No scored star has Gaia photometry and a distance. Load the Gaia cross-match of the survey:",
            (CROSS_MATCH,),
        )
        return Section("cmd", title, [missing], asker.questions)
    blocks: list[Block] = [
        Text(
            f"{placed['n_placed']:,} of {counted(placed['n_star'], 'scored star')} have Gaia photometry and a "
            "distance, and are in the diagram; colour and magnitude are corrected for extinction."
        ),
        pictures.draw(
            f"Absolute magnitude against colour, with the {N_MARKED} oddest stars marked (the paper's Fig. 1)",
            _alt(placed, oddest),
            lambda plots, file: plots.cmd(file, **scope.names, mark=N_MARKED),
        ),
    ]
    if regions:
        columns = [
            GridColumn("region", "region"),
            GridColumn("scored spectra", "n_in_region"),
            GridColumn("rank there", "region_rank"),
            GridColumn("rank of all", "consensus_rank"),
            GridColumn("star", "mangaid"),
            GridColumn("flagged by", lambda row: f"{row['n_flagged']} of {row['n_model']}"),
            GridColumn("(BP\N{MINUS SIGN}RP)₀ (mag)", "bp_rp0", ".2f"),
            GridColumn("M_G (mag)", "abs_g", ".2f"),
        ]
        blocks.append(grid("The three oddest spectra of every region of the diagram", regions, columns, named_by=4))
    empty = sorted({row["region"] for row in counts} - {row["region"] for row in regions})
    if empty:
        blocks.append(Text(f"Without a scored spectrum: {', '.join(empty)}."))
    return Section("cmd", title, blocks, asker.questions)


def catalogs(scope: ReportScope, pictures: Pictures) -> Section:
    """Catalogs of other people, what the models make of their stars, and the diagram with them (Fig. 11)."""
    asker = Asker(scope)
    attached = asker.ask("Attached catalogs", ATTACHED)
    if not attached:
        command = "catalog attach FILE --name NAME --gaia COLUMN --release DR3"
        missing = Missing(
            "No catalog of other people is attached; a list of carbon stars, for the paper's Fig. 11:", (command,)
        )
        return Section("catalogs", "Attached catalogs", [missing], asker.questions)
    columns = [
        GridColumn("catalog", "catalog"),
        GridColumn("file", "file"),
        GridColumn("rows", "n_row"),
        GridColumn("matched by", "matched_by"),
        GridColumn("columns", "matched_columns"),
        GridColumn("within (arcsec)", "radius_arcsec"),
        GridColumn("stars found", "n_star_matched"),
        GridColumn("ambiguous", "n_star_ambiguous"),
        GridColumn("not in it", "n_star_unmatched"),
        GridColumn("not known", "n_star_unknown"),
    ]
    blocks: list[Block] = [grid("Attached catalogs, and how many stars of the survey are in each", attached, columns)]
    if scope.scored is not None:
        ranks = asker.ask("What the models make of their stars", questions.RANKS_OF_CATALOGS)
        columns = [
            GridColumn("catalog", "catalog"),
            GridColumn("scored spectra", "n_scored"),
            GridColumn("flagged by any model", "n_flagged"),
            GridColumn("best rank", "best_rank"),
            GridColumn("its star", "best"),
            GridColumn("median rank", "median_rank", ".0f"),
        ]
        blocks.append(grid("Their stars among the scored spectra", ranks, columns))
    with scope.database.read() as connection:
        names = [with_kinds(connection, row["catalog"]) for row in attached]
    found = ", ".join(f"{counted(row['n_star_matched'], 'star')} of {row['catalog']}" for row in attached)
    apart = ", ".join(f"{column} of {name}" for name, _, column in (name.partition(":") for name in names) if column)
    blocks.append(
        pictures.draw(
            "Stars of the attached catalogs in the colour-magnitude diagram (the paper's Fig. 11)"
            + (f", kinds told apart by {apart}" if apart else ""),
            f"Scatter plot of absolute magnitude against colour: grey points for the survey, and markers of different "
            f"shapes and colours for {found}" + (f", and for the kinds of {apart}." if apart else "."),
            _draw_catalogs(scope, names),
            CROSS_MATCH,
        )
    )
    return Section("catalogs", "Attached catalogs", blocks, asker.questions)


def _draw_catalogs(scope: ReportScope, names: list[str]) -> Callable[[Plots, Path], object]:
    return lambda plots, file: plots.cmd(file, names, **scope.names)


def _alt(placed: Row, oddest: list[Row]) -> str:
    marked = [
        f"{row['mangaid']} at BP\N{MINUS SIGN}RP {text(row['bp_rp0'], '.2f')}, M_G {text(row['abs_g'], '.2f')}"
        for row in oddest
        if row["bp_rp0"] is not None and row["abs_g"] is not None
    ]
    return (
        f"Scatter plot of absolute G magnitude against BP\N{MINUS SIGN}RP colour for "
        f"{counted(placed['n_placed'], 'star')}, with a histogram of the colour on top of it. Colours go from "
        f"{interval(placed['bp_rp0_lo'], placed['bp_rp0_hi'], '.2f')}, magnitudes from "
        f"{interval(placed['abs_g_lo'], placed['abs_g_hi'], '.2f')}, bright stars above. "
        + (f"Marked with large symbols: {'; '.join(marked)}." if marked else "No star is marked.")
    )
