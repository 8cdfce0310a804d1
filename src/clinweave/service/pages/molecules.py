"""The page Molecules: a structure drawn, its properties, similar drugs, and small changes of it as pictures."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import Response

from clinweave.core.errors import MissingExtraError, UnknownConceptError, UserError
from clinweave.core.extras import needs_extra
from clinweave.service.pages.forms import read_form
from clinweave.service.pages.rendering import is_partial, render
from clinweave.service.preparation import PreparingError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from clinweave.applications.molecules import SimilarDrugs
    from clinweave.service.state import ServiceState

_LONGEST = 2_000  # characters of a SMILES
_MAX_ATOMS = 120  # of a structure that is drawn
_SIMILAR = 8
_VARIANTS = 8
_TRIES = 120
_LABELS = {"weight": "weight", "logp": "logP", "tpsa": "TPSA", "qed": "QED"}
_SAME = {"same": "This is {}.", "same parts": "The parts are those of {}, in other proportions."}


@dataclass(frozen=True)
class ComputedProperty:
    """A property computed from the structure by a published rule: no prediction of a measurement."""

    name: str
    meaning: str
    value: float

    @property
    def label(self) -> str:
        """Return the name as chemists write it."""
        return _LABELS.get(self.name, self.name)


@dataclass(frozen=True)
class PredictedProperty:
    """A prediction of a model trained on measurements, with its interval and domain."""

    name: str
    kind: str  # "probability" or "value"
    value: float
    low: float
    high: float
    inside: bool
    similarity: float  # to the nearest training structure


@dataclass(frozen=True)
class Picture:
    """A drawn structure; `change` says how its properties differ from the query's."""

    smiles: str
    source: str  # address of the picture
    name: str = ""
    similarity: float | None = None
    change: tuple[tuple[str, float, float], ...] = ()  # (name, value, difference)
    id: str = ""  # of a known drug


@dataclass(frozen=True)
class MoleculeView:
    """Everything about one structure."""

    picture: Picture
    computed: tuple[ComputedProperty, ...]
    predicted: tuple[PredictedProperty, ...]
    variants: tuple[Picture, ...]
    has_models: bool


@dataclass(frozen=True)
class SimilarView:
    """The drugs nearest to a structure, and the drugs that it is or contains."""

    smiles: str
    same: tuple[str, ...]
    similar: tuple[Picture, ...]


class MoleculesPage:
    """The routes of the page."""

    def __init__(self, state: "ServiceState") -> None:
        self._state = state

    async def show(self, request: Request) -> Response:
        """Return the page without a structure; without the extra, how to install it."""
        return render(request, "molecules.html", text="", view=None, problem="", near=(), missing=_missing())

    async def read(self, request: Request) -> Response:
        """Show a drug or a structure."""
        form = await read_form(request)
        text, seed = form.text("molecule").strip(), form.text("seed", "0")
        if missing := _missing():
            raise MissingExtraError(missing)
        if not text or len(text) > _LONGEST:
            raise UserError(f"give a SMILES or the name of a drug, of at most {_LONGEST:,} characters")
        view: MoleculeView | None = None
        problem, suggestions, status = "", tuple[tuple[str, str], ...](), 200
        try:
            number = int(seed) if seed.isdecimal() and len(seed) < 7 else 0
            view = await self._state.lookups.run(self._view, text, number)
        except UnknownConceptError as error:
            problem, suggestions, status = str(error), error.near, 400
        except PreparingError as error:
            problem, status = f"{error}. Try again in a minute, or give a SMILES.", 503
        return render(request, "molecules.html", status=status, text=text, view=view,
                      problem=problem, near=suggestions, missing="", seed=seed)  # fmt: skip

    async def similar(self, request: Request) -> Response:
        """Show the known drugs nearest to a structure: their table is made on first use, which takes a while."""
        text = (await read_form(request)).text("molecule").strip()
        if not text or len(text) > _LONGEST:
            raise UserError("give a structure as SMILES")
        self._state.preparation.check("similar_molecules")
        view = await self._state.lookups.run(self._similar, text)
        template = "molecules_similar.html" if is_partial(request) else "molecules_similar_page.html"
        return render(request, template, view=view)

    def _similar(self, text: str) -> SimilarView:
        result = self._state.base.similar_molecules(text, limit=_SIMILAR)
        same = tuple(
            _SAME.get(match.how, match.how).format(f"{match.name} ({match.id})") for match in result.same
        )
        return SimilarView(result.query.smiles, same, tuple(_similar(result)))

    def _view(self, text: str, seed: int) -> MoleculeView:
        from clinweave.applications.molecules.prediction import Structure, read_structure

        structure, name = read_structure(text), ""
        if not isinstance(structure, Structure):  # the name of a drug, or an error that names near ones
            self._state.preparation.check("similar_molecules")
            query = self._state.base.similar_molecules(text, limit=1).query
            structure, name = read_structure(query.smiles), query.name
        if not isinstance(structure, Structure):
            raise UserError(f"this is no structure that can be read: {structure.reason}")
        molecule: Mol = structure.molecule
        if molecule.GetNumHeavyAtoms() > _MAX_ATOMS:
            raise UserError(
                f"the structure has {molecule.GetNumHeavyAtoms()} heavy atoms; at most {_MAX_ATOMS} are shown"
            )
        computed = _computed(molecule)
        return MoleculeView(
            Picture(structure.smiles, picture(molecule, 360, 280), name),
            computed,
            tuple(self._predicted(structure)),
            tuple(_variants(molecule, computed, seed)),
            bool(self._state.settings.property_models),
        )

    def _predicted(self, structure: object) -> "list[PredictedProperty]":
        from clinweave.applications.molecules.prediction import PropertyModel, Structure

        rows: list[PredictedProperty] = []
        for folder in self._state.settings.property_models:
            model = PropertyModel.open(folder)
            if not isinstance(structure, Structure):
                continue
            predictions, suggestions = model.predict([structure])
            alike = float(suggestions.similarity[0])
            for endpoint in model.endpoints:
                value, low, high = (float(values[0]) for values in predictions[endpoint.name][:3])
                kind = "probability" if endpoint.kind == "classification" else "value"
                rows.append(
                    PredictedProperty(
                        endpoint.name,
                        kind,
                        value,
                        low,
                        high,
                        bool(suggestions.inside[endpoint.name][0]),
                        alike,
                    )
                )
        return rows


def _missing() -> str:
    """Return how to install the extra, "" where it is installed."""
    try:
        with needs_extra("molecules"):
            import rdkit  # noqa: F401
    except MissingExtraError as error:
        return str(error)
    return ""


def picture(molecule: "Mol", width: int, height: int) -> str:
    """Return a drawing as an address that an image can show; its styles do not reach the page."""
    from clinweave.applications.molecules import drawing

    encoded = base64.b64encode(drawing(molecule, width, height).strip().encode()).decode()
    return f"data:image/svg+xml;base64,{encoded}"


def _computed(molecule: "Mol") -> tuple[ComputedProperty, ...]:
    from clinweave.applications.molecules import PROPERTIES, property_table

    values = property_table([molecule])[0]
    return tuple(
        ComputedProperty(name, meaning, float(value))
        for (name, meaning), value in zip(PROPERTIES.items(), values, strict=True)
    )


def _similar(result: "SimilarDrugs") -> "list[Picture]":
    from rdkit import Chem

    return [
        Picture(hit.smiles, picture(molecule, 190, 150), hit.name, hit.similarity, id=hit.id)
        for hit in result.similar
        if (molecule := Chem.MolFromSmiles(hit.smiles)) is not None
    ]


def _variants(molecule: "Mol", computed: Sequence[ComputedProperty], seed: int) -> "list[Picture]":
    """Return small changes of a structure, each once; the same seed gives the same ones."""
    import numpy as np
    from rdkit import Chem

    from clinweave.applications.molecules.optimization import mutate
    from clinweave.applications.molecules.structure_filters import open_filter

    random = np.random.default_rng(seed)
    variants: dict[str, Picture] = {}
    own = Chem.MolToSmiles(molecule)
    makeable = open_filter().excuse(open_filter().violations(molecule))  # what it breaks itself is allowed
    before = {item.name: item.value for item in computed}
    for _ in range(_TRIES):
        changed = mutate(molecule, random)
        smiles = Chem.MolToSmiles(changed) if changed is not None else own
        if smiles == own or smiles in variants or changed is None or makeable.refusal(changed):
            continue
        change = tuple(
            (item.label, item.value, item.value - before[item.name])
            for item in _computed(changed)
            if item.name in {"weight", "logp", "qed"}
        )
        variants[smiles] = Picture(smiles, picture(changed, 190, 150), change=change)
        if len(variants) == _VARIANTS:
            break
    return list(variants.values())
