"""Choosing an action with arguments: by the tool calls of an address, under a grammar, or as JSON in plain text."""

import json

import jsonschema
import pytest

from clinweave.core.errors import ModelError
from clinweave.models import action_schema, choose_action, open_model
from clinweave.models.scripted import ScriptedModel
from tests.models.test_remote import GOOD, Served

ACTIONS = [
    {
        "name": name,
        "description": f"Use {name}.",
        "parameters": {
            "type": "object",
            "properties": {argument: {"type": "string", "description": argument}},
            "required": [argument],
            "additionalProperties": False,
        },
    }
    for name, argument in (("look", "concept"), ("finish", "answer"))
]
ASKED = [{"role": "system", "content": "Choose."}, {"role": "user", "content": "What now?"}]


@pytest.fixture
def serve():
    running = []

    def start(*replies):
        running.append(Served(*replies))
        return running[-1]

    yield start
    for item in running:
        item.close()


def called(name, arguments):
    message = {"role": "assistant", "content": None}
    message["tool_calls"] = [
        {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}
    ]
    return {"choices": [{"message": message}], "usage": {"prompt_tokens": 30, "completion_tokens": 7}}


def test_an_address_calls_tools(serve):
    server = serve((200, called("look", '{"concept": "Marfan syndrome"}')))
    model = open_model(f"{server.address}#m")
    choice = choose_action(model, ASKED, ACTIONS)
    assert (choice.name, choice.arguments, choice.problem) == ("look", {"concept": "Marfan syndrome"}, "")
    assert (choice.prompt_tokens, choice.completion_tokens) == (30, 7)
    sent = server.asked[0][2]
    assert [item["function"]["name"] for item in sent["tools"]] == ["look", "finish"]
    assert sent["tool_choice"] == "required"


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (called("look", '{"concept": "Mar'), "not one JSON object"),
        (called("look", "[]"), "not a JSON object"),
        (called("remove", "{}"), "no action 'remove'"),
        (GOOD, "not one JSON object"),
    ],
    ids=["cut", "list", "unknown", "prose"],
)
def test_an_address_that_calls_badly(serve, reply, problem):
    choice = choose_action(open_model(f"{serve((200, reply)).address}#m"), ASKED, ACTIONS)
    assert problem in choice.problem


def test_an_address_that_answers_nonsense(serve):
    with pytest.raises(ModelError, match="is it a chat address"):
        choose_action(open_model(f"{serve((200, {'choices': []})).address}#m"), ASKED, ACTIONS)


def test_a_model_here_is_held_by_the_grammar(tiny_model):
    """The weights are random: only the grammar makes the reply one of the actions."""
    reply = tiny_model.generate_json(ASKED, action_schema(ACTIONS), max_tokens=300)
    assert reply.text.lstrip().startswith("{")
    if reply.finish_reason == "stop":
        jsonschema.validate(json.loads(reply.text), action_schema(ACTIONS))
    choice = choose_action(tiny_model, ASKED, ACTIONS, max_tokens=300)
    assert choice.name in {"look", "finish"} or "JSON" in choice.problem


def test_a_model_without_either_writes_json():
    reply = 'Sure: {"action": "finish", "arguments": {"answer": "Rest."}} Done.'
    model = ScriptedModel({"otherwise": reply})
    choice = choose_action(model, ASKED, ACTIONS)
    assert (choice.name, choice.arguments) == ("finish", {"answer": "Rest."})
