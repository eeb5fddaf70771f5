"""The audit on PyTorch: each broken step gets its own verdict, the right ones none, and everything is put back."""

import random

import audit_torch as cases
import numpy as np
import pytest
import torch
from audit_game import named
from torch import nn

from gan_course.audit import audit, texts
from gan_course.errors import CourseError


@pytest.mark.parametrize("name", cases.RIGHT)
def test_a_right_step_gets_no_verdict(name, monkeypatch):
    reports = []
    for seed in (0, 1):
        monkeypatch.setattr(cases.Game, "seed", seed)
        reports.append(audit(**cases.RIGHT[name]().arguments()))
    assert reports[0].ok and named(reports[0]) == [], reports[0]
    assert repr(reports[0]) == repr(reports[1])  # lessons have their tests compare it, whatever the seed


@pytest.mark.parametrize("name", cases.BROKEN)
def test_a_broken_step_gets_its_own_verdict(name):
    wanted, make = cases.BROKEN[name]
    report = audit(**make().arguments())
    assert named(report) == [wanted], report
    assert not report.ok
    (fault,) = report.faults
    assert fault.message and len(fault.hint) > 40
    assert f"✗ {wanted}: " in repr(report)


REPORT = """\
the discriminator's update moves discriminator (4 of 4 tensors)
the generator's update moves generator (4 of 4 tensors)
✓ each update moves its own networks, and no other update's
✓ no step uses what an earlier one left behind
✓ each update learns from the others' networks as they are now
✓ half a batch trains the same networks
✓ all weights stay finite
✓ the loss gets logits, not probabilities
✓ real and generated pixels share one range, -1 to 1"""


def test_the_report_of_a_right_step():
    assert repr(audit(**cases.Game().arguments())) == REPORT


# -- warnings and notes ------------------------------------------------------------------------------------------------


def test_a_hinge_loss_past_both_margins_is_a_warning():
    report = audit(**cases.past_both_margins().arguments())
    assert report.ok and named(report) == ["saturated"]


def test_fakes_that_are_not_detached_but_zeroed_are_a_note():
    report = audit(**cases.Undetached().arguments())
    assert named(report, "note") == ["undetached-fake"]
    assert "only costs a needless backward pass" in report.verdicts[0].hint


def test_the_last_bias_of_a_critic_is_a_note():
    report = audit(**cases.RIGHT["Wasserstein, gradient penalty"]().arguments())
    (note,) = report.verdicts
    assert (note.name, note.level) == ("still-tensor", "note")
    assert "discriminator 2.bias" in note.message and "Wasserstein" in note.hint
    assert "moves discriminator (3 of 4 tensors)" in report.facts[0]


def test_buffers_are_a_note():
    (note,) = audit(**cases.RIGHT["batch norm and dropout"]().arguments()).verdicts
    assert note.name == "buffers"
    # running mean, variance and count; D's dropout layer makes four
    assert "3 of generator in the discriminator's update, 4 of discriminator in the discriminator's" in note.message


def test_a_frozen_part_is_a_note():
    game = cases.Game()
    game.d[0].requires_grad_(False)
    report = audit(**game.arguments())
    assert report.ok and named(report, "note") == ["frozen-tensor"]


def test_noise_from_elsewhere_is_a_warning():
    report = audit(**cases.Loose().arguments())
    assert named(report) == ["not-repeatable"] and report.ok


def test_an_optimiser_outside_the_state_is_a_warning():
    arguments = cases.Game().arguments()
    del arguments["state"]["opt_g"]
    report = audit(**arguments)
    assert named(report) == ["optimiser-not-in-state"] and "moved in the generator's update" in repr(report)


def test_a_step_tried_out_and_not_wholly_taken_back_is_a_warning():
    class Unrolled(cases.Game):
        def update_g(self, real):
            kept = {key: value.clone() for key, value in self.d.state_dict().items()}
            self.update_d(real)
            super().update_g(real)
            self.d.load_state_dict(kept)

    assert named(audit(**Unrolled().arguments())) == ["moments-changed"]


def test_dropout_in_inference_mode_is_seen():
    class Quiet(cases.InferenceFakes):
        def __init__(self):
            cases.Game.__init__(self, lambda: cases.generator(nn.Dropout(0.3)))

    assert named(audit(**Quiet().arguments())) == ["inference-fakes"]


def test_eval_mode_changes_nothing_where_no_layer_minds():
    class Quiet(cases.InferenceFakes):
        def __init__(self):
            cases.Game.__init__(self)

    assert named(audit(**Quiet().arguments())) == []


def test_momentum_from_earlier_steps_does_not_pass_for_a_gradient():
    class Zeroed(cases.DetachInG):
        def update_g(self, real):
            loss = self.g_loss(self.d(real), self.d(self.g(self.z(len(real))).detach()))
            for p in self.g.parameters():
                p.grad = torch.zeros_like(p)  # a gradient of zero lets Adam coast; none at all would not
            loss.backward()
            self.opt_g.step()

    game = Zeroed()
    for _ in range(3):
        cases.Game.update_g(game, game.real)
    assert named(audit(**game.arguments())) == ["g-never-moves"]


def test_a_small_batch_is_a_note():
    game = cases.Game()
    report = audit(**game.arguments(batch=game.real[:3]))
    assert report.ok and named(report, "note") == ["small-batch"]


def test_a_mode_left_behind_is_a_warning():
    class Sleepy(cases.Game):
        def __init__(self):
            super().__init__(d=lambda: cases.discriminator(nn.Dropout(0.5)))

        def update_g(self, real):
            self.d.eval()
            super().update_g(real)

    assert named(audit(**Sleepy().arguments())) == ["left-over-flags"]


def test_every_verdict_has_words():
    for name, (level, _) in texts.TEXTS.items():
        assert level in ("fault", "warning", "note"), name
        for kind in ("torch", "keras", "tf_keras"):
            verdict = texts.verdict(name, "message", kind)
            assert "  " not in verdict.hint and "\n" not in verdict.hint
            assert verdict.hint or name in ("no-gradient", "buffers")


# -- what is handed over -----------------------------------------------------------------------------------------------


def test_without_hand_overs_the_report_says_what_was_not_checked():
    report = audit(**cases.Game().arguments(logits=None, fake=None))
    assert report.ok and len(report.unchecked) == 2
    assert "not checked: a sigmoid" in repr(report)


@pytest.mark.parametrize("name", ["logits", "fake"])
def test_a_hand_over_that_raises_is_a_verdict(name):
    def broken(*arguments):
        raise RuntimeError("broken on purpose")

    report = audit(**cases.Game().arguments(**{name: broken}))
    assert named(report) == ["hand-over-raises"] and "broken on purpose" in repr(report)


def test_logits_may_happen_to_lie_between_0_and_1():
    game = cases.Game()
    with torch.no_grad():
        game.d[2].weight.mul_(0.01)
        game.d[2].bias.fill_(0.5)
    assert named(audit(**game.arguments())) == []


def test_points_of_the_plane_have_no_range():
    game = cases.Game(lambda: cases.generator(end=nn.Identity))
    report = audit(**game.arguments(batch=game.real * 300))
    assert named(report) == [] and not any("range" in line for line in report.passed)


def test_a_generator_with_normalised_weights_seems_not_bounded():
    def normalised():  # it ignores the size of its weights
        return nn.Sequential(cases.spectral_norm(nn.Linear(cases.LATENT, cases.PIXELS, bias=False)))

    game = cases.Game(normalised)
    assert named(audit(**game.arguments(batch=game.real * 300))) == []


def test_real_pixels_may_be_handed_over_apart():
    class Scales(cases.Game):
        def update_d(self, real):
            super().update_d(real / 127.5 - 1)

        def update_g(self, real):
            super().update_g(real / 127.5 - 1)

    game = Scales()
    whole = torch.randint(0, 256, (cases.BATCH, cases.PIXELS))
    whole[0, :2] = torch.tensor([0, 255])
    assert named(audit(**game.arguments(batch=whole, logits=None))) == ["whole-number-pixels"]
    assert named(audit(**game.arguments(batch=whole, real=whole / 127.5 - 1))) == []


def test_fake_may_want_a_number_or_nothing():
    game = cases.Game()
    for fake in (lambda: game.g(game.z(8)), lambda n=8: game.g(game.z(n)), lambda n: game.g(game.z(n))):
        assert "range" in audit(**game.arguments(fake=fake)).passed[-1]


# -- arguments ---------------------------------------------------------------------------------------------------------


def test_networks_may_have_other_names():
    game = cases.Game()
    arguments = game.arguments()
    state = arguments["state"]
    state["critic"] = state.pop("discriminator")
    with pytest.raises(CourseError, match="no 'discriminator'; state has 'generator', .*'discriminator': 'name'"):
        audit(**arguments)
    report = audit(**arguments, moves={"discriminator": "critic"})
    assert report.ok and "moves critic (4 of 4 tensors)" in repr(report)


def test_a_model_that_contains_a_network_may_be_in_the_state():
    game = cases.Game()
    arguments = game.arguments()
    arguments["state"]["whole"] = nn.Sequential(game.g, game.d)
    assert named(audit(**arguments)) == []


def test_a_batch_may_have_parts():
    class Labelled(cases.Game):
        def update_d(self, batch):
            real, labels = batch
            assert len(real) == len(labels)
            super().update_d(real)

        def update_g(self, batch):
            super().update_g(batch[0])

    game = Labelled()
    for kind in (tuple, list):
        assert named(audit(**game.arguments(batch=kind([game.real, torch.arange(cases.BATCH)])))) == []
    with pytest.raises(ValueError, match="different lengths"):
        audit(**game.arguments(batch=(game.real, torch.arange(3))))


@pytest.mark.parametrize("batch", [None, 7, iter([1]), {1, 2, 3, 4}])
def test_a_batch_without_length_is_an_error(batch):
    with pytest.raises(TypeError, match="the batch must have a length"):
        audit(**cases.Game().arguments(batch=batch))


def test_other_wrong_arguments():
    game = cases.Game()
    with pytest.raises(TypeError, match=r"updates\['d'\] must be a function, not a NoneType"):
        audit(**game.arguments(updates={"d": None}))
    for updates in ({}, game.update_d):
        with pytest.raises(TypeError, match="updates must be a dict of name to function"):
            audit(**game.arguments(updates=updates))
    with pytest.raises(TypeError, match="logits must be a function, not a str"):
        audit(**game.arguments(logits="discriminator"))
    with pytest.raises(TypeError, match="state must be a dict"):
        audit(**game.arguments(state=[game.g, game.d]))
    with pytest.raises(ValueError, match="the batch is empty"):
        audit(**game.arguments(batch=()))
    with pytest.raises(CourseError, match="state has nothing"):
        audit(**game.arguments(state={}))
    with pytest.raises(CourseError, match=r"state\['noise'\] has nothing to train: it is a Generator"):
        audit(**game.arguments(moves={"discriminator": "noise"}))
    with pytest.raises(TypeError, match=r"state\['other'\] can't be put back"):
        audit(**game.arguments(state={**game.arguments()["state"], "other": object()}))


# -- side effects ------------------------------------------------------------------------------------------------------


class Everything(cases.Game):
    """Batch norm, dropout, a buffer that no state_dict has, gradients, flags, modes, a schedule, all kinds of random numbers."""

    def __init__(self):
        super().__init__(
            lambda: cases.generator(nn.BatchNorm1d(16), nn.Dropout(0.5)), lambda: cases.discriminator(nn.Dropout(0.2))
        )
        self.g.register_buffer("calls", torch.zeros(()), persistent=False)
        self.schedule = torch.optim.lr_scheduler.ExponentialLR(self.opt_d, 0.9)
        self.rng = np.random.Generator(np.random.MT19937(3))  # whose state is no plain number

    def z(self, n):
        self.g.calls += 1
        np.random.random(), random.random(), self.rng.random()  # noqa: NPY002
        return super().z(n)

    def update_d(self, real):
        super().update_d(real)
        real.zero_()  # spoils the batch, too
        self.schedule.step()

    def arguments(self, **others):
        arguments = super().arguments(**others)
        arguments["state"] |= {"schedule": self.schedule, "rng": self.rng}
        return arguments


class EverythingRaises(Everything):
    def update_d(self, real):
        super().update_d(real)
        self.g.eval()
        self.d.requires_grad_(False)
        raise RuntimeError("broken on purpose")


class Interrupted(Everything):
    def update_g(self, real):
        super().update_g(real)
        raise KeyboardInterrupt


def seen(game):
    """Everything about a game, not read through the adapters."""
    parameters = [*game.g.parameters(), *game.d.parameters()]
    numbers = [*game.g.state_dict().values(), *game.d.state_dict().values(), game.g.calls, game.real]
    for optimiser in (game.opt_g, game.opt_d):
        for entry in optimiser.state.values():
            numbers += entry.values()
    return {
        "numbers": [number.clone() for number in numbers],
        "gradients": [None if p.grad is None else p.grad.clone() for p in parameters],
        "flags": [p.requires_grad for p in parameters],
        "modes": [module.training for network in (game.g, game.d) for module in network.modules()],
        "rates": [group["lr"] for optimiser in (game.opt_g, game.opt_d) for group in optimiser.param_groups],
        "schedule": game.schedule.last_epoch,
        "rng": [game.noise.get_state(), torch.get_rng_state(), str(game.rng.bit_generator.state)],
        "global rng": [random.getstate(), str(np.random.get_state())],  # noqa: NPY002
        "hooks": [len(module._forward_hooks) for network in (game.g, game.d) for module in network.modules()],
        "step hooks": [len(optimiser._optimizer_step_post_hooks) for optimiser in (game.opt_g, game.opt_d)],
    }


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.mark.parametrize("kind", [Everything, EverythingRaises, Interrupted])
@pytest.mark.parametrize("trained", [False, True])
def test_everything_is_put_back(kind, trained):
    game = kind()
    for _ in range(2 * trained):
        Everything.update_d(game, game.real.clone())
        Everything.update_g(game, game.real.clone())
    game.d[0].weight.requires_grad_(False)
    game.g[1].eval()
    gradients = [p.grad for p in game.g.parameters()]
    before = seen(game)
    if kind is Interrupted:
        with pytest.raises(KeyboardInterrupt):
            audit(**game.arguments())
    else:
        assert ("update-raises" in named(audit(**game.arguments()))) == (kind is EverythingRaises)
    after = seen(game)
    for what in before:
        assert equal(before[what], after[what]), what
    assert all(p.grad is gradient for p, gradient in zip(game.g.parameters(), gradients, strict=True))


def test_training_goes_on_as_if_there_had_been_no_audit():
    def train(audited):
        torch.manual_seed(5)
        random.seed(5)
        game = Everything()
        for step in range(6):
            if audited and step in (0, 3):
                audit(**game.arguments())
            game.update_d(game.real.clone())
            game.update_g(game.real.clone())
        return seen(game)

    plain, audited = train(False), train(True)
    for what in ("numbers", "gradients", "rates", "schedule", "rng"):
        assert equal(plain[what], audited[what]), what


def test_an_update_may_print_and_warn_without_debris(capsys, recwarn):
    class Loud(cases.Game):
        def update_d(self, real):
            print("loud")
            import warnings

            warnings.warn("loud", stacklevel=1)
            super().update_d(real)

    assert audit(**Loud().arguments()).ok
    assert capsys.readouterr() == ("", "") and not recwarn.list
