"""Human review of answers: a blinded page for raters, and agreement and differences from what they send back."""

from typing import TYPE_CHECKING

from clinweave.core.lazy import attach

if TYPE_CHECKING:
    from clinweave.evaluation.review.items import ReviewItem as ReviewItem
    from clinweave.evaluation.review.items import read_items as read_items
    from clinweave.evaluation.review.page import DEFAULT_CRITERIA as DEFAULT_CRITERIA
    from clinweave.evaluation.review.page import Criterion as Criterion
    from clinweave.evaluation.review.page import make_page as make_page
    from clinweave.evaluation.review.page import read_criteria as read_criteria
    from clinweave.evaluation.review.ratings import RATINGS as RATINGS
    from clinweave.evaluation.review.ratings import ReviewResults as ReviewResults
    from clinweave.evaluation.review.ratings import read_ratings as read_ratings
    from clinweave.evaluation.review.report import review_report as review_report
    from clinweave.evaluation.review.report import review_section as review_section

__getattr__, __dir__ = attach(
    __name__,
    {
        "Criterion": "page",
        "RATINGS": "ratings",
        "DEFAULT_CRITERIA": "page",
        "ReviewItem": "items",
        "ReviewResults": "ratings",
        "make_page": "page",
        "read_criteria": "page",
        "read_items": "items",
        "read_ratings": "ratings",
        "review_report": "report",
        "review_section": "report",
    },
)
