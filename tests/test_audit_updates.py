"""The audit of other training steps than one D and one G: autoencoders, two pairs, three updates, common networks."""

import inspect

import pytest
import torch
from audit_game import named
from audit_torch import BATCH, LATENT, PIXELS, adam, bce_d, bce_g, discriminator
from torch import nn
from torch.nn.functional import mse_loss

from gan_course.audit import audit
from gan_course.errors import CourseError


def network(width, out):
    return nn.Sequential(nn.Linear(width, 8), nn.BatchNorm1d(8), nn.LeakyReLU(0.2), nn.Linear(8, out))


def step(optimiser, loss):
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()


def objects(game):
    return {name: obj for name, obj in vars(game).items() if not inspect.isroutine(obj)}


def said(report):
    return " ".join(repr(report).split())


def pictures(seed):
    return torch.rand(BATCH, PIXELS, generator=torch.Generator().manual_seed(seed)) * 2 - 1


class Adversarial:
    """An adversarial autoencoder: its encoder is moved by two updates, and a critic looks at the codes."""

    moves = {"autoencoder": ("encoder", "decoder"), "generator": "encoder"}

    def __init__(self):
        torch.manual_seed(0)
        self.encoder, self.decoder = network(PIXELS, LATENT), network(LATENT, PIXELS)
        self.critic, self.noise = discriminator(width=LATENT), torch.Generator().manual_seed(1)
        self.opt_a, self.opt_c, self.opt_e = adam(self.encoder, self.decoder), adam(self.critic), adam(self.encoder)

    def autoencoder(self, real):
        step(self.opt_a, mse_loss(self.decoder(self.encoder(real)), real))

    def update_critic(self, real):
        prior = torch.randn(len(real), LATENT, generator=self.noise)
        step(self.opt_c, bce_d(self.critic(prior), self.critic(self.encoder(real).detach())))

    def generator(self, real):
        step(self.opt_e, bce_g(None, self.critic(self.encoder(real))))

    def audit(self, *names, moves=None):
        updates = {"autoencoder": self.autoencoder, "critic": self.update_critic, "generator": self.generator}
        updates = {name: updates[name] for name in names or updates}
        moves = {name: networks for name, networks in (moves or self.moves).items() if name in updates}
        return audit(updates, state=objects(self), batch=pictures(2), moves=moves)


class Cycle:
    """Two generators, moved by one update, and two discriminators."""

    moves = {"generators": ("g_ab", "g_ba")}

    def __init__(self):
        torch.manual_seed(0)
        self.g_ab, self.g_ba = network(PIXELS, PIXELS), network(PIXELS, PIXELS)
        self.d_a, self.d_b = discriminator(), discriminator()
        self.opt_g, self.opt_a, self.opt_b = adam(self.g_ab, self.g_ba), adam(self.d_a), adam(self.d_b)

    def generators(self, batch):
        a, b = batch
        fake_a, fake_b = self.g_ba(b), self.g_ab(a)
        cycle = mse_loss(self.g_ba(fake_b), a) + mse_loss(self.g_ab(fake_a), b)
        step(self.opt_g, bce_g(None, self.d_a(fake_a)) + bce_g(None, self.d_b(fake_b)) + cycle)

    def update_a(self, batch):
        step(self.opt_a, bce_d(self.d_a(batch[0]), self.d_a(self.fake_a(batch[1]).detach())))

    def update_b(self, batch):
        step(self.opt_b, bce_d(self.d_b(batch[1]), self.d_b(self.g_ab(batch[0]).detach())))

    def fake_a(self, b):
        return self.g_ba(b)

    def audit(self):
        updates = {"generators": self.generators, "d_a": self.update_a, "d_b": self.update_b}
        return audit(updates, state=objects(self), batch=(pictures(2), pictures(3)), moves=self.moves)


# -- one update --------------------------------------------------------------------------------------------------------


def test_an_autoencoder_has_no_opponent():
    report = Adversarial().audit("autoencoder")
    assert report.facts == ["the autoencoder's update moves encoder (6 of 6 tensors), decoder (6 of 6 tensors)"]
    assert report.passed == [
        "the update moves all of its networks",
        "no step uses what an earlier one left behind",
        "half a batch trains the same networks",
        "all weights stay finite",
    ]
    assert named(report, "fault", "warning", "note") == ["buffers"]


def test_an_autoencoder_whose_decoder_stands_still():
    game = Adversarial()
    game.opt_a = adam(game.encoder)
    report = game.audit("autoencoder")
    assert named(report) == ["never-moves"]
    assert "the autoencoder's update doesn't move decoder, whatever" in report.faults[0].message


def test_an_autoencoder_whose_gradients_pile_up():
    class Piled(Adversarial):
        def autoencoder(self, real):
            mse_loss(self.decoder(self.encoder(real)), real).backward()
            self.opt_a.step()

    report = Piled().audit("autoencoder")
    assert named(report) == ["stale-gradient"]
    assert "the autoencoder's step depends on gradients that earlier steps left" in report.faults[0].message


# -- two generators and two discriminators -----------------------------------------------------------------------------


def test_two_pairs():
    report = Cycle().audit()
    assert named(report) == [], report
    assert report.facts[0] == "the generators' update moves g_ab (6 of 6 tensors), g_ba (6 of 6 tensors)"
    assert "each update learns from the others' networks as they are now" in report.passed
    assert "fakes are drawn in the same mode in every update" in report.passed


def d_b_left_out(game):
    game.opt_b = adam(game.d_a)


def d_b_with_no_optimiser_of_its_own(game):
    game.opt_a = game.opt_b = adam(game.d_a, game.d_b)


def d_b_moved_by_the_generators(game):
    game.opt_g = adam(game.g_ab, game.g_ba, game.d_b)


def another_d_b(game):
    other, update = discriminator(), game.generators

    def generators(batch):
        mine, game.d_b = game.d_b, other
        update(batch)
        game.d_b = mine

    game.generators = generators


def d_b_without_zero_grad(game):
    game.update_b = lambda batch: (
        bce_d(game.d_b(batch[1]), game.d_b(game.g_ab(batch[0]).detach())).backward(),
        game.opt_b.step(),
    )


def fakes_made_once(game):
    kept = game.g_ba(pictures(3)).detach()
    game.fake_a = lambda b: kept[: len(b)]


def fakes_in_inference_mode(game):
    def fake_a(b):
        game.g_ba.eval()
        fake = game.g_ba(b)
        game.g_ba.train()
        return fake

    game.fake_a = fake_a


CYCLES = {  # what is broken, to (verdict, part of its message)
    d_b_left_out: ("d-never-moves", "the d_b's update doesn't move d_b"),
    d_b_with_no_optimiser_of_its_own: ("one-optimiser", "the d_a's and the d_b's updates share one optimiser, opt_a."),
    d_b_moved_by_the_generators: (
        "d-not-frozen",
        "the generators' update also moves d_b (4 of 4 tensors). opt_g holds",
    ),
    another_d_b: ("other-discriminator", "the generators' step stays the same when all weights of d_b are"),
    d_b_without_zero_grad: ("stale-gradient", "left in d_b (the generators' update put some there)"),
    fakes_made_once: ("other-generator", "the d_a's step stays the same when all weights of g_ab, g_ba are"),
    fakes_in_inference_mode: ("inference-fakes", "changed in the generators' update only, so in the d_a's update"),
}


@pytest.mark.parametrize("breaking", CYCLES, ids=lambda breaking: breaking.__name__)
def test_two_pairs_with_one_thing_broken(breaking):
    wanted, part = CYCLES[breaking]
    game = Cycle()
    breaking(game)
    report = game.audit()
    assert named(report) == [wanted], report
    assert part in report.faults[0].message


def test_two_pairs_of_which_one_ignores_each_other():
    game = Cycle()
    another_d_b(game)
    game.update_b = lambda batch: step(game.opt_b, bce_d(game.d_b(batch[1]), game.d_b(batch[0])))
    report = game.audit()
    assert named(report) == ["other-generator"], report  # that d_b plays no part is seen from its own side


# -- three updates, and networks that several may move -----------------------------------------------------------------


def test_a_network_that_two_updates_may_move():
    game = Adversarial()
    report = game.audit()
    assert named(report, "fault", "warning", "note") == ["buffers"], report
    assert [fact.count("encoder (") for fact in report.facts] == [1, 0, 1]
    assert "each update learns from" not in said(report)  # the autoencoder's doesn't, and needn't
    game.opt_e = game.opt_a  # which the two may share
    assert named(game.audit()) == []


def test_a_network_that_two_updates_move_and_one_may():
    report = Adversarial().audit(moves={"autoencoder": ("encoder", "decoder"), "generator": "decoder"})
    assert "moves-another" in named(report) and "the generator's update also moves encoder" in said(report)


def test_an_update_that_moves_a_network_of_another():
    class Broken(Adversarial):
        def autoencoder(self, real):
            step(self.opt_a, mse_loss(self.decoder(self.encoder(real)), real) + self.critic(self.encoder(real)).mean())
            self.opt_c.step()

    report = Broken().audit()
    assert named(report) == ["moves-another"], report
    assert "the autoencoder's update also moves critic (4 of 4 tensors)." in report.faults[0].message


def test_a_critic_that_moves_an_encoder_is_told_what_a_discriminator_is_told():
    class Broken(Adversarial):
        def update_critic(self, real):
            self.opt_e.zero_grad()
            step(self.opt_c, bce_d(self.critic(torch.zeros(1, LATENT)), self.critic(self.encoder(real))))
            self.opt_e.step()

    assert named(Broken().audit()) == ["g-not-left-alone"]


def test_three_updates_with_one_optimiser():
    game = Adversarial()
    game.opt_a = game.opt_c = game.opt_e = adam(game.encoder, game.decoder, game.critic)
    report = game.audit()
    assert named(report) == ["one-optimiser"], report
    assert "the generator's update moves critic, too" in report.faults[0].message


def test_parts_of_one_network():
    """Two updates move a part each; neither part is dead, though the other's step depends on it."""

    class Parts(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Linear(PIXELS, 8), nn.Linear(8, PIXELS)

        def forward(self, x):
            return self.head(self.body(x).tanh())

    def arguments(*held):
        net = Parts()
        opts = [adam(getattr(net, name)) for name in held]
        updates = {
            name: lambda real, opt=opt: step(opt, mse_loss(net(real), real))
            for name, opt in zip(("first", "second"), opts, strict=True)
        }
        state = {"net": net} | {f"opt_{i}": opt for i, opt in enumerate(opts)}
        return dict(updates=updates, state=state, batch=pictures(2), moves={"first": "net", "second": "net"})

    assert named(audit(**arguments("body", "head"))) == []
    report = audit(**arguments("body", "body"))
    assert named(report) == ["dead-tensor", "dead-tensor"] and "net head.weight, head.bias" in said(report)


def test_the_opponent_of_a_critic_may_have_any_name():
    class Pair(Adversarial):
        def autoencoder(self, real):
            code = self.encoder(real)
            step(self.opt_a, mse_loss(self.decoder(code), real) + bce_g(None, self.opponent(code)))

    game = Pair()
    game.opponent = game.critic
    assert named(game.audit("autoencoder", "critic")) == []
    game.opponent = discriminator(width=LATENT)
    assert named(game.audit("autoencoder", "critic")) == ["other-discriminator"]


def test_updates_of_any_name_that_learn_from_one_another_or_do_not():
    class Two(Adversarial):
        def prior(self, real):
            step(self.opt_c, self.critic(self.encoder(real).detach()).square().mean())

        def audit(self):
            moves = {"autoencoder": ("encoder", "decoder"), "prior": "critic"}
            updates = {"autoencoder": self.autoencoder, "prior": self.prior}
            return audit(updates, state=objects(self), batch=pictures(2), moves=moves)

    report = Two().audit()
    assert report.ok and "one-sided" in named(report, "note")
    assert "the autoencoder's step stays the same when all weights of critic are changed." in said(report)

    class Mutual(Two):
        def autoencoder(self, real):
            code = self.encoder(real)
            step(self.opt_a, mse_loss(self.decoder(code), real) + self.critic(code).mean())

    assert "one-sided" not in named(Mutual().audit(), "note")


# -- moves -------------------------------------------------------------------------------------------------------------


def test_wrong_moves():
    game = Adversarial()
    with pytest.raises(CourseError, match="moves names 'encoder', but updates has 'autoencoder'"):
        audit({"autoencoder": game.autoencoder}, state=objects(game), batch=pictures(2), moves={"encoder": "encoder"})
    with pytest.raises(
        CourseError, match="state has no 'coder'; state has 'encoder', 'decoder', .*'autoencoder': 'name'"
    ):
        game.audit("autoencoder", moves={"autoencoder": ("encoder", "coder")})
    with pytest.raises(CourseError, match=r"moves\['autoencoder'\] is empty; state has 'encoder', 'decoder'"):
        game.audit("autoencoder", moves={"autoencoder": ()})
