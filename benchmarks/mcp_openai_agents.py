"""Use clinweave's MCP server from OpenAI's agent framework, with a scripted model in place of a language model.

Needs `pip install openai-agents` (run with 0.24.0) beside clinweave[mcp]; opens no connection. The model calls two
tools: a misspelt concept, whose typed error it gets, and a question. CLINWEAVE_HOME=... python mcp_openai_agents.py
"""

import asyncio
import json
import os
import sys

from agents import Agent, Model, ModelResponse, Runner, Usage, set_tracing_disabled
from agents.mcp import MCPServerStdio
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

QUESTION = "Which gene is associated with Marfan syndrome?"
CALLS = [("concept", {"concept": "Marfan syndrom"}), ("ask", {"question": QUESTION})]


class ScriptedModel(Model):
    """A model that makes the calls of a list, one a turn, then repeats the last result's answer."""

    def __init__(self) -> None:
        self.turn = 0
        self.offered: list[str] = []

    async def get_response(self, _instructions, input, _settings, tools, *_, **__):  # noqa: A002
        self.offered = [tool.name for tool in tools]
        self.turn += 1
        if self.turn <= len(CALLS):
            name, arguments = CALLS[self.turn - 1]
            output = [
                ResponseFunctionToolCall(
                    arguments=json.dumps(arguments),
                    call_id=f"call-{self.turn}",
                    name=name,
                    type="function_call",
                )
            ]
        else:
            answer = json.loads(text_of(input[-1]["output"]))["answer"]
            text = ResponseOutputText(text=answer.splitlines()[0], type="output_text", annotations=[])
            output = [
                ResponseOutputMessage(
                    id="message", role="assistant", status="completed", type="message", content=[text]
                )
            ]
        return ModelResponse(output=output, usage=Usage(), response_id=None)

    def stream_response(self, *_, **__):
        raise NotImplementedError


def text_of(output) -> str:
    """Return the text of a tool's output, which the framework passes as a text or as parts."""
    if isinstance(output, str):
        try:
            output = json.loads(output)
        except ValueError:
            return output
    parts = output if isinstance(output, list) else [output]
    return parts[0].get("text", json.dumps(output))


async def main() -> None:
    """Run the agent and print the tools offered, each result's beginning, and the final answer."""
    set_tracing_disabled(True)
    python = os.environ.get("CLINWEAVE_PYTHON", sys.executable)  # the environment that has clinweave[mcp]
    command = {"command": python, "args": ["-m", "clinweave", "mcp"], "env": dict(os.environ)}
    async with MCPServerStdio(params=command, client_session_timeout_seconds=120) as server:
        model = ScriptedModel()
        agent = Agent(name="clinical", instructions="Use the tools.", model=model, mcp_servers=[server])
        result = await Runner.run(agent, QUESTION)
    print("tools:", ", ".join(model.offered))
    for item in result.new_items:
        if item.type == "tool_call_output_item":
            print("result:", text_of(item.output)[:160])
    print("answer:", result.final_output)


asyncio.run(main())
