"""The text index in shards: the same results as one index, and PubMed's update files without a rebuild."""

import gzip
import json

import pytest

from clinweave.batch import LocalRunner, make_job, run_batch
from clinweave.batch.jobs.index import Index
from clinweave.knowledge import TextIndex, build_index
from clinweave.records import Passage

SUBJECTS = ("ataxia", "seizures", "arachnodactyly", "hearing loss", "fever", "rash")
QUESTIONS = (
    "ataxia and seizures in children",
    "rash",
    "hearing loss treated with steroids 17",
    "trial of fever",
    "arachnodactyly",
)


def text_of(number: int) -> str:
    first, second = SUBJECTS[number % 6], SUBJECTS[(number // 6) % 6]
    return f"{first} with {second} in child {number % 17}. " * (1 + number % 5) + "Treated with steroids."


@pytest.fixture
def sharded(tmp_path):
    """Return the folder of an index of 600 rows, joined of many shards, and its facts."""
    source = tmp_path / "rows.jsonl"
    rows = [{"id": f"d{n}", "text": text_of(n), "title": f"Trial of {SUBJECTS[n % 6]}"} for n in range(600)]
    source.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    job = make_job("index", {"graph": "none", "tier": "public"})
    return run_batch(job, source, tmp_path / "out", runner=LocalRunner(2), part_bytes=16 << 10)


def shown(index: TextIndex, question: str, k: int = 20):
    return [(hit.passage.id, round(hit.score, 4), hit.passage.text) for hit in index.search(question, k=k)]


def test_shards_give_the_results_of_one_index(sharded, tmp_path):
    joined = TextIndex.open(sharded.out / "joined")
    shards = joined.manifest["parts"]["corpus"]["shards"]
    assert len(shards) == len(sharded.parts) >= 4
    passages = list(joined.passages())
    assert len(passages) == len(joined) == 600
    build_index(passages, None, None, tmp_path / "one")
    one = TextIndex.open(tmp_path / "one")
    for question in QUESTIONS:
        assert len(shown(one, question)) > 4
        assert shown(joined, question) == shown(one, question), question
    assert joined.search("rash", parts=["corpus"])
    assert joined.search("rash", parts=["other"]) == []
    assert list(joined.rows_of_document("corpus", "d5"))


def citation(number: int, abstract: str) -> str:
    text = f"<Abstract><AbstractText>{abstract}</AbstractText></Abstract>" if abstract else ""
    return (
        f"<PubmedArticle><MedlineCitation><PMID>{number}</PMID><Article><ArticleTitle>Study {number}</ArticleTitle>"
        f"{text}</Article></MedlineCitation></PubmedArticle>"
    )


def write_file(folder, name, citations, deleted=()):
    gone = "".join(f"<PMID>{number}</PMID>" for number in deleted)
    body = "".join(citations) + (f"<DeleteCitation>{gone}</DeleteCitation>" if gone else "")
    (folder / name).write_bytes(gzip.compress(f"<PubmedArticleSet>{body}</PubmedArticleSet>".encode()))


@pytest.fixture
def pubmed(tmp_path):
    folder = tmp_path / "pubmed"
    folder.mkdir()
    for file in range(3):
        numbers = range(file * 20 + 1, file * 20 + 21)
        write_file(
            folder, f"pubmed26n000{file + 1}.xml.gz", [citation(n, f"Ataxia in study {n}.") for n in numbers]
        )
    return folder


def found(index: TextIndex, question: str) -> set[str]:
    return {hit.passage.document for hit in index.search(question, k=100)}


def test_update_files_revise_and_delete_without_a_rebuild(pubmed, tmp_path):
    job = Index("pubmed", graph="none", tier="public")
    out = tmp_path / "out"
    assert run_batch(job, pubmed, out, runner=LocalRunner(1)).facts["passages"] == 60
    before = {path.name: path.stat().st_ino for path in (out / "joined" / "tantivy").glob("*.idx")}
    revised = [citation(5, "Seizures, corrected."), citation(61, "Ataxia, new."), citation(30, "")]
    write_file(pubmed, "pubmed26n0004.xml.gz", revised, deleted=(7, 8, 61))
    result = run_batch(job, pubmed, out, runner=LocalRunner(1))
    assert (result.resumed, len(result.parts)) == (3, 4)
    index = TextIndex.open(out / "joined")
    assert found(index, "corrected") == {"PMID:5"}
    assert found(index, "ataxia") == {f"PMID:{n}" for n in range(1, 61)} - {
        "PMID:5",
        "PMID:7",
        "PMID:8",
        "PMID:30",
    }
    assert len(index) == result.facts["passages"] == 57
    kept = {path.name: path.stat().st_ino for path in (out / "joined" / "tantivy").glob("*.idx")}
    assert before.items() <= kept.items(), "segments of the baseline are the same files as before"
    # revised a second time, and one that was deleted comes back
    write_file(pubmed, "pubmed26n0005.xml.gz", [citation(5, "Rash, at last."), citation(7, "Ataxia again.")])
    assert run_batch(job, pubmed, out, runner=LocalRunner(1)).facts["passages"] == 58
    index = TextIndex.open(out / "joined")
    assert (found(index, "corrected"), found(index, "rash")) == (set(), {"PMID:5"})
    assert "PMID:7" in found(index, "ataxia")


def test_an_index_made_at_once_of_all_files_is_the_same(pubmed, tmp_path):
    job = Index("pubmed", graph="none", tier="public")
    run_batch(job, pubmed, tmp_path / "daily", runner=LocalRunner(1))
    write_file(pubmed, "pubmed26n0004.xml.gz", [citation(5, "Seizures, corrected.")], deleted=(7,))
    run_batch(job, pubmed, tmp_path / "daily", runner=LocalRunner(1))
    run_batch(job, pubmed, tmp_path / "once", runner=LocalRunner(1))
    daily, once = (TextIndex.open(tmp_path / name / "joined") for name in ("daily", "once"))
    assert found(daily, "ataxia") == found(once, "ataxia")
    assert found(daily, "corrected") == found(once, "corrected") == {"PMID:5"}


def test_passages_keep_title_sections_and_tier(pubmed, tmp_path):
    run_batch(Index("pubmed", graph="none"), pubmed, tmp_path / "out", runner=LocalRunner(1))
    index = TextIndex.open(tmp_path / "out" / "joined")
    passage = next(iter(index.search("ataxia study 3", k=1))).passage
    assert isinstance(passage, Passage)
    assert (passage.title, passage.tier, passage.source) == ("Study 3", "private", "pubmed")
    assert (tmp_path / "out" / "joined").stat().st_mode & 0o077 == 0
