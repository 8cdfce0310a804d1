"""CPU time of MOSES' measures by stage, with the former search for nearest neighbours beside the present one."""

import time

import numpy as np

from clinweave.applications.molecules import parse, read_smiles
from clinweave.applications.molecules.metrics import measure, open_against
from clinweave.applications.molecules.metrics.moses import Against, morgan_bits
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


def evaluate(options, _model):
    """CPU seconds of all measures of `n` molecules of MOSES' test set, before and after; the numbers are the same."""
    opening, against = timed(lambda: open_against(options.reference, options.chemnet))
    smiles = read_smiles(options.reference / "test.csv.gz")[: options.n]
    whole, measures = timed(lambda: measure(smiles, against))
    rest, _ = timed(lambda: measure(smiles, Against({}, against.training, against.filters)))
    bits = morgan_bits([parse(text) for text in smiles])
    spent = {"now": 0.0, "former": 0.0}
    for name, reference in against.references.items():
        for key, search in (("now", nearest), ("former", former_nearest)):
            seconds, value = timed(lambda search=search, bits_=reference.bits: search(bits, bits_))
            spent[key] += seconds
            assert abs(value - measures[f"SNN/{name}"]) < 1e-5
    before = whole - spent["now"] + spent["former"]
    rows = {
        "molecules": len(smiles),
        "opening": opening,
        "all measures, before": before,
        "all measures, now": whole,
        "neighbours, before": spent["former"],
        "neighbours, now": spent["now"],
        "ChemNet": whole - rest - spent["now"],
        "reading, filters, fragments, scaffolds, diversity": rest,
        "share of the time, now": whole / before,
    }
    for name, value in rows.items():
        print(f"{name}: {value:,.2f}" if isinstance(value, float) else f"{name}: {value:,}", flush=True)
    return rows
