"""Judges of long answers: text measures, a rubric judge behind any model, and how well they agree with people."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.judging.correlation import Correlation as Correlation
    from clinweave.evaluation.judging.correlation import rank_correlation as rank_correlation
    from clinweave.evaluation.judging.rubric import DEFAULT_RUBRICS as DEFAULT_RUBRICS
    from clinweave.evaluation.judging.rubric import Preference as Preference
    from clinweave.evaluation.judging.rubric import Rating as Rating
    from clinweave.evaluation.judging.rubric import Rubric as Rubric
    from clinweave.evaluation.judging.rubric import RubricJudge as RubricJudge
    from clinweave.evaluation.judging.text_measures import bert_score as bert_score
    from clinweave.evaluation.judging.text_measures import concept_f1 as concept_f1
    from clinweave.evaluation.judging.text_measures import overlap_f1 as overlap_f1
    from clinweave.evaluation.judging.text_measures import rouge_l as rouge_l

__getattr__, __dir__ = attach(
    __name__,
    {
        "Correlation": "correlation",
        "DEFAULT_RUBRICS": "rubric",
        "Preference": "rubric",
        "Rating": "rubric",
        "Rubric": "rubric",
        "RubricJudge": "rubric",
        "bert_score": "text_measures",
        "concept_f1": "text_measures",
        "overlap_f1": "text_measures",
        "rank_correlation": "correlation",
        "rouge_l": "text_measures",
    },
)
