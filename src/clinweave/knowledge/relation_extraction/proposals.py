"""Proposals of a set of passages as one folder: what was asked, what was accepted, and why the rest was not.

`proposals.jsonl` holds the accepted ones, one per line: the triple, the quote with its offsets in the document, the
model, its score, `knowledge_level` not_provided and `agent_type` text_mining_agent (Biolink), the grade text-mined.
`asked.jsonl` holds a line for each passage with every score: another threshold needs no model.
A graph takes them in only when it is told so: `clinweave graph build --add proposals=DIR`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.core.access_policy import check_egress, close_folder, host_of_model, strictest
from clinweave.core.artifacts import Artifact, digest, stage, write_text
from clinweave.core.errors import NotCapableError, UserError
from clinweave.knowledge.relation_extraction.candidates import candidates
from clinweave.knowledge.relation_extraction.llm import Asked, by_score, by_writing
from clinweave.knowledge.relation_extraction.rules import Rule
from clinweave.knowledge.relation_extraction.sections import NAME, by_sections
from clinweave.models import Capability, LanguageModel
from clinweave.records import Grade, Passage, Tier

if TYPE_CHECKING:
    from clinweave.knowledge.linking.linker import Linker

VERSION = 2
PROPOSALS, ASKED = "proposals.jsonl", "asked.jsonl"
PROVENANCE = {
    "grade": str(Grade.TEXT_MINED),
    "knowledge_level": "not_provided",
    "agent_type": "text_mining_agent",
}
Progress = Callable[[int, int], None]  # passages done, of how many


def propose(
    passages: Iterable[Passage],
    linker: "Linker",
    model: LanguageModel | None,
    rules: Sequence[Rule],
    out: Path,
    *,
    threshold: float = 0.0,
    way: str = "auto",
    allow_remote: str = "",
    progress: Progress | None = None,
) -> Artifact:
    """Ask the model about every passage and write the folder `out`; the same question again is answered from it.

    `way` is "score" (a yes or no for each candidate; accepted above `threshold` nats), "write" (the model writes lines,
    which are checked) or "auto" (score where the model can). Without a model, passages are read by their titles and
    sections (`sections.py`). After an interruption the passages that were answered are not asked again. Raises
    `UserError` for gated or private passages with a model elsewhere.
    """
    collected = list(passages)
    if not collected:
        raise UserError("there is no passage to read: give a file or folder with text")
    tier = strictest(item.tier for item in collected)
    name = NAME if model is None else model.name
    if model is not None:
        check_egress(tier, host_of_model(model), allow_remote, content="passages")
        way = _way(way, model)
    settings = {
        "model": model.describe() if model is not None else {"name": NAME, "version": VERSION},
        "way": way if model is not None else NAME,
        "rules": [[rule.predicate, rule.question] for rule in rules],
    }
    inputs = {
        "passages": digest([_read_of(item, whole=model is None) for item in collected]),
        "vocabulary": str(linker.vocabulary.path.name) + digest(str(linker.vocabulary.path.parent)),
    }
    journal = out.parent / f".{out.name}.{digest([settings, inputs])}.asked.jsonl"

    def build(folder: Path) -> dict[str, Any]:
        if model is None:
            answers = _by_sections(collected, linker, rules, progress)
        else:
            answers = _answers(collected, _Asking(linker, model, rules, way), journal, progress)
        (folder / ASKED).write_text("".join(f"{_line(item)}\n" for item in answers), "utf-8")
        counts, refused = _accepted(collected, answers, folder / PROPOSALS, threshold, name)
        close_folder(folder, tier)
        return {"counts": counts, "refused": refused, "tier": tier.value, **PROVENANCE}

    out.parent.mkdir(parents=True, exist_ok=True)
    artifact = stage(out, "proposals", inputs, {**settings, "threshold": threshold}, build, version=VERSION)
    journal.unlink(missing_ok=True)
    return artifact


def _read_of(passage: Passage, *, whole: bool) -> tuple[str, ...]:
    """Return the fields of a passage that are read: without a model, its title and section, too."""
    fields = (passage.id, passage.text, passage.tier)
    return (*fields, passage.title, passage.section) if whole else fields


def _way(way: str, model: LanguageModel) -> str:
    if way == "auto":
        way = "score" if Capability.SCORE in model.capabilities else "write"
    needed = {"score": Capability.SCORE, "write": Capability.GENERATE}.get(way)
    if needed is None:
        raise UserError(f"no way {way!r} of asking; use auto, score or write")
    if needed not in model.capabilities:
        raise NotCapableError(f"the model {model.name} cannot {needed.value}: choose another way or model")
    return way


@dataclass(frozen=True)
class _Asking:
    """The linker, model and rules of a run."""

    linker: "Linker"
    model: LanguageModel
    rules: Sequence[Rule]
    way: str

    def of(self, passage: Passage) -> dict[str, Any]:
        """Return the line of one passage: everything that was asked, and what made no question."""
        refused: Counter[str] = Counter()
        mentions = self.linker.link(passage.text)
        proposed = candidates(passage.text, mentions, self.rules, refused)
        if not proposed:
            asked: list[Asked] = []
        elif self.way == "score":
            asked = by_score(self.model, passage.text, proposed)
        else:
            asked = by_writing(self.model, passage.text, mentions, self.rules, refused)
        return {"passage": passage.id, "asked": [_row(passage, item) for item in asked], "refused": +refused}


def _by_sections(
    passages: Sequence[Passage], linker: "Linker", rules: Sequence[Rule], progress: Progress | None
) -> list[dict[str, Any]]:
    """Return one line per passage, read by its title and section; fast enough to start again after a stop."""
    answers = []
    for passage, (asked, refused) in zip(passages, by_sections(passages, linker, rules), strict=True):
        rows = [{**_row(passage, item), "title": passage.title, "section": passage.section} for item in asked]
        answers.append({"passage": passage.id, "asked": rows, "refused": +refused})
        if progress is not None:
            progress(len(answers), len(passages))
    return answers


def _answers(
    passages: Sequence[Passage], asking: _Asking, journal: Path, progress: Progress | None
) -> list[dict[str, object]]:
    """Return a line for each passage, from the file of an interrupted run where it has one."""
    done = _read(journal)
    with journal.open("a", encoding="utf-8") as file:
        journal.chmod(0o600)
        for number, passage in enumerate(passages):
            if passage.id not in done:
                done[passage.id] = asking.of(passage)
                file.write(f"{_line(done[passage.id])}\n")
                file.flush()
            if progress is not None:
                progress(number + 1, len(passages))
    return [done[passage.id] for passage in passages]


def _row(passage: Passage, asked: Asked) -> dict[str, Any]:
    candidate = asked.candidate
    return {
        "subject": candidate.subject.id,
        "predicate": candidate.rule.predicate,
        "object": candidate.object.id,
        "score": round(asked.score, 4),
        "quote": passage.text[candidate.start : candidate.end],
        "start": passage.start + candidate.start,
        "end": passage.start + candidate.end,
        "subject_text": candidate.subject.text,
        "object_text": candidate.object.text,
    }


def _accepted(
    passages: Sequence[Passage],
    answers: Sequence[dict[str, Any]],
    path: Path,
    threshold: float,
    model: str,
) -> tuple[dict[str, int], dict[str, int]]:
    """Write the accepted rows; return the counts, and how many were refused for each reason."""
    refused: Counter[str] = Counter()
    asked = accepted = 0
    with path.open("w", encoding="utf-8") as file:
        for passage, answer in zip(passages, answers, strict=True):
            refused.update(answer["refused"])
            for row in answer["asked"]:
                asked += 1
                if row["score"] < threshold:
                    refused["the model says no"] += 1
                    continue
                accepted += 1
                where = {"document": passage.document, "passage": passage.id, "text_source": passage.source}
                terms = {"licence": passage.licence, "tier": Tier(passage.tier).value, "model": model}
                file.write(f"{_line({**row, **where, **terms, **PROVENANCE})}\n")
    return {"passages": len(passages), "asked": asked, "proposed": accepted}, dict(sorted(refused.items()))


def _read(path: Path) -> dict[str, dict[str, Any]]:
    """Return the finished lines of an interrupted run; a line that was cut short is asked again."""
    done: dict[str, dict[str, object]] = {}
    if path.is_file():
        whole = []
        for line in path.read_text("utf-8", "replace").splitlines():
            try:
                answer = json.loads(line)
                done[answer["passage"]] = answer
            except (ValueError, LookupError, TypeError, RecursionError):
                continue
            whole.append(line)
        write_text(path, "".join(f"{line}\n" for line in whole), private=True)
    return done


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
