import pytest

from clinweave.knowledge import person_of
from clinweave.knowledge.notes.milestones import milestones

WALK, SIT, SPEECH, STAND = "HP:0031936", "HP:0025336", "HP:0000750", "HP:0025335"


def read(text):
    return [(item.finding, item.absent) for item in milestones(text, [(0, len(text), person_of(text))])]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("He walked at 26 months.", WALK),
        ("She walked independently at the age of 2 years.", WALK),
        ("He did not walk until 3 years.", WALK),
        ("Independent walking at 22 months", WALK),
        ("She began to walk at two years.", WALK),
        ("first steps at 2½ years", WALK),
        ("first steps at 2 1/2 years", WALK),
        ("walking at 20-24 months", WALK),
        ("She sat at 11 months.", SIT),
        ("He could sit unsupported only at 14 months", SIT),
        ("First words were spoken at 3 years.", SPEECH),
        ("He started talking at 4 years of age", SPEECH),
        ("She was not able to walk at 3 years of age.", WALK),
        ("She started speaking at 3 years 7 months and", SPEECH),
        ("stood alone at 20 months", STAND),
        ("A 6-year-old boy. Speech is limited to about 20 words.", SPEECH),
        ("A 4-year-old girl. She has only five words.", SPEECH),
    ],
)
def test_a_late_milestone_is_a_finding(text, finding):
    assert read(text) == [(finding, False)]


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("He walked at 12 months.", WALK),
        ("She sat at 6 months.", SIT),
        ("First words at 11 months.", SPEECH),
        ("He walked at 18 months", WALK),
    ],
)
def test_a_milestone_in_time_excludes_the_delay(text, finding):
    assert read(text) == [(finding, True)]


@pytest.mark.parametrize(
    "text",
    [
        "She walked at 3 months after surgery.",
        "He walked at 6 months post-operatively.",
        "She was seen walking at 10 months of follow-up.",
        "He was not walking at 14 months.",  # too early to say
        "He walked at 2 weeks.",
        "She could sit, crawl, and walk at 10 months, 18 months, and 2 years.",
        "She walked at 65 years of age with a frame.",
        "He walked 5 km a day.",
        "She sat for her exam at 3 pm.",
        "A 2-year-old boy says 20 words.",  # in time
        "Speech is limited to about 20 words.",  # no age
        "A 40-year-old man has no words of his own to say; 20 words a minute are read.",
    ],
)
def test_what_is_no_milestone_says_nothing(text):
    assert read(text) == []


def test_the_span_is_where_it_stands():
    text = "Term birth. He sat at 11 months and walked at 26 months."
    spans = [text[item.start : item.end] for item in milestones(text, [(0, len(text), person_of(text))])]
    assert spans == ["sat at 11 months", "walked at 26 months"]


def test_many_numbers_take_no_time():
    text = "walked at at at at " * 5000 + "first first words words at " * 5000
    assert read(text) == []
