"""The game in 2-D: whom its updates move, what it measures, that looking changes nothing, and what it refuses."""

import contextlib
import inspect
import io
import math

import nbformat
import numpy as np
import pytest
import torch
from torch.nn.functional import softplus

from gan_course import data, lessons, record
from gan_course.audit import audit
from gan_course.errors import DivergedError
from gan_course.lab import datasets, frames, losses, measures, updates
from gan_course.lab.play import BATCH, Game
from gan_course.lab.rules import RULES
from gan_course.lab.settings import checked


def weights(game):
    return torch.cat([p.detach().flatten() for net in (game.generator, game.discriminator) for p in net.parameters()])


# -- the updates and their losses --------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", RULES)
def test_the_audit_finds_nothing_wrong_with_the_updates(loss):
    game = Game(loss=loss)
    rules = game.rules

    def update_d(real):
        return rules.update_d(game.generator, game.discriminator, game.opt_d, real, game.noise, rules.d_loss)

    def update_g(real):
        return updates.update_generator(
            game.generator, game.discriminator, game.opt_g, len(real), game.noise, rules.g_loss
        )

    state = {name: getattr(game, name) for name in ("generator", "discriminator", "opt_g", "opt_d", "noise")}
    report = audit(
        {"discriminator": update_d, "generator": update_g},
        state=state,
        batch=game.draw_real(),
        logits=game.discriminator,
    )
    assert report.ok, report


def test_the_losses_are_their_formulas():
    real, fake = torch.tensor([[2.0], [-0.5]]), torch.tensor([[-3.0], [1.5]])
    found = {
        "cross entropy": losses.cross_entropy_d(real, fake),
        "minimax": losses.minimax_g(fake),
        "non-saturating": losses.non_saturating_g(fake),
        "hinge d": losses.hinge_d(real, fake),
        "hinge g": losses.hinge_g(fake),
        "wasserstein d": losses.wasserstein_d(real, fake),
        "wasserstein g": losses.wasserstein_g(fake),
    }
    wanted = {
        "cross entropy": (softplus(-real).mean() + softplus(fake).mean()),
        "minimax": torch.log(1 - torch.sigmoid(fake)).mean(),
        "non-saturating": -torch.log(torch.sigmoid(fake)).mean(),
        "hinge d": (0 + 1.5) / 2 + (0 + 2.5) / 2,
        "hinge g": 0.75,
        "wasserstein d": -0.75 - 0.75,
        "wasserstein g": 0.75,
    }
    assert {name: float(value) for name, value in found.items()} == pytest.approx(
        {name: float(value) for name, value in wanted.items()}
    )


@pytest.mark.parametrize(("slope", "penalty"), [(1.0, 0.0), (3.0, 0.4), (0.0, 0.1)])
def test_the_penalty_is_zero_where_the_slope_is_one(slope, penalty):
    def critic(x):
        return slope * (0.6 * x[:, :1] + 0.8 * x[:, 1:])

    points = torch.randn(8, 2, generator=torch.Generator().manual_seed(0))
    found = losses.gradient_penalty(critic, points, -points, torch.Generator())
    assert float(found) == pytest.approx(penalty, abs=1e-6)


@pytest.mark.parametrize("loss", RULES)
def test_the_code_shown_is_the_code_that_runs_and_names_five_phases(loss):
    rules = RULES[loss]
    shown = rules.sources()
    assert (
        inspect.getsource(rules.update_d) in shown["D"] + "\n"
        and inspect.getsource(rules.d_loss) in shown["D"] + "\n\n"
    )
    assert (
        inspect.getsource(updates.update_generator) in shown["G"]
        and inspect.getsource(rules.g_loss).rstrip() in shown["G"]
    )
    assert ("def gradient_penalty" in shown["D"]) == (loss == "wasserstein")
    for code in shown.values():
        lines = [line.strip() for line in code.splitlines()]
        assert [line[2] for line in lines if line[:1] == "#" and line[3:5] == ": "] == list("12345")


def test_networks_and_updates_are_those_of_lesson_02():
    cells = nbformat.read(lessons.find("02"), as_version=4).cells
    lesson = {"budget": "smoke", "seed": 0, "dataset": "mnist"}
    with contextlib.redirect_stdout(io.StringIO()):
        exec("\n\n".join(record.recipe_cells(lessons.find("02"))), lesson)
        exec(next(cell.source for cell in cells if cell.id == "ring-nets"), lesson)
    game = Game(loss="non-saturating", d_rate=1e-3, g_rate=1e-3)
    networks = {"generator": lesson["ring_generator"](), "discriminator": lesson["ring_discriminator"]()}
    for name, network in networks.items():
        network.load_state_dict(getattr(game, name).state_dict())
    opt_d, opt_g = (lesson["adam"](networks[name], 1e-3) for name in ("discriminator", "generator"))
    real = torch.randn(BATCH, 2, generator=torch.Generator().manual_seed(0))
    noise = torch.Generator().set_state(game.noise.get_state())
    for _ in range(3):
        game.rules.update_d(game.generator, game.discriminator, game.opt_d, real, game.noise, game.rules.d_loss)
        updates.update_generator(game.generator, game.discriminator, game.opt_g, BATCH, game.noise, game.rules.g_loss)
        z = updates.draw_z(noise, BATCH)
        lesson["update_discriminator"](*networks.values(), opt_d, real, z)
        z = updates.draw_z(noise, BATCH)
        lesson["update_generator"](*networks.values(), opt_g, z)
    ours = weights(game)
    theirs = torch.cat([p.detach().flatten() for net in networks.values() for p in net.parameters()])
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-6)


# -- the moves ---------------------------------------------------------------------------------------------------------


def test_a_step_of_one_player_leaves_the_other_alone():
    game = Game()
    n = sum(p.numel() for p in game.generator.parameters())
    before = weights(game)
    game.step_d()
    after_d = weights(game)
    assert torch.equal(before[:n], after_d[:n]) and not torch.equal(before[n:], after_d[n:])
    game.step_g()
    after_g = weights(game)
    assert torch.equal(after_d[n:], after_g[n:]) and not torch.equal(after_d[:n], after_g[:n])
    assert (game.d_updates, game.g_updates) == (1, 1)


def test_a_round_has_as_many_steps_of_d_as_asked_for_also_in_slow_motion():
    game = Game(d_steps=3)
    game.step()
    assert (game.d_updates, game.g_updates) == (3, 1)
    assert [game.next_player() for _ in range(9)] == list("DDDGDDDGD")


def test_the_same_settings_give_the_same_game_whoever_looks_and_whatever_else_runs():
    one, other, elsewhere = Game(seed=3), Game(seed=3), Game(seed=4)
    global_state = torch.get_rng_state()
    for _ in range(4):
        one.step()
        other.look()
        other.step()
        other.look()
        elsewhere.step()
    assert torch.equal(weights(one), weights(other)) and not torch.equal(weights(one), weights(elsewhere))
    assert frames.pack(one.look()) == frames.pack(other.look())
    assert torch.equal(torch.get_rng_state(), global_state)


def test_making_a_game_draws_nothing_from_a_lessons_own_randomness():
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    Game()
    assert torch.equal(torch.rand(3), expected)


def test_slow_motion_makes_the_same_update_and_shows_its_batch():
    slow, fast = Game(), Game()
    for player in "DG":
        walk = slow.walk(player)
        loss = fast.step_d() if player == "D" else fast.step_g()
        assert walk["loss"] == pytest.approx(loss, abs=1e-4)
        assert torch.equal(weights(slow), weights(fast))
        assert len(walk["fake"]) == len(walk["fake_seen"]) == len(walk["fake_push"]) == 60
        assert (min(walk["fake_push"]) > 0) == (player == "G")  # D's loss pulls its answer on fakes down, G's up
    assert "moved" in walk and "real" not in walk


def test_rates_and_steps_change_in_the_midst_of_a_game():
    game = Game()
    game.step()
    game.change(d_steps=5, d_rate=1e-4, g_rate=1e-2)
    assert (game.opt_d.param_groups[0]["lr"], game.opt_g.param_groups[0]["lr"]) == (1e-4, 1e-2)
    game.step()
    assert game.d_updates == 6


@pytest.mark.parametrize("loss", RULES)
def test_every_loss_trains(loss):
    game = Game(loss=loss, data="two clusters", d_steps=2)
    start = game.look().scalars["js"]
    for _ in range(120):
        game.step()
    assert game.look().scalars["js"] < 0.8 * start


# -- what is seen ------------------------------------------------------------------------------------------------------


def test_the_surface_is_ds_answer_at_the_middles_of_the_cells():
    game = Game()
    frame = game.look()
    side = 2 * datasets.EXTENT / frames.SIDE
    corner = torch.tensor([[-datasets.EXTENT + side / 2, -datasets.EXTENT + side * 2.5]])
    assert frame.surface[2, 0] == pytest.approx(torch.sigmoid(game.discriminator(corner)).item(), abs=1e-6)
    assert (frame.scalars["low"], frame.scalars["high"]) == (0, 1)


@pytest.mark.parametrize("loss", RULES)
def test_the_pull_at_a_point_is_the_way_down_gs_loss(loss):
    game = Game(loss=loss)
    frame, h = game.look(), 1e-3
    for i in range(3):
        point, pull = torch.from_numpy(frame.points[i]), frame.pulls[i].astype(float)
        steepness = np.linalg.norm(pull) / (1 - np.linalg.norm(pull))  # undo l / (l + 1)
        way = torch.from_numpy(h * pull / np.linalg.norm(pull)).float()
        with torch.no_grad():
            up, down = (game.rules.g_loss(game.discriminator((point + s * way)[None])).item() for s in (-1, 1))
        assert (up - down) / (2 * h) == pytest.approx(steepness, rel=0.05, abs=1e-3)


def test_the_networks_score_of_a_critic_has_its_own_scale():
    frame = Game(loss="wasserstein").look()
    assert frame.scalars["low"] == pytest.approx(frame.surface.min()) and frame.scalars["high"] == pytest.approx(
        frame.surface.max()
    )


def test_the_data_lie_in_the_window_and_modes_are_where_points_are():
    rng = np.random.default_rng(0)
    for name, (_, toy) in datasets.DATASETS.items():
        points = toy.sample(2000, rng)
        assert points.dtype == np.float32 and np.abs(points).max() < datasets.EXTENT, name
    assert set(checked(data=name)["data"] for name in datasets.DATASETS) == set(datasets.DATASETS)


def test_the_line_is_straight():
    points = datasets.line().sample(500, np.random.default_rng(0))
    assert np.abs(0.8 * points[:, 0] - points[:, 1]).max() < 0.2 and np.ptp(points[:, 0]) > 1.8


# -- the measures ------------------------------------------------------------------------------------------------------


def test_divergences_agree_with_closed_forms_over_shares():
    p, q = np.array([0.5, 0.25, 0.25]), np.array([0.25, 0.25, 0.5])
    assert measures.kl(p, q) == pytest.approx(0.5 * math.log(2) - 0.25 * math.log(2))
    assert measures.kl(p, p) == 0


def test_real_points_score_the_floor_and_points_elsewhere_the_most():
    toy = data.ring(sigma=0.05)
    measure = measures.Measures(toy)
    real = measure(toy.sample(measures.N, np.random.default_rng(9)))
    assert real["js"] == pytest.approx(measure.floor["js"], rel=0.15)
    assert real["modes"] == 8 and real["quality"] == pytest.approx(0.989, abs=0.01)
    outside = measure(np.full((measures.N, 2), 9.0, np.float32))
    assert outside["modes"] == 0 and 0.5 < outside["js"] <= math.log(2)
    one_mode = measure(data.ring(modes=1, sigma=0.05).sample(measures.N, np.random.default_rng(9)))
    assert one_mode["modes"] == 1 and real["js"] < one_mode["js"] < outside["js"]
    assert real["kl"] < one_mode["kl"]


def test_a_cell_is_where_it_should_be():
    found = measures.shares(np.array([[-1.49, -1.49]] * 1000 + [[5.0, 0.0]] * 3000))
    assert found[0] > 0.2 and found[-1] > 0.6 and found.sum() == pytest.approx(1)


def test_data_without_modes_have_none_to_cover():
    scalars = Game(data="spiral").look().scalars
    assert math.isnan(scalars["modes"]) and math.isnan(scalars["quality"]) and scalars["js"] > 0


# -- what goes wrong ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["step_d", "step_g", "look"])
def test_a_diverged_game_says_so(what):
    game = Game()
    with torch.no_grad():
        game.generator[0].weight.fill_(math.inf)
    with pytest.raises(DivergedError, match="no longer a finite number after"):
        getattr(game, what)()


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"data": "rnig"}, "data can't be 'rnig'. It can be: 'ring'"),
        ({"loss": 3}, "loss can't be 3"),
        ({"d_steps": 4}, "d_steps can't be 4. It can be: 1, 2, 3, 5, 10"),
        ({"d_steps": True}, "d_steps can't be True"),
        ({"g_rate": math.nan}, "g_rate can't be nan"),
        ({"d_rate": [1]}, "d_rate can't be"),
        ({"seed": -1}, "seed must be a whole number from 0 to 2,147,483,647"),
        ({"seed": 1.5}, "seed must be a whole number"),
        ({"rate": 1e-3}, "there is no setting 'rate'. There are: data, loss"),
    ],
)
def test_bad_settings_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        Game(**bad)


def test_a_whole_number_of_steps_may_come_as_a_float():
    assert repr(checked(d_steps=2.0)["d_steps"]) == "2"


def test_a_refused_change_leaves_the_game_as_it_was():
    game = Game()
    with pytest.raises(ValueError):
        game.change(d_rate=-1)
    assert game.settings == Game().settings and game.opt_d.param_groups[0]["lr"] == 3e-3


def test_a_batch_is_what_it_says():
    real = Game().draw_real()
    assert real.shape == (BATCH, 2) and real.dtype == torch.float32
