"""The notebooks in examples/notebooks run, at small sizes, where nbconvert and matplotlib are."""

from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "notebooks"
PARAMETERS = {
    "quickstart": "STEPS = 20",
    "imitation_learning": "EPISODES, STEPS, EPOCHS, ROUNDS = 2, 12, 1, 1\n"
    "EVALUATION = {'episodes': 2, 'steps': 10, 'keep': 2}",
}


@pytest.mark.filterwarnings("default")  # those of the packages that run it
@pytest.mark.parametrize("name", sorted(path.stem for path in FOLDER.glob("*.ipynb")))
def test_a_notebook_runs(name, tmp_path):
    for package in ("nbconvert", "ipykernel", "matplotlib"):
        pytest.importorskip(package)
    import nbformat
    from nbconvert.preprocessors import ExecutePreprocessor

    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs for cell in code), "strip the outputs"
    (parameters,) = (cell for cell in code if "parameters" in cell.metadata.get("tags", []))
    parameters.source = PARAMETERS[name]
    runner = ExecutePreprocessor(timeout=300, kernel_name="python3")
    runner.preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    images = [output for cell in code for output in cell.outputs if "data" in output]
    assert any("image/png" in output["data"] for output in images)
