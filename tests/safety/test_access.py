"""No text that a user supplies opens the access policy for private material."""

from pathlib import Path

import pytest

from clinweave.applications.consult.model_text import check_access
from clinweave.core.access_policy import check_egress, strictest
from clinweave.core.errors import UserError
from clinweave.knowledge import collection_passages, collections
from clinweave.patients import PatientStore, Pseudonymiser, add_notes, load
from clinweave.records import Evidence, Passage, Tier
from tests.patients import made
from tests.safety.calling import clinweave

HOST = "models.example"


class Elsewhere:
    """A model beyond this machine, of which only the address matters here."""

    local, name = False, "elsewhere"

    def describe(self) -> dict[str, str]:
        return {"address": f"http://{HOST}/v1"}


def evidence(**values: object) -> list[Evidence]:
    return [Evidence("1", "passage", "t", 1.0, passage=Passage("p", "text", "t", "d", 0, 4, "own", **values))]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "raw notes",
        "pseudonymised notes",
        "pseudonymised notes (I say so)",
        "public",
        "Pseudonymised",
        "gated",
    ],
)
@pytest.mark.parametrize("field", ["licence", "section", "release"])
def test_no_text_of_a_passage_opens_the_gate(text: str, field: str) -> None:
    for allowed in ("", HOST):
        with pytest.raises(UserError, match="private"):
            check_access(Elsewhere(), evidence(tier=Tier.PRIVATE, **{field: text}), allowed)  # type: ignore[arg-type]


def test_the_tier_that_our_own_code_gives_does() -> None:
    with pytest.raises(UserError, match="--allow-remote"):
        check_access(Elsewhere(), evidence(tier=Tier.PSEUDONYMISED))  # type: ignore[arg-type]
    check_access(Elsewhere(), evidence(tier=Tier.PSEUDONYMISED), HOST)  # type: ignore[arg-type]
    assert strictest([Tier.PSEUDONYMISED, Tier.GATED]) is Tier.PSEUDONYMISED
    assert strictest([Tier.PSEUDONYMISED, Tier.PRIVATE]) is Tier.PRIVATE
    for tier in Tier:
        check_egress(tier, "127.0.0.1")


def test_a_user_cannot_give_that_tier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLINWEAVE_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.txt").write_text("Quillerby has gout")
    assert clinweave("index", "add", "own.txt", "--tier", "pseudonymised").code == 2
    done = clinweave(
        "index", "add", "own.txt", "--tier", "private", "--licence", "pseudonymised notes (I say so)"
    )
    assert done.code == 0
    assert collections(tmp_path / "home")["own"]["tier"] == "private"
    (passage,) = collection_passages("own", tmp_path / "home")
    assert passage.licence.startswith("pseudonymised notes")
    with pytest.raises(UserError, match="private evidence"):
        check_access(Elsewhere(), [Evidence("1", "passage", "t", 1.0, passage=passage)], HOST)  # type: ignore[arg-type]


def test_notes_that_were_pseudonymised_carry_it_and_raw_ones_do_not(tmp_path: Path) -> None:
    made.write_bulk(tmp_path / "bulk", "patient-one")
    home = tmp_path / "home"
    store = PatientStore.open(load(str(tmp_path / "bulk"), home / "patients" / "s").path)
    for rules, tier in ((Pseudonymiser(b"k" * 32), Tier.PSEUDONYMISED), (None, Tier.PRIVATE)):
        add_notes(store, home, "notes", rules)
        assert {item.tier for item in collection_passages("notes", home)} == {tier}
        assert (home / "collections" / "notes").stat().st_mode & 0o077 == 0
