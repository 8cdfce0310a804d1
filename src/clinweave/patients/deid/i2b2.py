"""Reader of a user's own copy of the i2b2/UTHealth 2014 de-identification corpus, for evaluation. It is never shipped.

XML files of <deIdi2b2><TEXT/><TAGS/></deIdi2b2>, one folder; patients are the number before "-" of a file's name.
Stubbs and Uzuner, J Biomed Inform 2015;58 Suppl:S20-S29.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from clinweave.core.errors import UserError
from clinweave.databases import RowLog
from clinweave.patients.batches import Person

MAX_FILE = 4 << 20
CATEGORIES = ("NAME", "DATE", "AGE", "CONTACT", "ID", "LOCATION", "PROFESSION")
# what the rules do not remove, and why: professions and ages under 90 are no identifiers of HIPAA's list
NOT_REMOVED = frozenset({"PROFESSION", "AGE<90"})


def read_i2b2(
    folder: Path, log: RowLog
) -> Iterator[tuple[str, str, Person | None, list[tuple[int, int, str]], list[tuple[int, int]]]]:
    """Yield (text, patient, None, marks, no terms) of every file; a file that cannot be read is counted.

    Raises `UserError` where the folder holds no .xml file.
    """
    files = sorted(folder.rglob("*.xml")) if folder.is_dir() else []
    if not files:
        raise UserError(f"{folder} holds no .xml files of the i2b2 2014 corpus")
    for file in files:
        if file.stat().st_size > MAX_FILE:
            log.drop(file.name, 0, f"larger than {MAX_FILE:,} bytes")
            continue
        data = file.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            log.drop(file.name, 0, "declares entities, which this corpus never does")
            continue
        try:
            root = ElementTree.fromstring(data)  # noqa: S314 - no entities, bounded size
        except ElementTree.ParseError:
            log.drop(file.name, 0, "not XML")
            continue
        text = root.findtext("TEXT")
        if root.tag != "deIdi2b2" or not text:
            log.drop(file.name, 0, "not <deIdi2b2> with a TEXT")
            continue
        marks = [mark for number, tag in enumerate(root.iterfind("TAGS/*"), 1)
                 if (mark := _mark(tag, text, file.name, number, log)) is not None]  # fmt: skip
        yield text, file.stem.partition("-")[0], None, marks, []


def _mark(
    tag: ElementTree.Element, text: str, file: str, number: int, log: RowLog
) -> tuple[int, int, str] | None:
    try:
        start, end = int(tag.attrib["start"]), int(tag.attrib["end"])
    except (KeyError, ValueError):
        log.drop(file, number, "a tag without start and end")
        return None
    if not 0 <= start < end <= len(text):
        log.drop(file, number, "a tag outside the text")
        return None
    kind = tag.tag
    if kind == "AGE":
        digits = "".join(character for character in text[start:end] if character.isdigit())
        kind = "AGE" if digits and int(digits) > 89 else "AGE<90"
    return start, end, kind
