"""Codes while the rules are applied to them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from clinweave.applications.coding.reading import Finding
from clinweave.applications.coding.results import Quote, Rejected


@dataclass
class Draft:
    """A code with the findings it rests on."""

    code: str
    findings: list[Finding]
    rules: list[str] = field(default_factory=list)
    uncertain: bool = False
    missing: tuple[str, ...] = ()
    chronic: bool = False
    symptom: bool = False
    by_drug: bool = False  # an adverse effect of a drug


class Drafts:
    """The codes of one note, by code, and what was rejected."""

    def __init__(self) -> None:
        self.codes: dict[str, Draft] = {}
        self.rejected: list[Rejected] = []
        self.warnings: list[str] = []
        self.lists_diagnoses = False  # whether the note has a section of diagnoses

    def add(self, draft: Draft) -> None:
        """Add a code, or its findings to the same code."""
        existing = self.codes.get(draft.code)
        if existing is None:
            self.codes[draft.code] = draft
            return
        existing.findings = list(dict.fromkeys([*existing.findings, *draft.findings]))
        existing.rules += [rule for rule in draft.rules if rule not in existing.rules]
        existing.uncertain = existing.uncertain and draft.uncertain
        existing.chronic = existing.chronic or draft.chronic

    def having(self, prefixes: Iterable[str]) -> list[str]:
        """Return the codes below any of the prefixes."""
        tops = tuple(prefixes)
        return [code for code in self.codes if under(code, tops)]

    def remove(self, codes: Collection[str], reason: str, rule: str) -> list[Finding]:
        """Take codes out, say why, and return what they rested on."""
        findings: list[Finding] = []
        for code in codes:
            draft = self.codes.pop(code, None)
            if draft is not None:
                findings += draft.findings
                text = draft.findings[0].text if draft.findings else code
                self.rejected.append(Rejected(code, text, reason, rule, quotes(draft.findings[:1])))
        return findings

    def replace(
        self, codes: Collection[str], code: str, reason: str, rule: str, more: Iterable[str] = ()
    ) -> None:
        """Put `code` in the place of others; it also rests on what `more` rest on."""
        others = [self.codes[item] for item in more if item in self.codes]
        uncertain = any(self.codes[item].uncertain for item in codes if item in self.codes)
        chronic = any(self.codes[item].chronic for item in codes if item in self.codes)
        findings = self.remove(codes, reason, rule)
        findings = list(dict.fromkeys([*findings, *(item for draft in others for item in draft.findings)]))
        uncertain = uncertain or any(draft.uncertain for draft in others)
        self.add(Draft(code, findings, [rule], uncertain, chronic=chronic))


def under(code: str, tops: tuple[str, ...]) -> bool:
    """Return whether a code is one of `tops` or below it."""
    return code.startswith(tops)


def quotes(findings: Iterable[Finding]) -> tuple[Quote, ...]:
    """Return where findings stand in the note."""
    return tuple(
        Quote(item.start, item.end, item.text, " ".join(item.clause.split()))
        for item in sorted(findings, key=lambda item: item.start)
    )
