"""Blinded review: the page in a real browser, the raters' files, and what they say."""

import json
import os
from pathlib import Path

import pytest

from clinweave.cli import main
from clinweave.core.errors import UserError
from clinweave.core.reports.blocks import report_html
from clinweave.evaluation.review import (
    DEFAULT_CRITERIA,
    ReviewItem,
    make_page,
    read_criteria,
    read_items,
    read_ratings,
    review_report,
)
from tests.browser import chromium

BAD = "</p><script>document.title = 'bad'</script> {{ 7 * 7 }}"


def items(count=6):
    return [
        ReviewItem(
            f"q{i}", f"Question {i}? {BAD}", {"alpha-model": f"good {i} {BAD}", "beta-model": f"poor {i}"}
        )
        for i in range(count)
    ]


@pytest.fixture
def review(tmp_path):
    """Return (page, key file, function that writes the ratings of one rater)."""
    page = tmp_path / "page.html"
    key = make_page(items(), page)
    values = json.loads(key.read_text("utf-8"))

    def rate(name, score, **changes):
        ratings = {
            item: {label: dict(zip(("correct", "complete", "harm"), score(item, system), strict=True))
                   for system, label in labels.items()}
            for item, labels in values["labels"].items()
        }  # fmt: skip
        path = tmp_path / f"{name}.json"
        result = {"version": 1, "review": values["review"], "rater": name, "ratings": ratings, **changes}
        path.write_text(json.dumps(result), "utf-8")
        return path

    return page, key, rate


def good_alpha(_, system):
    return (5, 4, 0) if system == "alpha-model" else (2, 2, 1)


def test_the_page_names_no_system_and_escapes_every_text(review):
    page, key, _ = review
    text = page.read_text("utf-8")
    assert "alpha-model" not in text
    assert "beta-model" not in text
    assert "<script>document.title" not in text
    assert "{{ 7 * 7 }}" in text
    assert key.stat().st_mode & 0o77 == 0


def test_the_order_of_answers_is_drawn_and_the_same_for_the_same_seed(tmp_path):
    keys = [
        make_page(items(40), tmp_path / f"{n}.html", seed=seed).read_text("utf-8")
        for n, seed in enumerate((0, 0, 1))
    ]
    assert keys[0] == keys[1] != keys[2]
    first = [labels["alpha-model"] for labels in json.loads(keys[0])["labels"].values()]
    assert 8 < first.count("A") < 32


def test_equal_answers_are_rated_once_for_both(tmp_path):
    same = [ReviewItem("q", "?", {"x": "yes", "y": "yes", "z": "no"})]
    key = json.loads(make_page(same, tmp_path / "p.html").read_text("utf-8"))
    assert key["labels"]["q"]["x"] == key["labels"]["q"]["y"] != key["labels"]["q"]["z"]
    assert (tmp_path / "p.html").read_text("utf-8").count('class="answer"') == 2


def test_ratings_are_read_back_for_the_right_systems(review):
    _, key, rate = review
    results = read_ratings([rate("ann", good_alpha), rate("ben", good_alpha)], key, resamples=200)
    means = {(row.criterion, row.system): row.mean for row in results.means}
    assert means["correct", "alpha-model"] == 5
    assert means["harm", "beta-model"] == 1
    row = next(row for row in results.differences if row.criterion == "correct")
    assert (row.system, row.baseline, row.difference, row.items) == ("beta-model", "alpha-model", -3, 6)
    agreement = next(row for row in results.agreement if row.criterion == "correct")
    assert agreement.alpha == 1
    assert agreement.kappa == {"ann, ben": 1}
    assert results.unrated == {"ann": 0, "ben": 0}
    assert "alpha-model" in report_html(review_report(results))


def test_raters_who_disagree_and_gaps_are_said(review):
    _, key, rate = review

    def other(item, system):
        return good_alpha(item, "alpha-model" if system == "beta-model" else "beta-model")

    second = rate("ben", other)
    values = json.loads(second.read_text("utf-8"))
    values["ratings"].pop("q0")
    first_label = next(iter(values["ratings"]["q1"]))
    values["ratings"]["q1"][first_label] = {"correct": 1, "comment": "wrong drug"}
    second.write_text(json.dumps(values), "utf-8")
    results = read_ratings([rate("ann", good_alpha), second], key, resamples=100)
    assert next(row for row in results.agreement if row.criterion == "correct").alpha < 0
    assert results.unrated == {"ann": 0, "ben": 3}
    assert [(row.rater, row.item, row.text) for row in results.comments] == [("ben", "q1", "wrong drug")]
    assert not [row for row in results.differences if row.criterion == "correct" and row.p < 0.05]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"review": "other"}, "another review"),
        ({"version": 9}, "version 9"),
        ({"rater": " "}, "rater is missing"),
        ({"ratings": []}, "ratings is no object"),
        ({"ratings": {"zz": {}}}, "item 'zz' is not in the review"),
        ({"ratings": {"q0": {"Z": {}}}}, "no answer 'Z'"),
        ({"ratings": {"q0": {"A": {"correct": 6}}}}, "correct is 6; expected one of 1, 2, 3, 4, 5"),
        ({"ratings": {"q0": {"A": {"correct": True}}}}, "correct is True"),
        ({"ratings": {"q0": {"A": {"correct": "5"}}}}, "expected one of"),
        ({"ratings": {"q0": {"A": {"style": 1}}}}, "no criterion 'style'"),
    ],
)
def test_a_file_that_does_not_fit_is_named_with_item_and_field(review, change, message):
    _, key, rate = review
    with pytest.raises(UserError, match=rf"ann\.json.*{message}"):
        read_ratings([rate("ann", good_alpha, **change)], key)


def test_two_files_of_one_rater_are_refused(review):
    _, key, rate = review
    first, second = rate("ann", good_alpha), rate("copy", good_alpha, rater="ann")
    with pytest.raises(UserError, match="two files are by 'ann'"):
        read_ratings([first, second], key)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "line 1 is no JSON"),
        ("[]", "expected an object"),
        ('{"id": "a", "answers": {"x": "y"}}', "question is missing"),
        ('{"id": "a", "question": "q", "answers": {}}', "answers must be"),
        ('{"id": "a", "question": "q", "answers": {"x": 1}}', "answers must be"),
        ('{"id": "a", "question": "q", "answers": {"x": "1"}}\n' * 2, "'a' is used twice"),
        ("\n", "nothing to rate"),
    ],
)
def test_unusable_items_are_refused(tmp_path, line, message):
    (tmp_path / "items.jsonl").write_text(line, "utf-8")
    with pytest.raises(UserError, match=message):
        read_items(tmp_path / "items.jsonl")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no \\[\\[criteria\\]\\]"),
        ('[[criteria]]\nid="a"\ntitle="t"\nscale={"1"="x"}', "two or more"),
        ('[[criteria]]\nid="a"\ntitle="t"\nscale={"x"="x","y"="y"}', "whole numbers"),
        ('[[criteria]]\nid="a"\ntitel="t"\nscale={"1"="x","2"="y"}', "titel"),
    ],
)
def test_unusable_criteria_are_refused(tmp_path, text, message):
    (tmp_path / "c.toml").write_text(text, "utf-8")
    with pytest.raises(UserError, match=message):
        read_criteria(tmp_path / "c.toml")


def test_a_run_is_reviewed_by_condition(tmp_path):
    rows = [
        {"task": "t", "id": "1", "condition": name, "question": "Q?", "options": ["a", "b"], "answer": 0,
         "choice": choice, "raw": "", "method": method}
        for name, choice, method in (("base", 1, "letter"), ("graph", 0, "letter"), ("lookup", 0, "look-up"))
    ]  # fmt: skip
    rows.append({**rows[0], "id": "2", "choice": None})
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    (item,) = read_items(tmp_path)
    assert (item.id, item.answers, item.reference) == ("t/1", {"base": "b", "graph": "a"}, "a")


def test_the_commands_make_a_page_and_read_ratings(review, tmp_path, capsys):
    def call(*arguments):
        with pytest.raises(SystemExit) as stop:
            main([str(argument) for argument in arguments])
        return stop.value.code, capsys.readouterr().out

    source = tmp_path / "items.jsonl"
    lines = [{"id": item.id, "question": item.question, "answers": item.answers} for item in items()]
    source.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    code, out = call("review", "make", source, "--out", tmp_path / "own.html", "--count", 3, "--json")
    assert (code, json.loads(out)["items"]) == (0, 3)
    _, key, rate = review
    code, out = call("review", "read", rate("ann", good_alpha), "--key", key, "--json")
    assert (code, json.loads(out)["raters"]) == (0, ["ann"])
    assert call("review", "read", rate("ann", good_alpha), "--key", key, "--run", tmp_path)[0] == 2
    assert call("review", "read", tmp_path / "none.json", "--key", key)[0] == 2


@pytest.mark.parametrize("width", [1200, 360])
def test_a_rater_rates_reloads_and_saves_in_a_browser(review, tmp_path, width):
    page_file, key, _ = review
    with chromium() as browser:
        page = browser.new_page(viewport={"width": width, "height": 800})
        faults, asked = [], []
        page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        assert page.title() == "Rate answers"
        for field in page.locator("fieldset").all()[:6]:
            field.locator("input").first.check()
        page.fill("#rater", "Ann B.")
        page.reload()
        assert page.locator("#progress").inner_text() == "1 of 6 items complete"
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        with page.expect_download() as waiting:
            page.click("#save")
        saved = tmp_path / "saved.json"
        waiting.value.save_as(saved)
        name = waiting.value.suggested_filename
        if folder := os.environ.get("CLINWEAVE_SCREENSHOTS"):
            page.screenshot(path=str(Path(folder) / f"review-{width}.png"))
    assert name == "ratings-Ann-B-.json"
    assert faults == []
    assert not [url for url in asked if not url.startswith(("file:", "blob:"))]
    results = read_ratings([saved], key, resamples=50)
    assert results.unrated == {"Ann B.": 10}
    assert {row.criterion for row in results.means} == {each.id for each in DEFAULT_CRITERIA}
