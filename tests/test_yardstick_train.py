"""How the classifier is trained and exported, without training it: that takes eight minutes."""

import hashlib

import numpy as np
import onnx
import pytest
import torch

from gan_course.data import digits
from gan_course.yardstick import train
from gan_course.yardstick.classifier import FOLDER, SHA256, Classifier

CHANGES = train.SETTINGS["mnist"].changes


def settings(epochs):
    return train.Settings(epochs, threads=1, changes=CHANGES)  # two threads on a busy machine wait for each other


@pytest.fixture(scope="module")
def images():
    return digits("test").images


@pytest.fixture(autouse=True)
def leave_pytorch_as_it_was():
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    yield
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


@pytest.fixture(scope="module")
def net():
    """A network with weights and batch statistics that are neither 0 nor 1."""
    torch.manual_seed(0)
    net = train.network()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight, module.bias, module.running_mean, module.running_var):
                torch.nn.init.uniform_(tensor, 0.2, 2)
    return net.eval()


def test_the_exported_file_sees_what_pytorch_sees(net, images):
    features, probabilities = Classifier(train.to_onnx(net)).look(images)
    with torch.no_grad():
        x = torch.from_numpy(images)[:, None].float() / 255
        expected = net[:7](x)  # up to the ReLU after the hidden layer
        logits = net[7:](expected)
    np.testing.assert_allclose(features, expected.numpy(), atol=1e-4)
    np.testing.assert_allclose(probabilities, logits.double().softmax(1).numpy(), atol=1e-4)
    assert features.std() > 0.1  # not all alike


def test_folding_keeps_to_the_small_number_that_batch_norm_adds_to_the_variance():
    torch.manual_seed(1)
    convolution, norm = torch.nn.Conv2d(2, 3, 3), torch.nn.BatchNorm2d(3).eval()
    torch.nn.init.uniform_(norm.running_var, 1e-6, 1e-4)  # as small as norm.eps, 1e-5
    x = torch.randn(5, 2, 6, 6)
    weight, bias = map(torch.from_numpy, train.folded(convolution, norm))
    with torch.no_grad():
        torch.testing.assert_close(torch.conv2d(x, weight, bias), norm(convolution(x)), rtol=1e-4, atol=1e-2)


def test_equal_weights_give_equal_bytes(net):
    assert train.to_onnx(net) == train.to_onnx(net)


@pytest.mark.parametrize("data", SHA256)
def test_the_packages_file_is_what_the_script_writes(data):
    """The same graph and shapes; its weights are those of a training that no test has time for."""

    def form(model):
        graph = model.graph
        nodes = [(node.op_type, list(node.input), list(node.output), list(node.attribute)) for node in graph.node]
        shapes = [(tensor.name, tensor.data_type, list(tensor.dims)) for tensor in graph.initializer]
        return nodes, shapes, list(graph.input), list(graph.output), model.ir_version, list(model.opset_import)

    ours = onnx.load(FOLDER / f"classifier_{data}.onnx")
    assert form(ours) == form(onnx.load_from_string(train.to_onnx(train.network().eval())))
    assert [tensor.name for tensor in ours.graph.input] == ["images"]
    assert [tensor.name for tensor in ours.graph.output] == ["features", "logits"]
    assert not any(node.op_type in ("BatchNormalization", "Dropout") for node in ours.graph.node)


def test_training_learns_and_is_reproducible(images, capsys):
    images, labels = digits("train")
    images, labels = images[:512], labels[:512]
    first, second = (train.train(images, labels, settings(6)) for _ in range(2))
    assert not first.training
    for name, tensor in first.state_dict().items():
        assert torch.equal(tensor, second.state_dict()[name]), name
    assert "epoch 6 of 6" in capsys.readouterr().out
    with torch.no_grad():
        predicted = first(torch.from_numpy(images)[:, None].float() / 255).argmax(1).numpy()
    assert np.mean(predicted == labels) > 0.7  # chance is 0.1


def test_another_seed_gives_other_weights(images, capsys):
    labels = digits("test").labels
    first, second = (train.to_onnx(train.train(images, labels, settings(1), seed)) for seed in (0, 1))
    assert hashlib.sha256(first).digest() != hashlib.sha256(second).digest()


def test_the_changes_are_small_and_come_from_their_generator(images):
    x = torch.from_numpy(images)[:, None].float() / 255

    def changed_by(seed):
        return train.augment(x, torch.Generator().manual_seed(seed), **CHANGES)

    changed = changed_by(0)
    assert changed.shape == x.shape
    assert 0 <= changed.min() and changed.max() <= 1.0001
    assert torch.equal(changed, changed_by(0))
    assert not torch.equal(changed, changed_by(1))
    assert (changed.sum() / x.sum()).item() == pytest.approx(1, abs=0.1)  # as much ink, on average
