"""The budget: the parameter, then the environment variable, then `laptop`."""

import pytest

from gan_course.budget import BUDGETS, VARIABLE, resolve
from gan_course.errors import CourseError


@pytest.fixture(autouse=True)
def _no_variable(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def test_there_are_three_budgets():
    assert BUDGETS == ("smoke", "laptop", "full")


def test_the_variable_has_the_documented_name():
    assert VARIABLE == "GAN_COURSE_BUDGET"


def test_without_parameter_and_variable_it_is_laptop():
    assert resolve() == resolve(None) == "laptop"


@pytest.mark.parametrize("word", BUDGETS)
def test_the_variable_decides_where_there_is_no_parameter(monkeypatch, word):
    monkeypatch.setenv(VARIABLE, word)
    assert resolve() == word


@pytest.mark.parametrize("word", BUDGETS)
@pytest.mark.parametrize("variable", [*BUDGETS, "nonsense"])
def test_the_parameter_beats_the_variable_even_a_wrong_one(monkeypatch, word, variable):
    monkeypatch.setenv(VARIABLE, variable)
    assert resolve(word) == word


def test_an_empty_variable_counts_as_not_set(monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    assert resolve() == "laptop"


@pytest.mark.parametrize("word", ["huge", "", "Smoke", " full", 3])
def test_an_unknown_parameter_is_an_error_that_names_its_source_and_the_choices(monkeypatch, word):
    monkeypatch.setenv(VARIABLE, "smoke")  # must neither rescue the wrong word nor be blamed for it
    with pytest.raises(CourseError) as caught:
        resolve(word)
    message = str(caught.value)
    assert repr(word) in message
    assert "parameter `budget`" in message
    assert VARIABLE not in message
    assert "smoke, laptop, full" in message


def test_an_unknown_variable_is_an_error_that_names_its_source_and_the_choices(monkeypatch):
    monkeypatch.setenv(VARIABLE, "tiny")
    with pytest.raises(CourseError) as caught:
        resolve()
    message = str(caught.value)
    assert "'tiny'" in message
    assert f"${VARIABLE}" in message
    assert "parameter" not in message
    assert "smoke, laptop, full" in message
