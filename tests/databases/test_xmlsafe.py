import pytest

from clinweave.core.errors import UserError
from clinweave.databases.xmlsafe import elements


def read(tmp_path, text):
    path = tmp_path / "made.xml"
    path.write_text(text, "utf-8")
    return [(row, element.text) for row, element in elements(path, "top", "item", "a made file")]


def test_elements_come_with_their_row(tmp_path):
    assert read(tmp_path, "<top>\n<item>a</item><x><item>b</item></x>\n<item>c&amp;d</item></top>") == [
        (2, "a"),
        (2, "b"),
        (3, "c&d"),
    ]


BOMB = '<!DOCTYPE top [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><top><item>&b;</item></top>'


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (BOMB, "DOCTYPE"),
        ('<!DOCTYPE top SYSTEM "http://example.org/x.dtd"><top/>', "DOCTYPE"),
        ("<other><item/></other>", "its root is <other>"),
        ("<top>" + "<x>" * 70, "nested deeper"),
        ("<top><item>", "not well-formed"),
        ("<top><item>&unknown;</item></top>", "not well-formed"),
    ],
)
def test_unsafe_or_broken_xml_is_refused(text, why, tmp_path):
    with pytest.raises(UserError, match=why):
        read(tmp_path, text)
