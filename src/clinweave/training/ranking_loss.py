"""Pairwise ranking loss (RankNet) added to supervised fine-tuning on closed-book questions.

Multiple choice compares the mean log-likelihood of a token between options. The likelihood of the right names alone
(the usual loss) is learnt mostly as the names' own spelling and frequency, which all options share; the term
log(1 + exp(-(right - wrong) / tau)), averaged over the pairs of a prompt, is what is left of it when they do
(pairwise logistic loss: Burges et al. 2005, RankNet; with likelihoods as scores: SLiC, https://arxiv.org/abs/2305.10425).
"""

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, Trainer

TAU = 0.5  # nats a token


class Terms(NamedTuple):
    """Negative log-likelihood of the right replies' tokens, the contrast, and the share of pairs in the right order."""

    likelihood: "torch.Tensor"
    contrast: "torch.Tensor"
    ordered: "torch.Tensor"
    pairs: int  # none in a row of items with evidence alone


def terms(model: "PreTrainedModel", inputs: "dict[str, torch.Tensor]", end: int) -> Terms:
    """Return the terms for a batch of `sharing.collator`; `end` is the token that ends a turn.

    The model computes the logits of the replies' tokens alone.
    """
    import torch

    ids, segments, truth, parents = (
        inputs["input_ids"][0],
        inputs["segments"],
        inputs["truth"],
        inputs["parents"],
    )
    inside = torch.cat([segments.new_zeros(1, dtype=torch.bool), segments[1:] == segments[:-1]])
    positions = torch.nonzero(inside & (truth[segments] != 0))[:, 0]
    model_inputs = {key: inputs[key] for key in ("input_ids", "position_ids", "attention_mask")}
    logits = model(**model_inputs, logits_to_keep=positions - 1, use_cache=False).logits[0].float()
    targets = ids[positions]
    log_probs = logits.log_softmax(-1).gather(1, targets[:, None])[:, 0]
    owner = segments[positions]
    likelihood = -log_probs[truth[owner] > 0].mean()
    body = targets != end
    total = log_probs.new_zeros(len(truth)).index_add(0, owner[body], log_probs[body])
    count = log_probs.new_zeros(len(truth)).index_add(0, owner[body], torch.ones_like(log_probs[body]))
    mean = total / count.clamp(min=1)
    right, wrong = torch.nonzero(truth > 0)[:, 0], torch.nonzero(truth < 0)[:, 0]
    together = parents[right][:, None] == parents[wrong][None]
    margins = mean[right][:, None] - mean[wrong][None]
    losses = torch.nn.functional.softplus(-margins / TAU) * together
    pairs = together.sum(1)
    per_reply = losses.sum(1)[pairs > 0] / pairs[pairs > 0]
    contrast = per_reply.mean() if len(per_reply) else likelihood.new_zeros(())
    ordered = ((margins > 0) & together).sum() / together.sum().clamp(min=1)
    return Terms(likelihood, contrast, ordered.float(), int(together.sum()))


def contrasting(weight: float, likelihood: float) -> "type[Trainer]":
    """Return the class of TRL's trainer whose loss is the weighted sum of the two terms."""
    from trl import SFTTrainer

    class Contrasting(SFTTrainer):  # type: ignore[misc, unused-ignore]
        def __init__(self, *args: Any, **named: object) -> None:
            super().__init__(*args, **named)
            self.model_accepts_loss_kwargs = False  # the terms are means: accumulated steps are averaged

        def compute_loss(
            self,
            model: "PreTrainedModel",
            inputs: "dict[str, torch.Tensor]",
            return_outputs: bool = False,
            num_items_in_batch: object = None,  # noqa: ARG002
        ) -> "torch.Tensor | tuple[torch.Tensor, object]":
            loss_terms = terms(model, inputs, self.processing_class.eos_token_id)
            for name in ("likelihood", "contrast", "ordered") if loss_terms.pairs else ("likelihood",):
                self._metrics["train"][name].append(float(getattr(loss_terms, name).detach()))
            loss = likelihood * loss_terms.likelihood + weight * loss_terms.contrast
            return (loss, {}) if return_outputs else loss

    return Contrasting
