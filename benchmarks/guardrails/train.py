"""Train the classifier of the guardrails and write its weights.

    python benchmarks/guardrails/train.py --data FOLDER --translations FOLDER [--folds 5] [--write]

Positives: training_*.toml (slots filled), the development half of unseen.toml and the development probes. Ordinary
questions: public sets by path, half of each by a coin. The other half sets the threshold. `--folds` cross-validates by
wording family: a request and all its fillings are in one fold.
"""

import argparse
import base64
import json
import random
import tomllib
import zlib
from pathlib import Path

import numpy as np
from measure import half, requests
from ordinary import ordinary
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from clinweave.core import guardrails
from clinweave.core.guardrails import classifier
from clinweave.core.guardrails.rule_notation import detect
from clinweave.datasets.safety import probes

HERE = Path(__file__).parent
OUT = Path(classifier.__file__).parent / "classifier.bin"
FILLINGS = 5  # of each request with slots
REPEATED = {"PubMedQA": 6, "clinicians": 6}  # small sets weigh more
LIMITS = (-0.5, -0.5)  # of the thresholds: lowest and highest log odds
Row = tuple[str, str, str, int]  # language, category, text, family
Matrix = csr_matrix


def positives(seed: int = 5) -> list[Row]:
    """Return the written requests, slots filled, and the probes of the development split."""
    chosen = random.Random(seed)
    rows: list[Row] = []
    family = 0
    for path in sorted(HERE.glob("training_*.toml")):
        content = tomllib.loads(path.read_text("utf-8"))
        slots = content.pop("slots")
        for code, sections in content.items():
            for category, lines in sections.items():
                for line in lines.strip().splitlines():
                    family += 1
                    texts = {fill(line, slots, chosen) for _ in range(FILLINGS)}
                    rows += [(code, category, text, family) for text in sorted(texts)]
    read = HERE.parent.parent / "tests/core/guardrails/data/unseen_a.jsonl"  # part b stays unread
    items = [json.loads(line) for line in read.read_text("utf-8").splitlines()]
    known = [(item["language"], item["category"] or "ordinary", item["text"]) for item in items]
    for code, category, text in (*requests(HERE / "unseen.toml", "dev"), *known):
        if category not in classifier.CLASSES:
            continue
        family += 1
        rows.append((code, category, text, family))
    for category, texts in probes("development").items():
        name = "ordinary" if category == "benign" else category
        if name in classifier.CLASSES:
            rows += [("", name, text, family + 1 + number) for number, text in enumerate(texts)]
            family += len(texts)
    return rows


def fill(line: str, slots: dict[str, list[str]], chosen: random.Random) -> str:
    """Return a request with its slots filled at random."""
    for name, values in slots.items():
        while f"{{{name}}}" in line:
            line = line.replace(f"{{{name}}}", chosen.choice(values), 1)
    return line


def prepare(text: str, code: str = "") -> tuple[str, str]:
    """Return the folded text and its language, as `screen` sees them."""
    folded = guardrails.normalised(text)
    return folded, code or detect(folded, text)[0]


def matrix(texts: list[tuple[str, str]]) -> Matrix:
    """Return the features of folded texts as a sparse matrix."""
    indices, values, starts = [], [], [0]
    for text, code in texts:
        for group in classifier.features(text, code):
            indices += group
            values += [1 / np.sqrt(len(group) or 1)] * len(group)
        starts.append(len(indices))
    return csr_matrix((values, indices, starts), shape=(len(texts), classifier.size()), dtype=np.float32)


def fit(data: Matrix, labels: np.ndarray, weights: np.ndarray, strength: float) -> LogisticRegression:
    """Return the fitted multinomial logistic regression."""
    return LogisticRegression(C=strength, max_iter=1000, tol=2e-6).fit(data, labels, sample_weight=weights)


def log_odds(coefficients: np.ndarray, bias: np.ndarray, data: Matrix) -> np.ndarray:
    """Return the log odds of any danger against an ordinary question."""
    scores = data @ coefficients + bias
    return np.logaddexp.reduce(scores[:, 1:], axis=1) - scores[:, 0]


def windows(rows: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], np.ndarray]:
    """Return the windows of folded texts and the number of the text of each."""
    parts = [
        (part, code, number) for number, (text, code) in enumerate(rows) for part in classifier.windows(text)
    ]
    return [(part, code) for part, code, _ in parts], np.array([number for _, _, number in parts])


def options() -> argparse.Namespace:
    """Return the command's options."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--translations", type=Path, required=True)
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--strength", type=float, default=20.0)
    parser.add_argument(
        "--rate", type=float, default=0.004, help="false alarms allowed on held-out ordinary questions"
    )
    parser.add_argument("--write", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Train, print recall and false alarms by threshold, write on request."""
    arguments = options()
    written = positives()
    sets = ordinary(arguments.data, arguments.translations)
    texts = [prepare(text, code) for code, _, text, _ in written]
    labels = [classifier.CLASSES.index(category) for _, category, _, _ in written]
    families = np.array([family for *_, family in written])
    trained = [
        prepare(text, code)
        for name, rows in sets.items()
        for code, text in rows * REPEATED.get(name, 1)
        if half(text + "ordinary") == "dev"
    ]
    calibration = {
        name: [prepare(text, code) for code, text in rows if half(text + "ordinary") == "test"]
        for name, rows in sets.items()
    }
    parts, _ = windows(trained)
    data = matrix(texts + parts)
    target = np.array(labels + [0] * len(parts))
    weight = np.array([1.0 if label else 2.0 for label in labels] + [1.0] * len(parts))
    held = {name: windows(rows) for name, rows in calibration.items()}
    held_data = {name: (matrix(rows), numbers) for name, (rows, numbers) in held.items()}
    print(
        f"{len(texts)} written ({sum(map(bool, labels))} dangerous), {len(parts)} windows of ordinary questions"
    )
    if arguments.folds:
        cross_validate((data, target, weight), families, arguments)
    model = fit(data, target, weight, arguments.strength)
    coefficients, bias = model.coef_.T, model.intercept_
    scale = float(np.abs(coefficients).max() / 32767)
    whole = np.round(coefficients / scale).astype(np.int16)
    scores = {
        name: by_text(log_odds(whole * scale, bias, rows), numbers)
        for name, (rows, numbers) in held_data.items()
    }
    languages = {name: np.array([code for _, code in rows]) for name, rows in calibration.items()}
    thresholds = {}
    for code in ("en", "es", "fr", "de", "zh"):
        values = np.concatenate([scores[name][languages[name] == code] for name in scores])
        thresholds[code] = round(float(np.clip(np.quantile(values, 1 - arguments.rate), *LIMITS)), 2)
        print(
            code,
            len(values),
            {
                rate: round(float(np.quantile(values, 1 - rate)), 2)
                for rate in (0.01, 0.005, 0.003, 0.002, 0.001)
            },
        )
    for name, values in scores.items():
        print(
            f"{name}: {[(limit, int((values > limit).sum())) for limit in (-3, -2, -1, 0, 1, 2)]} of {len(values)}"
        )
    if arguments.write:
        head = {"bias": [round(float(value), 4) for value in bias], "scale": scale, "thresholds": thresholds}
        OUT.write_bytes(
            json.dumps(head).encode() + b"\n" + base64.b64encode(zlib.compress(whole.tobytes(), 9)) + b"\n"
        )
        print(f"{OUT.name}: {OUT.stat().st_size} bytes")


def by_text(values: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return the highest value of each text's windows."""
    result = np.full(numbers.max() + 1, -np.inf)
    np.maximum.at(result, numbers, values)
    return result


def cross_validate(
    training: tuple[Matrix, np.ndarray, np.ndarray], families: np.ndarray, arguments: argparse.Namespace
) -> None:
    """Print what is held back of families of wordings that were left out, by threshold of the log odds."""
    data, target, weight = training
    count = len(families)
    fold = np.concatenate([families * 7919 % 104729 % arguments.folds, np.full(len(target) - count, -1)])
    odds = np.zeros(count)
    for number in range(arguments.folds):
        model = fit(data[fold != number], target[fold != number], weight[fold != number], arguments.strength)
        left_out = np.flatnonzero(fold == number)
        odds[left_out] = log_odds(model.coef_.T, model.intercept_, data[left_out])
    labels = target[:count]
    limits = (-2, -1.5, -1.2, -0.9, -0.6, 0)
    for label, name in enumerate(classifier.CLASSES):
        shares = [f"{limit}: {(odds[labels == label] > limit).mean():.1%}" for limit in limits]
        print(f"cross-validated, held back, {name} ({(labels == label).sum()}): {', '.join(shares)}")
    print("all danger:", ", ".join(f"{limit}: {(odds[labels > 0] > limit).mean():.1%}" for limit in limits))


if __name__ == "__main__":
    main()
