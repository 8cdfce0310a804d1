"""Ask questions of your own documents; every sentence of an answer is a quotation with its place. Needs no download.

python examples/ask_own_documents.py                                  # the two documents in examples/documents
python examples/ask_own_documents.py my-guidelines/ "When is allopurinol started?"
"""

import argparse
import tempfile
from pathlib import Path

import clinweave
from clinweave.knowledge import add_collection, build_home_index

DOCUMENTS = Path(__file__).parent / "documents"
QUESTIONS = (
    "When should allopurinol be started?",
    "Who is referred to rheumatology?",
    "How is asthma treated?",
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Ask questions of your own documents.")
    parser.add_argument("folder", nargs="?", type=Path, default=DOCUMENTS)
    parser.add_argument("questions", nargs="*", default=QUESTIONS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        # a separate home: your usual index stays as it is
        add_collection(options.folder, Path(home), name="documents", licence="own")
        build_home_index(None, None, Path(home))
        with clinweave.open(home) as kb:
            for question in options.questions:
                print_answer(kb, question)


def print_answer(kb: clinweave.KnowledgeBase, question: str) -> None:
    # "clinician" allows doses, always as quotations; without a graph the text index alone is searched
    answer = kb.ask(question, retrievers=["text"], audience="clinician")
    print(f"\n{question}")
    if answer.abstained:
        print("  The documents do not answer.")
        return
    places = {item.id: item.passage for item in answer.evidence if item.passage is not None}
    for statement in answer.statements:
        cited = [places[name].document for name in statement.evidence if name in places]
        print(f"  {statement.text}  [{', '.join(dict.fromkeys(cited))}]")


if __name__ == "__main__":
    main()
