"""Published results on nearly the same cases, under other rules: shown apart, never compared."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Cases of `cases` with the true disease in the first 1, 3 and 10; or shares alone where no counts are public."""

    system: str
    cases: int
    hits: tuple[int, int, int] | None
    shares: tuple[float, ...]
    differs: str
    source: str


_REESE = "Reese et al. 2026, doi:10.1038/s41431-026-02054-5; counts of the pheval.llm repository"
_RULE = "5,213 cases of another curation; a grouping class of Mondo above the true disease counts as right; "
_LLM = _RULE + "the model may have read the cases' papers"


def _counted(system: str, hits: tuple[int, int, int], differs: str) -> Published:
    return Published(system, 5213, hits, tuple(count / 5213 for count in hits), differs, _REESE)


PUBLISHED = (
    _counted(
        "Exomiser, phenotypes only",
        (1852, 2415, 3047),
        _RULE
        + "which annotations it used, the cases' own papers among them or not, is not stated; so are animal models",
    ),
    _counted("o1-preview", (1232, 1626, 1919), _LLM),
    _counted("GPT-4o", (1085, 1532, 1849), _LLM),
    Published(
        "DeepRare",
        0,
        None,
        (0.572, 0.65),
        "other cases (mean of its tasks from HPO terms), a language model that searches the web, also the very paper; "
        "no top-10 and no counts were found",
        "Nature 2026, doi:10.1038/s41586-025-10097-9",
    ),
)
