"""The sentence patterns that are understood, by predicate. Anything that no pattern covers is not verified.

A pattern is matched against the whole sentence after its concepts became `@n`, articles were dropped, and frequency,
sex, onset and denial were taken out (see `claims`). `{s}` and `{o}` are the relation's subject and object.
"""

import re
from functools import cache
from typing import NamedTuple

from clinweave.core import predicates
from clinweave.knowledge.citations.wording import PEOPLE

_SHARE = "~"  # a pattern that begins with it holds only where the sentence stated a frequency
_DIRECT = "!"  # ... only for the recorded object itself, not for its ancestors ("parent")


class Frame(NamedTuple):
    """One compiled pattern."""

    pattern: re.Pattern[str]
    needs_share: bool
    direct: bool


_MODAL = r"(?:(?:does|do|did|can|may|might|could) )?(?:also )?"
_BE = r"(?:is|are|was|were|can be|may be|might be|could be|has been|have been)(?: also)?"
_ILL = r"(?:(?:disease|disorder|condition|syndrome|diagnosis) )?"
_KNOWN = (
    r"(?:clinical |phenotypic |characteristic |recorded |reported |known |described |documented |"
    r"recogni[sz]ed |"
    r"possible |potential )*"
)
_SIGN = (
    rf"(?:part of )?{_KNOWN}(?:features?|symptoms?|signs?|findings?|manifestations?|phenotypes?|abnormalit(?:y|ies)|"
    r"characteristics?|(?:picture|spectrum|presentation|phenotype))"
)
_WITH = (
    r"(?:with|of|who (?:have|has|suffer from|live with)|having|affected (?:by|with)|diagnosed with|"
    r"suffering from|"
    r"living with)"
)
_IN = r"(?:in|among|amongst|with|for|of|within)"
_SEEN = (
    r"(?:seen|observed|found|reported|described|recorded|documented|noted|present|detected|encountered|listed|"
    r"identified)"
)
_SUCH = r"(?: (?:such as|including|like|of|are|is|include|includes|:))?"
_WHO = rf"(?:{PEOPLE} {_WITH} )?{_ILL}{{s}}(?: {PEOPLE})?"
_ITSELF = r"(?:presents?|presented|manifests?|manifested|shows? itself|expresses itself)"
_HAVE = (
    r"(?:has|have|had|gets?|shows?|showed|exhibits?|exhibited|displays?|displayed|includes?|included|develops?|"
    r"developed|"
    r"experiences?|experienced|causes?|caused|produces?|leads? to|results? in|involves?|involved|features?|"
    rf"comes? with|demonstrates?|demonstrated|suffers? from|{_ITSELF} (?:with|as|by|through|in form of))"
)
_HAS = (
    rf"(?:{_MODAL}{_HAVE}|{_BE} (?:{_SEEN} (?:to have|with)|characteri[sz]ed by|marked by|accompanied by|"
    r"associated with|recorded as having|known to (?:have|cause)))"
)
_TAIL = rf"(?: (?:in|among) {PEOPLE})?"
_VARIANTS = r"(?:(?:pathogenic )?(?:variants?|mutations?|changes|alterations) (?:in|of) )?"
_GENE = rf"{_VARIANTS}(?:genes? )?{{s}}(?: gene| mutations?| variants?)?"
_LINKED = (
    rf"{_BE} (?:associated with|linked to|linked with|implicated in|related to|connected (?:to|with)|"
    rf"tied to|involved in)"
)
_AS = r"(?:acts?|functions?|works?|serves?|behaves?) as"
_ASIS = r"(?:as (?:drug|chemical|compound|substance|medicine) :? ?)?"
_DRUG = r"(?:(?:drug|drugs|chemical|compound|substance|medicine|medication|agent|molecule) )?"
_TERM = r"(?:(?:disease|disorder|condition|finding|phenotype|term|concept|class|category|group) )?"
_MANNER = r"(?: (?:of )?(?:inheritance|manner|fashion|pattern|way|trait|mode|transmission|disease|disorder|condition))*"
_KIND = r"(?:kind|type|form|sub ?type|subtype|sub ?class|example|instance|variant|member|case|one)s?"

_PATTERNS: dict[str, tuple[str, ...]] = {
    predicates.HAS_PHENOTYPE: (
        rf"{_WHO} {_HAS}(?: {_SIGN}{_SUCH})? {{o}}(?: as {_SIGN})?{_TAIL}",
        rf"{{o}} (?:{_BE}|{_MODAL}(?:forms?|constitutes?|represents?|counts? as|"
        rf"belongs? to)) (?:one of |among )?{_SIGN} "
        rf"(?:{_SEEN} )?{_IN} {_WHO}",
        rf"{{o}} (?:counts?|ranks?|is|are) among {_SIGN} (?:{_SEEN} )?{_IN} {_WHO}",
        rf"(?:doctors|clinicians|physicians|one) {_MODAL}(?:observes?|sees?|finds?|notes?) {{o}} {_IN} {_WHO}",
        rf"as part of {_WHO} :? ?{PEOPLE} {_HAS} {{o}}",
        rf"{{o}} {_BE} {_SEEN} {_IN} {_WHO}",
        rf"{{o}} {_MODAL}(?:occurs?|appears?|develops?|arises?|presents?) {_IN} {_WHO}",
        rf"{_SIGN} (?:{_SEEN} )?{_IN} {_WHO} {_MODAL}(?:includes?|are|is|comprises?|:) {{o}}",
        rf"(?:(?:one|some) )?(?:(?:of|among) )?{_SIGN} (?:{_SEEN} )?{_IN} {_WHO} (?:is|are) {{o}}",
        rf"(?:in|among|with|for) {_WHO} :? ?(?:there (?:is|are|can be|may be) )?{{o}}"
        rf"(?: {_BE}| {_MODAL}(?:occurs?|appears?|develops?|arises?)| {_BE} {_SEEN}| {_BE} {_SIGN})?{_TAIL}",
        rf"{_IN} {_WHO} :? ?{PEOPLE} {_HAS} {{o}}",
        rf"{_IN} {_WHO} :? ?{{o}} {_BE} (?:{_SEEN}|{_SIGN})",
        rf"when {{s}} was (?:studied|examined|investigated) :? ?{PEOPLE} {_HAS} {{o}}",
        rf"{PEOPLE} {_WITH} {{s}} {_BE} found to have {{o}}",
        rf"{_ILL}{{s}} {_BE} {_ILL}(?:with|featuring|associated with|marked by|that causes|"
        rf"that features|characteri[sz]ed by) {{o}}",
        rf"{{o}} {_BE} (?:caused by|associated with|part of|linked to|due to) {_ILL}{{s}}",
        rf"(?:diseases?|disorders?|conditions?) with (?:{_SIGN} )?{{o}} (?:include|includes|are|is|:) {{s}}",
        rf"~{{o}} {_BE} {_IN} {_WHO}",
        rf"~{{o}} {_MODAL}affects? {_WHO}",
        rf"~{_IN} {_WHO} :? ?{{o}} {_MODAL}affects? {PEOPLE}",
        rf"~(?:frequency|prevalence) of {{o}} in {_WHO} (?:is|was)",
        rf"~{{o}} (?:has|with) frequency(?: of)? in {_WHO}",
        rf"~in {_WHO} :? ?{{o}} (?:has|with) frequency(?: of)?",
    ),
    predicates.GENE: (
        rf"{_GENE} (?:{_LINKED}|{_BE} (?:one of )?(?:disease )?genes? (?:associated with|linked to|implicated in|"
        rf"for|of|"
        rf"{_SEEN} in)) "
        rf"{_ILL}{{o}}",
        rf"{_ILL}{{o}} {_BE} (?:associated|linked|related|connected|tied) (?:with|to) {_GENE}",
        rf"genes? (?:(?:that|which) {_BE} )?(?:(?:associated|linked|connected|related) (?:with|to)|"
        rf"implicated in|for|of) {_ILL}{{o}} "
        rf"(?:is|are|include|includes|:) {{s}}",
        rf"{_VARIANTS}(?:gene )?{{s}}(?: gene)? {_BE} {_SEEN} in (?:{PEOPLE} {_WITH} )?{_ILL}{{o}}",
        rf"{_ILL}{{o}} (?:involves?|implicates?) {_GENE}",
        rf"(?:genetic )?(?:studies|data) (?:tie|link|connect) {_ILL}{{o}} (?:to|with) {_GENE}",
        rf"(?:genetic )?(?:studies|data) (?:tie|link|connect) {_GENE} (?:to|with) {_ILL}{{o}}",
    ),
    predicates.ROLE: (
        rf"{_ASIS}{_DRUG}{{s}} (?:{_MODAL}(?:has|have|plays?|fulfil?ls?|exerts?)) roles?(?: (?:of|as|is|are|"
        rf":))? {{o}}",
        rf"{_ASIS}{_DRUG}{{s}} (?:{_BE}|{_MODAL}{_AS}|{_BE} (?:{_SEEN}|used|classified|classed|known|"
        rf"regarded|categori[sz]ed) "
        rf"(?:as|to (?:act|function|work|serve|behave) as|to be)) {_DRUG}(?:with role )?{{o}}",
        rf"roles? (?:played by|of) {_DRUG}{{s}} (?:is|are|include|includes) (?:that of )?{{o}}",
        rf"one role (?:played by|of) {_DRUG}{{s}} is {{o}}",
        rf"{{o}} (?:is|are) (?:one of )?roles? of {_DRUG}{{s}}",
        r"(?:chemicals?|drugs?|compounds?) with roles? {o} (?:include|includes|are|is|:) {s}",
        rf"{_DRUG}{{s}} (?:belongs? to|is member of|is in|falls? under) (?:(?:class|group|category)(?: of)? )?{{o}}",
        rf"{_DRUG}{{s}} {_BE} (?:counted|listed|found) among {{o}}",
        r"(?:chemists|pharmacologists|scientists) (?:count|list|class|classify) {s} (?:among|as) {o}",
        rf"{_DRUG}{{s}} {_BE} {_DRUG}(?:that|which) {_AS} {{o}}",
        rf"{_DRUG}{{s}} has {{o}} (?:activity|properties|action)",
    ),
    predicates.INHERITANCE: (
        rf"{_ILL}{{s}} {_BE} (?:inherited|transmitted|passed on)(?: (?:in|as|by|with|through|"
        rf"via))? {{o}}{_MANNER}",
        rf"{_ILL}{{s}} {_MODAL}(?:has|shows?|follows?|displays?|exhibits?)(?: (?:mode|pattern|"
        rf"form) of inheritance)?"
        rf"(?: (?:of|as|:))? {{o}}{_MANNER}",
        rf"{_ILL}{{s}} {_BE} {{o}}{_MANNER}",
        rf"(?:(?:mode|pattern|form) of )?inheritance(?: (?:mode|pattern))? (?:of|in|for) {_ILL}{{s}} (?:is|"
        rf"are) {{o}}{_MANNER}",
        rf"{{o}}{_MANNER} is (?:(?:mode|pattern|form) of )?inheritance(?: (?:mode|pattern))? (?:of|in|"
        rf"for) {_ILL}{{s}}",
        rf"{{o}}{_MANNER} {_BE} {_SEEN} (?:in|for) {_ILL}{{s}}",
        rf"families (?:pass on|inherit|transmit) {{s}} (?:in|as) {{o}}{_MANNER}",
    ),
    predicates.SUBCLASS: (
        rf"{_TERM}{{s}} (?:{_BE}|{_BE} considered|represents?) (?:(?:one )?(?:of )?{_KIND} of )?{_TERM}{{o}}",
        rf"among {_KIND} of {_TERM}{{o}} (?:is|are) {_TERM}{{s}}",
        rf"{_TERM}{{s}} (?:belongs? to|falls? under|comes? under|counts? as|counts? among|"
        rf"{_BE} (?:classified|classed|grouped|"
        rf"categori[sz]ed|listed|filed) (?:as|under|among|with|in|within)) (?:{_KIND} of )?{_TERM}{{o}}",
        rf"{_TERM}{{o}} {_MODAL}(?:includes?|comprises?|covers?|contains?) {_TERM}{{s}}",
        rf"{_TERM}{{o}} (?:include|includes|:) {_TERM}{{s}}",
        rf"(?:some )?{_KIND} of {_TERM}{{o}} (?:include|includes|are|:) {_TERM}{{s}}",
        rf"within {_TERM}{{o}} (?::|,)? ?(?:one finds|there is|is|are|belongs) {_TERM}{{s}}",
        rf"!(?:direct )?(?:parent|superclass) (?:term |class |concept )?of {_TERM}{{s}} is {{o}}",
        rf"!{_TERM}{{o}} {_BE} (?:direct )?(?:parent|superclass) (?:term |class |concept )?of {_TERM}{{s}}",
        rf"!{_TERM}{{s}} {_BE} (?:direct )?child (?:term |class |concept )?of {_TERM}{{o}}",
        rf"{_TERM}{{o}} {_BE} (?:broader|more general) (?:term|class|category|concept) (?:for|than|"
        rf"of) {_TERM}{{s}}",
    ),
    predicates.TREATS: (
        rf"{_DRUG}{{s}} {_MODAL}treats? {_ILL}(?:{PEOPLE} {_WITH} )?{{o}}",
        rf"{_DRUG}{{s}} {_BE} used (?:as (?:treatment|therapy) for|to treat|in treating|for treating|for|against|"
        rf"(?:for|in) (?:treatment|therapy|management) of) (?:{PEOPLE} {_WITH} )?{_ILL}{{o}}",
        rf"{_DRUG}{{s}} {_BE} (?:one of |among )?(?:treatments?|therap(?:y|ies)|medicines?|drugs?|medications?|"
        rf"treatment options?) (?:used )?(?:for|of|against|to treat|that treats?) (?:{PEOPLE} {_WITH} )?{_ILL}{{o}}",
        rf"{_ILL}{{o}} {_BE} treated (?:with|by|using) {_DRUG}{{s}}",
        rf"(?:treatments?|therap(?:y|ies)|drugs?|treatment options?) (?:used )?(?:for|of|that treat|against|to treat) "
        rf"{_ILL}{{o}} (?:include|includes|are|:) {{s}}",
        rf"(?:one|some) (?:of )?(?:treatments?|therap(?:y|ies)|drugs?) (?:for|of|against) {_ILL}{{o}} (?:is|are) {{s}}",
        rf"{PEOPLE} {_WITH} {_ILL}{{o}} {_BE} treated with {_DRUG}{{s}}",
        rf"(?:doctors|physicians|clinicians) use {_DRUG}{{s}} (?:for|to treat|against) {_ILL}{{o}}",
        rf"(?:doctors|physicians|clinicians) treat {_ILL}{{o}} (?:with|using) {_DRUG}{{s}}",
        rf"(?:treatment|therapy|management) (?:of|for) {_ILL}{{o}} {_MODAL}(?:includes?|involves?|"
        rf"comprises?) {_DRUG}{{s}}",
    ),
    predicates.CONTRAINDICATED: (
        rf"{_DRUG}{{s}} {_BE} contraindicated (?:in|for|with) (?:{PEOPLE} {_WITH} )?{_ILL}{{o}}",
        rf"{_ILL}{{o}} {_BE} contraindications? (?:to|for|of|against) (?:use of )?{_DRUG}{{s}}",
        rf"in (?:presence|case|cases) of {_ILL}{{o}} :? ?{_DRUG}{{s}} {_BE} contraindicated",
        rf"in (?:{PEOPLE} {_WITH} )?{_ILL}{{o}} :? ?{_DRUG}{{s}} {_BE} contraindicated",
        rf"drugs? contraindicated in {_ILL}{{o}} (?:include|includes|are|is|:) {{s}}",
    ),
    predicates.CLOSE_MATCH: (
        r"{s} (?:closely )?(?:matches|match|corresponds to|correspond to) {o}",
        rf"{{s}} {_BE} close match (?:of|for|to) {{o}}",
    ),
}


@cache
def frames(predicate: str) -> tuple[Frame, ...]:
    """Return the patterns of a predicate; one that is not in the table gets its own name as its verb."""
    patterns = _PATTERNS.get(predicate)
    if patterns is None:
        verb = re.escape(predicate.removeprefix("biolink:").replace("_", " "))
        patterns = (rf"{{s}} (?:is |are )?{verb} {{o}}",)
    return tuple(_compiled(pattern) for pattern in patterns)


def _compiled(pattern: str) -> Frame:
    marks = pattern[: len(pattern) - len(pattern.lstrip(_SHARE + _DIRECT))]
    body = pattern[len(marks) :].replace("{s}", r"(?P<s>@[\d+]+)").replace("{o}", r"(?P<o>@[\d+]+)")
    return Frame(re.compile(body), _SHARE in marks, _DIRECT in marks)
