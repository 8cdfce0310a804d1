"""Hand-made wheels and a catalogue that pins them, for tests of fetching."""

import hashlib
import json
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from clinweave.resources import listing

TERMS, NAMES = b"terms " * 400, b"names " * 300


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_wheel(
    folder: Path, members: dict[str, bytes], package: str = "kneedata", version: str = "1.0"
) -> Path:
    """Write a wheel that pip accepts, holding `members`."""
    info = f"{package}-{version}.dist-info"
    path = folder / f"{package}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return path


def catalogue_text(wheel: Path, url: str = "", **changes: str) -> str:
    """Return a catalogue of one resource with two files, both members of `wheel`, the first also at `url`."""
    data = wheel.read_bytes()
    text = f"""
[wheels.knee]
package = "kneedata"
version = "1.0"
file = "{wheel.name}"
sha256 = "{sha(data)}"
size = {len(data)}
licence = "CC0"
[resources.knees]
title = "Knees"
version = "2031"
licence = "CC0 1.0"
tier = "public"
databases = ["hpo"]
homepage = "https://example.org"
[[resources.knees.files]]
name = "terms.obo"
sha256 = "{sha(TERMS)}"
size = {len(TERMS)}
origins = [{f'{{ official = "{url}" }}, ' if url else ""}{{ pypi = "knee", member = "knee/terms.obo" }}]
[[resources.knees.files]]
name = "names.tsv"
sha256 = "{sha(NAMES)}"
size = {len(NAMES)}
origins = [{{ pypi = "knee", member = "knee/names.tsv" }}]
"""
    for old, new in changes.values():
        assert old in text, old
        text = text.replace(old, new)
    return text


class House:
    """A home, a folder of wheels that pip finds, and a catalogue of them."""

    def __init__(self, folder: Path, use: Callable[[str], None]) -> None:
        self.home, self.links = folder / "home", folder / "links"
        self.links.mkdir()
        self.wheel = make_wheel(self.links, {"knee/terms.obo": TERMS, "knee/names.tsv": NAMES})
        self._use = use
        self.pin()

    def pin(self, url: str = "", change: tuple[str, str] | None = None) -> None:
        """Use a catalogue of the wheel as it is now, with one text in it changed."""
        self._use(catalogue_text(self.wheel, url, **({"change": change} if change else {})))

    @property
    def place(self) -> Path:
        return self.home / "resources" / "knees" / "2031"

    def there(self) -> dict[str, bytes]:
        """Return every file under home but the record, by name; an empty dict means that nothing was kept."""
        return {
            p.name: p.read_bytes() for p in self.home.rglob("*") if p.is_file() and p.name != "resource.json"
        }

    def record(self) -> dict:
        return json.loads((self.place / "resource.json").read_text("utf-8"))


@contextmanager
def pinned_house(folder: Path, monkeypatch):
    """Yield a house whose catalogue is the only one meanwhile."""

    def use(text: str) -> None:
        monkeypatch.setattr(listing, "_shipped", lambda: text)
        listing.catalogue.cache_clear()

    yield House(folder, use)
    listing.catalogue.cache_clear()
