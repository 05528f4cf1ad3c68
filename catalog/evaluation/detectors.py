"""The methods that are compared: the ensemble itself, and baselines fitted on its members' splits."""

from collections.abc import Callable, Iterator

import numpy as np

from catalog.anomaly.ranks import error_alike, isolation
from catalog.anomaly.scoring import padded
from catalog.autoencoder.preprocessing import log_flux
from catalog.autoencoder.scoring import Observed, score
from catalog.database.connection import Database
from catalog.ensembles.reconstruction import each_network
from catalog.errors import CatalogError
from catalog.evaluation.baselines import LARGEST_FIT, Baselines
from catalog.evaluation.consensus import Population
from catalog.evaluation.methods import AUTOENCODER, BASELINES, SCORES
from catalog.evaluation.stored import Stored, latents, scored_blocks, spectra_of, training_split
from catalog.progress import Progress
from catalog.spectra.quality import usable_rows

FIT_STREAM = 2

Blocks = Callable[[], Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]]
"""Gives the same blocks every time it is called, so that none has to be kept: flux and ivar (k, n_pixel), and which of
the scored spectra each stands in for (k,), whose star and photometry it has."""


class Detectors:
    """An ensemble's methods, each with the scored spectra of a dataset as its population.

    For the baselines, the spectra of the training splits and of the dataset are read, in blocks.

    Parameters
    ----------
    database, stored : Database, Stored
        The scores of the ensemble on the dataset.
    seed : int
        Of the baselines.
    baselines : bool
        With them, or the autoencoders alone.
    progress : Progress
        Called with what is being done, how far it is, and where it ends.

    Attributes
    ----------
    populations : dict of Population
        By method, in the order of `methods.METHODS`.

    Raises
    ------
    CatalogError
        If baselines are asked for, and the ensemble was trained in another database.
    """

    def __init__(self, database: Database, stored: Stored, seed: int, baselines: bool, progress: Progress) -> None:
        self._database = database
        self._stored = stored
        self._progress = progress
        self._fitted = self._fit(seed) if baselines else []
        errors = self._errors_of_the_dataset() if baselines else {}
        scores = {AUTOENCODER: stored.error} | stored.scores | errors
        self.populations = {method: Population(score, stored.seen) for method, score in scores.items()}

    def scores_of(self, blocks: Blocks, n_block: int) -> dict[str, list[np.ndarray]]:
        """Method to the scores (n_model, k) of each block of spectra; NaN where a spectrum is not usable.

        They come from the functions that score a dataset; nothing is stored.

        Parameters
        ----------
        blocks : callable
            Gives flux in the window, usable or not, ivar, and the spectra that these stand in for.
        n_block : int
            How many blocks it gives.
        """
        return self._by_networks(blocks, n_block) | self._by_baselines(blocks, n_block)

    def _fit(self, seed: int) -> list[Baselines]:
        if self._stored.ensemble.dataset_id is None:
            raise CatalogError(
                f"ensemble {self._stored.ensemble.name} was trained in another database, so that nothing can be fitted "
                "to its training splits; give --no-baselines"
            )
        fitted = []
        for number, model in enumerate(self._stored.models):
            self._progress("fitting baselines", number, len(self._stored.models))
            generator = np.random.default_rng([seed, model.member, FIT_STREAM])
            split = training_split(self._database, model.model_id)
            if len(split) > LARGEST_FIT:
                split = np.sort(generator.choice(split, LARGEST_FIT, replace=False))
            dataset_id = self._stored.ensemble.dataset_id
            flux, _ = spectra_of(self._database, dataset_id, self._stored.pixels, split, flux_only=True)
            fitted.append(Baselines(log_flux(flux), int(generator.integers(2**31))))
        return fitted

    def _errors_of_the_dataset(self) -> dict[str, np.ndarray]:
        """Method to errors (n_model, n_spectrum), NaN where the autoencoder of that number has none."""
        stored = self._stored
        errors = np.full((len(BASELINES), *stored.error.shape), np.nan)
        done = 0
        for index, block in scored_blocks(self._database, stored):
            for number, baselines in enumerate(self._fitted):
                errors[:, number, index] = baselines.errors(block.flux)
            done += len(index)
            self._progress("baselines", done, len(stored.spectrum_id))
        errors[:, np.isnan(stored.error)] = np.nan
        return dict(zip(BASELINES, errors, strict=True))

    def _by_networks(self, blocks: Blocks, n_block: int) -> dict[str, list[np.ndarray]]:
        stored = self._stored
        photometry = stored.photometry
        by_model: list[list[np.ndarray]] = []
        networks = each_network(self._database, stored.recipe, len(stored.pixels.wavelength), stored.models)
        for number, (model, network) in enumerate(networks):
            index, latent = latents(self._database, stored, model)
            star_id, error, seen = stored.star_id[index], stored.error[number, index], stored.seen[number, index]
            by_model.append([])
            for done, (flux, ivar, host) in enumerate(blocks(), number * n_block):
                self._progress(model.name, done, len(stored.models) * n_block)
                of_block = np.full((1 + len(SCORES), len(flux)), np.nan)
                usable = usable_rows(flux)
                if usable.any():
                    kept = host[usable]
                    good = np.zeros((len(kept), flux.shape[1]), np.int32)
                    scores = score(network, Observed.of(flux[usable], ivar[usable], good, photometry[kept]))
                    queries = (padded(scores.latent), stored.star_id[kept])
                    typical = error_alike(latent, star_id, error, seen, queries)
                    apart = isolation(latent, star_id, queries)
                    of_block[:, usable] = scores.error, scores.chi2, scores.error / typical, apart
                by_model[-1].append(of_block)
        return {
            method: [np.stack([of_model[place] for of_model in block]) for block in zip(*by_model, strict=True)]
            for place, method in enumerate((AUTOENCODER, *SCORES))
        }

    def _by_baselines(self, blocks: Blocks, n_block: int) -> dict[str, list[np.ndarray]]:
        if not self._fitted:
            return {}
        by_block = []
        for done, (flux, _, _) in enumerate(blocks()):
            self._progress("baselines", done, n_block)
            errors = np.full((len(BASELINES), len(self._fitted), len(flux)), np.nan)
            usable = usable_rows(flux)
            if usable.any():
                for number, baselines in enumerate(self._fitted):
                    errors[:, number, usable] = baselines.errors(flux[usable])
            by_block.append(errors)
        return {method: [errors[number] for errors in by_block] for number, method in enumerate(BASELINES)}
