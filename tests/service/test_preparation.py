"""What is compiled after an update is prepared in the background: nothing else waits for it, and everybody is told."""

import threading
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from clinweave.core.errors import MissingDataError
from clinweave.service import ChatHandler, ServiceState, make_app
from clinweave.service.preparation import Prepared
from tests.service.pages import LETTER, small_base

FINDINGS = {"observed": ["HP:0000102"]}


class HeldBase:
    """A knowledge base whose ranker is missing until `released` is set."""

    def __init__(self, base):
        self._base, self.released, self.opening = base, threading.Event(), threading.Event()

    def __getattr__(self, name):
        return getattr(self._base, name)

    def diagnoser(self, release=None):
        self.opening.set()
        assert self.released.wait(30)
        return self._base.diagnoser(release)


@contextmanager
def preparing(home):
    """Yield a client of a server that prepares its ranker, and what holds it."""
    base = HeldBase(small_base(home))
    state = ServiceState.create(ChatHandler(base, name="tiny", retrievers=("graph", "text")))
    with TestClient(make_app(state), base_url="http://127.0.0.1") as client:
        state.preparation.start()
        assert base.opening.wait(10)
        yield client, base, state
        base.released.set()
        assert state.preparation.wait(30)
    state.close()


def test_tools_that_are_prepared_say_so_and_nothing_else_waits(tmp_path):
    with preparing(tmp_path) as (client, base, state):
        ready = client.get("/ready")
        assert ready.status_code == 200
        assert ready.json()["prepared"] == {
            "diagnose": "preparing",
            "code": "waiting",
            "similar_molecules": "waiting",
        }
        for _ in range(20):  # more than there are threads for look-ups
            response = client.post("/api/v1/diagnose", json=FINDINGS)
            assert response.status_code == 503
        assert response.json()["type"] == "urn:clinweave:problem:preparing"
        assert response.headers["retry-after"] == "5"
        assert client.post("/api/v1/link", json={"text": "Marfan syndrome"}).status_code == 200
        asked = client.post(
            "/api/v1/ask", json={"question": "Which gene is associated with Marfan syndrome?"}
        )
        assert "FBN1" in asked.text
        job = client.post("/api/v1/diagnose", json=FINDINGS, headers={"Prefer": "respond-async"})
        assert job.status_code == 202  # waits for its turn
        base.released.set()
        assert state.preparation.wait(30)
        assert client.post("/api/v1/diagnose", json=FINDINGS).json()["ranking"]
        # ICD-10-CM was not fetched here: the tool says so itself, with the command
        assert client.get("/ready").json()["prepared"]["code"] == "missing"
        response = client.post("/api/v1/code", json={"note": "Seen for asthma.", "setting": "outpatient"})
        assert response.status_code == 404
        assert "clinweave" in response.json()["detail"]


def test_a_part_of_a_note_waits_in_its_place(tmp_path):
    with preparing(tmp_path) as (client, base, state):
        partial = {"HX-Request": "true"}
        form = {"text": LETTER, "action": "read"}
        part = client.post("/note/differential", data=form, headers=partial)
        assert part.status_code == 200
        assert 'hx-trigger="load delay:2s"' in part.text
        assert "ranking of diseases is still being prepared" in part.text
        page = client.post("/note", data=form)  # without scripts
        assert page.status_code == 200
        assert "is still being prepared" in page.text
        assert "Ectopia of the lens" in page.text
        export = client.post("/note/export", data={**form, "format": "phenopacket"})
        assert export.status_code == 503
        base.released.set()
        assert state.preparation.wait(30)
        part = client.post("/note/differential", data=form, headers=partial)
        assert "Lens disease 1" in part.text


@pytest.mark.parametrize(
    ("error", "expected"), [(MissingDataError("none"), Prepared.MISSING), (ValueError("x"), Prepared.FAILED)]
)
def test_what_cannot_be_prepared_is_tried_again_on_use(tmp_path, error, expected):
    base = small_base(tmp_path)
    real, failures = base.diagnoser, [error]

    def diagnoser(release=None):
        if failures:
            raise failures.pop()
        return real(release)

    base.diagnoser = diagnoser
    state = ServiceState.create(ChatHandler(base, name="tiny", retrievers=("graph",)))
    with TestClient(make_app(state), base_url="http://127.0.0.1") as client:
        state.preparation.start()
        assert state.preparation.wait(30)
        assert state.preparation.states["diagnose"] is expected
        assert client.post("/api/v1/diagnose", json=FINDINGS).json()["ranking"]
    state.close()


def test_a_compiling_ranker_does_not_hold_other_parts(tmp_path):
    """A lock that questions need was once held for the minutes that the ranker's tables took."""
    base = small_base(tmp_path)
    release = base._diagnosers.pop(None)
    with base._compiling:
        blocked = threading.Thread(target=base.diagnoser, daemon=True)
        blocked.start()
        done = []
        asking = threading.Thread(
            target=lambda: done.append(base.ask("Which gene is associated with Marfan syndrome?")),
            daemon=True,
        )
        asking.start()
        asking.join(30)
        assert done
        assert "FBN1" in done[0].text
        base._diagnosers[None] = release
    blocked.join(10)
    assert not blocked.is_alive()
