"""Ways to rank the candidates of a question: single scores, and fusions with weights chosen on other questions."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import logsumexp

from clinweave.knowledge.retrieval.hybrid_index import fused, scaled
from passage_search_parts.dense import Floats
from passage_search_parts.features import FIELDS, VECTORS, Pool, Scores

K = 60  # of reciprocal rank fusion (Cormack et al. 2009)
RRF_DEPTH = 100
DEPTH = 20  # of a ranking that is scored
FEEDBACK = 3  # passages whose vectors are added to the question's
_STRENGTHS = (0.1, 1.0)  # of the penalty of learned weights
Weights = tuple[float, ...]
Ranking = list[int]  # rows, best first


@dataclass(frozen=True)
class Question:
    """One question: its candidates, and which of them answer it."""

    id: str
    part: str  # the set of questions it is of
    pool: Pool
    gold: npt.NDArray[np.bool_]  # of each candidate


@dataclass(frozen=True)
class Arm:
    """One way of ranking. `choices` are the weights to choose from; an arm without choices has nothing to choose."""

    name: str
    score: Callable[[Pool, Weights], Scores]
    choices: tuple[Weights, ...] = ()
    learned: tuple[str, ...] = ()  # scores whose weights are learned
    parts: tuple[str, ...] = ()  # arms that it is compared with beside the default
    dense: bool = False

    def rank(self, pool: Pool, weights: Weights) -> Ranking:
        """Return the first rows, best first; equal scores in the order of the rows. Minus infinity leaves a row out."""
        scores = self.score(pool, weights)
        order = np.lexsort((pool.rows, -scores))[:DEPTH]
        return [int(pool.rows[place]) for place in order if scores[place] > -np.inf]

    def fit(self, questions: Sequence[Question]) -> Weights:
        """Return the weights that are best on these questions (mean over the sets of the mean reciprocal rank)."""
        if self.learned:
            return _learn(questions, self.learned)
        if not self.choices:
            return ()
        return max(self.choices, key=lambda weights: macro_mrr(questions, self, weights))


def reciprocal(question: Question, ranking: Ranking) -> float:
    """Return 1 / rank of the first answering passage, 0 where none is among the first."""
    rows = set(question.pool.rows[question.gold].tolist())
    return next((1 / rank for rank, row in enumerate(ranking, 1) if row in rows), 0.0)


def macro_mrr(questions: Sequence[Question], arm: Arm, weights: Weights) -> float:
    """Return the mean reciprocal rank, each set of questions counting the same."""
    values: dict[str, list[float]] = {}
    for item in questions:
        values.setdefault(item.part, []).append(reciprocal(item, arm.rank(item.pool, weights)))
    return float(np.mean([np.mean(part) for part in values.values()]))


def raw(pool: Pool, title: float = 0.6, concepts: float = 1.0) -> Scores:
    """Return the sum over fields as the index makes it, with these weights."""
    return title * pool.scores["title"] + pool.scores["body"] + concepts * pool.scores["concepts"]


def listed(pool: Pool, name: str) -> Scores:
    """Return minus the rank in one ranking, minus infinity for what it does not hold."""
    place = {row: float(-rank) for rank, row in enumerate(pool.rankings[name])}
    return np.array([place.get(int(row), -np.inf) for row in pool.rows])


def by_rank(*names: str) -> Callable[[Pool, Weights], Scores]:
    """Return the scorer of reciprocal rank fusion."""

    def score(pool: Pool, _: Weights) -> Scores:
        total = np.zeros(len(pool.rows))
        for name in names:
            place = {row: rank for rank, row in enumerate(pool.rankings[name][:RRF_DEPTH], 1)}
            total += [1 / (K + place[row]) if row in place else 0.0 for row in pool.rows.tolist()]
        return total

    return score


def _simplex(parts: int, steps: int = 10) -> tuple[Weights, ...]:
    """Return all weights of a mixture in steps, each part above zero."""
    grid = product(range(1, steps), repeat=parts)
    return tuple(tuple(value / steps for value in item) for item in grid if sum(item) == steps)


def _mixture(*scores: Callable[[Pool], Scores]) -> Callable[[Pool, Weights], Scores]:
    def score(pool: Pool, weights: Weights) -> Scores:
        total = np.zeros(len(pool.rows))
        for weight, part in zip(weights, scores, strict=True):
            total += weight * scaled(part(pool))
        return total

    return score


def _both(pool: Pool) -> Scores:
    return pool.scores["both"]


def _dense(pool: Pool) -> Scores:
    return pool.scores["dense"]


def _words(pool: Pool) -> Scores:
    return raw(pool, concepts=0.0)


def _concepts(pool: Pool) -> Scores:
    return pool.scores["concepts"]


def _rerank(pool: Pool, _: Weights) -> Scores:
    return np.where(listed(pool, "both") > -np.inf, pool.scores["dense"], -np.inf)


def _overlap(pool: Pool, weights: Weights) -> Scores:
    coverage, phrases = weights
    return scaled(raw(pool)) + coverage * pool.scores["coverage"] + phrases * pool.scores["phrases"]


def feedback(matrix: Floats) -> Callable[[Pool, Weights], Scores]:
    """Return the scorer of dense search with the mean vector of the first passages of both + dense added (Rocchio)."""

    def score(pool: Pool, weights: Weights) -> Scores:
        assert pool.query is not None
        first = np.argsort(-(scaled(raw(pool)) + scaled(pool.scores["dense"])), kind="stable")[:FEEDBACK]
        query = pool.query + weights[0] * matrix[pool.rows[first]].mean(0)
        return (1 - weights[1]) * scaled(raw(pool)) + weights[1] * scaled(matrix[pool.rows] @ query)

    return score


def _linear(names: Sequence[str]) -> Callable[[Pool, Weights], Scores]:
    def score(pool: Pool, weights: Weights) -> Scores:
        values: Scores = _features(pool, names) @ np.array(weights)
        return values

    return score


def _features(pool: Pool, names: Sequence[str]) -> Scores:
    return np.stack([scaled(pool.scores[name]) for name in names], axis=1)


def _learn(questions: Sequence[Question], names: Sequence[str]) -> Weights:
    """Return the weights of a logistic choice between a question's candidates; the penalty by cross-validation."""
    arm = Arm("", _linear(names))
    folds = [questions[start::3] for start in range(3)]

    def value(strength: float) -> float:
        total = 0.0
        for number, held in enumerate(folds):
            others = [item for index, fold in enumerate(folds) if index != number for item in fold]
            total += macro_mrr(held, arm, _logistic(others, names, strength))
        return total

    return _logistic(questions, names, max(_STRENGTHS, key=value))


def _logistic(questions: Sequence[Question], names: Sequence[str], strength: float) -> Weights:
    counts = {
        part: sum(item.part == part for item in questions) for part in {item.part for item in questions}
    }
    usable = [item for item in questions if item.gold.any()]
    blocks = [(_features(item.pool, names), item.gold, 1 / counts[item.part]) for item in usable]

    def loss(weights: Scores) -> tuple[float, Scores]:
        total, slope = strength * float(weights @ weights) / len(usable), 2 * strength * weights / len(usable)
        for features, gold, share in blocks:
            scores = features @ weights
            every, right = logsumexp(scores), logsumexp(scores[gold])
            total += share * float(every - right)
            slope = slope + share * (
                np.exp(scores - every) @ features - np.exp(scores[gold] - right) @ features[gold]
            )
        return total, slope

    result = minimize(loss, np.ones(len(names)), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return tuple(float(value) for value in result.x)


def arms(matrix: Floats | None) -> Iterator[Arm]:
    """Yield all arms; those with vectors only where there are some."""

    def single(name: str) -> Callable[[Pool, Weights], Scores]:
        return lambda pool, _: listed(pool, name)

    for name in ("words", "concepts", "both"):
        yield Arm(name, single(name))
    yield Arm("words + concepts (RRF)", by_rank("words", "concepts"), parts=("words", "concepts"))
    fields = tuple(product((0.0, 0.3, 0.6, 1.0, 1.5, 2.0), (0.25, 0.5, 1.0, 1.5, 2.0)))
    yield Arm("both, weights of the fields chosen", lambda pool, chosen: raw(pool, *chosen), fields)
    yield Arm(
        "both + synonyms of the concepts",
        lambda pool, chosen: raw(pool) + chosen[0] * pool.scores["synonyms"],
        tuple((value,) for value in (0.05, 0.1, 0.2, 0.3, 0.5)),
    )
    shares = (0.0, 0.25, 0.5, 1.0, 2.0)
    yield Arm("both + shares of words and word pairs", _overlap, tuple(product(shares, shares)))
    yield Arm("logistic weights, no vectors", _linear(FIELDS), learned=FIELDS)
    if matrix is not None:
        yield from _dense_arms(matrix)


def _dense_arms(matrix: Floats) -> Iterator[Arm]:
    yield Arm("dense", lambda pool, _: listed(pool, "dense"), dense=True)
    rrf = {"words": ("words", "dense"), "both": ("both", "dense"), "all": ("words", "concepts", "dense")}
    for names in rrf.values():
        yield Arm(f"{' + '.join(names)} (RRF)", by_rank(*names), parts=names, dense=True)
    yield Arm("dense on the first 200 of both", _rerank, parts=("dense",), dense=True)
    mixtures: Mapping[str, tuple[Callable[[Pool], Scores], ...]] = {
        "words + dense": (_words, _dense),
        "both + dense": (_both, _dense),
        "words + concepts + dense": (_words, _concepts, _dense),
    }
    for name, scores in mixtures.items():
        yield Arm(
            f"{name} (weighted sum)",
            _mixture(*scores),
            _simplex(len(scores)),
            parts=tuple(name.split(" + ")),
            dense=True,
        )
    yield Arm(
        "hybrid, as shipped",
        lambda pool, _: fused(pool.scores["both"], pool.scores["dense"]),
        parts=("both", "dense"),
        dense=True,
    )
    yield Arm(
        "both + dense with feedback",
        feedback(matrix),
        tuple(product((0.25, 0.5, 1.0), (0.3, 0.5, 0.7))),
        parts=("both", "dense"),
        dense=True,
    )
    every = (*FIELDS, *VECTORS)
    for name, names in (("logistic weights, with vectors", (*FIELDS, "dense")), ("… and of titles", every)):
        yield Arm(name, _linear(names), learned=names, parts=("both", "dense"), dense=True)


def cross_fitted(arm: Arm, halves: Sequence[Sequence[Question]]) -> tuple[dict[str, Ranking], list[Weights]]:
    """Return question id -> ranking, each half ranked with the weights chosen on the other; and the weights."""
    chosen = [arm.fit(half) for half in halves]
    rankings: dict[str, Ranking] = {}
    for half, weights in zip(halves, reversed(chosen), strict=True):
        rankings |= {item.id: arm.rank(item.pool, weights) for item in half}
    return rankings, chosen


def in_halves(questions: Iterable[Question], key: Callable[[Question], str]) -> list[list[Question]]:
    """Return two halves of the questions, in the order of a hash, set by set."""
    halves: list[list[Question]] = [[], []]
    for index, item in enumerate(sorted(questions, key=lambda item: (item.part, key(item)))):
        halves[index % 2].append(item)
    return halves
