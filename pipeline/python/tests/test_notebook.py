"""The notebook, run from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")

NOTEBOOK = Path(__file__).parent.parent / "notebooks" / "replay.ipynb"


def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACOLEDGER_NOTEBOOK", str(tmp_path / "notebook"))
    monkeypatch.setenv("ACOLEDGER_NOTEBOOK_LIVES", "2000")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code"), "committed without outputs"
    nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    shown = nbformat.writes(notebook)
    assert "performance year" in shown and "No sequestration" in shown
    # The plot: in the cell's output, and as a file.
    assert any("image/png" in output.get("data", {}) for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
    assert (tmp_path / "notebook" / "reform.svg").stat().st_size > 10_000
    # Progress was one line that was redrawn, not a line for each step.
    assert not any(output.get("name") == "stderr" for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs)
