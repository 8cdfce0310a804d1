"""Find analogues: every proposal is checked against the whole request, and counted by what became of it."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from clinweave.applications.molecules.analogues.fragments import HYDROGEN, cuts, join
from clinweave.applications.molecules.analogues.requests import AnalogueRequest
from clinweave.applications.molecules.analogues.results import Analogue, AnalogueResult, Tally, shortfall
from clinweave.applications.molecules.analogues.transformations import Transformations, normal
from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.properties import PROPERTIES, properties_of
from clinweave.applications.molecules.windows import outside
from clinweave.core.errors import UserError

if TYPE_CHECKING:
    from rdkit.Chem import Mol

    from clinweave.applications.molecules.generator import Generator

WAYS = ("transformations", "latent", "union")
_LATENT_NOISE = (0.3, 0.6, 1.0, 1.5)  # standard deviations of the prior
_AT_ONCE = 256
Progress = Callable[[str, int, int], None]
Refusal = Callable[
    [str, "Mol"], str
]  # why a molecule (its SMILES, and as read) is refused, "" where it is not


class Proposal(NamedTuple):
    """A string, what was changed to get it, and in how many matched pairs that change was seen."""

    smiles: str | None
    transformation: str
    support: int = 0


class _Limits(NamedTuple):
    """What a proposal must meet, and how many are made at most."""

    request: AnalogueRequest
    most: int
    refuse: Refusal | None


def find_analogues(
    request: AnalogueRequest,
    table: Transformations,
    model: "Generator | None" = None,
    *,
    way: str = "union",
    most: int = 0,
    seed: int = 0,
    refuse: Refusal | None = None,
    progress: Progress | None = None,
) -> AnalogueResult:
    """Return at most `request.count` analogues: of the union, half by each way as far as there are enough.

    `model` is needed for the latent way; `most` proposals of each way at most (0: twenty for each analogue, and at
    least 2,000). Transformations come in the order of their matched pairs. `refuse` says why a molecule is not wanted.
    """
    if way not in WAYS:
        raise UserError(f"--way {way}: choose from {', '.join(WAYS)}")
    limits = _Limits(request, most or max(2000, 20 * request.count), refuse)
    sources: dict[str, Iterator[Proposal]] = {}
    notes: dict[str, str] = {}
    if way in {"transformations", "union"}:
        sources["transformations"] = transformed(request, table)
    if way in {"latent", "union"}:
        notes["latent"] = "" if model else "no model is open"
        if model is not None:
            notes["latent"] = _not_encoded(model, request)
        sources["latent"] = (
            iter(()) if notes["latent"] or model is None else near_in_latent(request, model, seed)
        )
    tallies = []
    for name, proposals in sources.items():
        tally = Tally(name, note=notes.get(name, ""))
        _take(tally, proposals, limits, progress)
        tallies.append(tally)
    analogues = _chosen(tallies, request.count)
    result = AnalogueResult(request.lead, request.count, analogues, [tally.summary() for tally in tallies])
    if len(tallies) > 1:
        result.ways.append(_union(tallies).summary())
    result.shortfall = shortfall(tallies, request.count, len(analogues))
    return result


def _take(
    tally: Tally, proposals: Iterator[Proposal], limits: _Limits, progress: Progress | None = None
) -> None:
    count = limits.request.count
    for proposal in proposals:
        if tally.proposed >= limits.most or len(tally.accepted) >= count:
            break
        tally.proposed += 1
        if progress and not tally.proposed % 50:
            progress(tally.way, len(tally.accepted), count)
        if reason := _judge(tally, proposal, limits):
            tally.left_out[reason] += 1


def _judge(tally: Tally, proposal: Proposal, limits: _Limits) -> str:
    """Accept a proposal, or return why it is left out."""
    from rdkit import Chem, DataStructs

    from clinweave.applications.molecules.prediction.structures import fingerprint

    answer = standardise(proposal.smiles or "", most=100)
    if answer.smiles is None:
        return (
            "cannot be made of its parts"
            if proposal.support or ">>" in proposal.transformation
            else "invalid"
        )
    if answer.smiles == limits.request.lead:
        return "the lead itself"
    if answer.smiles in tally.valid:
        return "proposed before"
    tally.valid.add(answer.smiles)
    molecule = Chem.MolFromSmiles(answer.smiles)
    alike = DataStructs.TanimotoSimilarity(fingerprint(limits.request.molecule), fingerprint(molecule))
    values = properties_of(molecule)
    if reason := _missed(answer.smiles, molecule, alike, values, limits):
        return reason
    by_name = dict(zip(PROPERTIES, values, strict=True))
    tally.accepted.append(
        Analogue(answer.smiles, tally.way, proposal.transformation, proposal.support, alike, by_name)
    )
    return ""


def _missed(smiles: str, molecule: "Mol", alike: float, values: list[float], limits: _Limits) -> str:
    """Return the first demand that a molecule does not meet, or ""."""
    request = limits.request
    if not _keeps(molecule, request):
        return "without what is kept"
    if alike not in request.similarity:
        return "outside the similarity"
    if outside(values, request.windows):
        return "outside the window"
    refused = limits.refuse is not None and limits.refuse(smiles, molecule)
    return "refused as not makeable" if refused else ""


def _keeps(molecule: "Mol", request: AnalogueRequest) -> bool:
    for pattern in (request.keep, request.rest):
        if pattern is not None and not molecule.HasSubstructMatch(pattern):
            return False
    return True


def transformed(request: AnalogueRequest, table: Transformations) -> Iterator[Proposal]:
    """Yield the lead with one part replaced: changes with most matched pairs first, then common substituents."""
    options = []
    protected = _protected(request)
    for cut in cuts(request.molecule):
        if cut.atoms & protected:
            continue
        if request.site is not None and not (cut.atoms or {cut.site}) <= request.site:
            continue
        part = normal(cut.changes) if cut.changes != HYDROGEN else HYDROGEN
        options += [(other, cut, part) for other in table.of(cut.environment, part)]
    options.sort(key=lambda option: (-option[0].pairs, -option[0].seen, option[2], option[0].changes))
    for other, cut, part in options:
        yield Proposal(join(cut.stays, other.changes), f"{part}>>{other.changes}", other.pairs)


def _protected(request: AnalogueRequest) -> frozenset[int]:
    """Return the atoms of the lead that are kept, where what is kept is there once; else the check alone decides."""
    if request.keep is None:
        return frozenset()
    matches = request.molecule.GetSubstructMatches(request.keep)
    return frozenset(matches[0]) if len(matches) == 1 else frozenset()


def _not_encoded(model: "Generator", request: AnalogueRequest) -> str:
    reason = model.encode([request.lead], strict=True).reasons[0]
    return f"the model does not know such molecules as the lead ({reason})" if reason else ""


def near_in_latent(request: AnalogueRequest, model: "Generator", seed: int) -> Iterator[Proposal]:
    """Yield strings decoded from the neighbourhood of the lead's latent, nearer and farther in turn, for ever.

    The middle of each window is given to the decoder as a condition in every other batch.
    """
    latent = model.encode([request.lead], strict=True).latents[0]
    random = np.random.default_rng(seed)
    targets = {name: window.target(name) for name, window in request.windows.items()}
    turn = 0
    while True:
        noise = _LATENT_NOISE[turn % len(_LATENT_NOISE)]
        moved = latent + noise * random.standard_normal((_AT_ONCE, len(latent))).astype(np.float32)
        condition = targets if turn // len(_LATENT_NOISE) % 2 == 0 else None
        for text in model.decode(moved.astype(np.float32), condition, seed=seed + turn):
            yield Proposal(text or None, f"latent moved by {noise:g}")
        turn += 1


def _chosen(tallies: list[Tally], count: int) -> list[Analogue]:
    """Return analogues of the ways in turn, each once."""
    chosen: dict[str, Analogue] = {}
    for rank in range(max((len(tally.accepted) for tally in tallies), default=0)):
        for tally in tallies:
            if rank < len(tally.accepted) and len(chosen) < count:
                chosen.setdefault(tally.accepted[rank].smiles, tally.accepted[rank])
    return list(chosen.values())


def _union(tallies: list[Tally]) -> Tally:
    union = Tally("union", sum(tally.proposed for tally in tallies))
    accepted: dict[str, Analogue] = {}
    for tally in tallies:
        union.valid |= tally.valid
        union.left_out += tally.left_out
        accepted |= {item.smiles: item for item in tally.accepted if item.smiles not in accepted}
    union.accepted = list(accepted.values())
    return union
