"""The loop's bookkeeping, with players of NumPy: a run knows no framework."""

import csv
import errno
import json
import os
import shutil
import signal

import numpy as np
import pytest
from training import task_of

import gan_course
from gan_course.checkpoint import read
from gan_course.data import Batches
from gan_course.errors import CheckpointError, CourseError, DivergedError
from gan_course.run import BLOCK, Run
from gan_course.tasks.task import PREVIEW_STREAM


def make(steps=20, seed=0, lesson="99_test", batch_size=4, **options):
    """A run whose one weight grows by the mean of each batch."""
    weight = np.zeros(1)

    def sample(z):
        return np.full((len(z), 4, 4), int(weight[0]) % 256, np.uint8)

    run = Run(
        lesson,
        **{
            "budget": "smoke",
            "seed": seed,
            "steps": steps,
            "task": task_of(latent_dim=3, data="digits"),
            "previews": 4,
            **options,
        },
        batches=Batches(np.arange(10.0), batch_size, np.random.default_rng(seed)),
        state={"weight": weight},
        sample=sample,
    )
    return run, weight


def run_of(lesson="99_test", **options):
    nothing = {"batches": None, "state": {}, "sample": None}
    return Run(lesson, **{"task": task_of(), "budget": "smoke", "seed": 0, "steps": 1, **nothing, **options})


def train(run, weight, until=None):
    for batch in run:
        weight += batch.mean()
        run.log(d_loss=weight[0], g_loss=-weight[0])
        if run.step + 1 == until:
            os.kill(os.getpid(), signal.SIGINT)


def rows(run):
    with open(run.folder / "history.csv", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_a_run_takes_as_many_steps_as_asked_and_leaves_its_artefacts(runs):
    run, weight = make()
    train(run, weight)
    assert run.folder == runs / "99_test" / "smoke-seed0"
    assert (run.step, run.finished) == (20, True)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    assert (metrics["steps"], metrics["steps_done"], metrics["finished"]) == (20, 20, True)
    assert (metrics["budget"], metrics["seed"], metrics["data"]) == ("smoke", 0, "digits")
    assert [int(row["step"]) for row in rows(run)] == list(range(1, 21))
    assert float(rows(run)[-1]["d_loss"]) == weight[0]
    assert np.load(run.folder / "samples.npz")["samples"].shape == (64, 4, 4)
    assert "gan-replay" in (run.folder / "replay.html").read_text()
    facts, _, saved = read(run.folder / "checkpoint.safetensors")
    assert facts["step"] == 20
    assert saved["weight"]["value"] == weight


@pytest.mark.parametrize(("budget", "drawn"), [("smoke", [0, 5, 10, 15, 20]), ("laptop", list(range(0, 21, 2)))])
def test_a_smoke_run_draws_few_previews(runs, budget, drawn):
    run, weight = make(budget=budget, previews=10)
    train(run, weight)
    assert run.preview.steps == drawn


@pytest.mark.parametrize("budget", ["laptop", "full"])
def test_above_smoke_a_run_keeps_ten_thousand_samples(runs, budget):
    run, weight = make(budget=budget)
    train(run, weight)
    samples = np.load(run.folder / "samples.npz")["samples"]
    assert (samples.shape, samples.dtype) == ((10_000, 4, 4), np.uint8)


def test_samples_are_drawn_from_other_inputs_than_the_preview(runs):
    run, _ = make()
    fed, draw = [], run.sample
    run.sample = lambda z: [fed.append(z), draw(z)][1]
    run.samples(16)
    run.samples(16)
    assert np.array_equal(fed[0], fed[1])  # asked twice, the same ones
    assert not np.isin(fed[0], run.inputs(16, PREVIEW_STREAM)).any()


def test_a_part_of_a_lesson_has_a_folder_inside_the_run(runs):
    run, _ = make()
    part = run_of("99_test/ring")
    assert part.folder == run.folder / "ring"


def test_a_step_without_a_log_is_an_error(runs):
    run, _ = make()
    with pytest.raises(CourseError, match="Step 1 ended without"):
        for _ in run:
            pass


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_stops_at_that_step_and_keeps_the_last_good_checkpoint(runs, bad):
    run, weight = make(checkpoint_every=5)
    with pytest.raises(DivergedError, match=r"g_loss is .* at step 13.*last good checkpoint.*learning rate"):
        for _ in run:
            weight += 1
            run.log(d_loss=1.0, g_loss=bad if run.step == 12 else 1.0)
    assert run.step == 12
    facts, _, saved = read(run.folder / "checkpoint.safetensors")
    assert (facts["step"], saved["weight"]["value"]) == (10, 10)
    assert len(rows(run)) == 13


def test_an_interrupt_ends_the_loop_after_the_step_with_everything_saved(runs, capsys):
    before = signal.getsignal(signal.SIGINT)
    run, weight = make()
    train(run, weight, until=7)
    assert run.step == 7
    assert signal.getsignal(signal.SIGINT) is before
    assert "Interrupted after step 7 of 20" in capsys.readouterr().out
    facts, _, saved = read(run.folder / "checkpoint.safetensors")
    assert facts["step"] == 7
    assert saved["weight"]["value"] == weight
    assert len(rows(run)) == 7
    assert not json.loads((run.folder / "metrics.json").read_text())["finished"]
    assert (run.folder / "samples.npz").exists()


def test_a_second_interrupt_raises_at_once(runs):
    before = signal.getsignal(signal.SIGINT)
    run, _ = make()
    with pytest.raises(KeyboardInterrupt):
        for _ in run:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_in_the_loops_body_gives_the_interrupt_handler_back(runs):
    before = signal.getsignal(signal.SIGINT)
    run, _ = make()
    with pytest.raises(ZeroDivisionError):
        for _ in run:
            1 / 0  # noqa: B018
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupted_run_goes_on_in_the_same_kernel(runs):
    run, weight = make()
    train(run, weight, until=7)
    train(run, weight)
    whole, expected = make()
    train(whole, expected)
    assert (run.step, weight[0]) == (20, expected[0])
    assert run.history == whole.history


@pytest.mark.parametrize("until", [1, 5, 13])
def test_a_resumed_run_equals_one_in_one_go(runs, until):
    whole, expected = make()
    train(whole, expected)
    history, frames = whole.history, whole.preview.frames
    first, weight = make(seed=0)
    train(first, weight, until=until)
    second, weight = make(resume=True)
    train(second, weight)
    assert weight[0] == expected[0]
    assert second.history == history
    assert np.array_equal(second.preview.frames, frames)
    assert len(rows(second)) == 20


def test_resuming_is_asked_for_by_parameter_or_environment_and_never_assumed(runs, monkeypatch, capsys):
    run, weight = make()
    train(run, weight, until=7)
    monkeypatch.setenv("GAN_COURSE_RESUME", "1")
    resumed, weight = make()
    train(resumed, weight, until=9)
    assert "Resumed after step 7" in capsys.readouterr().out
    monkeypatch.delenv("GAN_COURSE_RESUME")
    afresh, weight = make()
    train(afresh, weight)
    assert "unfinished run of 9 steps is replaced" in capsys.readouterr().out
    assert len(afresh.history["d_loss"]) == 20


def test_a_finished_run_starts_afresh_even_when_asked_to_resume(runs):
    run, weight = make()
    train(run, weight)
    again, weight = make(resume=True)
    train(again, weight)
    assert again.history == run.history


def test_a_finished_run_is_not_silently_iterated_again(runs):
    run, weight = make()
    train(run, weight)
    with pytest.raises(CourseError, match="finished"):
        train(run, weight)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"steps": 30}, "steps was 20, is 30"),
        ({"data": "mnist"}, "data was 'digits', is 'mnist'"),
        ({"lesson": "99_other"}, "lesson was '99_test', is '99_other'"),
        ({"batch_size": 3}, "10 examples in batches of 4, these are 10 in batches of 3"),
    ],
)
def test_a_checkpoint_of_another_run_is_refused_and_kept_and_nothing_is_touched(runs, options, said):
    run, weight = make()
    train(run, weight, until=7)
    other, weight = make(resume=True, **options)
    if other.folder != run.folder:
        shutil.copytree(run.folder, other.folder)
    before = other.batches.state()
    with pytest.raises(CheckpointError, match=rf"{said}\. Make it as it was to go on, or .*resume=False"):
        train(other, weight)
    assert (weight[0], other.step, other.batches.state()) == (0, 0, before)
    assert read(other.folder / "checkpoint.safetensors")[0]["step"] == 7


def test_a_checkpoint_of_another_version_of_the_course_is_refused(runs, monkeypatch):
    run, weight = make()
    train(run, weight, until=7)
    monkeypatch.setattr(gan_course, "__version__", "9.1")
    with pytest.raises(CheckpointError, match=r"course was '.*', is '9\.1'"):
        train(*make(resume=True))


def damage(run):
    path = run.folder / "checkpoint.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    return bytes(content)


def test_a_damaged_checkpoint_stops_who_would_resume_it_and_is_kept(runs):
    run, weight = make()
    train(run, weight, until=7)
    content = damage(run)
    with pytest.raises(CheckpointError, match=r"damaged.*Delete it to start afresh"):
        train(*make(resume=True))
    assert (run.folder / "checkpoint.safetensors").read_bytes() == content


def test_a_damaged_checkpoint_does_not_stop_who_starts_afresh(runs, capsys):
    run, weight = make()
    train(run, weight, until=7)
    damage(run)
    run, weight = make()
    train(run, weight)
    assert (
        "left by an earlier run, can't be read (damaged, or of another version) and is replaced"
        in capsys.readouterr().out
    )
    assert read(run.folder / "checkpoint.safetensors")[0]["step"] == 20


def test_a_run_killed_after_its_last_step_has_only_its_files_written(runs):
    run, weight = make()
    train(run, weight)
    files = {name: (run.folder / name).read_bytes() for name in ("history.csv", "samples.npz", "replay.html")}
    for name in [*files, "metrics.json"]:
        (run.folder / name).unlink()
    again, weight = make(resume=True)
    for _ in again:
        raise AssertionError("a step was repeated")
    assert {name: (run.folder / name).read_bytes() for name in files} == files
    assert json.loads((run.folder / "metrics.json").read_text())["steps_done"] == 20


def test_the_runs_own_noise_is_fixed_by_the_seed_and_touches_no_other(runs):
    run, _ = make(seed=3)
    same, _ = make(seed=3)
    other, _ = make(seed=4)
    z = run.inputs(5, 1)
    assert (z.shape, z.dtype) == ((5, 3), np.float32)
    assert np.array_equal(z, same.inputs(5, 1))
    assert not np.array_equal(z, other.inputs(5, 1))
    assert not np.array_equal(z, run.inputs(5, 2))


def test_stored_outputs_get_a_line_per_tenth_and_no_bar(runs, capsys):
    run, weight = make(steps=40)
    train(run, weight)
    captured = capsys.readouterr()
    lines = [line for line in captured.out.splitlines() if line.startswith("step")]
    assert len(lines) == 10
    assert lines[0].split()[1] == "4"
    assert "d_loss" in lines[0] and "left" in lines[0]
    assert captured.err == ""


def test_someone_who_looks_gets_a_bar_on_stdout(runs, capsys, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "lesson.ipynb")
    run, weight = make(steps=40)
    train(run, weight)
    captured = capsys.readouterr()
    assert "40/40" in captured.out
    assert captured.err == ""


def test_a_full_disk_is_a_clear_error_and_the_run_goes_on_when_there_is_room(runs, monkeypatch):
    run, weight = make(checkpoint_every=5)
    with monkeypatch.context() as patch:
        fsyncs = []

        def fsync(descriptor):
            fsyncs.append(descriptor)
            if len(fsyncs) == 2:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        patch.setattr(os, "fsync", fsync)
        with pytest.raises(CheckpointError, match="No space left on device.*still in memory.*run this cell again"):
            train(run, weight)
    assert read(run.folder / "checkpoint.safetensors")[0]["step"] == 5
    assert [path.name for path in run.folder.iterdir() if "part" in path.name] == []
    train(run, weight)
    whole, expected = make()
    train(whole, expected)
    assert (weight[0], run.history) == (expected[0], whole.history)


FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a device that is always full")


def train_until_full(run, weight, *names):
    """Train, and let the disk be full for these files from the last step on."""
    for batch in run:
        weight += batch.mean()
        run.log(d_loss=weight[0], g_loss=-weight[0])
        if run.step + 1 == run.steps:
            for name in names:
                (run.folder / name).symlink_to("/dev/full")


@FULL
@pytest.mark.parametrize("name", ["history.csv", "samples.npz", "replay.html", "metrics.json"])
def test_a_disk_that_is_full_at_the_end_costs_no_step(runs, name):
    run, weight = make()
    with pytest.raises(CourseError, match="No space left on device.*checkpoint is safe.*run this cell again"):
        train_until_full(run, weight, name)
    assert read(run.folder / "checkpoint.safetensors")[0]["step"] == 20
    (run.folder / name).unlink()
    for _ in run:
        raise AssertionError("a step was repeated")
    assert json.loads((run.folder / "metrics.json").read_text())["finished"]
    assert len(rows(run)) == 20
    with pytest.raises(CourseError, match="finished"):
        next(iter(run))


@FULL
def test_where_no_file_can_be_written_the_checkpoint_is_what_the_error_is_about(runs):
    run, weight = make()
    with pytest.raises(CheckpointError, match="No space left on device"):
        train_until_full(run, weight, "checkpoint.safetensors.part", "history.csv")


@FULL
def test_an_error_in_the_loops_body_is_not_hidden_by_a_full_disk(runs):
    run, _ = make()
    run.folder.mkdir(parents=True)
    (run.folder / "history.csv").symlink_to("/dev/full")
    with pytest.raises(ZeroDivisionError):
        for _ in run:
            1 / 0  # noqa: B018


def test_a_folder_that_cannot_be_written_is_found_before_the_first_step(runs):
    run, weight = make()
    (run.folder / "checkpoint.safetensors.part").mkdir(parents=True)  # stands for it: root may write everywhere
    with pytest.raises(CheckpointError, match="could not be written.*GAN_COURSE_RUNS"):
        train(run, weight)
    assert weight[0] == 0


def test_a_folder_that_cannot_be_made_says_how_to_choose_another(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GAN_COURSE_RUNS", str(tmp_path / "file"))
    run, weight = make()
    with pytest.raises(CheckpointError, match="GAN_COURSE_RUNS"):
        train(run, weight)


# Losses


class OnGpu:
    """Stands for a scalar tensor on a GPU: counts how often somebody waits for its number."""

    device, waits, live = "cuda:0", 0, 0

    def __init__(self, value, graph=True):
        self.storage, self.graph = [value], graph

    def detach(self):
        other = OnGpu(None, graph=False)
        other.storage = self.storage  # as PyTorch's: the same memory
        return other

    def clone(self):
        return OnGpu(self.storage[0], self.graph)

    def item(self):
        assert not self.graph, "the graph was kept alive"
        OnGpu.waits += 1
        return self.storage[0]


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(OnGpu, "waits", 0)
    return OnGpu


def test_no_step_waits_for_a_gpu(runs, gpu):
    run, weight = make(steps=4 * BLOCK, previews=1)
    waits = []
    for batch in run:
        weight += batch.mean()
        run.log(d_loss=gpu(weight[0]), g_loss=1.0)
        waits.append(gpu.waits)
    # a line of progress is due every tenth, 20 steps
    assert np.flatnonzero(np.diff(waits)).tolist() == [19, 39, 49, 59, 79, 99, 119, 139, 149, 159, 179]
    whole, expected = make(steps=4 * BLOCK, previews=1, seed=0)
    train(whole, expected)
    assert run.history["d_loss"] == whole.history["d_loss"] and gpu.waits == 4 * BLOCK


def test_a_loss_on_a_gpu_is_kept_as_it_was_logged(runs, gpu):
    run, _ = make(steps=3)
    for _ in run:
        loss = gpu(float(run.step))
        run.log(loss=loss)
        loss.storage[0] = 100.0  # changed in place
    assert run.history["loss"] == [0, 1, 2]


def test_waiting_for_a_gpu_counts_as_training_and_a_preview_does_not(runs, gpu, monkeypatch):
    monkeypatch.setattr("gan_course.run.time.perf_counter", lambda: float(gpu.waits))  # a second each
    run, _ = make(steps=10, task=task_of(3, frame=lambda s: gpu(0.0, graph=False).item() or s[0]))
    for _ in run:
        run.log(loss=gpu(1.0))
    assert run.seconds == 10


@pytest.mark.parametrize("every", [5, 45, 1000])
def test_a_nan_on_a_gpu_is_found_at_its_step_and_before_anything_is_saved(runs, gpu, every):
    run, weight = make(steps=100, checkpoint_every=every, previews=1)
    with pytest.raises(DivergedError, match=r"g_loss is nan at step 44,"):
        for _ in run:
            weight += 1
            run.log(d_loss=1.0, g_loss=gpu(float("nan") if run.step >= 43 else 1.0))
    assert (run.step, len(rows(run)), rows(run)[-1]["g_loss"]) == (43, 44, "nan")
    path = run.folder / "checkpoint.safetensors"
    assert path.exists() == (every == 5)
    if every == 5:
        assert read(path)[0]["step"] == 40
    with pytest.raises(CourseError, match="diverged"):
        next(iter(run))


def test_losses_that_wait_survive_an_interrupt_and_an_error(runs, gpu):
    run, weight = make(steps=100, previews=1)
    with pytest.raises(ZeroDivisionError):
        for _ in run:
            run.log(loss=gpu(float(run.step)))
            if run.step == 7:
                1 / 0  # noqa: B018
    assert [float(row["loss"]) for row in rows(run)] == list(range(7))


def test_a_loss_that_is_logged_now_and_then_is_nan_in_between_and_shifts_no_row(runs):
    run, weight = make(steps=6)
    for _ in run:
        run.log(d_loss=0.0)
        run.log(d_loss=float(run.step))  # of two, the last counts
        if run.step % 2:
            run.log(g_loss=float(run.step))
    assert [row["d_loss"] for row in rows(run)] == ["0.0", "1.0", "2.0", "3.0", "4.0", "5.0"]
    assert [row["g_loss"] for row in rows(run)] == ["nan", "1.0", "nan", "3.0", "nan", "5.0"]


def test_a_log_outside_of_the_loop_is_an_error(runs):
    run, weight = make()
    for _ in range(2):
        with pytest.raises(CourseError, match="belongs into the loop"):
            run.log(loss=1.0)
        train(run, weight) if not run.finished else None


# Numbers


@pytest.mark.parametrize("kind", [int, np.int64, np.uint8])
def test_a_whole_number_of_any_type_is_taken(runs, kind):
    run, weight = make(steps=kind(6), seed=kind(3), checkpoint_every=kind(2), previews=kind(2))
    train(run, weight)
    assert json.loads((run.folder / "metrics.json").read_text())["seed"] == 3


@pytest.mark.parametrize("name", ["seed", "steps", "previews", "checkpoint_every", "grid"])
@pytest.mark.parametrize("value", [-3, 2.5, "7", None])
def test_another_number_is_refused_with_a_sentence(runs, name, value):
    with pytest.raises(CourseError, match=f"`{name}` is {value!r}: give a whole number, {int(name != 'seed')} or more"):
        run_of(**{name: value})


def test_batches_that_end_are_an_error_that_says_so(runs):
    run, _ = make()
    run.batches = iter([1.0])
    with pytest.raises(CourseError, match="The batches ended after 1 of 20 steps"):
        for _ in run:
            run.log(loss=1.0)


# Previews


@pytest.mark.parametrize("frame", [lambda s: s / 255, lambda s: s[0, 0], lambda s: np.zeros((4, 4, 2), np.uint8)])
def test_a_frame_of_another_kind_is_refused(runs, frame):
    run, weight = make(task=task_of(3, frame=frame))
    with pytest.raises(ValueError, match="the frame is .*expected uint8"):
        train(run, weight)


def test_the_picture_is_shown_again_after_an_interrupt_and_after_a_restart(runs, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda picture, display_id: shown.append(picture) or Handle())

    class Handle:
        def update(self, picture):
            pass

    run, weight = make()
    train(run, weight, until=7)
    train(run, weight, until=9)
    resumed, weight = make(resume=True)
    train(resumed, weight)
    assert [picture.alt.rpartition("Shown: ")[2] for picture in shown] == [f"step {n} of 20." for n in (0, 5, 5)]
