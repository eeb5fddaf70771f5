import nbformat
import pytest

from gan_course import machine, provenance
from gan_course.__main__ import main


def notebook(*sources, tags=()):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nb.cells += [nbformat.v4.new_code_cell("x = 1", metadata={"tags": [tag]}) for tag in tags]
    return nb


def hashes(*pairs):
    return [provenance.code_hash([source]) for source in pairs]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x=1  # a comment"),
        ("f(a, b)", "f(\n    a,\n    b,\n)"),
        ("s = 'a'", 's = "a"'),
        ("if x:\n  y()", "if x:\n        y()\n\n"),
    ],
)
def test_comments_and_formatting_do_not_count(one, other):
    assert provenance.code_hash([one]) == provenance.code_hash([other])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1", "x = 2"),
        ("x = 1", "x = 1.0"),
        ("x = 1", "x = True"),
        ("x = a", "x = 'a'"),
        ("lr = 1e-3", "lr = 1e-4"),
        ("f(a, b)", "f(b, a)"),
        ("x - y", "x + y"),
        ("f'{x:.2f}'", "f'{x:.3f}'"),
        ("def f(a, b=None): pass", "def f(a, b=0): pass"),
        ("x = None", "x = ()"),
        ("if a:\n    b()\nc()", "if a:\n    b()\n    c()"),
    ],
)
def test_whatever_changes_the_meaning_counts(one, other):
    assert provenance.code_hash([one]) != provenance.code_hash([other])


def test_the_border_between_cells_and_their_order_count():
    assert len({provenance.code_hash(cells) for cells in (["a", "b"], ["b", "a"], ["a\nb"])}) == 3


def test_the_hash_is_the_same_on_every_python():
    # Computed once with Python 3.11; a newer ast with new fields must not change it.
    source = "def f(a, *, b=1) -> int:\n    return [f'{a!r:>{b}}' for _ in range(3)]\nclass C(object): x: int = -1"
    assert provenance.code_hash([source])[:16] == "9d61255a09c770c1"


def test_markdown_and_cells_that_the_reader_fills_do_not_count():
    plain = notebook("a = 1")
    tagged = notebook("a = 1", tags=provenance.NOT_HASHED)
    tagged.cells.append(nbformat.v4.new_markdown_cell("text"))
    assert provenance.lesson_hash(plain) == provenance.lesson_hash(tagged)
    assert provenance.lesson_hash(plain) != provenance.lesson_hash(notebook("a = 1", tags=["other"]))


def test_status_tells_fresh_stale_and_older_apart():
    nb = notebook("a = 1")
    assert provenance.status(nb) == provenance.STALE
    modules = ["run.py", "data/image_sets.py"]
    made = {"code_sha256": provenance.lesson_hash(nb), "package_sha256": provenance.package_hash(modules)}
    nb.metadata.gan_course = made
    assert provenance.status(nb) == provenance.OLDER  # made before there was a list of modules
    made["modules"] = modules
    nb.metadata.gan_course = made
    assert provenance.status(nb) == provenance.FRESH
    nb.metadata.gan_course = {**made, "package_sha256": "another"}
    assert provenance.status(nb) == provenance.OLDER
    nb.cells[0].source = "a = 2"
    assert provenance.status(nb) == provenance.STALE


def test_only_what_the_lesson_imported_makes_it_older(monkeypatch):
    code = provenance.package_code()
    assert {"run.py", "data/image_sets.py", "data/__init__.py"} <= code.keys()
    before = provenance.package_hash(["run.py", "data/image_sets.py"], code)
    assert before == provenance.package_hash(["data/image_sets.py", "run.py"])
    changed = {**code, "doctor.py": "x = 1", "run.py": code["run.py"] + "\n# a comment"}
    assert provenance.package_hash(["run.py", "data/image_sets.py"], changed) == before
    assert provenance.package_hash(None, changed) != provenance.package_hash(None, code)
    changed = {**code, "run.py": code["run.py"] + "\nx = 1"}
    assert provenance.package_hash(["run.py", "data/image_sets.py"], changed) != before
    del changed["run.py"]
    assert provenance.package_hash(["run.py", "data/image_sets.py"], changed) != before


def test_a_stored_time_names_the_processor_and_the_factor(monkeypatch):
    monkeypatch.setattr(machine, "processor", lambda: "a processor")
    monkeypatch.setattr(machine, "factor", lambda framework, again: {"torch": 1.5, "tensorflow": None}[framework])
    nb = notebook()
    nb.metadata.lesson = {"framework": "PyTorch"}
    made = provenance.made_on(nb)
    assert made["machine"].startswith("a processor, ") and " cores, " in made["machine"] and made["factor"] == 1.5
    nb.metadata.lesson = {"framework": "Keras 2 (tf_keras)"}
    assert provenance.made_on(nb)["factor"] is None


def test_the_status_command_fails_for_a_stale_lesson_only(tmp_path, monkeypatch, capsys):
    from gan_course import lessons

    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    nb = notebook("a = 1")
    nb.metadata.gan_course = {
        "code_sha256": provenance.lesson_hash(nb),
        "package_sha256": "another",
        "budget": "laptop",
        "seed": 0,
        "seconds": 5,
    }
    nbformat.write(nb, tmp_path / "05_test.ipynb")
    assert main(["status"]) == 0
    assert "05_test" in (out := capsys.readouterr().out) and "older package" in out
    nb.cells[0].source = "a = 2"
    nbformat.write(nb, tmp_path / "05_test.ipynb")
    assert main(["status"]) == 1
    assert "make refresh" in capsys.readouterr().out


def test_an_unknown_lesson_is_a_message_and_an_exit_status(capsys):
    assert main(["run", "98"]) == 2
    assert "There is no lesson '98'" in capsys.readouterr().err
