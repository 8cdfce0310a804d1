"""The network's parts: gradients of the recurrent unit, encoders that see graphs, decoders that agree."""

import pytest

pytest.importorskip("torch", reason="needs the extra molecules")
pytest.importorskip("rdkit", reason="needs the extra molecules")

import numpy as np
import torch

from clinweave.applications.molecules import SHAPES, Schedule, parse, property_table, shape_named
from clinweave.applications.molecules.batches import FREE, SCAFFOLD, WHOLE, graph_tensors, make_batch
from clinweave.applications.molecules.cache import Shard
from clinweave.applications.molecules.graphs import graphs_of
from clinweave.applications.molecules.network import Network, parameter_count
from clinweave.applications.molecules.recurrent import gru_step, packed_gru
from clinweave.applications.molecules.settings import shape_from
from clinweave.applications.molecules.tokens import END, learn_tokens
from tests.applications.molecules.made import smiles_set

pytestmark = [pytest.mark.molecules, pytest.mark.torch]
# the published form, at a depth and width that a test can afford
TRANSFORMERS = shape_named("base", layers=2, width=16, heads=2, readouts=(1, 2), chunk=4, decoder_layers=1,
                           decoder_width=16, embedding=16, vocabulary=200)  # fmt: skip
TINY = shape_named("tiny", vocabulary=200)


@pytest.fixture(scope="module")
def shard():
    smiles = smiles_set(80)
    ids = learn_tokens(smiles, "smiles", 200).encode(smiles)
    molecules = [parse(item) for item in smiles]
    flat = np.array([i for row in ids for i in row], np.int16)
    counts = np.array([len(row) for row in ids])
    return Shard(flat, counts, graphs_of(molecules), property_table(molecules))


def test_the_recurrent_unit_is_torchs_and_its_gradients_are_right():
    torch.manual_seed(0)
    double = torch.float64
    state, weight, bias = (
        torch.randn(*size, dtype=double, requires_grad=True) for size in ((4, 5), (5, 15), (5,))
    )
    given = torch.randn(9, 15, dtype=double, requires_grad=True)
    sizes = (4, 3, 2)
    assert torch.autograd.gradcheck(lambda *one: packed_gru(*one, sizes), (given, state, weight, bias))
    ours = packed_gru(given, state, weight, bias, sizes)
    theirs = torch.nn.GRU(15, 5, dtype=double)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(torch.eye(15))
        theirs.weight_hh_l0.copy_(weight.t())
        theirs.bias_ih_l0.zero_()
        theirs.bias_hh_l0.zero_()
        theirs.bias_hh_l0[10:] = bias
    packed = torch.nn.utils.rnn.PackedSequence(given, torch.tensor(sizes))
    assert torch.allclose(theirs(packed, state[None])[0].data, ours)
    assert torch.allclose(gru_step(given[:4], state, weight, bias), ours[:4])


@pytest.mark.parametrize("shape", [TINY, TRANSFORMERS], ids=["messages", "transformer"])
def test_the_latent_does_not_depend_on_the_order_of_atoms_or_company(shape):
    from rdkit import Chem

    torch.manual_seed(0)
    network = Network(shape).eval()
    molecule = parse("CC(C)C(=O)Oc1ccc(Cl)cc1")
    order = list(np.random.default_rng(0).permutation(molecule.GetNumAtoms()))
    turned = Chem.RenumberAtoms(molecule, [int(i) for i in order])
    others = [molecule, parse("C"), turned, parse("CC(C)C(=O)Oc1cccc(Cl)c1"), parse("CCC")]
    with torch.inference_mode():
        mean, _ = network.latent(graph_tensors(graphs_of(others)))
    assert mean.shape == (5, shape.latent)
    assert torch.allclose(mean[0], mean[2], atol=1e-5)
    assert not torch.allclose(mean[0], mean[3], atol=1e-4)


@pytest.mark.parametrize("shape", [TINY, TRANSFORMERS], ids=["gru", "transformer"])
def test_the_likelihood_of_a_string_is_what_it_is_drawn_with(shape, shard):
    torch.manual_seed(0)
    network = Network(shape).eval()
    batch = make_batch(shard, np.arange(7), Schedule(free=1.0, masked=1.0), np.random.default_rng(0))
    seen = []

    def follow(logits):
        place = len(seen)
        ids = batch.ids[:, min(place, batch.ids.shape[1] - 1)].clamp(min=0)
        seen.append(torch.log_softmax(logits, 1).gather(1, ids[:, None])[:, 0])
        return torch.where(batch.ids[:, place] < 0, END, ids) if place < batch.ids.shape[1] else ids * 0 + END

    with torch.inference_mode():
        context = network.decoder_context(network.null.expand(7, -1), batch.conditions, batch.views)
        losses = network.decoder.losses(context, batch)
        network.decoder.write(context, follow)
    drawn = torch.stack(seen[: batch.ids.shape[1]], 1)
    expected = -torch.where(batch.ids >= 0, drawn, 0.0).sum(1)
    # never-written tokens are barred when drawing: likelihoods differ by their share alone
    assert torch.allclose(losses, expected, rtol=0.02)


@pytest.mark.parametrize("shape", [TINY, TRANSFORMERS], ids=["small", "base"])
def test_every_weight_of_a_mixed_batch_learns(shape, shard):
    torch.manual_seed(0)
    network = Network(shape)
    batch = make_batch(shard, np.arange(60), Schedule(free=0.3, scaffold=0.3), np.random.default_rng(1))
    assert {FREE, WHOLE, SCAFFOLD} == set(batch.views.tolist())
    losses = network(batch)
    (losses.string.mean() + 0.1 * losses.divergence.mean()).backward()
    assert [name for name, item in network.named_parameters() if item.grad is None] == []
    assert (losses.divergence[batch.views != WHOLE] == 0).all()


def test_packed_and_single_strings_cost_the_same(shard):
    network = Network(TINY).eval()
    plain = Schedule(free=1.0, masked=1.0)
    with torch.inference_mode():
        together = network(make_batch(shard, np.arange(9), plain, np.random.default_rng(0))).string.sum()
        alone = sum(
            network(make_batch(shard, np.array([row]), plain, np.random.default_rng(0))).string.sum()
            for row in range(9)
        )
    assert torch.allclose(together, alone, rtol=1e-4)


def test_sizes_are_those_that_are_promised():
    assert 1_000_000 <= parameter_count(Network(SHAPES["small"])) <= 3_000_000
    with torch.device("meta"):
        count = parameter_count(Network(SHAPES["base"]))
    assert 55_000_000 < count < 65_000_000
    assert SHAPES["base"].latent == 8 * 256
    assert shape_from(SHAPES["base"].__dict__ | {"readouts": [1, 2]}).readouts == (1, 2)
