"""Every command of the pages that one begins with runs, in the order of the page, on files as it names them."""

from collections.abc import Callable

import pytest
from documented import Line, commands_of


@pytest.mark.parametrize("line", commands_of("begin"), ids=str)
def test_it_runs(line: Line, run_line: Callable[[Line], None]) -> None:
    run_line(line)
