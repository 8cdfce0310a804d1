"""Shares of belief among the ranked diseases, with a stated prior, and the share of a disease that is not listed.

The score of a disease is a sum of evidence that is not fully independent, so it is divided by a temperature before it
counts as a log likelihood. "None of these" competes as one more candidate, whose log likelihood is a line in the number
of findings. The constants were fitted by `benchmarks/diagnosis_shares.py` on the development part: each patient once
with the true disease listed and once with it taken out.
"""

import math
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from clinweave.applications.diagnosis.model import Model

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]

Prior = Literal["uniform", "prevalence"]
PRIORS: tuple[Prior, ...] = ("uniform", "prevalence")
UNLISTED = 0.25  # share of patients whose disease is not listed, before any finding is known
TEMPERATURE = 2.03
NONE_INTERCEPT, NONE_SLOPE = -0.18, 0.2
RAREST = 0.3  # per million: a disease without an estimate
STATED = {
    "uniform": "uniform: every listed disease is as likely before the findings, as among published cases",
    "prevalence": "by Orphanet's class of prevalence, as in a clinic; a disease without one counts as the rarest",
}


class Shares(NamedTuple):
    """The share of each candidate, and of a disease that is not listed; all sum to 1."""

    listed: "Floats"
    unlisted: float


def log_prior(model: Model, prior: Prior) -> "Floats":
    """Return ln of each candidate's prior over that of the rarest diseases; zeros where it is uniform."""
    import numpy as np

    from clinweave.databases import PER_MILLION

    if prior == "uniform":
        return np.zeros(len(model.related), np.float32)
    classes = [entry.prevalence for entry in model.facts] or [""] * len(model.related)
    return np.array([math.log(PER_MILLION.get(class_, RAREST) / RAREST) for class_ in classes], np.float32)


def shares(scores: "Floats", findings: int, temperature: float = TEMPERATURE) -> Shares:
    """Return the shares for scores (natural logarithms, prior included) of a case with so many findings."""
    import numpy as np

    count = max(len(scores), 1)
    odds = math.log(UNLISTED / (1 - UNLISTED)) + math.log(count)
    none = NONE_INTERCEPT + NONE_SLOPE * findings + odds
    logs = np.append(scores.astype(np.float64) / temperature, none)
    weights: Any = np.exp(logs - logs.max())
    weights /= weights.sum()
    return Shares(weights[:-1].astype(np.float32), float(weights[-1]))
