"""What this machine is, how fast, and how long a lesson will take on it.

The course gives times at *factor 1*: on a machine where a training step of lesson 06 takes 11.5 ms on two threads. A
machine's factor says how many times as long a lesson takes there. It is measured with some seconds of fixed arithmetic,
once for each framework, in a process of its own (so that no lesson's random numbers change), and kept in the user's
cache folder. Nothing is measured at import.
"""

import json
import os
import platform
import re
import subprocess
import sys
import time
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from gan_course.errors import MissingError

STEP_MS = 11.5  # a step of lesson 06 at factor 1
FRAMEWORKS = {"torch": "PyTorch", "tensorflow": "TensorFlow"}
REFERENCE_MS = {"torch": 10.5, "tensorflow": 11.2}  # a step of the arithmetic below at factor 1
THREADS = {"torch": ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
THREADS["tensorflow"] = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")
BATCH, WARM_UP, BLOCKS, STEPS = 32, 10, 12, 10
LONG_MINUTES = 15
SHORTER = """\
That is long. It can be cut short: stop the training cell with ■ at any time. The run ends after its current step, the
cells below use what was trained so far, the verdict says that it isn't judged, and Run(..., resume=True) continues it."""


def missing(*modules):
    """Return one line on what isn't installed and how to get it, or "" if all of these modules are there."""
    absent = [name for name in modules if find_spec(name) is None]
    if "tensorflow" in absent and sys.version_info >= (3, 14):
        python = "Python {}.{}".format(*sys.version_info)
        return f"TensorFlow, which has no build for {python} yet: make lab PYTHON=python3.13"
    return f'{", ".join(absent)}: make install, or pip install -e ".[all]"' if absent else ""


def require(*modules):
    """Check that a lesson's libraries are installed, without importing them.

    Raises
    ------
    MissingError
        If one is not. A notebook shows its line alone, without a traceback.
    """
    if line := missing(*modules):
        raise MissingError(f"This lesson needs {line}")


def processor():
    """Return the processor's name (str), as its maker gives it, without marks and frequency."""
    try:
        name = {"Linux": _linux, "Darwin": _macos, "Windows": _windows}[platform.system()]()
    except (KeyError, OSError, StopIteration, subprocess.SubprocessError):
        name = ""
    name = re.sub(r"\((R|TM|r|tm)\)| CPU|@.*", "", name or platform.processor() or platform.machine())
    return " ".join(name.split())


def _linux():
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    return next(line.partition(":")[2] for line in lines if line.startswith(("model name", "Model")))


def _macos():
    command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _windows():
    import winreg

    with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
        return winreg.QueryValueEx(key, "ProcessorNameString")[0]


def cores():
    """Return how many processor cores this process may use (int)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def framework(lesson):
    """Return whose arithmetic a lesson's time depends on: ``"tensorflow"`` or ``"torch"``.

    Parameters
    ----------
    lesson : dict
        The entry ``lesson`` of a notebook's metadata.
    """
    return "tensorflow" if re.search("TensorFlow|Keras", lesson.get("framework", "")) else "torch"


def factor(framework, *, measure=True, again=False):
    """Return how many times as long as at factor 1 a lesson takes on this machine's processor.

    Parameters
    ----------
    framework : str
        ``"torch"`` or ``"tensorflow"``.
    measure : bool
        Measure where no earlier measurement is kept: that takes some seconds.
    again : bool
        Measure in any case.

    Returns
    -------
    float or None
        None if it isn't known: not measured, or the framework isn't installed or doesn't run.
    """
    try:
        version = metadata.version(framework)
    except metadata.PackageNotFoundError:
        return None
    import platformdirs

    file = Path(platformdirs.user_cache_dir("gan_course"), "speed.json")
    threads = [os.environ.get(name, "") for name in THREADS[framework]]
    key = f"{framework} {version}, {processor()}, {cores()} cores, threads {threads}"
    try:
        kept = dict(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, TypeError, ValueError):
        kept = {}
    if again or (measure and key not in kept):
        if (milliseconds := _measured(framework)) is None:
            return None
        kept[key] = round(milliseconds / REFERENCE_MS[framework], 2)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(kept, indent=2), encoding="utf-8")
        except OSError:
            pass  # it is measured again next time
    return kept.get(key)


def _measured(framework):
    """Return milliseconds a step of the fixed arithmetic, from a process of its own, or None."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "", "TF_ENABLE_ONEDNN_OPTS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "gan_course.machine", framework]
    try:
        done = subprocess.run(
            command, cwd=Path(__file__).parent.parent, env=environment, capture_output=True, text=True, timeout=300
        )
        return float(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def milliseconds(step):
    """Return how long a call of ``step`` takes, in milliseconds: the least of several blocks, for others only add to it."""
    for _ in range(WARM_UP):
        step()
    blocks = []
    for _ in range(BLOCKS):
        started = time.perf_counter()
        for _ in range(STEPS):
            step()
        blocks.append(1000 * (time.perf_counter() - started) / STEPS)
    return min(blocks)


def torch_step():
    """Return a function that takes a training step of a GAN of lesson 06's shapes, on noise, in PyTorch."""
    import torch
    from torch import nn
    from torch.nn.functional import softplus

    def up(inputs, outputs):
        return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()

    def down(inputs, outputs, kernel):
        return nn.Conv2d(inputs, outputs, kernel, 2, 1), nn.LeakyReLU(0.2)

    torch.manual_seed(0)
    first = nn.Linear(16, 7 * 7 * 64), nn.Unflatten(1, (64, 7, 7)), nn.BatchNorm2d(64), nn.ReLU()
    generator = nn.Sequential(*first, *up(64, 32), *up(32, 16), nn.Conv2d(16, 1, 3, padding=1), nn.Tanh())
    discriminator = nn.Sequential(*down(1, 32, 4), *down(32, 48, 4), *down(48, 64, 3), nn.Flatten(), nn.Linear(1024, 1))
    players = [network.to(memory_format=torch.channels_last) for network in (generator, discriminator)]
    opt_g, opt_d = (torch.optim.Adam(network.parameters(), fused=True) for network in players)
    real = torch.rand(BATCH, 1, 28, 28)

    def step():
        fake = generator(torch.randn(BATCH, 16))
        real_logits, fake_logits = discriminator(torch.cat([real, fake.detach()])).chunk(2)
        opt_d.zero_grad()
        (softplus(-real_logits).mean() + softplus(fake_logits).mean()).backward()
        opt_d.step()
        opt_g.zero_grad()
        softplus(-discriminator(fake)).mean().backward(inputs=list(generator.parameters()))
        opt_g.step()

    return step


def tensorflow_step():
    """Return a function that takes a training step of the same kind in TensorFlow, compiled."""
    import keras
    import tensorflow as tf
    from keras import layers

    def up(filters):
        return layers.Conv2DTranspose(filters, 4, 2, "same"), layers.BatchNormalization(), layers.ReLU()

    def down(filters, kernel):
        return layers.Conv2D(filters, kernel, 2, "same"), layers.LeakyReLU(0.2)

    keras.utils.set_random_seed(0)
    first = layers.Dense(7 * 7 * 64), layers.Reshape((7, 7, 64)), layers.BatchNormalization(), layers.ReLU()
    last = layers.Conv2D(1, 3, padding="same", activation="tanh")
    generator = keras.Sequential([keras.Input((16,)), *first, *up(32), *up(16), last])
    first = keras.Input((28, 28, 1)), *down(32, 4), *down(48, 4), *down(64, 3)
    discriminator = keras.Sequential([*first, layers.Flatten(), layers.Dense(1)])
    opt_g, opt_d = keras.optimizers.Adam(), keras.optimizers.Adam()
    opt_g.build(generator.trainable_variables)
    opt_d.build(discriminator.trainable_variables)
    real = tf.random.uniform((BATCH, 28, 28, 1))

    @tf.function
    def step():
        with tf.GradientTape() as g_tape:
            fake = generator(tf.random.normal((BATCH, 16)), training=True)
            with tf.GradientTape() as d_tape:
                d_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(real, training=True)))
                d_loss += tf.reduce_mean(tf.nn.softplus(discriminator(tf.stop_gradient(fake), training=True)))
            d_grads = d_tape.gradient(d_loss, discriminator.trainable_variables)
            opt_d.apply(d_grads, discriminator.trainable_variables)
            g_loss = tf.reduce_mean(tf.nn.softplus(-discriminator(fake, training=True)))
        opt_g.apply(g_tape.gradient(g_loss, generator.trainable_variables), generator.trainable_variables)
        return g_loss

    return lambda: step().numpy()


def setup_line(lesson, *, device, data, budget, seed):
    """Return what a lesson's set-up cell prints: device, data, budget and seed, and how long the lesson will take.

    The minutes are given at ``laptop`` on a CPU, if the lesson's own time is known. The first lesson that asks for them
    measures the machine.

    Parameters
    ----------
    lesson : str
        The lesson's file name without ending.
    device, data, budget : str
        ``device`` may be PyTorch's own kind, too.
    seed : int

    Returns
    -------
    str
        One line, or more at ``laptop``.
    """
    line = f"device {device} · data {data} · budget {budget} · seed {seed}"
    if budget != "laptop" or str(device) != "cpu":
        return line
    from gan_course import lessons

    try:
        about = json.loads((lessons.NOTEBOOKS / f"{lesson}.ipynb").read_text(encoding="utf-8"))["metadata"]["lesson"]
        seconds, kind = about["seconds_at_factor_1"], framework(about)
    except (OSError, ValueError, KeyError):
        return line
    times = factor(kind, measure=False)
    if times is None:
        print("Measuring how fast this machine is: once, some seconds.")
        times = factor(kind)
    if times is None:
        return line
    minutes = seconds * times / 60
    about = "" if minutes < 0.5 else "about "
    line += f"\nExpect {about}{in_minutes(minutes)} on this machine ({processor()}, factor {times:.1f})."
    return f"{line} {SHORTER}" if minutes > LONG_MINUTES else line


def in_minutes(minutes):
    """Return "under a minute", "1 minute" or "11 minutes" (str)."""
    rounded = round(minutes)
    return "under a minute" if rounded < 1 else f"{rounded} minute{'s' if rounded > 1 else ''}"


if __name__ == "__main__":
    print(milliseconds({"torch": torch_step, "tensorflow": tensorflow_step}[sys.argv[1]]()))
