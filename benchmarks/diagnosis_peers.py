"""hpo3 and pyhpo beside the baseline: the same cases and release, each program in an environment made for it.

Both install a package called pyhpo, so they can never share one. Their similarity compares a patient's set of terms
with each OMIM disease's set; pyhpo's takes about a minute a case in Python, so pyhpo ranks by its enrichment instead
(hypergeometric), and hpo3, which offers the same functions compiled, by both. Neither can leave a paper out, so the
comparison is on the cases whose paper the release does not cite of their disease, where nothing needs to be left out.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clinweave.applications.diagnosis import read_findings
from clinweave.core.artifacts import digest, home
from clinweave.core.statistics import difference
from clinweave.evaluation.diagnosis import BASELINE, MISS, Peer, Peers, StudyContext, rank_cases
from clinweave.evaluation.runner import Work

PEERS = {"hpo3": "hpo3==1.5.1", "pyhpo": "pyhpo[scipy]==4.0.0"}
WORKER = Path(__file__).parent / "peers" / "hpo_ranks.py"
AT = (1, 3, 10)
NOTES = (
    "Cases of diseases that the release knows and whose paper it does not cite of their disease, as is: neither "
    "program can leave a paper out.",
    "hpo3 and pyhpo are given the release's hp.obo and phenotype.hpoa alone; information content is that of OMIM "
    "diseases. Ties are halved for all.",
    "pyhpo's own similarity was not run: about a minute a case. hpo3 computes the same quantity.",
)
TIMEOUT = 3_600


def compare_peers(context: StudyContext, release: Path, count: int) -> Peers:
    """Return top-1/3/10 of each program and of the conditions on the same drawn cases, paired against the baseline."""
    base = context.condition(BASELINE, release)
    rows = base.model.annotations
    known = {rows.diseases[place] for place in set(rows.disease[~rows.negated].tolist())}
    cited = {
        (rows.diseases[int(rows.disease[row])], paper)
        for row, text in enumerate(rows.references)
        for paper in text.split(";")
    }
    cases, truths = context.drawn(
        count,
        lambda case, truth: (
            truth.disease in known
            and (truth.disease, truth.publication) not in cited
            and bool(read_findings(base.model.ontology, case).observed)
        ),
    )
    cluster = {item.id: item.publication or item.id for item in truths}
    result: dict[str, tuple[dict[str, float], float]] = {}
    for name in (BASELINE, "lirical-lr", "clinweave-release"):
        ranks = rank_cases(context.condition(name, release), cases, truths)
        result[name] = dict(ranks.ranks), 1000 * ranks.seconds / len(cases)
    skipped: dict[str, str] = {}
    asked = [
        {
            "id": truth.id,
            "disease": truth.disease,
            "terms": [
                base.model.ontology.ids[at] for at in read_findings(base.model.ontology, case).observed
            ],
        }
        for case, truth in zip(cases, truths, strict=True)
    ]
    for peer, requirement in PEERS.items():
        try:
            kept = _kept_ranks(context, peer, requirement, release, asked)
        except (OSError, subprocess.SubprocessError, RuntimeError) as error:
            skipped[peer] = str(error)[:200]
            continue
        for method, told in kept["methods"].items():
            ranks = {id_: told["ranks"].get(id_) or MISS for id_ in cluster}
            result[f"{peer} {kept['version']}, {method}"] = ranks, told["milliseconds"]
    return Peers(
        rows=tuple(
            _row(name, ranks, cost, result[BASELINE][0], cluster, context.resamples)
            for name, (ranks, cost) in result.items()
        ),
        cases=len(cases),
        seed=context.seed,
        protocol=f"HPOA {base.model.sources['hpoa']}, uncited cases of known diseases",
        skipped=skipped,
        notes=NOTES,
    )


def _row(  # noqa: PLR0917 - two lists of ranks and how to compare them
    name: str,
    ranks: dict[str, float],
    cost: float,
    base: dict[str, float],
    cluster: dict[str, str],
    resamples: int,
) -> Peer:
    over = []
    if ranks is not base:
        for at in AT:
            change = difference(
                {case: float(rank <= at) for case, rank in ranks.items()},
                {case: float(rank <= at) for case, rank in base.items()},
                cluster,
                resamples=resamples,
            )
            over.append((change.difference, change.low, change.high))
    micro = tuple(sum(rank <= at for rank in ranks.values()) / len(ranks) for at in AT)
    return Peer(name, cost, micro, tuple(over))


def _kept_ranks(
    context: StudyContext, peer: str, requirement: str, release: Path, asked: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    inputs = {
        **context.release_inputs(release),
        "asked": digest(asked),
        "worker": digest(WORKER.read_text("utf-8")),
    }

    def build(_: Work) -> dict[str, Any]:
        python = environment(peer, requirement)
        folder = context.runner.out / "peers" / "release"
        _plain_release(release, folder)
        questions, answers = folder.parent / "asked.json", folder.parent / f"{peer}.json"
        questions.write_text(json.dumps(asked), "utf-8")
        context.runner.progress.status(f"{peer}: {len(asked)} cases")
        command = [str(python), str(WORKER), peer, str(folder), str(questions), str(answers)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if done.returncode:
            raise RuntimeError(
                f"{peer} ended with {done.returncode}: {done.stderr.strip().splitlines()[-1:]}"
            )
        return dict(json.loads(answers.read_text("utf-8")))

    step = context.step(
        f"peers/{peer}",
        dict[str, Any],
        build,
        1,
        inputs=lambda: inputs,
        parameters={"requirement": requirement},
        uses=("reading",),
    )
    return context.runner.result(step)


def environment(peer: str, requirement: str) -> Path:
    """Return the Python of the peer's own environment, made below clinweave's home on first use (needs pip's index)."""
    folder = home() / "peers" / peer
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    ready = folder / "ready"
    if not ready.is_file() or ready.read_text("utf-8") != requirement:
        subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True
        )
        install = [str(python), "-m", "pip", "install", "--quiet", requirement]
        done = subprocess.run(install, capture_output=True, text=True, timeout=TIMEOUT, check=False)
        if done.returncode:
            raise RuntimeError(f"{requirement} could not be installed: {done.stderr.strip()[-160:]}")
        ready.write_text(requirement, "utf-8")
    return python


def _plain_release(release: Path, folder: Path) -> None:
    """Write the release as both programs want it: unpacked, beside tables of genes of one row, as none may be empty."""
    import gzip

    folder.mkdir(parents=True, exist_ok=True)
    for name in ("hp.obo", "phenotype.hpoa"):
        packed = release / f"{name}.gz"
        data = gzip.decompress(packed.read_bytes()) if packed.is_file() else (release / name).read_bytes()
        (folder / name).write_bytes(data)
    (folder / "genes_to_phenotype.txt").write_text(
        "ncbi_gene_id\tgene_symbol\thpo_id\thpo_name\tfrequency\tdisease_id\n"
        "1\tNONE\tHP:0000118\tPhenotypic abnormality\t-\tOMIM:1\n",
        "utf-8",
    )
    (folder / "phenotype_to_genes.txt").write_text(
        "hpo_id\thpo_name\tncbi_gene_id\tgene_symbol\tdisease_id\n"
        "HP:0000118\tPhenotypic abnormality\t1\tNONE\tOMIM:1\n",
        "utf-8",
    )
