"""Copy the files of examples/plugin into docs/extending.md: `make docs`. A test checks that the page is current."""

import re
from pathlib import Path

PAGE = Path(__file__).with_name("extending.md")
ROOT = PAGE.parents[1]
_MARK = re.compile(r"<!-- file: (\S+) -->\n(?:\n```python\n.*?\n```\n)?", re.DOTALL)


def page() -> str:
    """Return the page with each marked file after its mark."""
    return _MARK.sub(_file, PAGE.read_text("utf-8"))


def _file(match: "re.Match[str]") -> str:
    code = (ROOT / match[1]).read_text("utf-8").strip()
    return f"<!-- file: {match[1]} -->\n\n```python\n{code}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE}")
