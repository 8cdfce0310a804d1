"""Ontology, annotations and closures from hand-made files."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clinweave.applications.diagnosis import carry_down
from clinweave.applications.diagnosis.annotations import frequency, profiles
from clinweave.applications.diagnosis.propagation import CAP, smoothed


def test_only_abnormalities_are_terms_and_old_ids_lead_to_new(model):
    ontology = model.ontology
    assert ontology.ids[0] == "HP:0000118"
    assert "HP:0000005" not in ontology.index
    assert "HP:0000005" in ontology.outside
    assert ontology.index["HP:0009102"] == ontology.index["HP:0000102"]
    assert ontology.index["HP:0009103"] == ontology.index["HP:0000103"]


def test_ancestors_and_descendants_mirror_each_other(model):
    ontology = model.ontology
    pairs = {(up, down) for down, above in enumerate(ontology.ancestors) for up in above.tolist()}
    assert pairs == {(up, down) for up, below in enumerate(ontology.descendants) for down in below.tolist()}
    assert all(up <= down for up, down in pairs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("3/7", (3, 7)), ("7/3", (0, 0)), ("1/0", (0, 0)), ("", (0, 0)), ("nonsense", (0, 0))],
)
def test_counts(text, expected):
    output = frequency(text)
    assert (output.affected, output.total) == expected
    assert math.isnan(output.share)


def test_classes_and_percentages():
    assert frequency("HP:0040281").share == pytest.approx(0.9)
    assert frequency("12.5 %").share == pytest.approx(0.125)


@given(st.integers(0, 50), st.integers(1, 50))
def test_counts_are_never_more_than_all(found, total):
    output = frequency(f"{found}/{total}")
    assert 0 <= output.affected <= output.total


def test_a_negated_finding_leaves_the_profile(model):
    result = profiles(model.annotations)
    names = {
        (model.annotations.diseases[d], model.ontology.ids[t])
        for d, t in zip(result.disease, result.term, strict=True)
    }
    assert ("OMIM:1", "HP:0000301") not in names
    assert ("ORPHA:9", "HP:0000301") in names


def test_closures_hold_every_ancestor_at_the_largest_frequency(model):
    place = model.ids.index("OMIM:2")
    who, often = model.tables.own.row(model.ontology.index["HP:0000101"])
    lens = float(often[who.tolist().index(place)])
    who, often = model.tables.own.row(model.ontology.index["HP:0000103"])
    assert lens == pytest.approx(float(often[who.tolist().index(place)]))
    assert 0.8 < lens <= CAP


def test_smoothing_moves_small_samples_more(model):
    result = profiles(model.annotations)
    output = ~np.isnan(result.frequency)
    near = np.abs(smoothed(result, 0.35, 1.0) - result.frequency)[output]
    far = np.abs(smoothed(result, 0.35, 20.0) - result.frequency)[output]
    assert (near <= far + 1e-6).all()


def test_what_is_carried_down_is_the_largest_above(model):
    ontology = model.ontology
    values = np.random.default_rng(0).normal(size=(len(ontology.ids), 3)).astype(np.float32)
    carried = carry_down(ontology, values.copy())
    for index, above in enumerate(ontology.ancestors):
        assert carried[index] == pytest.approx(values[above].max(axis=0))
