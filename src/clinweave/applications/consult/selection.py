"""A model chooses which sentences of the sources answer a question: it writes their numbers, and they are quoted.

A small model copies a sentence slowly and not always exactly. Its choice takes a few tokens, written under a grammar.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from clinweave.applications.consult.prompt import ShownStatement
from clinweave.models import ConstrainedModel, Generation, LanguageModel, Message

MOST = 2  # sentences
RULES = (
    "You get numbered sentences and a medical question. Reply with the number of the sentence that answers the "
    "question, or of two if both are needed, as a JSON list like [3]. Reply [] if no sentence answers it."
)
_EXAMPLE = (  # invented names, as in the other prompt
    Message(
        role="user",
        content="[1] Morn fever is common in children.\n"
        "[2] Morn fever begins suddenly and is usually treated with zelanine for ten days.\n"
        "[3] Zelanine is not given in pregnancy.\n\nQuestion: How is morn fever treated?",
    ),
    Message(role="assistant", content="[2]"),
)
_MAX_TOKENS = 12


def can_choose(model: LanguageModel) -> bool:
    """Tell whether a model can be held to a list of numbers."""
    return callable(getattr(model, "generate_json", None))


def choice_prompt(question: str, options: Sequence[ShownStatement]) -> tuple[Message, ...]:
    """Return the rules, the example, and the numbered sentences with the question."""
    lines = "\n".join(f"[{number}] {item.text}" for number, item in enumerate(options, 1))
    body = f"{lines}\n\nQuestion: {question}"
    return (Message(role="system", content=RULES), *_EXAMPLE, Message(role="user", content=body))


def choose_sentences(model: LanguageModel, question: str, options: Sequence[ShownStatement]) -> Generation:
    """Return the sentences that the model chose, each with its number, as if it had written them.

    Its text is "I do not know." if the model chose none. Raises `ModelError` as the model does.
    """
    numbers = list(range(1, len(options) + 1))
    schema: dict[str, object] = {
        "type": "array",
        "items": {"enum": numbers},
        "minItems": 0,
        "maxItems": min(MOST, len(numbers)),
    }
    chooser = cast("ConstrainedModel", model)
    reply = chooser.generate_json(choice_prompt(question, options), schema, max_tokens=_MAX_TOKENS)
    chosen = [int(number) for number in dict.fromkeys(re.findall(r"\d+", reply.text))]
    texts = [_marked(options[number - 1].text, number) for number in chosen if number in numbers]
    return replace(reply, text=" ".join(texts) or "I do not know.")


def _marked(text: str, number: int) -> str:
    end = "" if text.rstrip().endswith((".", "!")) else "."
    return f"{text.rstrip()}{end} [{number}]"


__all__ = ["can_choose", "choice_prompt", "choose_sentences"]
