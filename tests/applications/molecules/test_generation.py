"""From a file of SMILES to a trained model to molecules: learning, resuming, delivering, refusing."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("torch", reason="needs the extra molecules")
pytest.importorskip("rdkit", reason="needs the extra molecules")

import numpy as np
import torch
from rdkit import Chem

from clinweave.applications.molecules import (
    GenerationRequest,
    Schedule,
    Trainer,
    build_cache,
    generate,
    open_model,
    parse,
    shape_named,
)
from clinweave.applications.molecules.batches import Position
from clinweave.applications.molecules.cache import FULL, STRINGS, read_shard, shards
from clinweave.applications.molecules.generator import _nucleus
from clinweave.applications.molecules.loading import Source, load
from clinweave.applications.molecules.packaging import finish
from clinweave.applications.molecules.prior import draw, fit_mixture, log_density
from clinweave.applications.molecules.tokens import START, learn_tokens
from clinweave.applications.molecules.training import read_history
from clinweave.cli import main
from clinweave.core.errors import ClinweaveError, UserError
from tests.applications.molecules.made import grid_data, smiles_set

pytestmark = [pytest.mark.molecules, pytest.mark.torch]
SHAPE = shape_named("tiny", vocabulary=300, decoder_width=96, embedding=48)
PLAN = Schedule(molecules=16_000, batch=64, learning_rate=1e-2, warmup=500, beta_warmup=4000, save_every=4000)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return (folder of features, folder of a trained model, the SMILES file)."""
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("molecules")
    source = folder / "set.smi"
    smiles = smiles_set(1200)
    source.write_text("\n".join(smiles) + "\n")
    build_cache(smiles, source, folder / "cache", vocabulary=300)
    Trainer(SHAPE, PLAN, folder / "cache", folder / "model").run()
    finish(folder / "model", folder / "cache", command="a test", data="made", licence="none", parts=4)
    return folder / "cache", folder / "model", source


def test_learning_falls_and_most_strings_are_valid(world):
    history = read_history(world[1])
    assert len(history) >= 4
    assert history[-1]["held_free"] < 0.8 * history[0]["train_nats"]
    # the graph says which molecule it is: its string costs less than without
    assert history[-1]["held_whole"] < history[-1]["held_free"]
    drawn = generate(200, model=open_model(world[1]))
    assert drawn.table()["raw_validity"] > 0.4
    assert all(not isinstance(parse(item), str) for item in drawn.smiles)
    assert len(drawn.smiles) == 200


def test_an_interrupted_run_goes_on_to_the_same_weights(world, tmp_path):
    cache, _, _ = world
    plan = Schedule(molecules=1024, batch=64, save_every=512)
    Trainer(SHAPE, plan, cache, tmp_path / "once").run()
    first = Trainer(SHAPE, plan, cache, tmp_path / "twice")
    first.schedule = Schedule(molecules=1024, batch=64, save_every=512)
    first.run(seconds=1e-9)  # one step at most, then it stops and saves
    Trainer(SHAPE, plan, cache, tmp_path / "twice").run()
    item, two = (read_history(tmp_path / name)[-1] for name in ("once", "twice"))
    assert item["molecules"] == two["molecules"]
    assert item["held_free"] == pytest.approx(two["held_free"], rel=1e-3)


def test_features_are_made_once_and_shards_may_hold_strings_alone(world, tmp_path):
    cache, _, source = world
    smiles = source.read_text().split()
    before = shards(cache)[0].stat().st_mtime_ns
    build_cache(smiles, source, cache, vocabulary=300)
    assert shards(cache)[0].stat().st_mtime_ns == before
    with pytest.raises(UserError, match="other vocabulary"):
        build_cache(smiles, source, cache, vocabulary=400)
    build_cache(smiles, source, tmp_path, vocabulary=300, graphs=0)
    assert not shards(tmp_path, FULL)
    lean = read_shard(shards(tmp_path, STRINGS)[0])
    assert lean.graphs is None
    assert len(lean) == len(smiles)


def test_latents_answer_every_row_and_refuse_what_was_never_seen(world):
    model = open_model(world[1])
    result = model.encode(["Cc1ccccc1", "C1CC", "C[N+](C)(C)C", "CC[Si](C)(C)C", "C[C@H](N)C(=O)O"])
    assert result.latents.shape == (5, model.latent)
    assert np.isfinite(result.latents[:, 0]).tolist() == [True, False, False, False, False]
    assert [bool(reason) for reason in result.reasons] == [False, True, True, True, True]
    assert "charges never seen: +1" in result.reasons[2]
    loose = model.encode(["C[N+](C)(C)C"], strict=False)
    assert np.isfinite(loose.latents).all()
    assert loose.reasons[0]
    assert model.decode(result.latents[:1], temperature=0) == model.decode(result.latents[:1], temperature=0)
    with pytest.raises(UserError, match="shape"):
        model.decode(np.zeros((1, 3), np.float32))


def test_scaffolds_are_in_all_that_is_delivered_and_counts_add_up(world):
    model = open_model(world[1])
    drawn = generate(20, None, GenerationRequest("c1ccccc1"), model=model)
    assert all(parse(item).HasSubstructMatch(parse("c1ccccc1")) for item in drawn.smiles)
    assert drawn.valid == len(drawn.smiles) + drawn.without_scaffold + drawn.outside + drawn.not_makeable
    assert sum(drawn.refused_by.values()) == drawn.not_makeable
    once = generate(60, None, GenerationRequest(distinct=True, new_to=set(drawn.smiles)), model=model)
    assert len(set(once.smiles)) == 60
    assert not set(once.smiles) & set(drawn.smiles)
    assert generate(30, model=model, seed=5).smiles == generate(30, model=model, seed=5).smiles
    assert len(generate(10, source="latent", model=model).smiles) == 10
    with pytest.raises(UserError, match="not a SMILES"):
        generate(1, None, GenerationRequest("c1ccc"), model=model)
    with pytest.raises(ClinweaveError, match="without the scaffold"):
        generate(5, None, GenerationRequest("C1CCCCCCCCCCC1"), model=model)


def test_what_is_left_out_is_counted_and_the_training_set_is_known(world):
    model = open_model(world[1])
    trained = set(world[2].read_text().split())
    free = generate(80, model=model)
    assert free.trained_on == pytest.approx(sum(item in trained for item in free.smiles), abs=2)
    assert free.trained_on > 0
    wish = GenerationRequest(
        distinct=True, new_to=model.seen, passes=lambda molecule: "F" not in Chem.MolToSmiles(molecule)
    )
    new = generate(40, None, wish, model=model, temperature=1.2, top_p=0.99)
    assert not trained & set(new.smiles)
    assert not any("F" in item for item in new.smiles)
    assert new.trained_on == 0
    assert new.known > 0
    table = new.table()
    assert table["valid"] == 40 + sum(
        table[name]
        for name in (
            "known",
            "with_alerts",
            "not_makeable",
            "outside",
            "without_scaffold",
            "repeats_left_out",
        )
    )


def test_a_nucleus_keeps_the_likeliest_tokens_and_always_one(world):
    logits = torch.log(torch.tensor([[0.5, 0.3, 0.15, 0.05], [0.05, 0.9, 0.02, 0.03]]))
    assert torch.isfinite(_nucleus(logits, 0.8)).tolist() == [
        [True, True, False, False],
        [False, True, False, False],
    ]
    assert torch.isfinite(_nucleus(logits, 0.01)).sum(1).tolist() == [1, 1]
    model = open_model(world[1])
    # so small a nucleus is the likeliest token, whatever the temperature
    likeliest = next(model.write(temperature=0.0))[0]
    assert set(next(model.write(temperature=3.0, top_p=1e-6))) == {likeliest}


def test_the_commands_answer_with_one_document(world, tmp_path, capsys):
    _, model, source = world
    out = tmp_path / "new.smi"
    expected = [
        "--condition",
        "logp=2.5",
        "--model",
        str(model),
        "--report",
        str(tmp_path / "page.html"),
        "--new-to",
        str(source),
        "--new-to",
        "training",
        "--json",
    ]
    with pytest.raises(SystemExit):
        main(["molecules", "generate", "--n", "12", "--out", str(out), *expected])
    told = json.loads(capsys.readouterr().out)
    assert told["delivered"] == len(out.read_text().split()) == 12
    assert not set(out.read_text().split()) & set(source.read_text().split())
    assert told["reference_rows"] == len(source.read_text().split())
    assert told["trained_on"] == 0
    assert sorted(grid_data(tmp_path / "page.html")["smiles"]) == sorted(out.read_text().split())
    rows = tmp_path / "rows.csv"
    rows.write_bytes(b"smiles\r\nCc1ccccc1\r\nbad\r\nsmiles\r\n")
    with pytest.raises(SystemExit):
        main(
            [
                "molecules",
                "encode",
                str(rows),
                "--out",
                str(tmp_path / "z.parquet"),
                "--model",
                str(model),
                "--json",
            ]
        )
    assert json.loads(capsys.readouterr().out) == {
        "file": str(tmp_path / "z.parquet"), "rows": 3, "refused": 2, "warned": 0
    }  # fmt: skip
    arguments = ["--data", str(source), "--out", str(tmp_path / "m"), "--size", "tiny", "--molecules", "300"]
    more = ["--features", str(tmp_path / "features"), "--set", "batch=50", "--threads", "1", "--json"]
    with pytest.raises(SystemExit):
        main(["molecules", "train", *arguments, *more])
    assert json.loads(capsys.readouterr().out)["molecules"] == 300
    with pytest.raises(SystemExit) as stopped:
        main(["molecules", "train", *arguments, "--set", "bacth=5"])
    assert stopped.value.code == 2
    assert "did you mean batch" in capsys.readouterr().err


def test_selfies_always_spell_a_molecule():
    smiles = smiles_set(120)
    tokens = learn_tokens(smiles, "selfies", 120)
    assert [parse(item) is not None for item in tokens.decode(tokens.encode(smiles))] == [True] * len(smiles)
    random = np.random.default_rng(0)
    nonsense = [random.integers(3, len(tokens), 12).tolist() for _ in range(50)]
    assert [item for item in tokens.decode(nonsense) if isinstance(parse(item), str) and item] == []


def test_a_mixture_finds_its_parts():
    torch.manual_seed(0)
    result = torch.cat([torch.randn(600, 3) * 0.2 + 3, torch.randn(600, 3) * 0.5 - 2])
    mixture = fit_mixture(result, parts=2)
    drawn = draw(mixture, 4000, torch.Generator().manual_seed(1))
    assert torch.allclose(drawn.mean(0), result.mean(0), atol=0.15)
    assert torch.allclose(torch.cov(drawn.T), torch.cov(result.T), rtol=0.1, atol=0.2)
    assert log_density(mixture, result[:5]).min() > log_density(mixture, torch.full((1, 3), 30.0))[0]


def test_two_processes_share_a_step(world, tmp_path):
    code = (
        "import torch; torch.set_num_threads(1)\n"
        "from pathlib import Path\n"
        "from clinweave.applications.molecules import Schedule, Trainer, shape_named\n"
        f"t = Trainer(shape_named('tiny', vocabulary=300), Schedule(molecules=512, batch=32, save_every=512), "
        f"Path({str(world[0])!r}), Path({str(tmp_path / 'both')!r}))\n"
        "t.run()\n"
        "assert t.seen == 512\n"
        "print(float(t.network.null.detach().sum()))\n"
    )
    port = str(20_000 + os.getpid() % 20_000)
    base = {
        **os.environ,
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": port,
        "WORLD_SIZE": "2",
        "OMP_NUM_THREADS": "1",
    }
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", code], env={**base, "RANK": str(rank)}, stdout=subprocess.PIPE, text=True
        )
        for rank in range(2)
    ]
    sums = [run.communicate(timeout=120)[0].split()[-1] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    assert sums[0] == sums[1]  # the same weights in both
    assert read_history(tmp_path / "both")[-1]["molecules"] == 512


def test_batches_made_by_other_processes_come_in_the_same_order(world):
    cache = world[0]
    plan = Schedule(molecules=10**6, batch=64)
    start = {FULL: Position(), STRINGS: Position()}

    def first(workers, rank, of):
        given = load(Source(cache, plan, start, rank, of), workers)
        return [next(given) for _ in range(5)]

    for rank, of in ((0, 1), (0, 2), (1, 2)):
        plain, result = first(0, rank, of), first(2, rank, of)
        for (item, place), (other, there) in zip(plain, result, strict=True):
            assert torch.equal(item.ids, other.ids)
            assert place == there


def test_transformers_learn_in_half_precision_where_autocast_sees_fit(world, tmp_path):
    shape = shape_named(
        "tiny",
        vocabulary=300,
        encoder="transformer",
        decoder="transformer",
        width=32,
        decoder_width=32,
        heads=2,
    )
    plan = Schedule(molecules=8192, batch=64, learning_rate=3e-3, warmup=500, save_every=2048)
    trainer = Trainer(shape, plan, world[0], tmp_path, loaders=1)
    trainer.half = True  # what a GPU does, on a CPU
    history = trainer.run()
    assert history[-1]["train_nats"] < 0.8 * history[0]["train_nats"]
    assert history[-1]["device"] == "CPU"
    # a string that is drawn token by token has the likelihood that training gives it
    network = trainer.averaged()
    context = torch.randn(5, network.decoder.steer.in_features)
    seen = []

    def choose(logits):
        seen.append(logits)
        return torch.multinomial(logits.softmax(1), 1)[:, 0]

    ids = network.decoder.write(context, choose)
    inputs = torch.cat([torch.full((5, 1), START), ids[:, :-1]], 1)
    whole = network.decoder._logits(context, inputs)
    drawn = torch.stack(seen, 1)
    there = torch.isfinite(drawn)
    assert torch.allclose(drawn[there], whole[there], atol=1e-4)
    with pytest.raises(UserError, match="--device nowhere"):
        open_model(world[1], "nowhere")
