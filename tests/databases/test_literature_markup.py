"""What literature readers make of superscripts, lists, tables, formulas and titles: nothing fused, lost or doubled."""

import random
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from clinweave.databases import RowLog, literature_documents
from clinweave.databases.inline_markup import NO_TEXT, inline_text
from clinweave.knowledge import read_folder

MATH = 'xmlns:mml="http://www.w3.org/1998/Math/MathML"'


def text(markup):
    return inline_text(ET.fromstring(f"<p {MATH}>{markup}</p>"))


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("12 × 10<sup>9</sup>/L", "12 × 10⁹/L"),
        ("1.73 m<sup>2</sup>", "1.73 m²"),
        ("kg m<sup>−2</sup>, 10<sup>-3</sup>, 10<sup>–6</sup>", "kg m⁻², 10⁻³, 10⁻⁶"),
        ("CO<sub>2</sub>, Na<sup>+</sup>, SO<sub>4</sub><sup>2−</sup>", "CO₂, Na⁺, SO₄²⁻"),
        ("<sup>99m</sup>Tc and <sup>18</sup>F-FDG", "⁹⁹ᵐTc and ¹⁸F-FDG"),
        ("10<sup>3.5</sup> copies", "10^(3.5) copies"),
        ("10<sup>a</sup>5", "10ᵃ5"),
        ("BRAF<sup>V600E</sup> melanoma", "BRAF^V600E melanoma"),
        ("BRAF<sup>V600E</sup>2", "BRAF^(V600E)2"),
        ("C<sub>max</sub> rose", "C_max rose"),
        ("HbA<sub>1c</sub> of 7", "HbA₁c of 7"),
        ("log<sub>10</sub>5", "log₁₀5"),
        ("t<sub>1/2</sub> of 3", "t_(1/2) of 3"),
        ("the 1<sup>st</sup> day at 37<sup>o</sup>C", "the 1st day at 37°C"),
        ("Drug<sup>®</sup> and Other<sup>TM</sup>", "Drug® and Other™"),
        ("10<sup><italic>n</italic></sup>", "10ⁿ"),
        ("10<sup>2<sup>3</sup></sup>", "10^(2³)"),
        ("given<sup>1–3</sup>", "given^(1–3)"),
        (
            'known.<sup><xref ref-type="bibr">1</xref>,<xref ref-type="bibr">2</xref></sup> Next',
            "known. Next",
        ),
        (
            'n = 5<sup>,</sup><sup><xref ref-type="bibr">1</xref>–<xref ref-type="bibr">3</xref></sup>',
            "n = 5",
        ),
        ('given<xref ref-type="fn"><sup>*</sup></xref> twice', "given twice"),
        ('known [<xref ref-type="bibr">1</xref>–<xref ref-type="bibr">3</xref>].', "known."),
        ('<xref ref-type="bibr">Doe et al. (2010)</xref> saw it', "Doe et al. (2010) saw it"),
        ('as in <xref ref-type="table">Table 2</xref>.', "as in Table 2."),
        ("x = <mml:math><mml:msup><mml:mi>e</mml:mi><mml:mn>2</mml:mn></mml:msup></mml:math>.", "x = e²."),
        (
            "<mml:math><mml:mfrac><mml:mrow><mml:mi>a</mml:mi><mml:mo>+</mml:mo><mml:mi>b</mml:mi></mml:mrow>"
            "<mml:mn>2</mml:mn></mml:mfrac></mml:math>",
            "(a + b)/2",
        ),
        (
            "<inline-formula><alternatives><mml:math><mml:mn>3</mml:mn></mml:math>"
            "<tex-math>\\begin{document}$3$\\end{document}</tex-math></alternatives></inline-formula> g",
            "3 g",
        ),
        (
            "<inline-formula><tex-math>\\usepackage{x}\\begin{document}$$x^2$$\\end{document}</tex-math></inline-formula>",
            "x^2",
        ),
        ("dose <inline-formula><inline-graphic/></inline-formula> mg", f"dose {NO_TEXT} mg"),
    ],
)
def test_inline_markup_keeps_its_meaning(markup, expected):
    assert text(markup) == expected


def test_an_exponent_is_never_a_digit_of_the_base():
    chance = random.Random(20)
    for _ in range(500):
        base, power = (
            chance.randrange(1, 1000),
            chance.choice(["", "-", "−", "–", "+"]) + str(chance.randrange(1, 40)),
        )
        power = chance.choice([power, power + "." + str(chance.randrange(10)), power + "/2", f" {power} "])
        after = chance.choice(["", "5", "/L", " copies", ".5"])
        written = text(f"{base}<sup>{power}</sup>{after}")
        plain = re.match(r"\d+", written)[0] if written[0] not in "⁰¹²³⁴⁵⁶⁷⁸⁹" else ""
        assert plain == str(base), written
        low = text(f"{base}<sub>{power}</sub>{after}")
        assert re.match(r"[0-9]+", low)[0] == str(base), low


ARTICLE = """<article><front><article-meta><article-id pub-id-type="pmcid">PMC9</article-id>
<title-group><article-title>Wobble of the knee<xref ref-type="fn">*</xref></article-title></title-group>
<abstract><sec><title>Aim</title><p>Signs:<list><list-item><p>heat</p></list-item>
<list-item><p>rash</p></list-item></list></p></sec></abstract></article-meta></front>
<body><sec><title>Methods</title>
<p>Criteria:<list list-type="order"><list-item><label>1.</label><p>adult<list><list-item><p>over 18</p></list-item>
</list></p></list-item><list-item><label>2</label><p>10 mg</p></list-item></list>All agreed.</p>
<def-list><def-item><term>Relapse</term><def><p>Return of heat.</p></def></def-item></def-list>
<disp-quote><p>I could not walk.</p></disp-quote>
<boxed-text><caption><title>Box</title></caption><p>Key point.</p></boxed-text>
<disp-formula><mml:math xmlns:mml="m"><mml:mi>E</mml:mi></mml:math><label>(1)</label></disp-formula>
<p>Doses<table-wrap><label>Table 1</label><caption><p>Doses given.</p></caption><table>
<thead><tr><th>Drug</th><th colspan="2">Dose</th></tr><tr><th/><th>start</th><th>end</th></tr></thead>
<tbody><tr><td rowspan="2">kneexin</td><td>10 mg</td><td>20 mg</td></tr><tr><td>11 mg</td><td>21<sup>a</sup> mg</td>
</tr><tr><td colspan="3">Children</td></tr></tbody></table>
<table-wrap-foot><fn><p>a estimated</p></fn></table-wrap-foot>
</table-wrap> rose<fn><p>Funded by none.</p></fn>.</p>
<sec><title>Harms</title><p>Two fell.</p><fig><label>Figure 1</label><caption><title>Falls</title><p>By age.</p>
</caption><graphic/></fig></sec></sec></body>
<back><ref-list><ref><mixed-citation><article-title>Of others</article-title></mixed-citation></ref></ref-list>
<app-group><app><title>Appendix</title><p>Form used.</p></app></app-group></back>
<floats-group><fig><caption><p>A floating caption.</p></caption></fig></floats-group>
<sub-article><front-stub><title-group><article-title>Reply</article-title></title-group></front-stub>
<body><p>We disagree.</p></body></sub-article></article>"""
BLOCKS = [
    ("abstract: Aim", "Signs:\n- heat\n- rash"),
    ("Methods", "Criteria:\n1. adult\n  - over 18\n2. 10 mg\nAll agreed."),
    ("Methods", "- Relapse: Return of heat."),
    ("Methods", "I could not walk."),
    ("Box", "Key point."),
    ("Methods", "E"),
    ("Methods", "Doses rose."),
    (
        "Methods",
        "Table 1. Doses given.\nDrug: kneexin; Dose start: 10 mg; Dose end: 20 mg\n"
        "Drug: kneexin; Dose start: 11 mg; Dose end: 21ᵃ mg\nChildren\nNote: a estimated",
    ),
    ("Methods", "Note: Funded by none."),
    ("Harms", "Two fell."),
    ("Harms", "Figure 1. Falls. By age."),
    ("Appendix", "Form used."),
    ("", "A floating caption."),
]


def test_blocks_of_an_article(reading):
    result = reading("jats", files={"article.xml": ARTICLE})
    assert [(item.section, item.text) for item in result.passages] == BLOCKS
    assert {item.title for item in result.passages} == {"Wobble of the knee"}
    assert result.log.counts == {"article.xml: a sub-article, which is left out": 1}


def test_an_article_without_text_is_counted(reading):
    bare = "<article><front><article-meta>"
    bare += "<article-id pub-id-type='pmid'>1</article-id></article-meta></front></article>"
    assert reading("jats", files={"article.xml": bare}).log.counts == {
        "article.xml: an article without text": 1
    }


WORDS = ("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa")


def _random_block(chance, depth, used):
    def word():
        used.append(f"{chance.choice(WORDS)}{len(used)}")
        return used[-1]

    kind = chance.choice(["p", "p", "list", "def", "quote", "table", "fig", "sec"] if depth else ["p"])
    inner = [_random_block(chance, depth - 1, used) for _ in range(chance.randrange(1, 3))] if depth else []
    body = "".join(inner)
    if kind == "p":
        placed = body if chance.random() < 0.5 and "<sec>" not in body else ""
        more = "" if chance.random() < 0.5 else f"<p>{word()}</p>"
        return f"<p>{word()}{placed or ' '}{word()}</p>{more}"
    items = "".join(f"<list-item><p>{word()}</p></list-item>" for _ in range(2))
    rows = "".join(f"<tr><td>{word()}</td><td>{word()}</td></tr>" for _ in range(2))
    return {
        "list": f"<list>{items}</list>",
        "def": f"<def-list><def-item><term>{word()}</term><def><p>{word()}</p></def></def-item></def-list>",
        "quote": f"<disp-quote><p>{word()}</p></disp-quote>",
        "table": f"<table-wrap><caption><p>{word()}</p></caption><table>{rows}</table></table-wrap>",
        "fig": f"<fig><caption><title>{word()}</title><p>{word()}</p></caption></fig>",
        "sec": f"<sec>{body}<p>{word()}</p></sec>",
    }[kind]


def test_each_word_of_random_articles_comes_once_and_whole():
    chance = random.Random(7)
    for _ in range(200):
        used = []
        body = "".join(_random_block(chance, 2, used) for _ in range(3))
        expected = sorted(re.findall(r"[a-z]+\d+", re.sub(r"<[^>]*>", " ", body)))
        root = ET.fromstring(f"<article><front/><body>{body}</body></article>")
        (document,) = literature_documents(root)
        assert sorted(re.findall(r"\w+", "\n".join(text for _, text in document.blocks))) == expected


PUBMED = """<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID><Article>
<ArticleTitle>Vitamin D<sub>3</sub></ArticleTitle><Abstract><AbstractText><b>Patient: Female, 16</b><b>Final Diagnosis:
mass</b></AbstractText></Abstract></Article><OtherAbstract Type="plain-language-summary" Language="eng"><AbstractText>
In short.</AbstractText></OtherAbstract><OtherAbstract Language="spa">
<AbstractText>En breve.</AbstractText></OtherAbstract>
</MedlineCitation></PubmedArticle><PubmedArticle><MedlineCitation><PMID>2</PMID><Article><ArticleTitle>A letter.
</ArticleTitle></Article></MedlineCitation></PubmedArticle><PubmedBookArticle><BookDocument><PMID>3</PMID>
<Book><BookTitle>The book</BookTitle></Book><ArticleTitle>The chapter</ArticleTitle><Abstract>
<AbstractText>Chapter text.
</AbstractText></Abstract></BookDocument></PubmedBookArticle><PubmedBookArticle><BookDocument><PMID>4</PMID>
<Book><BookTitle>Bare</BookTitle></Book></BookDocument></PubmedBookArticle></PubmedArticleSet>"""


def test_every_pubmed_record_gives_passages_or_is_counted(reading):
    result = reading("pubmed", files={"pubmed.xml": PUBMED})
    assert [(item.document, item.title, item.section, item.text) for item in result.passages] == [
        ("PMID:1", "Vitamin D₃", "abstract", "Patient: Female, 16 Final Diagnosis: mass"),
        ("PMID:1", "Vitamin D₃", "plain-language-summary", "In short."),
        ("PMID:3", "The chapter", "abstract", "Chapter text."),
    ]
    assert result.log.counts == {"pubmed.xml: no abstract (title only)": 2}


def test_a_folder_reads_articles_as_articles(tmp_path: Path):
    (tmp_path / "a.nxml").write_text(ARTICLE, "utf-8")
    (tmp_path / "b.xml").write_text(PUBMED, "utf-8")
    (tmp_path / "c.xml").write_text(
        "<page><title>T</title><p>10<sup>9</sup>/L of CO<sub>2</sub></p></page>", "utf-8"
    )
    log = RowLog()
    result = list(read_folder(tmp_path, log=log))
    titles = {item.document: item.title for item in result}
    assert titles["a.nxml"] == "Wobble of the knee"
    assert {"b.xml#1", "b.xml#3"} <= titles.keys()
    assert titles["b.xml#1"] == "Vitamin D₃"
    assert "10⁹/L of CO₂" in " ".join(item.text for item in result if item.document == "c.xml")
    assert {item.section for item in result if item.document == "a.nxml"} >= {"Methods", "Harms", "Appendix"}
    assert [item.text for item in result if item.document == "b.xml#2"] == ["A letter."]
    assert log.total == 0
