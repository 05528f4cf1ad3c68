"""The oddest spectra: the list, and the first of them one by one."""

from typing import Any

from catalog.report import questions
from catalog.report.cells import UNKNOWN, GridColumn, counted, grid, interval, text
from catalog.report.document import Block, Cell, Facts, Link, Missing, Picture, Section, Statements, Text
from catalog.report.missing import not_scored
from catalog.report.models import reconstruction_alt
from catalog.report.pictures import Pictures
from catalog.report.scope import Asker, ReportScope, Row
from catalog.report.study import Study

N_SHOWN = 5
"""Spectra with figures of their own."""

LINKS = {"simbad_url": "SIMBAD", "aladin_url": "Aladin", "gaia_url": "Gaia", "sdss_url": "SDSS"}


def oddest(scope: ReportScope) -> tuple[Section, list[Row]]:
    """The oddest spectra with their ranks by every score, and what is known of them; and the rows."""
    title = "The oddest spectra"
    if scope.scored is None:
        return Section("oddest", title, [not_scored(scope)]), []
    asker = Asker(scope)
    rows = asker.ask(title, questions.ODDEST_SPECTRA, top=scope.top)
    visits = any(row["plate"] is not None for row in rows)
    star = GridColumn("star", _named)
    known = [
        GridColumn("rank", "consensus_rank"),
        star,
        *([GridColumn("visit", _visit)] if visits else []),
        GridColumn("flagged by", lambda row: f"{row['n_flagged']} of {row['n_model']}"),
        GridColumn("log10 error, mean", "mean_log10_error", ".3f"),
        GridColumn("(BP\N{MINUS SIGN}RP)₀ (mag)", "bp_rp0", ".2f"),
        GridColumn("M_G (mag)", "abs_g", ".2f"),
        GridColumn("S/N", "snr", ".0f"),
        GridColumn("SIMBAD type", "simbad_otype"),
        GridColumn("labels", "labels"),
        GridColumn("cause", "cause"),
        GridColumn("links", _links, kind="links"),
    ]
    ranks = [
        GridColumn("rank", "consensus_rank"),
        star,
        *([GridColumn("visit", _visit)] if visits else []),
        GridColumn("95 % interval", lambda row: interval(row["consensus_rank_lo"], row["consensus_rank_hi"])),
        GridColumn("mean percentile", "mean_percentile", ".2f"),
        GridColumn("unseen", "unseen_rank"),
        GridColumn("models that have not seen it", "n_model_unseen"),
        GridColumn("chi2", "chi2_rank"),
        GridColumn("relative error", "relative_rank"),
        GridColumn("isolation", "isolation_rank"),
        GridColumn("among peers", "peer_rank"),
        GridColumn("peers", "n_peer"),
    ]
    blocks: list[Block] = [
        Text(
            "Ordered by the number of models that flag a spectrum, then by its mean percentile, then by its mean log10 "
            f"error (the paper's section 3.3). {UNKNOWN} is unknown."
        ),
        grid(
            f"The {counted(len(rows), 'oddest spectrum', 'oddest spectra')}, and what is known of the stars",
            rows,
            known,
            named_by=1,
        ),
        grid("Their ranks by every score", rows, ranks, named_by=1),
        Text(
            "95 % of the ranks that ensembles drawn from the models give lie in the interval. Unseen: by the error of "
            "the models that have not seen the star in training. Chi2: by the residual in units of the noise. Relative "
            "error: over that of the nearest training spectra in latent space. Isolation: by the distance to other "
            "spectra there. Among peers: the rank among the nearest stars of the colour-magnitude diagram, so that a "
            "rare kind of star is compared with its like."
        ),
    ]
    if all(row["cause"] is None for row in rows):
        blocks.append(
            Missing("No cause of these anomalies is stored.", (f"catalog explain --top {len(rows)} {scope.options}",))
        )
    return Section("oddest", title, blocks, asker.questions), rows


def star(scope: ReportScope, pictures: Pictures, row: Row) -> Section:
    """One spectrum: what is known, the cause, reconstructions (Figs. 5 to 12), uncertainty, look-alikes."""
    asker = Asker(scope)
    mangaid, spectrum_id = row["mangaid"], row["spectrum_id"]
    study, visit = Study(scope, row), _visit_of(row)
    scores = asker.ask("Its errors", questions.SCORES_OF_SPECTRUM, spectrum_id=spectrum_id)
    best = min(scores, key=lambda score: score["error"])["model"]
    labels = asker.ask("Its labels", questions.LABELS_OF_STAR, mangaid=mangaid)
    listed = asker.ask("Catalogs it is in", questions.CATALOGS_OF_STAR, mangaid=mangaid)
    alike = asker.ask(
        "Its look-alikes", questions.LOOK_ALIKES_OF_SPECTRUM, mangaid=mangaid, model=best, spectrum_id=spectrum_id
    )
    blocks: list[Block] = [
        Facts(_facts(row, labels, listed)),
        *_cause(asker, pictures, study, row),
        pictures.draw(
            f"Reconstructions of {mangaid} by every model (as the paper's Figs. 5 to 12)",
            reconstruction_alt(mangaid, scores),
            lambda _, file: study.reconstruction(file),
        ),
        pictures.draw(
            f"Flux of {mangaid} and its uncertainty (as the paper's Fig. 7)",
            f"Three panels against wavelength: the relative uncertainty of {mangaid} beside the median of its ten "
            f"look-alikes in {best}, the uncertainty, and the flux. The median signal-to-noise "
            f"ratio is {text(row['snr'], '.0f')}.",
            lambda plots, file: plots.uncertainty(file, mangaid, best, **scope.names, **visit),
        ),
    ]
    picture = pictures.draw(
        f"{mangaid} and its look-alikes in the latent space of {best}, which reconstructs it best, among the stars "
        f"that {best} was trained on (as the paper's Fig. 10)",
        _alike_alt(mangaid, best, alike),
        lambda plots, file: plots.neighbors(file, mangaid, best, **scope.names, **visit),
    )
    blocks.append(picture)
    if isinstance(picture, Picture) and alike:
        columns = [
            GridColumn("nearest", "neighbor_rank"),
            GridColumn("star", "mangaid"),
            GridColumn("distance", "distance", ".4g"),
            GridColumn("rank of all", "consensus_rank"),
            GridColumn("(BP\N{MINUS SIGN}RP)₀ (mag)", "bp_rp0", ".2f"),
            GridColumn("M_G (mag)", "abs_g", ".2f"),
            GridColumn("SIMBAD type", "simbad_otype"),
        ]
        blocks.append(grid(f"The look-alikes of {mangaid} in {best}", alike, columns, named_by=1))
    title = f"{row['consensus_rank']}. {mangaid}" + (f", {_visit(row)}" if row["plate"] is not None else "")
    return Section(anchor(row), title, blocks, asker.questions)


def anchor(row: Row) -> str:
    """Anchor of the part about a spectrum."""
    return f"star-{row['consensus_rank']}"


def _named(row: Row) -> Cell:
    """The star, which leads to the part about it if it has one."""
    return Link(row["mangaid"], f"#{anchor(row)}") if row["consensus_rank"] <= N_SHOWN else row["mangaid"]


def _facts(row: Row, labels: list[Row], listed: list[Row]) -> list[tuple[str, Cell]]:
    rank = f"{row['consensus_rank']}, 95 % interval {interval(row['consensus_rank_lo'], row['consensus_rank_hi'])}"
    known = [part for part in (row["simbad_main_id"], row["simbad_otype"], row["spectral_type"]) if part]
    photometry = f"M_G {text(row['abs_g'], '.2f')}, (BP\N{MINUS SIGN}RP)₀ {text(row['bp_rp0'], '.2f')}"
    if row["distance_pc"] is not None:
        photometry += f", distance {row['distance_pc']:.0f} pc, E(B\N{MINUS SIGN}V) {text(row['ebv'], '.2f')}"
    parameters = (
        f"Teff {text(row['teff'], '.0f')} K, log g {text(row['logg'], '.2f')}, [Fe/H] {text(row['fe_h'], '.2f')} "
        f"({row['parameter_source']})"
    )
    labelled = [
        f"{label['label']}, by {label['author']}" + (f": {label['note']}" if label["note"] else "") for label in labels
    ]
    facts: list[tuple[str, Cell]] = [
        ("rank", rank),
        ("flagged by", f"{row['n_flagged']} of {row['n_model']} models"),
        ("position", UNKNOWN if row["ra"] is None else f"{row['ra']:.5f}, {text(row['dec'], '+.5f')} deg"),
        ("Gaia", UNKNOWN if row["source_id"] is None else f"{row['gaia_release']} {row['source_id']}"),
        ("photometry", photometry if row["bp_rp0"] is not None or row["abs_g"] is not None else UNKNOWN),
        ("parameters", UNKNOWN if row["parameter_source"] is None else parameters),
        ("signal to noise", text(row["snr"], ".0f")),
        ("bad pixels", _percent(row["bad_pixel_fraction"])),
        ("SIMBAD", ", ".join(known) or UNKNOWN),
        ("labels", "; ".join(labelled) or UNKNOWN),
        ("in catalogs", ", ".join(dict.fromkeys(entry["catalog"] for entry in listed)) or UNKNOWN),
        ("links", _links(row) or UNKNOWN),
    ]
    unknown = [name for name, fact in facts if fact == UNKNOWN]
    return [fact for fact in facts if fact[1] != UNKNOWN] + ([("unknown", ", ".join(unknown))] if unknown else [])


def _cause(asker: Asker, pictures: Pictures, study: Study, row: Row) -> list[Block]:
    """Why it is anomalous, where that is stored, and the templates that it was compared with."""
    mangaid = row["mangaid"]
    found = asker.ask("Its cause", questions.CAUSE_OF_SPECTRUM, spectrum_id=row["spectrum_id"])
    # One that rests on other scores than these is stored, but not shown.
    if row["cause"] is None:
        command = f"catalog explain {mangaid} {asker.scope.options}"
        return [Missing("No cause is stored, or scores have come since.", (command,))]
    (cause,) = found
    sure = "no rule holds" if cause["rule"] is None else f"by rule: {cause['rule']}"
    if cause["confidence"] is not None:
        sure += f"; right in {_percent(cause['confidence'])} of the cases that it was made with"
    where = f"from {text(cause['interval_lo'], '.0f')} to {text(cause['interval_hi'], '.0f')} \N{ANGSTROM SIGN}"
    blocks: list[Block] = [
        Text(f"Cause: {cause['cause']} ({sure}). What led to it:"),
        Statements(cause["evidence"]),
        pictures.draw(
            f"Why {mangaid} is anomalous: the residual, its shares by wavelength, and the uncertainty",
            f"Panels against wavelength with the residual of {mangaid}, the share of the error in named windows and "
            f"the uncertainty. The narrowest interval with half of the error reaches {where}; the verdict is "
            f"{cause['cause']}.",
            lambda _, file: study.cause(file),
        ),
    ]
    if matches := cause["template_match"]:
        like = "; ".join(f"{match['library']} {match['name']}, rms {match['rms']:.3f} of the flux" for match in matches)
        blocks.append(
            pictures.draw(
                f"{mangaid} among the templates, each fitted to it (as the paper's Fig. 13)",
                f"Line plots of the spectrum of {mangaid} and of templates against wavelength. The best are {like}.",
                lambda plots, file: plots.templates(file, mangaid, **asker.scope.names, **_visit_of(row)),
            )
        )
    return blocks


def _visit_of(row: Row) -> dict[str, Any]:
    return {"plate": row["plate"], "mjd": row["mjd"]}


def _alike_alt(mangaid: str, model: str, alike: list[Row]) -> str:
    near = ", ".join(f"{row['mangaid']} at {row['distance']:.3g}" for row in alike)
    return (
        f"{counted(1 + len(alike), 'line plot')} of spectra against wavelength, each relative to its median: {mangaid} "
        f"on top in black, below it in blue its nearest in the latent space of {model}, by distance: {near}."
    )


def _percent(share: float | None) -> str:
    return UNKNOWN if share is None else f"{100 * share:.3g} %"


def _links(row: Row) -> tuple[Link, ...]:
    return tuple(Link(name, row[column]) for column, name in LINKS.items() if row[column])


def _visit(row: Row) -> str:
    return UNKNOWN if row["plate"] is None else f"plate {row['plate']}, MJD {row['mjd']}"
