from random import Random

import pytest

from clinweave.core.errors import UserError
from clinweave.training.tokens import IGNORED, Tokens

pytestmark = pytest.mark.torch


def items(count=5, prompts=3):
    """Return items whose prompts begin alike, several replies to each."""
    result = []
    for prompt in range(prompts):
        begun = [5, 6, 7, 8, *range(20 + prompt, 24 + 2 * prompt)]
        result += [
            Tokens(begun + reply, [IGNORED] * len(begun) + reply)
            for reply in ([40 + n, *range(50, 50 + n), 2] for n in range(count))
        ]
    return result


def test_no_reply_is_lost_and_prompts_stand_once():
    from clinweave.training.packing import grouped, rows

    random = Random(0)
    result = rows(grouped(items(), 3, random), 60, 4, random)
    counted = sum(label != IGNORED for row in result for label in row.labels)
    assert counted == sum(label != IGNORED for item in items() for label in item.labels)
    assert sum(len(row.ids) for row in result) < 0.8 * sum(len(item.ids) for item in items())
    assert all(len(row.ids) <= 60 for row in result)


def test_an_item_that_comes_twice_is_trained_on_twice():
    from clinweave.training.packing import grouped

    assert [len(item.replies) for item in grouped(items(2, 1) * 2, 9, Random(0))] == [2, 2]


def test_the_loss_is_that_of_the_items_apart(tiny_base):
    import torch
    from transformers import AutoModelForCausalLM

    from clinweave.training.packing import as_rows, collator, grouped, rows

    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32).eval()
    alone = counted = 0.0
    with torch.inference_mode():
        for ids, labels in items():
            given = torch.tensor([ids])
            expected = sum(label != IGNORED for label in labels)
            alone += float(model(input_ids=given, labels=torch.tensor([labels])).loss) * expected
            counted += expected
        random = Random(0)
        result = rows(grouped(items(), 3, random), 60, 4, random)
        given = collator(torch.float32, contrast=False)(list(as_rows(result)))
        together = float(model(**given).loss)
    assert together == pytest.approx(alone / counted, rel=1e-4)


def test_a_stage_trains_on_shared_rows(tiny_base, data, tmp_path):
    from clinweave.training import Inputs, run_stage

    values = {"steps": 8, "batch": 2, "max_length": 400, "lora_rank": 0, "learning_rate": 5e-3, "memory_gb": 50,
              "share": 500}  # fmt: skip
    result = run_stage("sft", values, Inputs(base=str(tiny_base), data=data), tmp_path / "sft")
    assert result.manifest["loss"]["last"] < result.manifest["loss"]["first"]
    assert result.manifest["tokens_shared"] < result.manifest["tokens"]


def by_heart(number):
    from clinweave.datasets import Example, Kind, ask

    return Example(
        f"h{number}", Kind.INSTRUCTION, "closed-book", ask("Name it.", f"Question: which one has {number}?"),
        f"right {number}", options=(f"right {number}", "left", "below it"), answer=0, cluster=f"d{number}",
    )  # fmt: skip


def test_contrast_puts_the_right_name_above_the_wrong_ones(tiny_base, data, tmp_path):
    from clinweave.datasets import write_examples
    from clinweave.training import Inputs, read_curve, run_stage

    path = tmp_path / "data"
    path.mkdir()
    write_examples([by_heart(number) for number in range(8)], path / "instruction.train.jsonl")
    values = {"steps": 12, "batch": 1, "max_length": 400, "lora_rank": 0, "learning_rate": 5e-3, "memory_gb": 50,
              "share": 600, "contrast": 1.0}  # fmt: skip
    result = run_stage("sft", values, Inputs(base=str(tiny_base), data=path), tmp_path / "sft")
    rows = [row for row in read_curve(result.path) if "contrast" in row]
    assert rows[-1]["contrast"] < 0.5 * rows[0]["contrast"]
    assert rows[-1]["ordered"] == 1
    with pytest.raises(UserError, match="share"):
        run_stage("sft", {"contrast": 1.0}, Inputs(base=str(tiny_base), data=path), tmp_path / "x")


def test_the_terms_are_those_of_each_reply_by_itself(tiny_base):
    import torch
    from transformers import AutoModelForCausalLM

    from clinweave.training.packing import Group, as_rows, collator, rows
    from clinweave.training.ranking_loss import TAU, terms

    model = AutoModelForCausalLM.from_pretrained(tiny_base, dtype=torch.float32).eval()
    group = Group((5, 6, 7, 8), ((40, 41, 2), (42, 2)), ((43, 44), (45,)))

    def score(reply):
        with torch.inference_mode():
            result = model(input_ids=torch.tensor([[*group.prompt, *reply]])).logits[0, 3:-1].log_softmax(-1)
        return float(result[range(len(reply)), list(reply)].mean())

    right, wrong = [score(item[:-1]) for item in group.replies], [score(item) for item in group.wrong]
    expected = sum(
        float(torch.nn.functional.softplus(torch.tensor(-(good - bad) / TAU)))
        for good in right
        for bad in wrong
    )
    with torch.inference_mode():
        given = collator(torch.float32, contrast=True)(list(as_rows(rows([group], 50, 2, Random(0)))))
        result = terms(model, given, 2)
    assert float(result.contrast) == pytest.approx(expected / 4, rel=1e-4)
