"""Scorers outside this process: a service over HTTP, or a program that reads SMILES from its input.

HTTP: POST {"smiles": [...]}, answered by {"scores": [...]}, one for each molecule in order. A program is started for
each batch, reads one SMILES per line and writes one line for each. A score is a number, or a JSON object with "score"
and parts. What is missing, late or no number fails those molecules, with the reason; the search continues.
"""

import json
import math
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from clinweave.applications.molecules.optimization.scoring import Scored, answer_of
from clinweave.core.access_policy import check_egress, host_of, is_this_machine
from clinweave.core.errors import UserError
from clinweave.records import Tier

SECONDS = 600.0  # for one batch


@dataclass(frozen=True)
class HttpScorer:
    """A service. Structures are gated material: they leave this machine only for the host that `allow_remote` names.

    Raises `AccessError` for any other host, before anything is sent.
    """

    address: str
    allow_remote: str = ""
    seconds: float = SECONDS
    at_once: int = 64
    bounded: bool = False

    def __post_init__(self) -> None:
        """Check the destination by the access policy."""
        check_egress(Tier.GATED, self.address, self.allow_remote, content="structures")

    @property
    def name(self) -> str:
        """Return its address."""
        return self.address

    @property
    def identity(self) -> str:
        """Return its address: what is behind it cannot be told."""
        return f"http:{self.address}"

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score a batch."""
        import httpx

        try:
            reply = httpx.post(
                self.address,
                json={"smiles": list(smiles)},
                timeout=self.seconds,
                trust_env=not is_this_machine(host_of(self.address)),  # no proxy sees what stays here
            )
            reply.raise_for_status()
            scores = reply.json()["scores"]
        except httpx.TimeoutException:
            return _all_failed(smiles, f"no reply within {self.seconds:g} s")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return _all_failed(smiles, f"{type(error).__name__}: {error}")
        except (ValueError, KeyError, TypeError):
            return _all_failed(smiles, 'the reply is no JSON object with "scores"')
        return _scored(smiles, scores)


@dataclass(frozen=True)
class ProgramScorer:
    """A program with its arguments, started for each batch, with this user's rights."""

    command: str
    seconds: float = SECONDS
    at_once: int = 64
    bounded: bool = False

    @property
    def name(self) -> str:
        """Return the command."""
        return self.command

    @property
    def identity(self) -> str:
        """Return the command."""
        return f"exec:{self.command}"

    def __call__(self, smiles: Sequence[str]) -> list[Scored]:
        """Score a batch."""
        lines = "".join(f"{text}\n" for text in smiles)
        try:
            command = shlex.split(self.command)
            done = subprocess.run(
                command, input=lines, capture_output=True, text=True, timeout=self.seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return _all_failed(smiles, f"no answer within {self.seconds:g} s")
        except (OSError, ValueError) as error:
            raise UserError(f"--scorer exec:{self.command}: {error}") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            return _all_failed(smiles, f"exit code {done.returncode}: {last[:200]}")
        return _scored(smiles, [_line(line) for line in done.stdout.splitlines()])


def _line(text: str) -> object:
    try:
        value: object = json.loads(text)
    except ValueError:
        return text
    return value


def _scored(smiles: Sequence[str], scores: object) -> list[Scored]:
    if not isinstance(scores, list) or len(scores) != len(smiles):
        count = len(scores) if isinstance(scores, list) else "no list of"
        return _all_failed(smiles, f"{count} scores for {len(smiles)} molecules")
    return [answer_of(score) for score in scores]


def _all_failed(smiles: Sequence[str], reason: str) -> list[Scored]:
    return [Scored(math.nan, {}, reason)] * len(smiles)
