"""Sentences of a text that can be read without their neighbours."""

from clinweave.knowledge.citations.sentences import split, topic_of, with_topic
from clinweave.knowledge.citations.titles import topic_of_title


def standalone_sentences(text: str, title: str = "") -> list[str]:
    """Return the sentences of a text, a pronoun at their beginning replaced by what it stands for.

    Under the title "What is (are) gout ?", "It is caused by uric acid" becomes "Gout is caused by uric acid". Without
    such a title it stands for what the sentence before is about. Where neither says what it stands for, the sentence is
    returned as it is. The result is still to be checked against the text.
    """
    topic, result = topic_of_title(title), list[str]()
    for span in split(text):
        sentence = " ".join(span.text.split())
        full = with_topic(sentence, topic) if topic else ""
        result.append(f"{full[0].upper()}{full[1:]}" if full else sentence)
        topic = topic_of(sentence) or topic
    return result


__all__ = ["standalone_sentences"]
