"""The agent: a loop of perception, memory, planning and action over the tools, within a budget.

Start reading at `loop.Agent`; `rule_planner.RulePlanner` plans without a model, `model_planner.ModelPlanner` with one.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.agent.loop import Agent as Agent
    from clinweave.agent.loop import Planner as Planner
    from clinweave.agent.memory import Memory as Memory
    from clinweave.agent.memory import read_reply as read_reply
    from clinweave.agent.model_planner import ModelPlanner as ModelPlanner
    from clinweave.agent.model_planner import planner_tools as planner_tools
    from clinweave.agent.records import AgentResult as AgentResult
    from clinweave.agent.records import Budget as Budget
    from clinweave.agent.records import Call as Call
    from clinweave.agent.records import Decision as Decision
    from clinweave.agent.records import Finish as Finish
    from clinweave.agent.records import Step as Step
    from clinweave.agent.records import StopReason as StopReason
    from clinweave.agent.records import UserQuestion as UserQuestion
    from clinweave.agent.rule_planner import RulePlanner as RulePlanner

__getattr__, __dir__ = attach(
    __name__,
    {
        "Agent": "loop",
        "Planner": "loop",
        "Memory": "memory",
        "read_reply": "memory",
        "ModelPlanner": "model_planner",
        "planner_tools": "model_planner",
        "AgentResult": "records",
        "Budget": "records",
        "Call": "records",
        "Decision": "records",
        "Finish": "records",
        "Step": "records",
        "StopReason": "records",
        "UserQuestion": "records",
        "RulePlanner": "rule_planner",
    },
)
