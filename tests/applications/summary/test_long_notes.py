"""Long notes are summarised in linear time."""

import time

from clinweave.applications.summary import summarize_notes


def test_notes_of_one_long_line_take_linear_time():
    text = (
        "He denies fever, cramps of the legs, and cough. Seen by Dr. A. Smith for headaches at 3.5 months. "
        * 600
    )
    begin = time.process_time()
    summarize_notes({"a": text}, None)
    middle = time.process_time()
    summarize_notes({"a": text + text}, None)
    assert time.process_time() - middle < 3.5 * (middle - begin) + 0.5
