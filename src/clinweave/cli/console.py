"""The rich console of every command: what it prints has its control characters escaped, styles are its own."""

from collections.abc import Iterable
from typing import Any

import rich.console
from rich.segment import Segment
from rich.text import Text

from clinweave.cli.streams import harmless
from clinweave.core import configuration


class Console(rich.console.Console):
    """A console on which text from files and models cannot drive the terminal.

    One on standard error shows progress, and nothing if the setting `quiet` says so.
    """

    def __init__(self, **options: Any) -> None:
        if options.get("stderr") and configuration.get("quiet"):
            options["quiet"] = True
        super().__init__(**options)

    def render_str(self, text: str, **options: Any) -> Text:
        """Return a string as styled text; escaped first, so columns are as wide as what is shown."""
        return super().render_str(harmless(text), **options)

    def render(self, renderable: Any, options: Any = None) -> Iterable[Segment]:
        """Yield the segments of anything that can be printed, each with harmless text."""
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control or text.isprintable() else Segment(harmless(text), style)
