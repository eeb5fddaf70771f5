"""How the yardstick's classifiers were trained, and how they become ONNX files.

``python -m gan_course.yardstick.train mnist`` trains MNIST's again (eight minutes on two idle cores), writes
``classifier_mnist.onnx`` into the current folder, and says whether that is the same file as this package's.
It never replaces the package's own: every recorded result was measured with that one.

A small convolutional network on the 60,000 training images, with random affine changes and dropout; the
test set is used only once, after training. PyTorch and onnx are needed here and nowhere else in the
yardstick. The same machine, thread count and PyTorch give the same weights.

Sources: the schedule is L. N. Smith and N. Topin, "Super-Convergence", 2017, arXiv:1708.07120; the
optimiser I. Loshchilov and F. Hutter, "Decoupled Weight Decay Regularization", 2017, arXiv:1711.05101.
"""

import argparse
import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from gan_course.data import load
from gan_course.yardstick.classifier import SHA256, WIDTH, Classifier

BATCH = 128
CHANNELS = (24, 48, 64)
OPSET, IR_VERSION = 17, 8  # old enough for every onnxruntime since 1.14


@dataclass(frozen=True)
class Settings:
    """What differs between the trainings of two classifiers.

    Attributes
    ----------
    epochs : int
    threads : int
        Sums over a batch are split between threads, so their number changes the last bits.
    changes : dict or None
        How much :func:`augment` changes each image at most. ``None`` leaves the images as they are.
    """

    epochs: int
    threads: int
    changes: dict | None


SETTINGS = {
    "mnist": Settings(epochs=20, threads=2, changes={"angle": 0.21, "scale": 0.12, "shear": 0.2, "shift": 2}),
    "fashion": Settings(epochs=8, threads=1, changes=None),
}


def network():
    """Return the untrained network: float32 (n, 1, 28, 28) in [0, 1] to logits (n, 10).

    Three blocks of convolution, batch norm, ReLU and pooling (28 to 14 to 7 to 3 pixels), then
    ``WIDTH`` features, a ReLU, and the logits.
    """

    def block(inputs, outputs):
        return nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU(), nn.MaxPool2d(2)
        )

    first, second, third = CHANNELS
    return nn.Sequential(
        block(1, first),
        block(first, second),
        block(second, third),
        nn.Flatten(),
        nn.Dropout(0.3),
        nn.Linear(third * 3 * 3, WIDTH),
        nn.ReLU(),
        nn.Linear(WIDTH, 10),
    )


def augment(images, generator, angle, scale, shear, shift):
    """Rotate, scale, shear and shift each image at random.

    Parameters
    ----------
    images : torch.Tensor
        float32 (n, 1, 28, 28).
    generator : torch.Generator
    angle, scale, shear, shift : float
        At most so much, in both directions: radians, a fraction, a fraction, pixels.
    """

    def uniform(*shape):
        return torch.rand(*shape, generator=generator) * 2 - 1

    # The order of these four draws is part of what makes the weights reproducible.
    n = len(images)
    angle = uniform(n) * angle
    scale = 1 + uniform(n) * scale
    shear = uniform(n) * shear
    shift = uniform(n, 2) * (shift / 14)  # in half widths of the image
    cos, sin = torch.cos(angle) * scale, torch.sin(angle) * scale
    rows = [torch.stack([cos, -sin + shear, shift[:, 0]], 1), torch.stack([sin, cos, shift[:, 1]], 1)]
    grid = F.affine_grid(torch.stack(rows, 1), images.shape, align_corners=False)
    return F.grid_sample(images, grid, align_corners=False)


def train(images, labels, settings, seed=0):
    """Return a trained :func:`network`, in evaluation mode.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, 28, 28); ``n`` is at least one batch of 128.
    labels : numpy.ndarray
        uint8 (n,).
    settings : Settings
    seed : int
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(seed)  # the first weights, and dropout
    generator = torch.Generator().manual_seed(seed)  # the order of the images, and their changes
    images, labels = torch.tensor(images), torch.tensor(labels).long()
    net = network()
    batches = len(images) // BATCH
    optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=settings.epochs * batches)
    for epoch in range(settings.epochs):
        order = torch.randperm(len(images), generator=generator)
        for i in range(batches):
            chosen = order[i * BATCH : (i + 1) * BATCH]
            batch = images[chosen, None].float() / 255
            if settings.changes:
                batch = augment(batch, generator, **settings.changes)
            optimiser.zero_grad(set_to_none=True)
            loss = F.cross_entropy(net(batch), labels[chosen])
            loss.backward()
            optimiser.step()
            schedule.step()
        print(f"epoch {epoch + 1} of {settings.epochs}: loss of the last batch {loss.item():.4f}", flush=True)
    return net.eval()


def to_onnx(net):
    """Return a trained :func:`network` as an ONNX file's bytes; equal weights give equal bytes.

    The graph takes ``images``, uint8 (n, 28, 28), and gives ``features``, float32 (n, WIDTH), after
    their ReLU, and ``logits``, float32 (n, 10). Batch norm is folded into the convolutions.
    """
    nodes, constants = [], []

    def constant(name, array):
        constants.append(numpy_helper.from_array(array, name))
        return name

    def node(kind, inputs, output, **attributes):
        nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    x = node("Cast", ["images"], "floats", to=TensorProto.FLOAT)
    x = node("Div", [x, constant("white", np.float32(255))], "scaled")
    x = node("Reshape", [x, constant("shape", np.array([-1, 1, 28, 28]))], "block0")
    for number, (convolution, norm, _, _) in enumerate((net[0], net[1], net[2]), start=1):
        weight, bias = folded(convolution, norm)
        inputs = [x, constant(f"weight{number}", weight), constant(f"bias{number}", bias)]
        x = node("Conv", inputs, f"convolution{number}", kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        x = node("Relu", [x], f"relu{number}")
        x = node("MaxPool", [x], f"block{number}", kernel_shape=[2, 2], strides=[2, 2])
    x = node("Flatten", [x], "flat")
    for name, layer, output in (("hidden", net[5], "before_relu"), ("last", net[7], "logits")):
        weight, bias = layer.weight.detach().numpy(), layer.bias.detach().numpy()
        inputs = [x, constant(f"weight_{name}", weight), constant(f"bias_{name}", bias)]
        x = node("Gemm", inputs, output, transB=1)
        if name == "hidden":
            x = node("Relu", [x], "features")

    graph = helper.make_graph(
        nodes,
        "yardstick",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["n", 28, 28])],
        [
            helper.make_tensor_value_info("features", TensorProto.FLOAT, ["n", WIDTH]),
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", 10]),
        ],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    model.producer_name = "gan_course.yardstick.train"
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)


def folded(convolution, norm):
    """Return weight and bias of one convolution that does what this one and its batch norm do."""

    def float64(tensor):
        return tensor.detach().numpy().astype(np.float64)

    scale = float64(norm.weight) / np.sqrt(float64(norm.running_var) + norm.eps)
    weight = float64(convolution.weight) * scale[:, None, None, None]
    bias = (float64(convolution.bias) - float64(norm.running_mean)) * scale + float64(norm.bias)
    return weight.astype(np.float32), bias.astype(np.float32)


def main():
    parser = argparse.ArgumentParser(
        prog="python -m gan_course.yardstick.train", description="Train one of the yardstick's classifiers again."
    )
    parser.add_argument("data", choices=SETTINGS, help="the data set")
    data = parser.parse_args().data
    output = Path(f"classifier_{data}.onnx")
    content = to_onnx(train(*load(data, "train", strict=True), SETTINGS[data]))
    output.write_bytes(content)
    images, labels = load(data, "test", strict=True)
    accuracy = np.mean(Classifier(content).look(images)[1].argmax(axis=1) == labels)
    sha256 = hashlib.sha256(content).hexdigest()
    print(f"{output}: {len(content):,} bytes, {100 * accuracy:.2f} % on the test images\nSHA-256 {sha256}")
    if sha256 == SHA256[data]:
        print("It is the package's own file.")
    else:
        print(
            "It isn't the package's own file: another machine or PyTorch gives other last bits. Results measured "
            "with one can't be compared with results measured with the other, so don't replace the package's file, "
            "unless every recorded result is made again (SHA256 in classifier.py, then the floors, then results)."
        )


if __name__ == "__main__":
    main()
