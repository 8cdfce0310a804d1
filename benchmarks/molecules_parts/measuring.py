"""CPU time of `molecules evaluate` by stage, each with its former way beside the present one.

Formerly: MOSES' training set hashed each time, every filter pattern matched, ChemNet in float32, neighbours by writing
out every count.
"""

import time

import numpy as np
from rdkit import Chem

from clinweave.applications.molecules import parse, read_smiles
from clinweave.applications.molecules.metrics import HashSet, measure, open_against
from clinweave.applications.molecules.metrics.moses import morgan_bits
from clinweave.applications.molecules.metrics.similarity import BLOCK, nearest


def former_nearest(bits, reference):
    """Return SNN by byte additions: every count is written out and divided."""
    best = np.zeros(len(bits), np.float32)
    rows = [np.flatnonzero(row) for row in bits]
    for start in range(0, len(reference), BLOCK):
        columns = np.ascontiguousarray(reference[start : start + BLOCK].T)
        sizes = columns.sum(0, dtype=np.int32).astype(np.float32)
        counts = np.empty(columns.shape[1], np.uint8)
        for row, present in enumerate(rows):
            counts.fill(0)
            for bit in present:
                np.add(counts, columns[bit], out=counts)
            common = counts.astype(np.float32)
            best[row] = max(best[row], (common / np.maximum(len(present) + sizes - common, 1)).max())
    return float(best.mean())


def timed(work):
    started = time.process_time()
    result = work()
    return time.process_time() - started, result


def former_filters(filters, molecules):
    """Return the share that passes, every pattern matched."""
    passed = 0
    for molecule in molecules:
        whole = Chem.AddHs(molecule)
        plain = all(
            atom.GetSymbol() in {"C", "N", "S", "O", "F", "Cl", "Br", "H"} and not atom.GetFormalCharge()
            for atom in molecule.GetAtoms()
        )
        small = all(len(ring) <= 8 for ring in molecule.GetRingInfo().AtomRings())
        passed += plain and small and not any(map(whole.HasSubstructMatch, filters.patterns.patterns))
    return passed / len(molecules)


def evaluate(options, _model):
    """CPU seconds of all measures of `n` molecules of MOSES' test set, formerly and now; the numbers are the same but
    FCD, which differs by less than 0.001 where the processor multiplies bfloat16."""
    open_against(options.reference, options.chemnet)  # keeps the hashes of the training set
    opening, against = timed(lambda: open_against(options.reference, options.chemnet))
    hashing, _ = timed(lambda: HashSet(read_smiles(options.reference / "train.csv.gz")))
    smiles = read_smiles(options.reference / "test.csv.gz")[: options.n]
    whole, measures = timed(lambda: measure(smiles, against))
    molecules = [parse(text) for text in smiles]
    bits = morgan_bits(molecules)
    now, former = {"opening": opening}, {"opening": opening + hashing}
    now["filters"], share = timed(lambda: np.mean([against.filters.passes(item) for item in molecules]))
    former["filters"], other = timed(lambda: former_filters(against.filters, molecules))
    assert share == other
    now["ChemNet"], _ = timed(lambda: against.chemnet.activations(smiles))
    against.chemnet.bfloat16 = False
    former["ChemNet"], _ = timed(lambda: against.chemnet.activations(smiles))
    now["neighbours"] = former["neighbours"] = 0.0
    for name, reference in against.references.items():
        for spent, search in ((now, nearest), (former, former_nearest)):
            seconds, value = timed(lambda search=search, bits_=reference.bits: search(bits, bits_))
            spent["neighbours"] += seconds
            assert abs(value - measures[f"SNN/{name}"]) < 1e-5
    rest = max(whole - sum(now.values()) + opening, 0.0)
    rows = {stage: {"formerly": former[stage], "now": now[stage]} for stage in now}
    rows["reading, fragments, scaffolds, diversity"] = {"formerly": rest, "now": rest}
    rows["all"] = {key: sum(row[key] for row in rows.values()) for key in ("formerly", "now")}
    print(f"{len(smiles):,} molecules, CPU seconds")
    for stage, row in rows.items():
        print(f"{stage}: {row['formerly']:,.1f} -> {row['now']:,.1f} ({row['now'] / row['formerly']:.2f})")
    return rows
