"""Prior of the latents fitted after training (ex-post density; Ghosh et al. 2020), used to sample new latents.

N(0, I) is not it: the aggregate posterior has another shape. A mixture of Gaussians with full covariances is fitted
by expectation maximisation to drawn posterior latents of training molecules.
"""

import math

import torch
from torch import Tensor


def fit_mixture(latents: Tensor, parts: int = 20, rounds: int = 25, seed: int = 0) -> dict[str, Tensor]:
    """Return weights (K,), means (K, D) and lower Cholesky factors (K, D, D) fitted to latents (N, D)."""
    latents = latents.double()
    count, width = latents.shape
    parts = max(1, min(parts, count // (2 * width)))
    random = torch.Generator().manual_seed(seed)
    means = latents[torch.randperm(count, generator=random)[:parts]]
    whole = torch.cov(latents.T) + 1e-4 * torch.eye(width)
    factors = torch.linalg.cholesky(whole).expand(parts, width, width)
    weights = torch.full((parts,), 1 / parts, dtype=torch.float64)
    for _ in range(rounds if parts > 1 else 1):
        share = torch.softmax(_densities(latents, weights, means, factors), 1)
        mass = share.sum(0) + 1e-6
        weights, means = mass / mass.sum(), (share.T @ latents) / mass[:, None]
        spreads = []
        for part in range(parts):
            away = latents - means[part]
            spread = (away * share[:, part : part + 1]).T @ away / mass[part]
            # a part with few members leans on the whole's covariance
            lean = width / (width + float(mass[part]))
            spreads.append((1 - lean) * spread + lean * whole + 1e-5 * torch.eye(width))
        factors = torch.linalg.cholesky(torch.stack(spreads))
    return {"weights": weights.float(), "means": means.float(), "factors": factors.float()}


def _densities(latents: Tensor, weights: Tensor, means: Tensor, factors: Tensor) -> Tensor:
    away = (latents[None] - means[:, None]).transpose(1, 2)
    solved = torch.linalg.solve_triangular(factors, away, upper=False)
    size = 2 * torch.log(torch.diagonal(factors, dim1=1, dim2=2)).sum(1)
    width = latents.shape[1]
    heights = torch.log(weights) - 0.5 * (size + width * math.log(2 * math.pi))
    densities: Tensor = heights[None] - 0.5 * (solved**2).sum(1).T
    return densities


def draw(mixture: dict[str, Tensor], count: int, random: torch.Generator) -> Tensor:
    """Return latents (count, D), where `random` lies."""
    tensors = {name: item.to(random.device) for name, item in mixture.items()}
    part = torch.multinomial(tensors["weights"], count, replacement=True, generator=random)
    noise = torch.randn(count, tensors["means"].shape[1], generator=random, device=random.device)
    latents = torch.empty_like(noise)
    for item in part.unique():  # a factor is a large matrix: it must not be copied for each row
        rows = part == item
        latents[rows] = tensors["means"][item] + noise[rows] @ tensors["factors"][item].T
    return latents


def log_density(mixture: dict[str, Tensor], latents: Tensor) -> Tensor:
    """Return the log-density (N,) of latents: how usual a molecule is to the model."""
    double = {name: tensor.double() for name, tensor in mixture.items()}
    densities = _densities(latents.double(), double["weights"], double["means"], double["factors"])
    return torch.logsumexp(densities, 1).float()
