"""How strong each feature of a mock star is, fitted to real stars; writes catalog/surveys/mock/strengths.csv.

Least squares on ln flux of the stellar flux library of Pickles 1998 (PASP 110, 863) and, for M dwarfs, the mean SDSS
spectra of Kesseli et al. 2017 (ApJS 230, 16), at the resolution of those spectra (R about 500). Strengths are linear
between nodes of log Teff; absorption is never negative. Effective temperatures: dwarfs, Pecaut & Mamajek 2013 (ApJS
208, 9; table of 2021.03.02); giants, Pickles 1998, table 2.
"""

import csv
import os
from pathlib import Path

import numpy as np
from astropy.io import fits
from scipy.ndimage import gaussian_filter1d
from scipy.optimize import nnls

from catalog.surveys.mock.atmosphere import NODES, STRENGTHS, continuum, interpolation
from catalog.surveys.mock.features import FEATURES

DATA = Path(os.environ.get("CATALOG_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")) / "real_stars"

TEFF = {
    "dwarf": {
        "o5v": 41400, "o9v": 33300, "b0v": 31400, "b1v": 26000, "b3v": 17000, "b57v": 14500, "b8v": 12500, "b9v": 10700,
        "a0v": 9700, "a2v": 8800, "a3v": 8550, "a5v": 8080, "a7v": 7800, "f0v": 7220, "f2v": 6820, "f5v": 6550,
        "f6v": 6350, "f8v": 6180, "g0v": 5930, "g2v": 5770, "g5v": 5660, "g8v": 5480, "k0v": 5270, "k2v": 5100,
        "k3v": 4830, "k4v": 4600, "k5v": 4440, "k7v": 4100, "m0v": 3850, "m1v": 3660, "m2v": 3560, "m2p5v": 3490,
        "m3v": 3430, "m4v": 3210, "m5v": 3060, "m6v": 2810,
        "M0": 3850, "M1": 3660, "M2": 3560, "M3": 3430, "M4": 3210, "M5": 3060, "M6": 2810, "M7": 2680, "M8": 2570,
        "M9": 2380,
    },
    "giant": {
        "o8iii": 31700, "b12iii": 19950, "b3iii": 16900, "b5iii": 14800, "b9iii": 11100, "a0iii": 9570, "a3iii": 8985,
        "a5iii": 8450, "a7iii": 8050, "f0iii": 7585, "f2iii": 6840, "f5iii": 6530, "g0iii": 5610, "g5iii": 5080,
        "g8iii": 4960, "k0iii": 4853, "k1iii": 4656, "k2iii": 4457, "k3iii": 4365, "k4iii": 4226, "k5iii": 4009,
        "m0iii": 3819, "m1iii": 3776, "m2iii": 3706, "m3iii": 3663, "m4iii": 3610, "m5iii": 3420, "m6iii": 3250,
        "m7iii": 3126, "m8iii": 2890, "m9iii": 2667, "m10iii": 2500,
    },
}  # fmt: skip

PIXEL_OF_R500 = 1e4 / (500 * 2.355 * np.log(10))
"""One standard deviation of a resolution of 500, in pixels of 1e-4 in log10 wavelength."""

EVERY, ROUNDS, RIDGE = 3, 6, 0.02


def _stars(luminosity: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Teff (n,), ln flux (n, n_pixel), NaN where unknown, and the grid (n_pixel,)."""
    with (DATA / "truth.csv").open(newline="", encoding="utf-8") as file:
        truth = {row["mangaid"]: row for row in csv.DictReader(file)}
    spectra = fits.getdata(next(DATA.glob("*lsfpercent90.0.fits.gz")), 1)
    teff, chosen = [], []
    for row, mangaid in enumerate(np.char.strip(spectra["MANGAID"])):
        star = truth[mangaid]
        name = {"pickles1998": star["star"].removeprefix("pickles-")}.get(star["source"], "")
        if star["source"] == "pyhammer" and ("+0.0" in star["star"] or star["spectral_type"] == "M9"):
            name = star["spectral_type"]
        if name in TEFF[luminosity]:
            teff.append(TEFF[luminosity][name])
            chosen.append(row)
    flux = spectra["FLUX"][chosen].astype(float)
    known = (flux > 0) & ((spectra["MASK"][chosen] & (1 << 25)) == 0)
    return np.array(teff), np.log(np.where(known, flux, np.nan)), spectra["WAVE"][0].astype(float)


def fit(luminosity: str) -> np.ndarray:
    """Strengths at the nodes, (n_node, n_strength)."""
    teff, ln_flux, wavelength = _stars(luminosity)
    smooth, black_body = continuum(wavelength, teff)
    depth = np.stack([feature(wavelength) for feature in FEATURES.values()])
    weight = interpolation(NODES[luminosity], teff)
    # A smooth correction of either sign is the difference of two that are not negative.
    templates = np.concatenate([smooth, -smooth, -depth])
    n_node, n_term = weight.shape[1], len(templates)
    solution = np.zeros((n_node, n_term))
    for _ in range(ROUNDS):
        normal, right = np.zeros((n_node * n_term, n_node * n_term)), np.zeros(n_node * n_term)
        for star in range(len(teff)):
            flux = np.exp(black_body[star] + weight[star] @ solution @ templates)
            blurred = gaussian_filter1d(flux, PIXEL_OF_R500)
            jacobian = gaussian_filter1d(flux * templates, PIXEL_OF_R500, axis=1) / blurred
            target = ln_flux[star] - np.log(blurred) + weight[star] @ solution @ jacobian
            used = np.flatnonzero(np.isfinite(target))[::EVERY]
            # Relative errors where a star is faint count less: they are small beside its maximum.
            relative = np.exp(ln_flux[star, used] - np.nanmax(ln_flux[star]))
            importance = np.sqrt(np.maximum(relative, 0.02))
            # The level of a spectrum is free, so only what differs from its mean counts.
            here = (jacobian[:, used] - np.average(jacobian[:, used], axis=1, weights=importance)[:, None]) * importance
            wanted = (target[used] - np.average(target[used], weights=importance)) * importance
            rows = np.einsum("n,tp->ntp", weight[star], here).reshape(n_node * n_term, -1)
            normal += rows @ rows.T / len(used)
            right += rows @ wanted / len(used)
        normal += RIDGE * np.trace(normal) / len(normal) * np.eye(len(normal)) * 0.01
        lower = np.linalg.cholesky(normal)
        found, _ = nnls(lower.T, np.linalg.solve(lower, right), maxiter=20 * len(normal))
        solution = 0.3 * solution + 0.7 * found.reshape(n_node, n_term)
    residual = []
    for star in range(len(teff)):
        blurred = gaussian_filter1d(np.exp(black_body[star] + weight[star] @ solution @ templates), PIXEL_OF_R500)
        real = np.exp(ln_flux[star] - np.nanmax(ln_flux[star]))
        scale = np.nansum(real * blurred) / np.nansum(np.where(np.isfinite(real), blurred, 0) ** 2)
        residual.append(float(np.nanmedian(np.abs(scale * blurred - real))))
    print(luminosity, {int(t): round(r, 3) for t, r in sorted(zip(teff, residual, strict=True))})
    n_smooth = len(smooth)
    signed = solution[:, :n_smooth] - solution[:, n_smooth : 2 * n_smooth]
    return np.concatenate([signed, solution[:, 2 * n_smooth :]], axis=1)


def main() -> None:
    with STRENGTHS.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        first = fit("dwarf")
        n_smooth = first.shape[1] - len(FEATURES)
        writer.writerow(["luminosity", "teff", *(f"smooth {order}" for order in range(1, n_smooth + 1)), *FEATURES])
        for luminosity, strengths in (("dwarf", first), ("giant", fit("giant"))):
            for teff, row in zip(NODES[luminosity], strengths, strict=True):
                writer.writerow([luminosity, int(teff), *(f"{value:.4g}" for value in row)])


if __name__ == "__main__":
    main()
