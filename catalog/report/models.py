"""The ensemble and its models, their errors, and a map of a latent space."""

from collections.abc import Callable

from catalog.anomaly.tables import PERCENTILES, TOP
from catalog.autoencoder.recipe import Recipe
from catalog.database.records import Ensemble
from catalog.ensembles.registry import recipe_of
from catalog.figures.network import layers_of
from catalog.report import questions
from catalog.report.cells import GridColumn, counted, grid, interval, text
from catalog.report.document import Block, Facts, Section, Statements, Text
from catalog.report.missing import NOTHING_TRAINED, not_scored
from catalog.report.pictures import Pictures
from catalog.report.scope import Asker, ReportScope, Row
from catalog.spectra.blocks import trained_wavelength, window


def ensemble(scope: ReportScope, pictures: Pictures) -> Section:
    """Recipe, models, losses (the paper's Figs. 2 and 3)."""
    if scope.ensemble is None:
        return Section("ensemble", "Ensemble", [NOTHING_TRAINED])
    asker = Asker(scope)
    (row,) = asker.ask("Recipe", questions.RECIPE_OF_ENSEMBLE)
    recipe = recipe_of(scope.ensemble)
    models = asker.ask("Models", questions.MODELS_OF_ENSEMBLE)
    losses = asker.ask("Losses", questions.LOSSES_OF_MODELS)
    trained = [model for model in models if model["status"] == "trained"]
    name = scope.ensemble.name
    n_pixel = _n_pixel(scope, scope.ensemble, recipe)
    network = pictures.draw(
        "Layers of the models with their sizes (the paper's Fig. 2)",
        _network_alt(recipe, n_pixel),
        lambda plots, file: plots.network(file, name),
    )
    curves = pictures.draw(
        "Training and validation losses against the epoch (the paper's Fig. 3)",
        _losses_alt(losses),
        lambda plots, file: plots.losses(file, name),
        "catalog train",
    )
    columns = [
        GridColumn("model", "model"),
        GridColumn("status", "status"),
        GridColumn("seed", "seed"),
        GridColumn("spectra trained on", "n_train"),
        GridColumn("to validate", "n_validation"),
        GridColumn("epochs", "epochs"),
        GridColumn("training loss", "train_loss", ".5f"),
        GridColumn("validation loss", "validation_loss", ".5f"),
        GridColumn("time (s)", "seconds", ".0f"),
    ]
    blocks: list[Block] = [
        Text(
            f"{len(trained)} of {counted(len(models), 'model')} of ensemble {name} are trained, each on another split "
            f"of {counted(row['n_spectrum'], 'spectrum', 'spectra')} of dataset {text(row['trained_on'])}"
            + (f", elsewhere: imported from {row['imported_from']}." if row["imported_from"] else ".")
        ),
        Facts(_recipe_facts(recipe, n_pixel)),
        network,
        grid("Models and their losses after the last epoch (Eq. 2 on ln flux)", models, columns),
        curves,
    ]
    return Section("ensemble", "Ensemble", blocks, asker.questions)


def errors(scope: ReportScope, pictures: Pictures) -> Section:
    """Tables 1 and 2, the distribution of errors (Fig. 4), and an ordinary spectrum (Fig. 5)."""
    if scope.scored is None:
        return Section("errors", "Reconstruction errors", [not_scored(scope)])
    asker = Asker(scope)
    percentiles = asker.ask("Table 1", PERCENTILES)
    top = asker.ask("Table 2", TOP)
    (ordinary,) = asker.ask("A spectrum of middle rank", questions.SPECTRUM_OF_MIDDLE_RANK)
    scores = asker.ask("Its errors", questions.SCORES_OF_SPECTRUM, spectrum_id=ordinary["spectrum_id"])
    names = scope.names
    columns = [GridColumn("model", "model"), GridColumn("spectra", "n_spectrum")]
    columns += [GridColumn(f"{percent} %", f"percentile_{percent}", ".3f") for percent in (1, 10, 50, 90, 99)]
    of_model: dict[str, list[Row]] = {}
    for error in top:
        of_model.setdefault(error["model"], []).append(error)
    places = range(max(map(len, of_model.values())))
    highest = [{"model": model, "errors": rows} for model, rows in of_model.items()]
    blocks: list[Block] = [
        Text(
            "The error is the mean squared difference between a spectrum and its reconstruction, both divided by the "
            "spectrum's maximum (Eq. 2 on normalised flux). The larger, the more anomalous."
        ),
        grid("Table 1. Percentiles of log10 error of every model", percentiles, columns),
        pictures.draw(
            "Distribution of the errors of every model, with the percentiles of Table 1 (the paper's Fig. 4)",
            _errors_alt(percentiles),
            lambda plots, file: plots.errors(file, **names),
        ),
        grid(
            "Table 2. The spectra with the highest errors of every model: star and error",
            highest,
            [
                GridColumn("model", "model"),
                *(GridColumn(f"{place + 1}.", _highest(place), kind="lines") for place in places),
            ],
        ),
        Statements(_frequent(of_model)),
        pictures.draw(
            f"An ordinary spectrum: rank {ordinary['consensus_rank']:,}, the middle one (the paper's Fig. 5)",
            reconstruction_alt(ordinary["mangaid"], scores),
            lambda plots, file: plots.reconstruction(
                file, ordinary["mangaid"], plate=ordinary["plate"], mjd=ordinary["mjd"], **names
            ),
        ),
    ]
    return Section("errors", "Reconstruction errors", blocks, asker.questions)


def latent(scope: ReportScope, pictures: Pictures, marked: list[str]) -> Section:
    """A map of the latent space of the first model, with the oddest stars."""
    if scope.scored is None:
        return Section("latent", "Latent space", [not_scored(scope)])
    asker = Asker(scope)
    models = asker.ask("Models", questions.MODELS_OF_ENSEMBLE)
    model = next(row["model"] for row in models if row["status"] == "trained")
    (photometry,) = asker.ask("Colours of the stars", questions.PHOTOMETRY_OF_SCORED_STARS)
    color = "bp_rp" if photometry["n_placed"] else "mean_log10_error"
    picture = pictures.draw(
        f"Latent vectors of {model} on their two principal axes, coloured by {color}",
        f"Scatter plot of the latent vectors of the spectra of {scope.scored.dataset.name} in {model}, projected on "
        f"the two axes along which they differ most, coloured by {color}. The oddest are ringed and named: "
        f"{', '.join(marked)}.",
        lambda plots, file: plots.latent(file, color, marked, model, **scope.names),
    )
    said = Text(
        "Neighbours in this map need not be neighbours in the latent space, which has more dimensions, and the models "
        "put no meaning into its distances (the paper's section 4.2.2)."
    )
    return Section("latent", "Latent space", [picture, said], asker.questions)


def reconstruction_alt(mangaid: str, scores: list[Row]) -> str:
    """What is to be seen in a figure of reconstructions."""
    if not scores:
        return f"Spectrum of {mangaid}."
    least, most = (choose(scores, key=lambda row: row["error"]) for choose in (min, max))
    return (
        f"{counted(len(scores), 'pair')} of panels, one for each model: below, the spectrum of {mangaid} as a black "
        "line and its reconstruction as a thin orange line, both relative to the maximum; above, the residual. The "
        f"error is {least['error']:.3g} in {least['model']}, the least, and {most['error']:.3g} in {most['model']}, "
        f"the highest; {sum(row['flagged'] for row in scores)} of {len(scores)} models flag the spectrum."
    )


def _n_pixel(scope: ReportScope, ensemble: Ensemble, recipe: Recipe) -> int:
    with scope.database.read() as connection:
        return len(window(trained_wavelength(connection, ensemble), recipe.window).wavelength)


def _recipe_facts(recipe: Recipe, n_pixel: int) -> list[tuple[str, str]]:
    sizes = "\N{EN DASH}".join(str(layer.size) for layer in layers_of(recipe, n_pixel))
    window = "the full range" if recipe.window is None else f"{interval(*recipe.window, '.6g')} Å in vacuum"
    balanced = (
        "balanced: every star is left out equally often"
        if recipe.balanced
        else "random, all spectra of a star on one side"
    )
    facts = [
        ("recipe", recipe.name),
        ("layers", sizes),
        ("activation of the bottleneck", recipe.bottleneck_activation),
        ("window", f"{window}, {n_pixel} pixels"),
        ("splits", f"training to validation {recipe.split[0]} : {recipe.split[1]}, {balanced}"),
        (
            "optimizer",
            f"Adam, learning rate {recipe.learning_rate:g} ({recipe.schedule}), batches of {recipe.batch_size}",
        ),
        ("epochs", str(recipe.epochs)),
        ("seed", str(recipe.seed)),
    ]
    if recipe.components:
        facts.insert(2, ("principal components", str(recipe.components)))
    if recipe.photometry:
        facts.insert(2, ("the decoder is told", ", ".join(recipe.photometry)))
    if recipe.noise:
        facts.append(("noise on the input in training", f"{recipe.noise:g}"))
    return facts


def _network_alt(recipe: Recipe, n_pixel: int) -> str:
    sizes = ", ".join(str(layer.size) for layer in layers_of(recipe, n_pixel))
    return f"Boxes for the layers of a model from its input to its output, with {sizes} numbers."


def _losses_alt(losses: list[Row]) -> str:
    if not losses:
        return "Losses."
    said = []
    for column, name in (("train_loss", "training"), ("validation_loss", "validation")):
        first = [row[column] for row in losses if row["epoch"] == min(row["epoch"] for row in losses)]
        last = list({row["model"]: row[column] for row in losses}.values())
        said.append(
            f"The {name} loss falls from {interval(min(first), max(first), '.2g')} in the first epoch to "
            f"{interval(min(last), max(last), '.2g')} in the last."
        )
    n_model = len({row["model"] for row in losses})
    return f"Two panels with {counted(n_model, 'line')}, one for each model, on a logarithmic axis. {' '.join(said)}"


def _errors_alt(percentiles: list[Row]) -> str:
    said = [
        f"the {percent} lies at {interval(min(values), max(values), '.2f')}"
        for percent, values in (
            ("1st percentile", [row["percentile_1"] for row in percentiles]),
            ("median", [row["percentile_50"] for row in percentiles]),
            ("99th percentile", [row["percentile_99"] for row in percentiles]),
        )
    ]
    return (
        f"{counted(len(percentiles), 'histogram')} of log10 error, one for each model, with dashed lines at five "
        f"percentiles; over the models {', '.join(said)}. Errors above the 99th percentile are of "
        "another colour and background."
    )


def _highest(place: int) -> Callable[[Row], str | None]:
    """Star and error at a place of a row of Table 2; a tie may make one row longer than another."""

    def of(row: Row) -> str | None:
        errors = row["errors"]
        return f"{errors[place]['mangaid']}\n{errors[place]['error']:.6f}" if place < len(errors) else None

    return of


def _frequent(of_model: dict[str, list[Row]]) -> list[str]:
    """The stars that stand in Table 2 for half of the models or more."""
    counts: dict[str, int] = {}
    for rows in of_model.values():
        for mangaid in {row["mangaid"] for row in rows}:
            counts[mangaid] = counts.get(mangaid, 0) + 1
    frequent = sorted((-n, mangaid) for mangaid, n in counts.items() if 2 * n >= len(of_model))
    return [f"{mangaid} is among the highest of {-n} of the {len(of_model)} models." for n, mangaid in frequent]
