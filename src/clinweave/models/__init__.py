"""Language models behind one small protocol: `open_model(address)` picks the back end.

`by_option_text`, `by_letter` and `by_generation` turn a model into a chooser among options.
"""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.models.actions import ActionChoice as ActionChoice
    from clinweave.models.actions import ConstrainedModel as ConstrainedModel
    from clinweave.models.actions import action_schema as action_schema
    from clinweave.models.actions import choose_action as choose_action
    from clinweave.models.addresses import AUTO as AUTO
    from clinweave.models.addresses import FETCHED as FETCHED
    from clinweave.models.addresses import best_installed as best_installed
    from clinweave.models.addresses import judge_address as judge_address
    from clinweave.models.addresses import open_judge as open_judge
    from clinweave.models.addresses import open_model as open_model
    from clinweave.models.addresses import runs_here as runs_here
    from clinweave.models.base import Capability as Capability
    from clinweave.models.base import Generation as Generation
    from clinweave.models.base import LanguageModel as LanguageModel
    from clinweave.models.base import Message as Message
    from clinweave.models.base import OnText as OnText
    from clinweave.models.base import OptionScore as OptionScore
    from clinweave.models.base import stream_reply as stream_reply
    from clinweave.models.identity import content_digest as content_digest
    from clinweave.models.identity import identity_of as identity_of
    from clinweave.models.repetition import RepetitionGuard as RepetitionGuard
    from clinweave.models.repetition import find_repetition as find_repetition
    from clinweave.models.replies import option_key as option_key
    from clinweave.models.replies import option_labels as option_labels
    from clinweave.models.scoring import CHOICE_VERSION as CHOICE_VERSION
    from clinweave.models.scoring import MAX_TOKENS as MAX_TOKENS
    from clinweave.models.scoring import Choice as Choice
    from clinweave.models.scoring import by_generation as by_generation
    from clinweave.models.scoring import by_letter as by_letter
    from clinweave.models.scoring import by_option_text as by_option_text
    from clinweave.models.scoring import chance_of as chance_of
    from clinweave.models.scoring import choose as choose
    from clinweave.models.scoring import choose_method as choose_method
    from clinweave.models.scoring import same_option as same_option
    from clinweave.models.scoring import sent_prompts as sent_prompts

__getattr__, __dir__ = attach(
    __name__,
    {
        "ActionChoice": "actions",
        "ConstrainedModel": "actions",
        "action_schema": "actions",
        "choose_action": "actions",
        "AUTO": "addresses",
        "FETCHED": "addresses",
        "best_installed": "addresses",
        "judge_address": "addresses",
        "open_judge": "addresses",
        "open_model": "addresses",
        "runs_here": "addresses",
        "Capability": "base",
        "Generation": "base",
        "LanguageModel": "base",
        "Message": "base",
        "OnText": "base",
        "OptionScore": "base",
        "stream_reply": "base",
        "RepetitionGuard": "repetition",
        "find_repetition": "repetition",
        "option_key": "replies",
        "option_labels": "replies",
        "CHOICE_VERSION": "scoring",
        "MAX_TOKENS": "scoring",
        "Choice": "scoring",
        "content_digest": "identity",
        "identity_of": "identity",
        "by_generation": "scoring",
        "by_letter": "scoring",
        "by_option_text": "scoring",
        "chance_of": "scoring",
        "choose": "scoring",
        "choose_method": "scoring",
        "same_option": "scoring",
        "sent_prompts": "scoring",
    },
)
