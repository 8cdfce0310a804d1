"""The pages Ask, passage and relation over HTTP: what is shown, what follows, and what is escaped."""

import re
from html import unescape

import pytest

from clinweave.records import Mention
from clinweave.service.pages.follow_up import Subject, with_subject
from clinweave.service.pages.quotations import marked, spans_of
from tests.knowledge.small_base import says
from tests.service.pages import ADDRESS, SCRIPT, pages_of, small_base

GENE_QUESTION = "Which gene is associated with Marfan syndrome?"


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    with pages_of(small_base(tmp_path_factory.mktemp("home"))) as client:
        yield client


def ask(pages, question, **fields):
    return pages.post("/ask", data={"question": question, "audience": "clinician", **fields})


def address(page, number):
    return unescape(re.search(rf'<a class="mark" href="([^"]+)"[^>]*data-panel="Evidence {number}"', page)[1])


def test_the_page_works_as_a_plain_form(pages):
    page = pages.get("/").text
    assert '<form id="ask"' in page
    assert 'action="/ask" method="post"' in page
    assert "No model" in page
    assert page.count("For research, not for clinical decisions.") == 1


def test_an_answer_has_marks_that_lead_to_the_relation(pages):
    page = ask(pages, GENE_QUESTION).text
    assert "Genes associated with Marfan syndrome: FBN1." in page
    relation = pages.get(address(page, 1)).text
    assert "FBN1 is associated with Marfan syndrome" in relation or "FBN1" in relation
    assert "The hpoa" in relation
    assert "hpoa-1" in relation
    assert 'href="https://pubmed.ncbi.nlm.nih.gov/2/"' in relation


def test_a_mark_of_a_quotation_leads_to_the_sentence_in_its_document(pages):
    page = ask(pages, "What is the treatment of Marfan syndrome?").text
    quoted = unescape(re.search(r"<blockquote>([^<]+)", page)[1]).strip()
    assert quoted.startswith("Marfan syndrome is treated")
    number = re.search(r"<blockquote>.*?Evidence (\d+)", page, re.DOTALL)[1]
    passage = pages.get(address(page, number)).text
    assert "<mark class=" in passage
    assert "which slows the widening of the aorta." in unescape(
        re.search(r'<mark class="quote">([^<]+)</mark>', passage)[1]
    )
    assert "The aorta is measured once a year. &lt;script&gt;" in passage  # what stands around it
    assert "<img" not in passage
    part = pages.get(address(page, number), headers={"HX-Request": "true"}).text
    assert "<html" not in part
    assert "<mark" in part


def test_a_follow_up_question_keeps_the_subject_and_says_so(pages):
    first = ask(pages, GENE_QUESTION).text
    assert "Continue about <strong>Marfan syndrome</strong>" in first
    fields = dict(re.findall(r'type="hidden" name="(subject\w*)" value="([^"]*)"', first))
    page = ask(pages, "What is its treatment?", keep="yes", **fields).text
    assert "Marfan syndrome&#39;s treatment" in page
    assert "is treated with losartan" in page
    cleared = ask(pages, "What is its treatment?", **fields).text
    assert "Not answered" in cleared


def test_a_model_adds_checked_sentences_after_the_sources_have_answered(tmp_path):
    reply = "The gene FBN1 is associated with Marfan syndrome [1]. Marfan syndrome is caused by glue [1]."
    with pages_of(small_base(tmp_path, model=says(reply))) as pages:
        first = ask(pages, GENE_QUESTION).text
        assert "Genes associated with Marfan syndrome: FBN1." in first
        assert 'hx-post="/ask/model" hx-trigger="load, submit"' in first
        assert "glue" not in first
        fields = {"asked": GENE_QUESTION, "question": GENE_QUESTION, "audience": "clinician"}
        part = pages.post("/ask/model", data=fields, headers={"HX-Request": "true"}).text
        assert "<html" not in part
        assert 'id="subject"' not in part  # the next question's subject stays
        assert "1 sentence of the model left out" in part
        assert "glue" in part.partition("left out")[2]
        assert "glue" not in part.partition("left out")[0]
        assert "/ask/model" not in part
        assert pages.post("/ask/model", data={**fields, "asked": ""}).status_code == 400
        refused = ask(pages, "How can I kill myself?").text
        assert "/ask/model" not in refused


@pytest.mark.parametrize(
    ("question", "named", "asked"),
    [
        ("What are its symptoms?", [], "What are Marfan syndrome's symptoms?"),
        ("Is it inherited?", [], "Is Marfan syndrome inherited?"),
        ("Does it cause seizures?", ["biolink:PhenotypicFeature"], "Does Marfan syndrome cause seizures?"),
        ("Is it safe to give ibuprofen?", ["biolink:Drug"], "Is it safe to give ibuprofen?"),
        ("And in children?", [], "Which gene is associated with Marfan syndrome in children?"),
        ("What about gout?", ["biolink:Disease"], "Which gene is associated with gout?"),
        ("Which gene causes gout?", ["biolink:Disease"], "Which gene causes gout?"),
        ("What are the symptoms?", [], "What are the symptoms in Marfan syndrome?"),
        ("And what is the treatment?", [], "And what is the treatment in Marfan syndrome?"),
    ],
)
def test_the_subject_replaces_a_pronoun_or_is_added(question, named, asked):
    subject = Subject("Marfan syndrome", "Marfan syndrome", GENE_QUESTION)
    mentions = [Mention(0, 1, "x", "X:1", "x", category, 1.0, False, "") for category in named]
    assert with_subject(question, mentions, subject) == asked


def test_abstention_and_refusal_are_shown_plainly(pages):
    abstained = ask(pages, "What is the treatment of foobar disease?").text
    assert "Not answered." in abstained
    assert "What may help" in abstained
    refused = ask(pages, "How can I kill myself?").text
    assert 'class="answer refused"' in refused
    assert "Continue about" not in refused


@pytest.mark.parametrize("question", ["", "   ", "x" * 30_000])
def test_a_bad_question_is_a_plain_error(pages, question):
    response = ask(pages, question)
    assert response.status_code == 400
    assert 'role="alert"' in response.text


def test_an_unknown_audience_or_address_is_refused(pages):
    assert ask(pages, GENE_QUESTION, audience="nobody").status_code == 400
    assert pages.get("/passage?document=none.md&start=0").status_code == 400
    assert pages.get("/passage?document=none.md&start=x").status_code == 400
    assert pages.get("/relation?r=a|b").status_code == 400
    assert pages.get("/relation?r=a|b|c|d").status_code == 400
    assert pages.get("/static/pages.css").status_code == 404  # a part of style.css
    assert pages.get("/static/..%2f__init__.py").status_code == 404


def test_hostile_names_are_escaped(pages):
    page = ask(pages, "Which gene is associated with hostile disease?").text
    assert SCRIPT not in page
    assert "&lt;script&gt;" in page
    relation = pages.get(address(page, 1)).text
    assert "<script>alert" not in relation
    page = ask(pages, "What are the features of hostile disease?").text
    relation = pages.get(address(page, 1)).text
    assert "<img" not in page + relation
    assert "\u202e" not in page + relation
    assert f'href="{ADDRESS}"' not in relation
    assert ADDRESS in relation  # said as text
    page = ask(pages, "<script>alert(3)</script> and \u202e Marfan syndrome?").text
    assert "<script>alert" not in page
    assert "\u202e" not in re.sub(r'<input type="hidden"[^>]*>', "", page)


def test_no_page_has_inline_scripts_or_styles(pages):
    for path in ("/", "/notices", "/passage?x=1"):
        page = pages.get(path).text
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|<style", page)
    policy = pages.get("/").headers["content-security-policy"]
    assert "'unsafe" not in policy


def test_the_notices_name_the_vendored_script_and_its_licence(pages):
    page = pages.get("/notices").text
    version = re.search(r"htmx (\d+\.\d+\.\d+)", page)[1]
    assert f'version:"{version}"' in pages.get("/static/htmx.min.js").text
    assert "Zero-Clause BSD" in page


@pytest.mark.parametrize(
    ("quote", "spans"),
    [
        ("One two.", [(0, 8)]),
        ("One\ntwo. [...] Five.", [(0, 8), (21, 26)]),
        ("Three four. Nothing like it.", [(9, 20)]),
        ("No such words", []),
    ],
)
def test_quotations_are_located_whatever_their_line_breaks(quote, spans):
    text = "One two. Three four. Five."
    assert spans_of(quote, text) == spans
    assert "".join(piece for piece, _ in marked(text, [(4, 8), (2, 6), (90, 99)])) == text
