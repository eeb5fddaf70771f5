"""The command line and the Makefile: wrong input is one line, odd paths and consoles work, nothing in a value is run."""

import os
import shutil
import subprocess
import sys

import nbformat
import pytest

from gan_course import __version__, lessons
from gan_course.__main__ import main


def test_the_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and capsys.readouterr().out == f"gan-course {__version__}\n"


def test_a_lesson_of_one_data_set_says_so(capsys):
    assert main(["run", "01", "--budget", "smoke", "--dataset", "fashion"]) == 2
    assert "01_minimax_objective" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--dataset", "letters"], ["--seed", "-1"], ["--seed", "one"]])
def test_a_wrong_parameter_is_refused_before_anything_runs(arguments):
    with pytest.raises(SystemExit) as ended:
        main(["run", "02", "--budget", "smoke", *arguments])
    assert ended.value.code == 2


@pytest.mark.parametrize("encoding", ["ascii", "cp932"])
def test_a_console_that_can_not_show_every_character(encoding):
    setting = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-m", "gan_course", "status"], env=setting, capture_output=True)
    assert b"02_mlp_gan" in done.stdout and b"Traceback" not in done.stderr, done.stderr


@pytest.fixture
def signed(monkeypatch):
    """What is signed, and what JupyterLab is started with, instead of doing either."""
    from jupyterlab.labapp import LabApp
    from nbformat.sign import NotebookNotary

    calls = {"notebooks": [], "lab": None}
    monkeypatch.setattr(NotebookNotary, "sign", lambda notary, notebook: calls["notebooks"].append(notebook))
    monkeypatch.setattr(LabApp, "launch_instance", lambda arguments: calls.update(lab=arguments))
    return calls


def test_lab_opens_a_lesson_with_jupyterlabs_own_options(signed):
    main(["lab", "02", "--no-browser", "--port", "8899"])
    path, root, *options = signed["lab"]
    assert (path, options) == (str(lessons.find("02")), ["--no-browser", "--port", "8899"])
    assert root == f"--ServerApp.root_dir={lessons.ROOT}"  # so that the links to docs/ lead somewhere


def test_lab_on_an_unknown_lesson_signs_nothing(signed, capsys):
    assert main(["lab", "99"]) == 2
    assert "There is no lesson '99'. There are: 00_start_here, " in capsys.readouterr().err
    assert signed == {"notebooks": [], "lab": None}


@pytest.mark.skipif(not shutil.which("git"), reason="no git here")
def test_only_lessons_as_committed_are_signed(signed, monkeypatch, tmp_path):
    monkeypatch.setattr(lessons, "NOTEBOOKS", tmp_path)
    for number in ("01", "02"):
        nbformat.write(nbformat.v4.new_notebook(metadata={"number": number}), tmp_path / f"{number}_test.ipynb")

    def numbers():
        signed["notebooks"].clear()
        lessons.trust()
        return [notebook.metadata.number for notebook in signed["notebooks"]]

    assert numbers() == ["01", "02"]  # a downloaded archive has no history

    def git(*arguments):
        me = ["-c", "user.name=me", "-c", "user.email=me@example.invalid"]
        subprocess.run(["git", *me, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    git("add", "01_test.ipynb")
    git("commit", "-m", "one")
    assert numbers() == ["01"]  # the other was put there by somebody
    nbformat.write(nbformat.v4.new_notebook(metadata={"number": "changed"}), tmp_path / "01_test.ipynb")
    assert numbers() == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [("~/data", "{home}/data"), ("data", "{cwd}/data"), ("../a$b c", "{cwd}/../a$b c"), ("{home}/x", "{home}/x")],
)
@pytest.mark.parametrize("name", ["GAN_COURSE_DATA", "GAN_COURSE_RUNS"])
def test_a_folder_is_the_same_from_everywhere(tmp_path, name, asked, found):
    places = {"home": str(tmp_path / "home"), "cwd": str(tmp_path / "cwd")}
    (tmp_path / "cwd").mkdir()
    setting = {**os.environ, "HOME": places["home"], "USERPROFILE": places["home"], name: asked.format(**places)}
    setting["PYTHONPATH"] = str(lessons.ROOT)
    code = f"import gan_course, os; print(os.environ[{name!r}])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=places["cwd"], env=setting, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == os.path.normpath(found.format(**places))


@pytest.fixture
def course(tmp_path):
    """A folder with the Makefile, and an environment whose Python prints its arguments and the course's variables."""
    shutil.copy2(lessons.ROOT / "Makefile", tmp_path)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    for name in ("pyproject.toml", "constraints.txt", ".venv/installed"):
        (tmp_path / name).write_text("python3\n")
    fake = '#!/bin/sh\nprintf "<%s>" "$0" "$@"\nprintf " %s %s\\n" "$GAN_COURSE_DATA" "$GAN_COURSE_RUNS"\n'
    for name in (".venv/bin/python", "python9"):
        (tmp_path / name).write_text(fake)
        (tmp_path / name).chmod(0o755)

    def make(*arguments, **variables):
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("GAN_COURSE", "MAKE", "MFLAGS"))}
        command = ["make", "--no-print-directory", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=kept | variables, capture_output=True, text=True).stdout

    return make


makes = pytest.mark.skipif(not shutil.which("make"), reason="no make here")


@makes
@pytest.mark.parametrize("target", ["run", "lab", "refresh", "record"])
@pytest.mark.parametrize("value", ["99; touch x", "$(touch x)", "`touch x`", "'; touch x; '", '"; touch x; "', "$x"])
def test_nothing_in_a_value_is_run(course, tmp_path, target, value):
    assert f"<{value}>" in course(target, f"LESSON={value}")
    assert f"<{value}>" in course(target, LESSON=value)
    assert not (tmp_path / "x").exists()


@makes
def test_make_hands_folders_over_as_they_were_written(course, tmp_path):
    for value in ("~/data", "a$b", "/x y"):
        assert f" {value} {tmp_path}/runs\n" in course("status", f"GAN_COURSE_DATA={value}")
        assert f" {value} {tmp_path}/runs\n" in course("status", GAN_COURSE_DATA=value)
        assert f"  {value}\n" in course("status", GAN_COURSE_RUNS=value)


@makes
def test_another_python_makes_the_environment_again(course, tmp_path):
    assert "<venv>" not in course("status") + course("status", "PYTHON=python3")
    assert "<./python9><-m><venv><--clear><.venv>" in course("status", "PYTHON=./python9")
    assert "<venv>" not in course("status")  # it stays
    (tmp_path / "pyproject.toml").write_text("changed")
    os.utime(tmp_path / "pyproject.toml", (4e9, 4e9))
    assert "<./python9><-m><venv><.venv>" in course("status")
