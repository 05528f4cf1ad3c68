"""Damaged files through `catalog ingest`: every one is loaded or refused in one line, and nothing else happens.

    python -m benchmarks.fuzz [N] [FIRST]

Case k is always the same file, with the seed below: `python -m benchmarks.fuzz 1 k` runs it alone. Faults are also
written to build/fuzz/faults.jsonl.
"""

import gzip
import hashlib
import json
import re
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

import duckdb
import numpy as np

from benchmarks.measure import table
from catalog import Catalog
from catalog.errors import CatalogError
from catalog.surveys.mock.survey import MockSurvey, write_mock

N_CASE = 3000
SEED = 20260303
N_STAR = 4
N_WORKER = 2

TIMEOUT = 20.0
"""Seconds a case may take; a sound file takes a fifth of one."""

ADDRESS_SPACE = 4 << 30
RESIDENT = 400 << 20
"""Bytes a case may reserve, and use, beyond what its process holds already. A sound file uses 60 MB."""

LONGEST_MESSAGE = 1000

FAULTS = Path("build/fuzz")

CARD, HEADER = 80, 2880
KEYWORDS = rb"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|TTYPE\d+|TFORM\d+|TDIM\d+|EXTNAME|EXTEND|MOCKSTAR)"
FIXED = rb"(SIMPLE|XTENSION|BITPIX|NAXIS\d*|PCOUNT|GCOUNT|TFIELDS|EXTNAME|MOCKSTAR)"
STRUCTURE = re.compile(KEYWORDS + rb" *= ")
RARE = re.compile(FIXED + rb" *= ")

NUMBERS = ("-1", "0", "1", "2", "7", "8", "-32", "64", "999", "1000", "65536", "2147483648", "1000000000000",
           "-1000000000000", "9223372036854775808", "1E300", "1.5", "NaN", "T", "'abc'", "", "(1.0, 2.0)")  # fmt: skip
FORMS = ("'0A'", "'0E'", "'A'", "'1A'", "'37A'", "'E'", "'D'", "'4563D'", "'4563E'", "'100000000E'", "'999999999999E'",
         "'-5E'", "'L'", "'X'", "'20X'", "'C'", "'M'", "'PE(10)'", "'1QJ(9)'", "'K'", "'J'", "'I'", "'B'", "'1J1'",
         "'foo'", "''", "7", "T")  # fmt: skip
NAMES = ("MANGAID", "WAVE", "FLUX", "IVAR", "MASK", "MJD", "PLATE", "IFUDESIGN", "SOURCE_ID", "TEFF_MED", "RA",
         "NVISITS", "R_MED_PHOTOGEO", "EXPTIME", "mangaid", "Flux", "x" * 60, "a,b;c", "\xe9", "",
         "two\nlines", "\x1b[31mred", "\0")  # fmt: skip
EXTRA = ("TNULL{k}", "TSCAL{k}", "TZERO{k}", "TDIM{k}", "TDISP{k}", "TUNIT{k}", "THEAP", "ZTABLE", "ZIMAGE", "EXTNAME",
         "NAXIS", "PCOUNT", "GROUPS", "CONTINUE", "HIERARCH a.b", "CHECKSUM")  # fmt: skip
EXTRA_VALUES = (*NUMBERS, "1.0E-300", "32768", "-999", "9.3E18", "'(3,4)'", "'(4563,1)'", "'(-1)'", "'E12.5'", "T")


@dataclass
class Diagnosis:
    """One damaged file.

    number : what it was made from, with the seed
    file : the sound file it was
    steps : what was done to it
    packed : only the stream of a gzip was damaged, so its checksum must tell
    fresh : it is loaded into a database that does not exist
    """

    number: int
    file: str
    steps: list[str] = field(default_factory=list)
    packed: bool = False
    fresh: bool = False


@dataclass
class Outcome:
    """What became of a case: how it ended, the message, and the fault, "" for none."""

    case: Diagnosis
    end: str
    message: str = ""
    fault: str = ""


Generator = np.random.Generator


def damaged(files: list[Path], number: int, seed: int = SEED) -> tuple[Diagnosis, bytes]:
    """Diagnosis `number` and the bytes of its file. Read-only."""
    generator = np.random.default_rng((seed, number))
    path = files[number % len(files)]
    case = Diagnosis(number, path.name, fresh=bool(generator.random() < 0.03))
    data = path.read_bytes()
    zipped = data[:2] == b"\x1f\x8b"
    if zipped and generator.random() < 0.4:
        case.packed = True
        data = _damage_stream(data, generator, case.steps)
        return case, data
    if zipped:
        data = gzip.decompress(data)
    for _ in range(int(generator.integers(1, 4))):
        change = HEADERS[generator.integers(len(HEADERS))] if generator.random() < 0.6 else _splice(files)
        data = change(data, generator, case.steps)
    if zipped and generator.random() < 0.5:
        case.steps.append("gzip")
        data = gzip.compress(data, 1, mtime=0)
    return case, data


def _damage_stream(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    """A gzip stream with flipped bits in its head, its body or its trailer, cut short, or with something behind it."""
    n = len(data)
    where = {"head": (0, 10), "body": (10, n - 8), "trailer": (n - 8, n)}
    what = generator.choice([*where, "body", "body", "cut", "cut trailer", "zeros", "garbage", "member", "hole"])
    if what in where:
        positions = generator.integers(*where[what], size=int(generator.integers(1, 4)))
        changed = bytearray(data)
        for position in positions:
            changed[position] ^= 1 << int(generator.integers(8))
        steps.append(f"flip a bit of bytes {positions.tolist()} of the gzip ({what})")
        return bytes(changed)
    at = int(generator.integers(n))
    length = int(generator.integers(1, 5000))
    steps.append(f"gzip: {what} at {at}, {length}")
    behind = {"zeros": b"\0" * length, "garbage": generator.bytes(length), "member": gzip.compress(b"")}
    if what in behind:
        return data + behind[what]
    if what == "hole":
        return data[:at] + data[at + length :]
    return data[:at] if what == "cut" else data[: n - 1 - length % 8]


def _cards(data: bytes, pattern: re.Pattern[bytes]) -> list[re.Match[bytes]]:
    return [found for found in pattern.finditer(data) if found.start() % CARD == 0]


def _pick(data: bytes, generator: Generator) -> re.Match[bytes] | None:
    """A card of the structure; the few that say how large a table is as often as the many that describe columns."""
    cards = _cards(data, RARE if generator.random() < 0.4 else STRUCTURE)
    return cards[int(generator.integers(len(cards)))] if cards else None


def _with_card(data: bytes, at: int, keyword: str, value: str) -> bytes:
    card = f"{keyword:<8}= {value:>20}".encode()[:CARD].ljust(CARD)
    return data[:at] + card + data[at + CARD :]


def _set_card(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    found = _pick(data, generator)
    if found is None:
        return data
    keyword = found[1].decode()
    if keyword.startswith("TFORM"):
        value = str(generator.choice(FORMS))
    elif keyword.startswith(("TTYPE", "EXTNAME", "XTENSION")):
        value = f"'{NAMES[generator.integers(len(NAMES))]:<8}'"
    else:
        value = str(generator.choice(NUMBERS))
        before = data[found.end() : found.start() + 30].strip()
        if before.lstrip(b"-").isdigit() and generator.random() < 0.3:
            value = str(int(before) + int(generator.choice((-1, 1))))
    steps.append(f"{keyword} at {found.start()} = {value!r}")
    return _with_card(data, found.start(), keyword, value)


def _add_card(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    """In the place of END, which moves on by one card."""
    ends = [found for found in _cards(data, re.compile(rb"END {77}")) if found.end() % HEADER]
    if not ends:
        return data
    end = ends[int(generator.integers(len(ends)))].start()
    keyword = str(generator.choice(EXTRA)).format(k=int(generator.integers(1, 12)))
    value = str(generator.choice(EXTRA_VALUES))
    steps.append(f"add {keyword} = {value!r} at {end}")
    added = _with_card(data, end, keyword, value)
    return added[: end + CARD] + b"END".ljust(CARD) + added[end + 2 * CARD :]


def _lose_card(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    found = _pick(data, generator) if generator.random() < 0.9 else next(iter(_cards(data, re.compile(rb"(END) {77}"))))
    if found is None:
        return data
    steps.append(f"blank card {found[1].decode()} at {found.start()}")
    return data[: found.start()] + b" " * CARD + data[found.start() + CARD :]


def _swap_cards(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    one, other = _pick(data, generator), _pick(data, generator)
    if one is None or other is None:
        return data
    steps.append(f"swap cards {one[1].decode()} at {one.start()} and {other[1].decode()} at {other.start()}")
    changed = bytearray(data)
    a, b = slice(one.start(), one.start() + CARD), slice(other.start(), other.start() + CARD)
    changed[a], changed[b] = data[b], data[a]
    return bytes(changed)


def _break_card(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    found = _pick(data, generator)
    if found is None:
        return data
    changed = bytearray(data)
    position = found.start() + int(generator.integers(CARD))
    changed[position] = int(generator.integers(256))
    steps.append(f"byte {position}, of card {found[1].decode()}, = {changed[position]}")
    return bytes(changed)


def _widen_column(data: bytes, generator: Generator, steps: list[str]) -> bytes:
    """A column of another width, and NAXIS1 to match: the header is sound, the rows are not."""
    forms = _cards(data, re.compile(rb"(TFORM\d+) *= '(\d*)([ABIJKED]) *'"))
    rows = _cards(data, re.compile(rb"(NAXIS1) *= +(\d+)"))
    if not forms or not rows:
        return data
    found = forms[int(generator.integers(len(forms)))]
    before = [row for row in rows if row.start() < found.start()]
    if not before:
        return data
    row, size = before[-1], {b"A": 1, b"B": 1, b"I": 2, b"J": 4, b"E": 4, b"K": 8, b"D": 8}[found[3]]
    repeat = int(generator.choice((0, 1, 2, 1000, 400_000, 30_000_000, 500_000_000, 10**12)))
    width = int(row[2]) + size * (repeat - int(found[2] or 1))
    steps.append(f"{found[1].decode()} = {repeat}{found[3].decode()} and NAXIS1 = {width}")
    data = _with_card(data, row.start(), "NAXIS1", str(width))
    return _with_card(data, found.start(), found[1].decode(), f"'{repeat}{found[3].decode()}'")


def _splice(files: list[Path]) -> Callable[[bytes, Generator, list[str]], bytes]:
    """Changes that know nothing of FITS: flips, holes, repetitions, an early end, a piece of another file."""

    def splice(data: bytes, generator: Generator, steps: list[str]) -> bytes:
        n = len(data)
        what = generator.choice(["flip", "flip", "fill", "hole", "noise", "repeat", "cut", "other", "append"])
        # Headers are short and rows long: half of the damage goes near the front.
        at = int(generator.integers(min(n, 4 * HEADER) if generator.random() < 0.5 else n)) if n else 0
        length = int(generator.choice((1, 7, CARD, HEADER, 10_000)))
        if generator.random() < 0.3:
            at = at // HEADER * HEADER
        steps.append(f"{what} at {at}, {length}")
        if what == "flip":
            changed = bytearray(data)
            for position in range(at, min(n, at + min(length, 16))):
                changed[position] ^= 1 << int(generator.integers(8))
            return bytes(changed)
        if what == "fill":
            return data[:at] + bytes([int(generator.choice((0, 32, 255)))]) * length + data[at + length :]
        if what == "hole":
            return data[:at] + data[at + length :]
        if what == "noise":
            return data[:at] + generator.bytes(length) + data[at:]
        if what == "repeat":
            return data[:at] + data[at : at + length] * int(generator.integers(2, 5)) + data[at + length :]
        if what == "cut":
            return data[:at]
        other = files[int(generator.integers(len(files)))].read_bytes()
        if other[:2] == b"\x1f\x8b":
            other = gzip.decompress(other)
        if what == "append":
            return data + other[HEADER:]
        return data[: at // HEADER * HEADER] + other[at // HEADER * HEADER :]

    return splice


HEADERS = (_set_card, _set_card, _set_card, _add_card, _add_card, _lose_card, _swap_cards, _break_card, _widen_column)


def digest(database: Path, leave_out: tuple[str, ...] = ()) -> dict[str, tuple]:
    """For every table, the number of its rows and two sums over their hashes. Read-only."""
    with duckdb.connect(database, read_only=True) as connection:
        found = connection.execute("SELECT table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL").fetchall()
        return {
            name: connection.execute(f'SELECT count(*), bit_xor(hash(t)), sum(hash(t)) FROM "{name}" AS t').fetchone()
            for (name,) in found
            if name not in leave_out
        }


class Trial:
    """Loads damaged files, each into a fresh database, in this process.

    survey : folder of the sound files
    template : the database that each case starts from
    """

    def __init__(self, survey: Path, template: Path, folder: Path, seed: int) -> None:
        self.files = sorted(survey.glob("*.fits*"))
        self.template = template
        self.seed = seed
        self.database = folder / "catalog.duckdb"
        self.incoming = folder / "incoming"
        self.incoming.mkdir(parents=True)
        self.before = digest(template)
        self.bytes_before = _sha256(template)
        self.sound: dict[tuple[str, bool], dict[str, tuple]] = {}

    def run(self, number: int) -> Outcome:
        """Load case `number`; its file and what it leaves are removed by the next."""
        case, data = damaged(self.files, number, self.seed)
        expected = self._rows_of_sound(case) if case.packed else None
        path = self._prepare(case, data)
        resident = _reset_peak()
        with warnings.catch_warnings(record=True, action="always") as caught:
            try:
                (file,) = Catalog(self.database).ingest([path])
                end, message = "skipped" if file.skipped else "loaded", file.skipped or ""
            except CatalogError as error:
                end, message = "refused", " ".join(str(error).split())
            except BaseException as error:
                return Outcome(case, "exception", f"{type(error).__name__}: {error}"[:2000], _where(error))
        outcome = Outcome(case, end, message)
        loud = [str(warning.message) for warning in caught if not issubclass(warning.category, DeprecationWarning)]
        if _peak() - resident > RESIDENT:
            outcome.fault = f"{(_peak() - resident) >> 20} MB of memory"
        elif loud:
            outcome.fault = "warning: " + loud[0]
        elif end == "refused":
            outcome.fault = self._fault_of_refusal(case, message)
        else:
            outcome.fault = self._fault_of_loading(expected if end == "loaded" else None)
        return outcome

    def _prepare(self, case: Diagnosis, data: bytes) -> Path:
        for left in self.database.parent.iterdir():
            if left.is_file():
                left.unlink()
        for left in self.incoming.iterdir():
            left.unlink()
        if not case.fresh:
            shutil.copyfile(self.template, self.database)
        path = self.incoming / case.file
        path.write_bytes(data)
        return path

    def _rows_of_sound(self, case: Diagnosis) -> dict[str, tuple]:
        """What the undamaged file makes of the database."""
        key = (case.file, case.fresh)
        if key not in self.sound:
            sound = next(file for file in self.files if file.name == case.file)
            Catalog(self.database).ingest([self._prepare(case, sound.read_bytes())])
            self.sound[key] = digest(self.database, leave_out=("source_file",))
        return self.sound[key]

    def _fault_of_refusal(self, case: Diagnosis, message: str) -> str:
        if case.file not in message:
            return "message does not name the file"
        if not message.isprintable():
            return "message holds control characters"
        if len(message) > LONGEST_MESSAGE:
            return f"message of {len(message)} characters"
        left = sorted(file.name for file in self.database.parent.iterdir() if file.name != self.incoming.name)
        if left != ([] if case.fresh else [self.database.name]):
            return f"left behind: {left}"
        if left and _sha256(self.database) != self.bytes_before and digest(self.database) != self.before:
            return "a refused file changed the database"
        return ""

    def _fault_of_loading(self, expected: dict[str, tuple] | None) -> str:
        left = sorted(file.name for file in self.database.parent.iterdir() if file.name != self.incoming.name)
        if left != [self.database.name]:
            return f"left behind: {left}"
        if expected is not None and digest(self.database, leave_out=("source_file",)) != expected:
            return "a damaged gzip was loaded with other rows"
        with duckdb.connect(self.database, read_only=True) as connection:
            wrong = connection.execute(COUNTS).fetchall()
        return f"counts disagree: {wrong}" if wrong else ""


COUNTS = """
SELECT 'dataset', name FROM dataset
WHERE n_spectrum <> (SELECT count(*) FROM spectrum WHERE spectrum.dataset_id = dataset.dataset_id)
UNION ALL
SELECT 'arrays', spectrum_id::VARCHAR FROM spectrum ANTI JOIN spectrum_array USING (spectrum_id)
UNION ALL
SELECT 'star', mangaid FROM star GROUP BY mangaid HAVING count(*) > 1
UNION ALL
SELECT 'gaia', star_id::VARCHAR FROM gaia_match WHERE isinf(g_mag) OR isinf(bp_rp) OR isinf(distance_pc)
"""


def _where(error: BaseException) -> str:
    """Type of an exception and the innermost line of ours that it came through."""
    frame, place = error.__traceback__, ""
    while frame is not None:
        name = Path(frame.tb_frame.f_code.co_filename)
        if "site-packages" not in name.parts and name.stem not in ("fuzz", "contextlib"):
            place = f"{name.stem}.{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}"
        frame = frame.tb_next
    return f"{type(error).__name__} in {place}"


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith(name)).split()[1]) * 1024


def _peak() -> int:
    return _status("VmHWM")


def _reset_peak() -> int:
    """Forget the largest memory so far; returns the bytes held now."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def _child(folder: Path, seed: int, number: int, pipe: Connection) -> None:
    trial = Trial(folder / "survey", folder / "template.duckdb", folder / f"worker{number}", seed)
    trial.run(0)  # loads what is loaded late
    size = _status("VmSize") + ADDRESS_SPACE
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while (case := pipe.recv()) is not None:
        pipe.send(trial.run(case))


class Worker:
    """A process for damaged files, replaced when it crashes or hangs."""

    started = 0

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder, self.seed = folder, seed
        self._start()

    def _start(self) -> None:
        Worker.started += 1
        context = get_context("spawn")
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=_child, args=(self.folder, self.seed, Worker.started, other))
        self.process.start()
        other.close()

    def run(self, number: int, timeout: float = TIMEOUT) -> Outcome:
        end, fault = "hang", f"no answer in {timeout:g} s"
        try:
            self.pipe.send(number)
            if self.pipe.poll(timeout):
                return self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            end, fault = "crash", f"exit code {self.process.exitcode}"
        self.process.kill()
        self.process.join()
        case, _ = damaged(sorted((self.folder / "survey").glob("*.fits*")), number, self.seed)
        self._start()
        return Outcome(case, end, fault=fault)

    def stop(self) -> None:
        self.process.kill()
        self.process.join()


@contextmanager
def workers(seed: int = SEED, n_worker: int = N_WORKER) -> Iterator[Callable[[Iterable[int]], Iterator[Outcome]]]:
    """A function that runs cases by their numbers, on a few processes; the sound files are made first."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mock(folder / "survey", MockSurvey(N_STAR, 1, 0.05, visits=True))
        write_mock(folder / "other", MockSurvey(3, 2, 0.05, visits=True))
        Catalog(folder / "template.duckdb").ingest([folder / "other"])
        free: SimpleQueue[Worker] = SimpleQueue()
        all_workers = [Worker(folder, seed) for _ in range(n_worker)]
        for worker in all_workers:
            free.put(worker)

        def one(number: int) -> Outcome:
            worker = free.get()
            try:
                return worker.run(number)
            finally:
                free.put(worker)

        with ThreadPoolExecutor(n_worker) as pool:
            try:
                yield lambda numbers: pool.map(one, numbers)
            finally:
                for worker in all_workers:
                    worker.stop()


def main() -> None:
    n_case, first = [int(value) for value in sys.argv[1:]] + [N_CASE, 0][len(sys.argv) - 1 :]
    start = time.perf_counter()
    counts: dict[str, Counter[str]] = {}
    faults: list[Outcome] = []
    with workers() as run:
        for outcome in run(range(first, first + n_case)):
            counts.setdefault(outcome.case.file, Counter())["fault" if outcome.fault else outcome.end] += 1
            if outcome.fault:
                faults.append(outcome)
                print(json.dumps(asdict(outcome)), file=sys.stderr, flush=True)
    if faults:
        FAULTS.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps({"seed": SEED} | asdict(outcome)) for outcome in faults]
        (FAULTS / "faults.jsonl").write_text("\n".join(lines) + "\n")
    ends = ["loaded", "skipped", "refused", "fault"]
    rows = [[name, sum(count.values()), *(count[end] for end in ends)] for name, count in sorted(counts.items())]
    print(f"### Damaged files ({n_case} cases from {first}, seed {SEED}, {time.perf_counter() - start:.0f} s)\n")
    print(table(["file", "cases", *ends], rows))
    kinds = Counter(outcome.fault for outcome in faults)
    if kinds:
        print("\n" + table(["fault", "cases"], [[fault, n] for fault, n in kinds.most_common()]))


if __name__ == "__main__":
    main()
