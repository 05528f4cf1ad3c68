"""Mock spectra beside real ones, O to M: a figure, and the median absolute difference of normalised flux per type."""

import os
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from astropy.io import fits
from scipy.ndimage import gaussian_filter1d

from benchmarks.measure import table
from benchmarks.strengths import PIXEL_OF_R500
from catalog.extinction import extinction
from catalog.surveys.mock.atmosphere import photospheres
from catalog.surveys.mock.dust import interstellar
from catalog.surveys.mock.grid import WAVELENGTH, WIDE
from catalog.surveys.mock.population import draw
from catalog.surveys.mock.spectrograph import blur
from catalog.surveys.mock.star import STAR

DATA = Path(os.environ.get("CATALOG_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
TYPES = {
    "60-1981443102866159232": "O6.5V", "60-3132086831685869056": "B2", "53-1340600": "A3", "7-22109865": "F5",
    "7-17690454": "G2V", "7-18513632": "K6V", "7-12636960": "M3.6",
}  # fmt: skip
EBV = np.arange(0, 1.21, 0.02)


def seen(stars: np.ndarray, ebv: np.ndarray) -> np.ndarray:
    """Spectra of stars behind dust, (n, n_pixel), without noise."""
    dust = 10 ** (-0.4 * np.outer(ebv, extinction(WIDE)))
    return blur(photospheres(stars) * interstellar(ebv) * dust, None)


def scaled(mock: np.ndarray, real: np.ndarray, good: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mock spectra (n, n_pixel) brought to the level of a real one, and the median absolute difference (n,)."""
    level = (mock[:, good] * real[good]).sum(axis=1) / np.square(mock[:, good]).sum(axis=1)
    mock = mock * level[:, None]
    return mock, np.median(np.abs(mock[:, good] - real[good]), axis=1)


def visits() -> list[tuple[str, str, np.ndarray, np.ndarray, float]]:
    """Each real visit, the mock star of its published parameters with the dust fitted, and their difference."""
    folder = DATA / "mastar_examples"
    spectra = fits.getdata(next(folder.glob("*goodspec*")), 1)
    parameters = fits.getdata(next(folder.glob("*params*")), 1)
    published = {row["MANGAID"].strip(): row for row in parameters}
    found = []
    for row in spectra:
        mangaid = row["MANGAID"].strip()
        star = np.zeros(len(EBV), STAR)
        for name, column in (("teff", "TEFF_MED"), ("logg", "LOGG_MED"), ("fe_h", "FEH_MED")):
            star[name] = published[mangaid][column]
        good = (row["IVAR"] > 0) & (row["MASK"] == 0) & (row["FLUX"] > 0)
        real = row["FLUX"].astype(float) / np.percentile(row["FLUX"][good], 99.8)
        mock, difference = scaled(seen(star, EBV), real, good)
        best = difference.argmin()
        found.append((TYPES[mangaid], mangaid, real, mock[best], float(difference[best])))
    return sorted(found, key=lambda item: "OBAFGKM".index(item[0][0]))


def means() -> dict[str, list[tuple[str, np.ndarray, np.ndarray, float]]]:
    """Each mean of a cluster of MaStar spectra with the likest of 4,000 mock stars, by the type of that."""
    stars = draw(4000, 0.0, np.random.default_rng(1))
    mock = np.concatenate([seen(stars[i : i + 250], stars["ebv"][i : i + 250]) for i in range(0, len(stars), 250)])
    mock = gaussian_filter1d(mock, PIXEL_OF_R500, axis=1)
    path = next((DATA / "real_stars").glob("*lsfpercent90.0.fits.gz"))
    spectra = fits.getdata(path, 1)
    found: dict[str, list[tuple[str, np.ndarray, np.ndarray, float]]] = {}
    for row in spectra[(spectra["MANGAID"] >= "99-000053") & (spectra["MANGAID"] <= "99-000117")]:
        good = (row["FLUX"] > 0) & ((row["MASK"] & (1 << 25)) == 0)
        real = row["FLUX"].astype(float) / row["FLUX"][good].max()
        near, difference = scaled(mock, real, good)
        best = int(difference.argmin())
        entry = (f"{row['MANGAID'].strip()} ~ {stars['teff'][best]:.0f} K", np.where(good, real, np.nan), near[best])
        found.setdefault(str(stars["spectral_type"][best])[0], []).append((*entry, float(difference[best])))
    return found


def main() -> None:
    if not DATA.is_dir():
        print(f"### Mock beside real spectra\n\nskipped: no real spectra in {DATA}")
        return
    of_visits, of_means = visits(), means()
    if len(sys.argv) > 1:
        figure, axes = plt.subplots(7, 2, figsize=(14, 18), sharex=True, layout="constrained")
        for axis, (type_, name, real, mock, difference) in zip(axes[:, 0], of_visits, strict=True):
            _panel(axis, f"{type_}, MaStar visit {name}: median |difference| {difference:.3f}", real, mock)
        for axis, letter in zip(axes[:, 1], "OBAFGKM", strict=True):
            if letter in of_means:
                name, real, mock, difference = sorted(of_means[letter], key=lambda item: item[3])[
                    len(of_means[letter]) // 2
                ]
                _panel(axis, f"{letter}, mean of a cluster, {name}: {difference:.3f}", real, mock)
        for axis in axes[-1]:
            axis.set_xlabel("vacuum wavelength (Å)")
        figure.savefig(sys.argv[1], dpi=70)
    print("### Mock beside real spectra, median absolute difference of normalised flux\n")
    rows = [
        [type_, name, f"{difference:.4f}", len(of_means.get(type_[0], [])),
         f"{np.median([item[3] for item in of_means[type_[0]]]):.4f}" if type_[0] in of_means else ""]
        for type_, name, _, _, difference in of_visits
    ]  # fmt: skip
    header = ["type", "MaStar visit", "mock of its parameters", "means of clusters", "likest mock, median"]
    print(table(header, rows))


def _panel(axis: plt.Axes, title: str, real: np.ndarray, mock: np.ndarray) -> None:
    axis.plot(WAVELENGTH, real, color="black", lw=0.5, label="real")
    axis.plot(WAVELENGTH, mock, color="#d55e00", lw=0.5, label="mock")
    axis.set(title=title, ylabel="flux / maximum", ylim=(0, 1.2))
    axis.legend(loc="upper right", frameon=False)


if __name__ == "__main__":
    main()
