"""Each way of doing a thing in a process of its own, several times: median time and peak memory."""

import resource
import statistics
import sys
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
    scale = 2**10 if sys.platform == "linux" else 1
    answer.send((elapsed if seconds is None else seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale))


def measure(work: Callable[[Path], float | None], folder: Path, repeats: int = REPEATS) -> tuple[float, float]:
    """Median seconds of `work(folder)`, or of what it returns, and the largest peak memory in MB."""
    context = get_context("spawn")
    results = []
    for _ in range(repeats):
        receive, send = context.Pipe(duplex=False)
        process = context.Process(target=_child, args=(work, folder, send))
        process.start()
        results.append(receive.recv())
        process.join()
    return statistics.median(seconds for seconds, _ in results), max(memory for _, memory in results) / 1e6


def table(header: list[str], rows: list[list[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)
