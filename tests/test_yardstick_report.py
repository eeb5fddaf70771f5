"""The report and the floors: every number has N, the data and the real data's beside it."""

import json
import os

import numpy as np
import pytest

from gan_course.data import digits, mnist
from gan_course.errors import DataError
from gan_course.yardstick import Report, average, floors, judge, make_floors, measure
from gan_course.yardstick.classifier import SHA256, WIDTH
from gan_course.yardstick.report import ROWS

needs_mnist = pytest.mark.skipif(
    not os.environ.get("GAN_COURSE_DATA"), reason="GAN_COURSE_DATA is not set: no folder with the real MNIST to read"
)


def forget_the_data():
    measure.reference.cache_clear()
    measure._training_images.cache_clear()


@pytest.fixture
def on_digits(monkeypatch):
    """Judge against the embedded digits in place of MNIST. The floors stay MNIST's, so ratios mean nothing."""
    forget_the_data()
    monkeypatch.setattr(measure, "load", lambda data, split, strict: digits(split))
    yield digits("train")
    forget_the_data()


@pytest.fixture
def no_floors():
    """Let the next question read the floors again, and the test after this one, too."""
    floors._read.cache_clear()
    yield
    floors._read.cache_clear()


def made_up(n=10_000, **scores):
    """A report whose scores are the floor's means, but for those given: real data, and one fault."""
    floor, test = floors.floor(n), floors.of_test_images()
    real = {name: value["mean"] for name, value in floor.items()}
    return Report({**real, **test, **scores}, n, floor, test)


# -- the report ------------------------------------------------------------------------------------------------


def test_a_report_carries_n_data_features_and_floor(on_digits):
    report = judge(on_digits.images[:1000])
    assert (report.n, report.seeds, report.data, report.reference) == (1000, 1, "mnist", 10_000)
    assert (report.feature_width, report.classifier_sha256, report.k) == (WIDTH, SHA256["mnist"], 5)
    assert report.floor == floors.floor(1000)
    assert report["frechet_over_floor"] == report["frechet_distance"] / report.floor["frechet_distance"]["mean"]
    assert report["coverage_of_real"] == report["coverage"] / report.floor["coverage"]["mean"]
    by_class = np.divide(report["coverage_by_class"], report.floor["coverage_by_class"]["mean"])
    assert report["coverage_of_real_by_class"] == by_class.tolist()
    assert report["coverage_of_real_worst"] == by_class.min()


def test_it_is_json_able_and_nothing_is_missing_or_infinite(on_digits):
    report = judge(on_digits.images[:1000], labels=on_digits.labels[:1000])
    stored = json.loads(json.dumps(report.as_dict(), allow_nan=False))
    assert stored == report.as_dict()
    expected = set(report.floor) | {"nearest_median", "nearest_5_percent"}
    assert set(stored["scores"]) == expected
    lists = {name for name, value in stored["scores"].items() if isinstance(value, list)}
    assert lists == {"coverage_by_class", "coverage_of_real_by_class", "class_histogram"}
    assert all(len(stored["scores"][name]) == 10 for name in lists)


def test_the_order_of_the_samples_makes_no_difference(on_digits):
    images = on_digits.images[:1000]
    shuffled = images[np.random.default_rng(0).permutation(1000)]
    first, second = judge(images).scores, judge(shuffled).scores
    for name in first:
        assert second[name] == pytest.approx(first[name], rel=1e-6, abs=1e-6), name


def test_without_labels_there_is_no_conditional_accuracy(on_digits):
    images, labels = on_digits.images[:1000], on_digits.labels[:1000]
    assert "conditional_accuracy" not in judge(images).scores
    assert judge(images, labels=labels)["conditional_accuracy"] > 0.9
    assert judge(images, labels=(labels + 1) % 10)["conditional_accuracy"] < 0.1


def test_a_digit_that_is_missing_is_missing_in_its_own_class(on_digits):
    images, labels = on_digits
    report = judge(images[labels != 3], labels=labels[labels != 3])
    assert report["coverage_by_class"][3] < 0.3
    assert min(report["coverage_by_class"][:3] + report["coverage_by_class"][4:]) > 0.6
    assert report["class_histogram"][3] < 0.02


def test_the_thousand_whose_nearest_image_is_looked_for_are_spread_over_samples_sorted_by_class(monkeypatch):
    looked_at = []
    monkeypatch.setattr(measure, "_training_images", lambda data: None)
    monkeypatch.setattr(measure, "nearest_training_distance", lambda x, _: looked_at.append(x[:, 0, 0]) or np.ones(9))
    samples = np.repeat(np.arange(10, dtype=np.uint8), 777)[:, None, None] * np.ones((28, 28), np.uint8)
    measure.measure_nearest(samples)
    assert np.bincount(looked_at[0]).tolist() == pytest.approx([100] * 10, abs=1)


def test_an_n_without_a_floor_has_none_and_says_which_have(on_digits):
    report = judge(on_digits.images)  # 1,500
    assert report.floor is None
    assert "frechet_distance" in report.scores and "frechet_over_floor" not in report.scores
    note = "There is no floor for N = 1,500, so nothing says what real data would score; draw N of 1,000, 2,000, "
    assert note in str(report)
    with pytest.raises(KeyError, match="there is no score 'frechet_over_floor', but: .*no floor for N = 1,500"):
        report["frechet_over_floor"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": "digits"}, r"samples of 'digits' can't be judged: there are classifiers for 'mnist'"),
        ({"samples": np.zeros((999, 28, 28), np.uint8)}, "999 samples are too few .* draw 1,000 or more"),
        ({"samples": np.zeros((1000, 28, 28), np.float32)}, "the samples are float32, expected uint8"),
        ({"samples": np.zeros((1000, 1, 28, 28), np.uint8)}, r"the samples have the shape \(1000, 1, 28, 28\)"),
        ({"labels": np.zeros(999, int)}, r"the labels are int64 \(999,\), expected one integer for each of 1000"),
        ({"labels": np.full(1000, 10)}, "the labels go from 10 to 10, expected 0 to 9"),
    ],
)
def test_what_can_not_be_judged_is_an_error_before_any_data_is_read(monkeypatch, arguments, message):
    monkeypatch.setattr(measure, "load", lambda *arguments, **more: pytest.fail("data was read"))
    with pytest.raises(ValueError, match=message):
        judge(**{"samples": np.zeros((1000, 28, 28), np.uint8), **arguments})


# -- what is printed -------------------------------------------------------------------------------------------


def row(report, name):
    """The words of one line of the printed table."""
    (line,) = [line for line in str(report).splitlines() if line.startswith(name)]
    return line


def test_the_table_says_what_it_is_of():
    lines = str(made_up()).splitlines()
    assert lines[0] == "N = 10,000 samples, 1 seed, against MNIST's 10,000 test images"
    assert lines[1] == f"(64 features of the classifier {SHA256['mnist'][:8]}, k = 5)"
    assert all(len(line) <= 120 for line in lines)


def test_every_row_has_the_real_data_beside_it():
    report = made_up()
    rows = str(report).splitlines()[4:19]
    assert len(rows) == 15 and all(len(row) > 60 for row in rows)
    for line in rows:
        assert "±" in line or line.startswith("nearest"), line  # the floor, or the test images' own


def test_the_frechet_distance_is_a_multiple_of_the_floor_with_coverage_below_it():
    report = made_up(frechet_distance=12.3456, frechet_over_floor=12.555, coverage=0.8, coverage_of_real=0.8444)
    lines = str(report).splitlines()
    at = lines.index(row(report, "Fréchet distance"))
    assert lines[at].split()[2] == "12.35" and lines[at].endswith("12.6 times the floor")
    assert lines[at + 1].startswith("coverage ") and lines[at + 1].endswith("0.844 of real coverage")


def test_a_collapsed_digit_is_named():
    by_class = [1.0] * 10
    by_class[7] = 0.02
    report = made_up(coverage_of_real_by_class=by_class, coverage_of_real_worst=0.02)
    assert row(report, "worst class, of real coverage").endswith("the digit 7")
    assert row(report, "coverage of real").split()[3:] == [f"{part:.3f}" for part in by_class]


@pytest.mark.parametrize(
    ("mean", "reading"), [(1.0, "above real data: no merit"), (0.9965, "as real data"), (0.9, "below real data")]
)
def test_confidence_is_read_as_a_band(mean, reading):
    assert row(made_up(confidence_mean=mean), "confidence, mean").endswith(reading)


def test_the_test_images_themselves_are_within_the_bands():
    text = str(made_up())  # its confidences are the test images'
    assert text.count("as real data") == 3
    assert "no merit" not in text


# -- several seeds ---------------------------------------------------------------------------------------------


def test_an_average_has_mean_spread_and_the_number_of_seeds():
    report = average([made_up(kid=value, class_histogram=[value / 10] * 10) for value in (1.0, 2.0, 6.0)])
    assert (report.seeds, report.n) == (3, 10_000)
    assert report["kid"] == 3
    assert report.spread["kid"] == pytest.approx(np.std([1, 2, 6], ddof=1))
    assert report["class_histogram"] == pytest.approx([0.3] * 10)
    assert row(report, "KID").split()[1:4] == ["3.00", "±", "2.65"]
    assert "3 seeds" in str(report)
    json.dumps(report.as_dict(), allow_nan=False)


def test_seeds_that_each_lose_another_digit_do_not_hide_it():
    lost = [[0.0 if digit == seed else 1.0 for digit in range(10)] for seed in range(5)]
    report = average([made_up(coverage_of_real_by_class=part, coverage_of_real_worst=0.0) for part in lost])
    assert row(report, "worst class, of real coverage").split()[5] == "0.000"
    assert "the digit" not in str(report)


def test_an_average_of_one_is_that_one():
    report = made_up()
    assert average([report]).scores == report.scores
    assert average([report]).spread is None


def test_different_reports_are_not_averaged():
    with pytest.raises(ValueError, match="no report to average"):
        average([])
    for other in (made_up(n=5000), average([made_up()] * 2), made_up(another_score=1.0)):
        with pytest.raises(ValueError, match="the reports differ in N, data or scores, or are averages"):
            average([made_up(), other])
    with pytest.raises(ValueError, match="are averages"):
        average([average([made_up()] * 2)] * 2)


# -- the floors ------------------------------------------------------------------------------------------------


def test_there_is_a_floor_for_the_four_sizes_with_every_score():
    names = {name for name, _, _ in ROWS}
    for n in (1000, 2000, 5000, 10_000):
        assert names - set(floors.floor(n)) == {"nearest_median", "nearest_5_percent"}
        assert all(np.all(np.greater(value["sd"], 0)) for value in floors.floor(n).values())
    assert floors.floor(3000) is None


def test_the_floors_say_what_they_should_about_real_data():
    # More samples, less bias; real samples are their own measure.
    distance = [floors.floor(n)["frechet_distance"]["mean"] for n in floors.SIZES]
    coverage = [floors.floor(n)["coverage"]["mean"] for n in floors.SIZES]
    assert distance == sorted(distance, reverse=True)
    assert coverage == sorted(coverage)
    for n in floors.SIZES:
        floor = floors.floor(n)
        assert floor["frechet_over_floor"]["mean"] == pytest.approx(1)
        assert floor["coverage_of_real"]["mean"] == pytest.approx(1)
        # Naeem et al.'s expectation for samples of the reference's own distribution, for k = 5
        assert floor["coverage"]["mean"] == pytest.approx(1 - (10_000 / (10_000 + n)) ** 5, abs=0.04)
        assert abs(floor["kid"]["mean"]) < 3 * floor["kid"]["sd"]  # unbiased: about 0


def test_floors_of_another_yardstick_are_refused(no_floors, monkeypatch, tmp_path):
    content = json.loads(floors.file_of("mnist").read_text(encoding="utf-8"))
    content["made_with"]["classifier_sha256"] = "0" * 64
    (tmp_path / "floors_mnist.json").write_text(json.dumps(content), encoding="utf-8")
    monkeypatch.setattr(floors, "FOLDER", tmp_path)
    with pytest.raises(DataError, match=r"make_floors mnist`, and make every recorded result again"):
        floors.floor(1000)


@pytest.mark.parametrize("content", [None, "{"])
def test_damaged_floors_are_an_error_that_names_the_file(no_floors, monkeypatch, tmp_path, content):
    if content is not None:
        (tmp_path / "floors_mnist.json").write_text(content, encoding="utf-8")
    monkeypatch.setattr(floors, "FOLDER", tmp_path)
    with pytest.raises(DataError, match="floors_mnist.json can't be read"):
        floors.floor(1000)


@needs_mnist
def test_the_committed_floors_are_what_the_command_makes(capsys):
    made = make_floors.make("mnist", sizes=(1000,))
    committed = json.loads(floors.file_of("mnist").read_text(encoding="utf-8"))
    assert made["made_with"] == committed["made_with"]
    assert made["test"] == pytest.approx(committed["test"], rel=1e-4)
    assert made["floors"]["1000"].keys() == committed["floors"]["1000"].keys()
    for name, value in made["floors"]["1000"].items():
        for part in ("mean", "sd"):
            # another processor's last bits may move an image across the edge of a ball
            assert value[part] == pytest.approx(committed["floors"]["1000"][name][part], rel=1e-2, abs=1e-6), name


@needs_mnist
def test_real_images_nobody_trained_on_are_judged_as_real():
    images, labels = mnist("test")
    report = judge(images[::10], labels=labels[::10])
    # They are part of the reference: nearer to it than a floor. But the nearest training image is as far as it should.
    assert report["frechet_over_floor"] < 1.5
    assert report["nearest_median"] == pytest.approx(report.test["nearest_median"], rel=0.1)
    assert report["conditional_accuracy"] > 0.99
