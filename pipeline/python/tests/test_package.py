"""What the package says of itself: types, docstrings; and that it needs nothing else."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import acoledger
import pytest
from acoledger import lakehouse

PACKAGE = Path(acoledger.__file__).parent


def python(*arguments: str, cwd: Path | None = None) -> str:
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A folder with the package in it: of installed ones mypy tells no errors."""
    shutil.copytree(PACKAGE, tmp_path / "acoledger", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_stubs_are_those_of_the_extension(beside: Path) -> None:
    (beside / "mypy.ini").write_text("[mypy]\nignore_missing_imports = true\n")
    python("-m", "mypy.stubtest", "acoledger._native", "--ignore-disjoint-bases", "--mypy-config-file=mypy.ini", cwd=beside)


def test_types_hold(beside: Path) -> None:
    modules = [f"acoledger/{name}.py" for name in ("__init__", "_run", "_table", "_progress", "lakehouse")]
    options = ["--strict", "--ignore-missing-imports", "--follow-imports=silent", "--cache-dir=/dev/null"]
    python("-m", "mypy", *options, *modules, cwd=beside)
    assert (PACKAGE / "py.typed").is_file()
    # And that it is they that are looked at.
    (beside / "acoledger/_run.py").write_text((beside / "acoledger/_run.py").read_text() + "\nwrong: int = 'text'\n")
    with pytest.raises(AssertionError, match="Incompatible types in assignment"):
        python("-m", "mypy", *options, *modules, cwd=beside)


PUBLIC = [getattr(acoledger, name) for name in acoledger.__all__] + [getattr(lakehouse, name) for name in lakehouse.__all__]


@pytest.mark.parametrize("of", PUBLIC, ids=lambda of: of.__name__)
def test_everything_public_says_what_it_is(of: object) -> None:
    said = inspect.getdoc(of)
    assert said
    if inspect.isfunction(of):
        arguments = list(inspect.signature(of).parameters)
        assert [name for name in arguments if f":param {name}:" not in said] == []
        assert ":raises " in said
        hints = inspect.get_annotations(of)
        assert set(hints) == {*arguments, "return"}
    elif inspect.isclass(of) and of is not acoledger.Error:
        silent = [
            name for name, member in vars(of).items() if not name.startswith("_") and not inspect.getdoc(getattr(of, name)) and callable(member)
        ]
        assert silent == []


def test_nothing_else_is_imported() -> None:
    """Libraries that take tables are imported when they are asked for, and not before."""
    heavy = {"polars", "pandas", "pyarrow", "duckdb", "deltalake", "pyiceberg", "pyspark", "IPython", "numpy"}
    script = "import sys, acoledger, acoledger.lakehouse; print(*{name.split('.')[0] for name in sys.modules})"
    assert heavy & set(python("-c", script).split()) == set()


def test_it_works_alone(tmp_path: Path) -> None:
    """A run, an explanation and a table's size in a Python without any other package."""
    script = f"""
import sys
sys.path = [place for place in sys.path if "site-packages" not in place] + [{str(PACKAGE.parent)!r}]
sys.meta_path.insert(0, type("Alone", (), {{"find_spec": staticmethod(lambda name, path=None, target=None: (_ for _ in ()).throw(
    ModuleNotFoundError(name, name=name)) if name.split(".")[0] in ("numpy", "pyarrow", "polars", "pandas", "duckdb") else None)}}))
import acoledger
study = acoledger.synth({str(tmp_path / "demo")!r}, lives=600, years=[2024], aco_share=0.95)
run = acoledger.run(study)
table = run["savings_losses"]
print(len(table), table.columns[0], table._repr_html_()[:3])
print(str(acoledger.explain(run, aco="A5001"))[:5])
try:
    table.rows()
except ImportError as error:
    print(error)
"""
    assert python("-c", script).splitlines()[-3:] == ["A5001", "pyarrow is not installed", "hint: pip install 'acoledger[arrow]'"]
