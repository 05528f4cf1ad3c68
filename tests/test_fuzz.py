"""Damaged files: loaded or refused in one line, the database as it was; benchmarks/fuzz.py tries thousands."""

import sys
from collections import Counter
from pathlib import Path

import pytest
from sizes import examples

from benchmarks.fuzz import damaged, workers
from catalog.surveys.mock.survey import MockSurvey, write_mock

N_CASE = examples(250)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured as Linux counts it")
def test_a_damaged_file_is_loaded_or_refused_in_one_line() -> None:
    with workers() as run:
        outcomes = list(run(range(N_CASE)))
    faults = [f"{outcome.case}: {outcome.end}, {outcome.fault}" for outcome in outcomes if outcome.fault]
    assert not faults, "\n".join(faults)
    ends = Counter(outcome.end for outcome in outcomes)
    assert ends["refused"] > N_CASE / 2
    assert ends["loaded"] > N_CASE / 20


def test_a_number_names_the_damage(tmp_path: Path) -> None:
    write_mock(tmp_path, MockSurvey(2, 1))
    files = sorted(tmp_path.glob("*.fits*"))
    cases = [damaged(files, number) for number in range(20)]
    assert cases == [damaged(files, number) for number in range(20)]
    assert len({data for _, data in cases}) == 20
    assert all(case.steps for case, _ in cases)
