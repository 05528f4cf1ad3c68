"""Each way of doing a thing in a process of its own, several times: median time and peak memory."""

import resource
import statistics
import time
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

REPEATS = 3


def _child(work: Callable[[Path], float | None], folder: Path, answer: Connection) -> None:
    start = time.perf_counter()
    seconds = work(folder)
    elapsed = time.perf_counter() - start
    answer.send((elapsed if seconds is None else seconds, _peak_memory()))


def _peak_memory() -> float:
    """Bytes. Linux counts a parent's memory into ru_maxrss, so its own account of this process is read there."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024
    return float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def measure(work: Callable[[Path], float | None], folder: Path, repeats: int = REPEATS) -> tuple[float, float]:
    """Median seconds of `work(folder)`, or of what it returns, and the largest peak memory in MB."""
    context = get_context("spawn")
    results = []
    for _ in range(repeats):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=_child, args=(work, folder, send))
        process.start()
        send.close()  # or a failed child would be waited for without end
        results.append(receive.recv())
        process.join()
    return statistics.median(seconds for seconds, _ in results), max(memory for _, memory in results) / 1e6


def table(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
