"""What lesson 04's exercises take for granted, measured: the printed orders, the port, and the numbers of the logs."""

import ast
from types import SimpleNamespace

import keras
import nbformat
import numpy as np
import pytest
import tf_keras
from scipy import stats

from gan_course import lessons
from gan_course.exercises import lesson_04 as check

LEGACY = tf_keras.optimizers.legacy


def cell(name):
    notebook = nbformat.read(lessons.find("04"), as_version=4)
    return next(cell.source for cell in notebook.cells if cell.id == name)


@pytest.mark.filterwarnings("ignore:The model does not have any trainable weights")
def test_the_printed_orders_do_what_the_key_says():
    names = {"np": np, "keras": keras, "tf_keras": tf_keras, "legacy": LEGACY, "SimpleNamespace": SimpleNamespace}
    verdict = next(node for node in ast.parse(cell("table")).body if isinstance(node, ast.FunctionDef))
    for source in (cell("play"), cell("play-2"), ast.unparse(verdict), cell("exercise-2")):
        exec(source, names)
    with check.settings():
        for letter, order in names["FOUR"].items():
            found = []
            for K in (tf_keras, keras):
                try:
                    found.append(names["verdict"](names["play"](K, *order).moves))
                except ValueError as error:
                    assert "Unknown variable" in str(error)
                    found.append(check.ERROR)
            assert tuple(found) == check.FOUR[letter], letter


@pytest.mark.parametrize(("name", "shape", "ours"), [("discriminator", (28, 28, 1), 0), ("generator", (100,), 1)])
def test_the_port_draws_what_the_lessons_networks_draw(name, shape, ours):
    names = {"tf_keras": tf_keras, "layers": tf_keras.layers, "latent_dim": 100}
    exec(cell(name), names)
    old, new = names[f"make_{name}"](8), check.keras_3.reference[ours](8, 0.4)
    weights = [check.filling(i, w.shape) for i, w in enumerate(old.get_weights())]
    old.set_weights(weights), new.set_weights(weights)
    x = check.numbers(4, *shape)
    assert np.allclose(old(x, training=False), new(x, training=False), atol=1e-4)
    assert [w.shape for w in old.get_weights()] == [w.shape for w in new.get_weights()]
    assert [layer.rate for layer in old.layers if hasattr(layer, "rate")] == [
        layer.rate for layer in check.leaves(new) if hasattr(layer, "rate")
    ]


def test_the_ported_optimiser_and_the_predicted_steps_are_those_of_the_legacy_class():
    def path(opt, variable, gradients):
        for gradient in gradients:
            opt.apply_gradients([(np.float32(gradient), variable)])
            yield float(variable.numpy())

    import tensorflow as tf

    gradients = [1e-4, 1e-4, 0.5, 5.0, -3.0]
    old = list(path(LEGACY.RMSprop(8e-4, clipvalue=1.0, decay=1e-3), tf.Variable(0.0), gradients))
    new = list(path(check.optimiser(8e-4, 1e-3), keras.Variable(0.0), gradients))
    assert np.allclose(old, new, rtol=0.01)
    steps = np.abs(np.diff([0.0, *path(LEGACY.RMSprop(1e-3, rho=0.99), tf.Variable(0.0), [0.02, 0.02])]))
    assert check.STEPS["first_step"].holds(steps[0]) and check.STEPS["second_step"].holds(steps[1])


def test_the_numbers_of_the_logs_and_of_students_t():
    assert (
        f"{-(0.9 * np.log(0.9) + 0.1 * np.log(0.1)) / 2:.3f}" == "0.163" and f"{np.log1p(np.exp(-0.3)):.3f}" == "0.554"
    )
    assert f"{np.log1p(np.exp(0.3)):.3f}" == "0.854" and f"{stats.t.ppf(0.975, 4):.3f}" == "2.776"


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda rate, decay: check.optimiser(rate, decay / 2), "as if the decay were 0.5 times"),
        (lambda rate, decay: check.optimiser(rate / 2, decay), "`rate` is what the schedule begins with"),
        (lambda rate, decay: check.optimiser(rate, decay, rho=0.5), "1/√(1 - rho)"),
        (lambda rate, decay: check.optimiser(rate, decay, clipvalue=None), "clipped to 1"),
        (lambda rate, decay: check.optimiser(rate, decay, momentum=0.9), "momentum"),
        (
            lambda rate, decay: check.optimiser(keras.optimizers.schedules.CosineDecay(rate, 9), decay, falls=False),
            "CosineDecay falls in another way",
        ),
    ],
)
def test_an_optimiser_of_another_kind_is_told_what_its_steps_show(make, words):
    result = check.keras_3(check.discriminator, check.generator, make)
    assert result.passed is False and words in result.message


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d, g: (lambda x, y: d(x, 0.8 * y + 0.1), g), "no label_smoothing"),
        (lambda d, g: (lambda x, y: d(x, 0 * y + 1), g), "labels of its own"),
        (lambda d, g: (lambda x, y: d(2 * x, y), g), "Hand on what comes in"),
        (lambda d, g: (lambda x, y: d(x[:2], y[:2]), g), "Hand on the whole batch"),
        (lambda d, g: (lambda x: d(x, 1), g), "called as update_d(images, labels)"),
    ],
)
def test_an_update_of_another_kind_is_told_which_labels_it_goes_by(change, words):
    result = check.portable(lambda *arguments: check.updates(*arguments, back=change))
    assert result.passed is False and words in result.message
