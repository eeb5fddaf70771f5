"""A check never raises, knows a stub from an answer, and says where an answer broke."""

import numpy as np
import pytest
import torch
from exercises import assert_named

from gan_course.checks.core import Wrong, agree, array, call, close, dictionary, exercise, number


@exercise
def square(answer):
    value = number(call(answer, 3.0))
    if value == 6:
        raise Wrong("This doubles x.")
    if not close(value, 9):
        raise Wrong(f"At 3 it is 9, yours is {value}.")
    return "x times x."


def divides(x):
    return x / 0


def test_right_wrong_and_nothing_yet():
    assert repr(square(lambda x: x * x)) == "✓ Right. x times x."
    assert repr(square(lambda x: 2 * x)) == "✗ Not right yet. This doubles x."
    assert square(lambda x: x * x) and not square(lambda x: 2 * x) and not square(...)
    assert [square(answer).passed for answer in (lambda x: torch.tensor([9.0]), lambda x: 8, ...)] == [
        True,
        False,
        None,
    ]


@pytest.mark.parametrize("stub", [..., None, lambda x: ..., lambda x: None])
def test_a_stub_is_no_wrong_answer(stub):
    assert square(stub).passed is None


def test_a_function_that_is_only_dots_is_a_stub_whatever_its_arguments():
    def stub(a, b=1, *, c): ...

    def written(a):
        return a

    takes_anything = exercise(lambda answer: "")
    assert takes_anything(stub).passed is None and takes_anything({"f": stub}).passed is None
    assert takes_anything(written).passed


def test_a_stub_inside_a_collection_is_found():
    takes_anything = exercise(lambda answer: "")
    for stub in ({"a": 1, "b": ...}, [1, ...], (..., 2), {"a": {"b": ...}}):
        assert takes_anything(stub).passed is None
    assert takes_anything({"a": np.zeros(3)}).passed


def test_an_error_in_the_answer_is_told_with_its_line():
    result = square(divides)
    assert result.passed is False
    assert "ZeroDivisionError: float division by zero" in result.message
    assert "return x / 0" in result.message


@pytest.mark.parametrize(
    "answer", ["text", 7, lambda x: "text", lambda x: [1, 2], lambda: 9, lambda x: float("nan"), lambda x: exit()]
)
def test_any_answer_gets_a_result(answer):
    result = square(answer)
    assert result.passed is False and result.message


def test_an_interrupt_is_not_an_answer():
    def interrupted(x):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        square(interrupted)


def test_the_arguments_are_copies():
    x = np.zeros(3)

    def spoils(x):
        x += 1
        return x

    call(spoils, x)
    assert not x.any()


def test_numbers_of_any_framework():
    assert array(torch.ones(2, requires_grad=True)).tolist() == [1, 1]
    assert array([1, 2]).dtype == np.float64
    with pytest.raises(Wrong, match="Numbers are wanted"):
        array("text")
    assert not close([np.nan], [np.nan]) and not close([1, 2], [1]) and close(1e9 + 1, 1e9)


@exercise
def colours(answer):
    dictionary(answer, "AB", {"red", "blue"})
    agree(answer, {"A": "red", "B": "blue"}, {"A": "Look at A.", "B": "Look at B."})
    return "Red and blue."


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        ("red, blue", "A dict with the keys A, B"),
        ({"A": "red"}, "A dict with the keys A, B"),
        ({"A": "red", "B": "green"}, "B: 'green' is none of the words: blue, red."),
        ({"A": "red", "B": ["blue"]}, "B: ['blue'] is none of the words"),
        ({"A": "red", "B": "red"}, "B is not 'red'. Look at B."),
        ({"A": "blue", "B": "red"}, "A is not 'blue'. Look at A."),
    ],
)
def test_a_dict_of_words_gets_the_hint_of_its_first_mistake(answer, hint):
    assert_named(colours(answer), hint)


def test_the_right_words_pass():
    assert colours({"B": "blue", "A": "red"})
