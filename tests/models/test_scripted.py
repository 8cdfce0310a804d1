"""The scripted model: rules, and scripts that are wrong."""

import json
from pathlib import Path

import pytest

from clinweave.core.errors import UserError
from clinweave.models import Message, open_model
from clinweave.models.scripted import ScriptedModel


def ask(text: str) -> list[Message]:
    return [{"role": "user", "content": text}]


def test_the_first_fitting_rule_answers() -> None:
    model = ScriptedModel(
        [{"when": "Marfan", "reply": "one"}, {"matches": r"(\w+) disease", "reply": r"about \1"}]
    )
    assert model.generate(ask("Marfan disease")).text == "one"
    assert model.generate(ask("Fabry disease")).text == "about Fabry"
    assert model.generate(ask("?")).text == "I do not know."


def test_limits_count_words_and_marks() -> None:
    model = ScriptedModel([{"when": "", "reply": "one, two three"}])
    result = model.generate(ask("x"), max_tokens=3)
    assert (result.text, result.completion_tokens, result.finish_reason) == ("one, two", 3, "length")


def test_the_option_that_the_prompt_names_scores_highest() -> None:
    model = ScriptedModel([])
    result = model.score(
        ask("Facts: hearing loss. Ask: hearing?"), ["Hearing loss", "Hearing aid", "Seizure"]
    )
    each = [option.per_token for option in result]
    assert each == sorted(each, reverse=True)
    assert len(set(each)) == 3


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("{", "JSON"),
        ('"text"', "list of rules"),
        ('{"rule": []}', "'rule'"),
        ('{"capabilities": ["think"]}', "think"),
        ("[{}]", "rule 1"),
        ('[{"when": "a", "reply": "b"}, {"when": "a", "matches": "b"}]', "rule 2"),
        ('[{"matches": "(", "reply": "b"}]', "rule 1"),
        ('[{"matches": "a", "reply": "\\\\1"}]', "rule 1"),
        ('[{"when": "a", "scores": {"b": "c"}}]', "rule 1"),
        ('[{"when": "a", "scores": {"b": 2}}]', "at most 0"),
        ('[{"when": "a", "reply": 5}]', "reply"),
    ],
)
def test_a_wrong_script_names_file_and_rule(tmp_path: Path, script: str, message: str) -> None:
    path = tmp_path / "script.json"
    path.write_text(script)
    with pytest.raises(UserError, match=message) as caught:
        open_model(f"scripted:{path}")
    assert "script.json" in str(caught.value)


def test_a_missing_script(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no script .*absent\.json"):
        open_model(f"scripted:{tmp_path / 'absent.json'}")


def test_describes_the_script_by_its_content() -> None:
    item, same = (ScriptedModel([{"when": "a", "reply": "b"}]) for _ in range(2))
    other = ScriptedModel([{"when": "a", "reply": "c"}])
    assert item.describe() == same.describe() != other.describe()
    assert json.dumps(item.describe())
