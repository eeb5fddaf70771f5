"""The adapters of TensorFlow and of both Keras, object by object; whole trainings are in test_checkpoint_resume."""

import os
import subprocess
import sys

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import keras
import numpy as np
import pytest
import tensorflow as tf
import tf_keras
import torch

from gan_course import adapters, checkpoint
from gan_course.errors import CheckpointError

BOTH = pytest.mark.parametrize("kind", [keras, tf_keras], ids=["keras", "tf_keras"])


@pytest.fixture(autouse=True)
def generators():
    """tf_keras's layers own generators that can be saved; a switch of the whole process, so it is put back."""
    backend = tf_keras.backend.experimental
    before = backend.is_tf_random_generator_enabled()
    backend.enable_tf_random_generator()
    yield
    if not before:
        backend.disable_tf_random_generator()


def network(kind, width=8):
    layers = kind.layers
    return kind.Sequential(
        [
            layers.Input((4,)),
            layers.Dense(width),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            kind.Sequential([layers.Input((width,)), layers.Dense(3), layers.Dense(3)]),
        ]
    )


def round_trip(obj, change):
    """Save, change and restore an object; return what it held before, in between and after."""
    adapter = adapters.of(obj)
    before = adapter.arrays(obj)
    change(obj)
    between = adapter.arrays(obj)
    adapter.restore(obj, before)
    return before, between, adapter.arrays(obj)


def same(one, other):
    return one.keys() == other.keys() and all(np.array_equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize(
    ("obj", "change"),
    [
        (lambda: tf.Variable([1.0, 2.0]), lambda obj: obj.assign([3.0, 4.0])),
        (lambda: tf.random.Generator.from_seed(1), lambda obj: obj.normal((3,))),
        (lambda: keras.Variable([1.0, 2.0]), lambda obj: obj.assign([3.0, 4.0])),
        (lambda: keras.random.SeedGenerator(1), lambda obj: obj.next()),
        (lambda: keras.layers.Dropout(0.5), lambda obj: obj(np.ones((2, 2)), training=True)),
    ],
    ids=["tf.Variable", "tf.random.Generator", "keras.Variable", "SeedGenerator", "Dropout"],
)
def test_a_single_object_comes_back(obj, change):
    obj = obj()
    if isinstance(obj, keras.layers.Layer):
        obj.build((2, 2))
    before, between, after = round_trip(obj, change)
    assert not same(before, between)
    assert same(before, after)
    assert adapters.of(obj).trainable(obj) == set()


@BOTH
def test_a_network_comes_back_with_its_statistics_and_its_dropout(kind):
    net, x = network(kind), np.random.default_rng(0).standard_normal((5, 4)).astype(np.float32)
    before, between, after = round_trip(net, lambda net: net(x, training=True))
    moved = {key.partition("/")[2] for key in before if not np.array_equal(before[key], between[key])}
    assert len(moved) == 3  # two statistics, one generator
    assert same(before, after)
    outputs = []
    for _ in range(2):
        adapters.of(net).restore(net, before)
        outputs.append(np.array(net(x, training=True)))
    assert np.array_equal(*outputs)


@BOTH
def test_what_was_read_is_a_copy(kind):
    net = network(kind)
    before = adapters.of(net).arrays(net)
    kept = {key: value.copy() for key, value in before.items()}
    for variable in net.variables:
        variable.assign(variable + 1)
    assert same(before, kept)


@BOTH
def test_keys_are_unique_and_the_same_for_networks_made_later(kind):
    one, other = network(kind), network(kind)
    keys = list(adapters.of(one).arrays(one))
    assert keys == list(adapters.of(other).arrays(other))
    assert len(keys) == len(set(keys)) == 11


@BOTH
def test_freezing_a_network_changes_neither_its_keys_nor_what_counts_as_its_parameters(kind):
    net = network(kind)
    adapter = adapters.of(net)
    keys, trainable = list(adapter.arrays(net)), adapter.trainable(net)
    assert sorted(key.rpartition("/")[2] for key in trainable) == ["beta", "bias", "bias", "bias", "gamma"] + 3 * [
        "kernel"
    ]
    net.trainable = False
    assert net.trainable_variables == []
    assert list(adapter.arrays(net)) == keys
    assert adapter.trainable(net) == trainable


def test_pytorchs_buffers_do_not_count_as_parameters():
    net = torch.nn.Sequential(
        torch.nn.utils.parametrizations.spectral_norm(torch.nn.Linear(4, 3)), torch.nn.BatchNorm1d(3)
    )
    net.requires_grad_(False)
    parameters = {"0.bias", "0.parametrizations.weight.original", "1.weight", "1.bias"}
    assert adapters.of(net).trainable(net) == parameters
    assert parameters < adapters.of(net).arrays(net).keys()
    assert adapters.of(net).trainable(torch.Generator()) == set()


def test_a_parameter_that_two_layers_of_pytorch_share_counts_under_both_names():
    net = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
    net[1].weight = net[0].weight
    assert adapters.of(net).trainable(net) == adapters.of(net).arrays(net).keys()


def test_pytorchs_optimiser_of_another_kind_is_refused():
    weights = [torch.nn.Parameter(torch.zeros(2))]
    saved = adapters.of(adam := torch.optim.Adam(weights)).arrays(adam)
    with pytest.raises(ValueError, match="another kind of optimiser: only one of the two has .*betas"):
        adapters.of(adam).restore(torch.optim.RMSprop(weights), saved)


@pytest.mark.parametrize("fused", [False, True])
def test_pytorchs_adam_steps_on_equally_with_the_channels_last(fused):
    """What is saved has no layout in memory; a fused step pairs a weight with its moments by their places in it."""
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(layer.parameters(), fused=fused)

    def step():
        optimiser.zero_grad()
        layer(torch.arange(75.0).reshape(1, 3, 5, 5)).pow(2).sum().backward()
        optimiser.step()

    step()
    saved = [adapters.of(obj).arrays(obj) for obj in (layer, optimiser)]
    step()
    once = adapters.of(layer).arrays(layer)
    for obj, values in zip((layer, optimiser), saved, strict=True):
        adapters.of(obj).restore(obj, values)
    step()
    assert same(once, adapters.of(layer).arrays(layer))


def test_keras_spectral_norm_has_a_buffer():
    net = keras.Sequential([keras.Input((4,)), keras.layers.SpectralNormalization(keras.layers.Dense(3))])
    buffers = adapters.of(net).arrays(net).keys() - adapters.of(net).trainable(net)
    assert [key.rpartition("/")[2] for key in buffers] == ["vector_u"]


@BOTH
def test_another_architecture_is_named_by_its_first_tensor(kind):
    saved = adapters.of(net := network(kind)).arrays(net)
    wider = network(kind, width=9)
    with pytest.raises(ValueError, match=r"0/\S*dense/kernel was saved as \(4, 8\), here it is \(4, 9\)\."):
        adapters.of(wider).restore(wider, saved)


@BOTH
def test_a_network_that_is_not_built_says_how(kind):
    net = kind.Sequential([kind.layers.Dense(3)])
    with pytest.raises(CheckpointError, match="Input layer"):
        adapters.of(net).arrays(net)


def optimisers(kind):
    optimizers = kind.optimizers
    yield optimizers.Adam(1e-3)
    yield optimizers.RMSprop(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5))
    yield optimizers.SGD(0.1, use_ema=True, ema_momentum=0.9)
    if kind is tf_keras:
        yield optimizers.legacy.RMSprop(1e-2, clipvalue=1.0, decay=0.1)
        yield optimizers.legacy.Adam(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5))


def build(optimiser, weights):
    legacy = isinstance(optimiser, tf_keras.optimizers.legacy.Optimizer)
    (optimiser._create_all_weights if legacy else optimiser.build)(weights)


@BOTH
def test_every_optimiser_comes_back_and_steps_on_equally(kind):
    for optimiser in optimisers(kind):
        net = network(kind)
        adapter, weights = adapters.of(net), net.trainable_variables
        build(optimiser, weights)

        def step(_=None, optimiser=optimiser, weights=weights):
            optimiser.apply_gradients([(tf.ones(w.shape), w) for w in weights])

        step()
        before_net = adapter.arrays(net)
        before, between, after = round_trip(optimiser, step)
        assert not same(before, between)
        assert same(before, after)
        adapter.restore(net, before_net)
        step()
        once = adapter.arrays(net)
        adapter.restore(optimiser, before)
        adapter.restore(net, before_net)
        step()
        assert same(once, adapter.arrays(net))
        assert adapter.trainable(optimiser) == set()


@BOTH
def test_a_learning_rate_that_was_changed_comes_back(kind):
    for optimiser in [kind.optimizers.Adam(0.5)] + ([kind.optimizers.legacy.SGD(0.5)] if kind is tf_keras else []):
        build(optimiser, network(kind).trainable_variables)
        before, between, after = round_trip(optimiser, lambda obj: setattr(obj, "learning_rate", 0.25))
        assert not same(before, between)
        assert same(before, after)
        assert float(optimiser.learning_rate) == 0.5


def first_step(optimiser, weights):
    """Let an optimiser make its variables where most do: while a step is compiled."""

    @tf.function
    def step():
        optimiser.apply_gradients([(w * 1, w) for w in weights])

    step()


@BOTH
def test_an_optimiser_has_the_same_keys_whether_its_first_step_or_its_build_made_them(kind):
    for stepped, built in zip(optimisers(kind), optimisers(kind), strict=True):
        net = network(kind)
        first_step(stepped, net.trainable_variables)
        build(built, net.trainable_variables)
        assert list(adapters.of(built).arrays(built)) == list(adapters.of(stepped).arrays(stepped))


@BOTH
def test_an_optimiser_that_is_not_built_says_how(kind):
    with pytest.raises(CheckpointError, match=r"opt: .*build it with opt\.build\(model\.trainable_variables\) before"):
        checkpoint.save("never-written", {"opt": kind.optimizers.Adam()}, {})


def test_a_legacy_optimiser_that_is_not_built_says_how():
    with pytest.raises(CheckpointError, match=r"_create_all_weights\(model\.trainable_variables\) before"):
        adapters.of(opt := tf_keras.optimizers.legacy.RMSprop()).arrays(opt)


def test_restoring_into_what_is_not_built_says_how_and_not_to_start_afresh(tmp_path):
    built, opt = keras.optimizers.Adam(), keras.optimizers.Adam()
    built.build(network(keras).trainable_variables)
    checkpoint.save(tmp_path / "c", {"opt": built}, {})
    with pytest.raises(CheckpointError, match=r"opt\.build") as caught:
        checkpoint.restore(tmp_path / "c", {"opt": opt}, checkpoint.read(tmp_path / "c")[2])
    assert "afresh" not in str(caught.value)


@pytest.mark.parametrize("layer", [lambda: tf_keras.layers.Dropout(0.5), lambda: tf_keras.layers.GaussianNoise(1.0)])
def test_tf_keras_layers_whose_generator_cannot_be_saved_are_an_error(layer):
    tf_keras.backend.experimental.disable_tf_random_generator()
    net = tf_keras.Sequential([tf_keras.layers.Input((4,)), layer(), tf_keras.layers.Dense(1)])
    with pytest.raises(CheckpointError, match=r"enable_tf_random_generator\(\) before the network is made"):
        adapters.of(net).arrays(net)


def test_tf_keras_layers_that_could_draw_but_do_not_are_no_error():
    tf_keras.backend.experimental.disable_tf_random_generator()
    net = tf_keras.Sequential([tf_keras.layers.Input((4, 2)), tf_keras.layers.Dropout(0.0), tf_keras.layers.LSTM(3)])
    assert len(adapters.of(net).arrays(net)) == 3


class Own(keras.Model):
    """A lesson's own class, which is Keras's only by its base class."""

    def __init__(self):
        super().__init__()
        self.inner = network(keras)

    def call(self, x):
        return self.inner(x)


def test_a_lessons_own_class_of_model_is_found(tmp_path):
    net = Own()
    net(np.zeros((1, 4)))
    assert len(adapters.of(net).arrays(net)) == 11


def test_keras_global_generator_comes_back_also_where_it_did_not_exist_yet(tmp_path):
    keras.utils.set_random_seed(0)
    assert "keras.global_seed_generator" not in adapters.ambient()
    keras.random.normal((1,))
    checkpoint.save(tmp_path / "c", {}, {})
    expected = np.array(keras.random.normal((3,)))
    keras.utils.set_random_seed(1)
    checkpoint.restore(tmp_path / "c", {}, checkpoint.read(tmp_path / "c")[2])
    assert np.array_equal(keras.random.normal((3,)), expected)


@pytest.mark.parametrize(
    ("obj", "name"),
    [(tf.constant(1.0), "tf.Variable"), (keras.losses.MeanSquaredError(), "model"), (tf_keras.losses.Hinge(), "model")],
)
def test_what_cannot_be_restored_in_place_is_refused(obj, name):
    with pytest.raises(TypeError, match=f"can't be saved; pass .*{name}"):
        adapters.of(obj).arrays(obj)


def test_no_framework_is_imported_unasked():
    """That none is imported for another, test_checkpoint_resume sees."""
    code = (
        "import sys, gan_course.adapters as a; a.ambient(); assert not (set(a.MODULES) - {'numpy'}) & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
