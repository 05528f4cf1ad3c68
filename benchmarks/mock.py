"""Making up a survey: ours, and compressing the same bytes alone, which no writer of `.fits.gz` can do without."""

import gzip
import shutil
import tempfile
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.measure import measure, table
from catalog.surveys.mock.survey import LARGE, SMALL, MockSurvey, write_mock

N_STAR = 2000
MANY = 60_000
CHUNK = 1 << 22


def ours(folder: Path) -> None:
    shutil.rmtree(folder / "again", ignore_errors=True)
    write_mock(folder / "again", MockSurvey(N_STAR))


def ours_many(folder: Path) -> None:
    shutil.rmtree(folder / "many", ignore_errors=True)
    write_mock(folder / "many", MockSurvey(MANY))


def compressing_alone(folder: Path) -> None:
    """Both files of spectra, each on a thread of its own."""

    def compress(path: Path) -> None:
        packer = zlib.compressobj(1, wbits=31)
        with path.open("rb") as stream, path.with_suffix(".again").open("wb") as packed:
            while chunk := stream.read(CHUNK):
                packed.write(packer.compress(chunk))
            packed.write(packer.flush())

    with ThreadPoolExecutor() as pool:
        list(pool.map(compress, folder.glob("*.raw")))


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results = {f"ours, {N_STAR} stars": measure(ours, folder)}
        size = 0
        for file in (SMALL, LARGE):
            raw = folder / f"{file}.raw"
            with gzip.open(folder / "again" / file) as packed, raw.open("wb") as stream:
                shutil.copyfileobj(packed, stream, CHUNK)
            size += raw.stat().st_size
        results["compressing alone"] = measure(compressing_alone, folder)
        results[f"ours, {MANY} stars"] = measure(ours_many, folder, repeats=1)
        on_disk = sum(path.stat().st_size for path in (folder / "many").iterdir())
    reference = next(iter(results.values()))[0]
    rows = [
        [way, f"{seconds:.1f}", f"{seconds / reference:.2f}", f"{memory:.0f}"]
        for way, (seconds, memory) in results.items()
    ]
    print(f"### Making up a survey ({size / 1e6:.0f} MB of spectra for {N_STAR} stars)\n")
    print(table(["way", "s", "relative to ours", "peak memory MB"], rows))
    print(f"\n{MANY} stars take {on_disk / 1e9:.1f} GB on disk.")


if __name__ == "__main__":
    main()
