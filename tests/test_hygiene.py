"""A run that skipped training, or ran at another budget, is complained about."""

import json

from hygiene import complaints_about_run
from torch_training import make, train


def change(folder, **values):
    path = folder / "metrics.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def test_a_whole_run_is_not_complained_about(runs):
    run, update = make()
    train(run, update)
    assert complaints_about_run(run.folder, "smoke", 0) == []


def test_no_run_at_all(tmp_path):
    assert complaints_about_run(tmp_path, "smoke", 0) == ["no run at the budget smoke with the seed 0"]


def test_another_budget_or_seed(runs):
    run, update = make()
    train(run, update)
    change(run.folder, budget="laptop")
    assert complaints_about_run(run.folder, "smoke", 0) == ["ran with budget laptop and seed 0"]


def test_a_loop_that_was_left_early(runs):
    run, update = make()
    for real in run:
        d_loss, g_loss = update(real)
        run.log(d_loss=d_loss, g_loss=g_loss)
        if run.step == 4:
            break
    assert complaints_about_run(run.folder, "smoke", 0) == ["no run at the budget smoke with the seed 0"]


def test_an_interrupted_run(runs):
    run, update = make()
    train(run, update)
    change(run.folder, steps_done=5, finished=False)
    assert complaints_about_run(run.folder, "smoke", 0) == ["5 of 12 steps done"]


def test_losses_are_logged_but_one_update_is_skipped(runs):
    run, update = make()
    for real in run:
        if run.step != 3:
            d_loss, g_loss = update(real)
        run.log(d_loss=d_loss, g_loss=g_loss)
    assert set(complaints_about_run(run.folder, "smoke", 0)) == {
        "the optimiser opt_g took 11 steps of 12",
        "the optimiser opt_d took 11 steps of 12",
    }
