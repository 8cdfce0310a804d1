"""The loaded generator: encode molecules to latents, decode latents to strings, sample new molecules."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from clinweave.applications.molecules.batches import FREE, SCAFFOLD, WHOLE, graph_tensors, to_device
from clinweave.applications.molecules.checkpoints import Checkpoint, open_checkpoint
from clinweave.applications.molecules.generator_domain import Domain, domain_from
from clinweave.applications.molecules.graphs import graphs_of
from clinweave.applications.molecules.membership_filter import SEEN, MembershipFilter, open_seen
from clinweave.applications.molecules.molecule import standardise
from clinweave.applications.molecules.prior import draw
from clinweave.applications.molecules.properties import condition_vector, standardised
from clinweave.applications.molecules.tokens import END
from clinweave.core.errors import UserError

AT_ONCE = 512
PACKAGED = Path(__file__).with_name("weights")


@dataclass(frozen=True)
class Encoded:
    """Latent fingerprints (B, latent), NaN in the rows that were refused, and each row's reason (empty: none)."""

    latents: NDArray[np.float32]
    reasons: tuple[str, ...]


@dataclass
class Generator:
    """A graph-to-sequence model, ready for use. Make one with `open_model`."""

    checkpoint: Checkpoint
    domain: Domain

    @property
    def latent(self) -> int:
        """Return the length of a latent fingerprint."""
        return self.checkpoint.network.shape.latent

    @property
    def device(self) -> torch.device:
        """Return where the network lies; a seed draws other molecules on a GPU than on a CPU."""
        return self.checkpoint.network.null.device

    @cached_property
    def seen(self) -> MembershipFilter | None:
        """Return the set of molecules that the model was trained on, or None where its folder has none."""
        return open_seen(self.checkpoint.folder / SEEN)

    @torch.inference_mode()
    def encode(self, smiles: Sequence[str], *, strict: bool = True) -> Encoded:
        """Return the latent (posterior mean) of each molecule, in order.

        Refused with a reason: what `standardise` refuses and, where `strict`, what the model has never seen
        (elements, charges, stereo marks, size). Not strict, these get a latent, and the reason is a warning.
        """
        from rdkit import Chem

        latents = np.full((len(smiles), self.latent), np.nan, np.float32)
        reasons, rows, molecules = [], [], []
        for number, text in enumerate(smiles):
            answer = standardise(text or "")
            molecule = Chem.MolFromSmiles(answer.smiles) if answer.smiles else None
            strange = "; ".join(self.domain.outside(molecule)) if molecule else answer.reason
            reasons.append(strange)
            if molecule is not None and not (strict and strange):
                rows.append(number)
                molecules.append(molecule)
        for start in range(0, len(rows), AT_ONCE):
            some = graphs_of(molecules[start : start + AT_ONCE])
            mean, _ = self.checkpoint.network.latent(to_device(graph_tensors(some), self.device))
            latents[rows[start : start + AT_ONCE]] = mean.cpu().numpy()
        return Encoded(latents, tuple(reasons))

    @torch.inference_mode()
    def decode(
        self,
        latents: NDArray[np.float32],
        condition: Mapping[str, float] | None = None,
        *,
        temperature: float = 1.0,
        seed: int = 0,
        view: int = WHOLE,
    ) -> list[str]:
        """Return one string for each latent (B, latent), valid or not; temperature 0 takes the likeliest token."""
        if latents.ndim != 2 or latents.shape[1] != self.latent:
            raise UserError(f"latents have the shape {latents.shape}: this model's are (B, {self.latent})")
        random = torch.Generator(self.device).manual_seed(seed)
        target = self._target(condition)
        written: list[str] = []
        for start in range(0, len(latents), AT_ONCE):
            some = torch.from_numpy(np.ascontiguousarray(latents[start : start + AT_ONCE], np.float32))
            written += self.spell(
                some.to(self.device), target.expand(len(some), -1), view, temperature, random
            )
        return written

    def write(
        self,
        condition: Mapping[str, float] | None = None,
        *,
        scaffold: str | None = None,
        source: str = "free",
        temperature: float = 1.0,
        top_p: float = 1.0,
        seed: int = 0,
    ) -> Iterator[list[str]]:
        """Yield lists of raw strings for ever: from the null latent (`free`), from the fitted distribution of
        latents (`latent`), or from a scaffold, grown. `temperature` and `top_p` as in `spell`."""
        random = torch.Generator(self.device).manual_seed(seed)
        target = self._target(condition).expand(AT_ONCE, -1)
        view = FREE
        fixed: Tensor | None = self.checkpoint.network.null.detach()
        if scaffold is not None:
            encoded = self.encode([scaffold], strict=True)
            if encoded.reasons[0]:
                raise UserError(f"--scaffold {scaffold}: {encoded.reasons[0]}")
            fixed, view = torch.from_numpy(encoded.latents[0]).to(self.device), SCAFFOLD
        elif source == "latent":
            if not self.checkpoint.prior:
                raise UserError(f"{self.checkpoint.folder} holds no fitted distribution of latents")
            fixed, view = None, WHOLE
        elif source != "free":
            raise UserError(f"no source {source!r}: choose free or latent")
        while True:
            latents = (
                draw(self.checkpoint.prior, AT_ONCE, random) if fixed is None else fixed.expand(AT_ONCE, -1)
            )
            yield self.spell(latents, target, view, temperature, random, top_p)

    def _target(self, condition: Mapping[str, float] | None) -> Tensor:
        return torch.from_numpy(standardised(condition_vector(condition)))[None].to(self.device)

    @torch.inference_mode()
    def spell(  # noqa: PLR0917
        self,
        latents: Tensor,
        target: Tensor,
        view: int,
        temperature: float,
        random: torch.Generator,
        top_p: float = 1.0,
    ) -> list[str]:
        """Return one string for each latent (B, latent) and condition (B, 7; standardised, NaN where hidden).

        Each token is drawn at the temperature, of the likeliest that together have a share of `top_p` (Holtzman et
        al. 2020, arXiv:1904.09751); the share is that before the temperature, which then only mixes the likely ones
        and lets in none of the unlikely.
        """
        network = self.checkpoint.network
        views = torch.full((len(latents),), view, device=self.device)

        def choose(logits: Tensor) -> Tensor:
            if temperature <= 0:
                return logits.argmax(1)
            if top_p < 1:
                logits = _nucleus(logits, top_p)
            return torch.multinomial(torch.softmax(logits / temperature, 1), 1, generator=random)[:, 0]

        ids = network.decoder.write(network.decoder_context(latents, target, views), choose)
        return self.checkpoint.tokens.decode(_until_end(ids))


def _nucleus(logits: Tensor, top_p: float) -> Tensor:
    """Return logits (B, V) at minus infinity but for the fewest that together have a share of `top_p`."""
    ranked, order = torch.softmax(logits, 1).sort(1, descending=True)
    before = ranked.cumsum(1) - ranked  # the share of those above: the first has none: one is always left
    barred = torch.zeros_like(logits, dtype=torch.bool).scatter_(1, order, before >= top_p)
    return logits.masked_fill(barred, float("-inf"))


def _until_end(ids: Tensor) -> list[list[int]]:
    rows = ids.tolist()
    return [row[: row.index(END)] if END in row else [] for row in rows]


def packaged() -> Path:
    """Return the folder of the small model that comes with clinweave."""
    return PACKAGED


def open_model(folder: Path | None = None, device: str = "cpu") -> Generator:
    """Return the model in a folder, else the small one that comes with clinweave, on the CPU or such as "cuda"."""
    checkpoint = open_checkpoint(folder or PACKAGED)
    try:
        checkpoint.network.to(device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"--device {device}: {str(error).splitlines()[0]}") from error
    return Generator(checkpoint, domain_from(checkpoint.config.get("domain")))


def encode(smiles: Sequence[str], *, strict: bool = True, model: Any = None) -> Encoded:
    """Return the latent fingerprints of molecules; see `Generator.encode`."""
    encoded: Encoded = (model or open_model()).encode(smiles, strict=strict)
    return encoded


def decode(
    latents: NDArray[np.float32], condition: Mapping[str, float] | None = None, *, model: Any = None
) -> list[str]:
    """Return a string for each latent; see `Generator.decode`."""
    written: list[str] = (model or open_model()).decode(latents, condition)
    return written
