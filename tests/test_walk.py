"""The blocks of docs/walk.md run one after the other, as in a notebook, and leave what they say."""

import re
from pathlib import Path

import pytest
from conftest import REPOSITORY

FIGURES = ("losses.png", "cmd.png", "neighbors.png", "giant.png")


def test_the_walk_runs_from_the_first_block_to_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (REPOSITORY / "docs" / "walk.md").read_text(encoding="utf-8")
    names: dict[str, object] = {}
    for code in re.findall(r"```python\n(.*?)```", text, re.S):
        exec(compile(code, "docs/walk.md", "exec"), names)  # noqa: S102
    assert repr(names["catalog"]).endswith("ensemble walk>")
    assert len(names["known"]) > 5  # type: ignore[arg-type]
    assert names["around"]["mangaid"][0] == names["giant"]["mangaid"]  # type: ignore[index]
    assert all((tmp_path / figure).stat().st_size > 10_000 for figure in FIGURES)
    assert "7-" in capsys.readouterr().out
