"""The phrasings of citation pairs: a development set, which the checker's patterns were written beside, and a held-out
set in other words, which is only ever scored.

Slots: {s} and {o} are the names of subject and object, {f} a statement of frequency that stands before "patients"
("7 of 12", "58%", "most"), {w} an adverb of frequency ("very frequently").
"""

from collections.abc import Mapping
from typing import Literal

Split = Literal["development", "held-out"]

DEVELOPMENT: Mapping[str, tuple[str, ...]] = {
    "phenotype": (
        "{s} has the feature {o}.",
        "{o} is a feature of {s}.",
        "Patients with {s} may have {o}.",
        "{s} is characterised by {o}.",
        "{o} is seen in {s}.",
        "The symptoms of {s} include {o}.",
        "In {s}, {o} can occur.",
        "People with {s} present with {o}.",
    ),
    "phenotype-denied": (
        "{s} does not have the feature {o}.",
        "{o} is not a feature of {s}.",
        "{o} is absent in {s}.",
        "Patients with {s} do not have {o}.",
        "{s} lacks {o}.",
    ),
    "share": (
        "{o} is found in {f} patients with {s}.",
        "{f} patients with {s} have {o}.",
        "In {s}, {f} patients have {o}.",
        "{s} has the feature {o} in {f} patients.",
    ),
    "adverb": (
        "{o} {w} occurs in {s}.",
        "Patients with {s} {w} have {o}.",
        "{s} {w} presents with {o}.",
    ),
    "gene": (
        "{s} is a gene associated with {o}.",
        "{o} is associated with the gene {s}.",
        "Variants in {s} are associated with {o}.",
        "{o} is linked to {s}.",
        "The gene for {o} is {s}.",
    ),
    "role": (
        "{s} has the role {o}.",
        "{s} is a {o}.",
        "{s} acts as a {o}.",
        "One role of {s} is {o}.",
        "{s} is used as a {o}.",
    ),
    "inheritance": (
        "{s} is inherited in an {o} manner.",
        "The mode of inheritance of {s} is {o}.",
        "{s} shows {o} inheritance.",
        "{s} is an {o} disorder.",
    ),
    "kind": (
        "{s} is a kind of {o}.",
        "{s} is a type of {o}.",
        "{s} belongs to {o}.",
        "{o} includes {s}.",
        "{s} is classified as {o}.",
    ),
    "treats": (
        "{s} treats {o}.",
        "{s} is used to treat {o}.",
        "{o} is treated with {s}.",
        "{s} is indicated for {o}.",
    ),
    "contraindicated": (
        "{s} is contraindicated in {o}.",
        "{s} should not be used in patients with {o}.",
        "{o} is a contraindication for {s}.",
    ),
}

HELD_OUT: Mapping[str, tuple[str, ...]] = {
    "phenotype": (
        "Clinically, {s} can show itself through {o}.",
        "{o} has been described in individuals affected by {s}.",
        "Among the manifestations of {s} is {o}.",
        "One finding reported in {s} is {o}.",
        "Those who suffer from {s} might experience {o}.",
        "{s} comes with {o}.",
        "A person diagnosed with {s} could develop {o}.",
        "{o} forms part of the clinical picture of {s}.",
        "{o} counts among the signs of {s}.",
        "{s} typically involves {o}.",
    ),
    "phenotype-denied": (
        "{o} does not belong to the picture of {s}.",
        "{o} is never seen with {s}.",
        "Individuals affected by {s} are free of {o}.",
        "{s} spares patients from {o}.",
        "No {o} occurs in {s}.",
        "{s} presents without {o}.",
    ),
    "share": (
        "Of those with {s}, {f} individuals show {o}.",
        "{o} was documented in {f} cases of {s}.",
        "{f} individuals diagnosed with {s} exhibited {o}.",
        "Among people who have {s}, {o} affects {f} of them.",
        "When {s} was studied, {f} subjects were found to have {o}.",
    ),
    "adverb": (
        "{s} is {w} accompanied by {o}.",
        "{o} is {w} encountered among individuals with {s}.",
        "Those affected by {s} {w} develop {o}.",
    ),
    "gene": (
        "{s} has been implicated in {o}.",
        "Mutations of the {s} gene are related to {o}.",
        "A gene connected with {o} is {s}.",
        "{o} involves the {s} gene.",
        "Genetic studies tie {o} to {s}.",
    ),
    "role": (
        "{s} functions as a {o}.",
        "{s} is known to work as a {o}.",
        "As a compound, {s} serves as {o}.",
        "{s} can be described as a {o}.",
        "Chemists count {s} among the {o}s.",
    ),
    "inheritance": (
        "{s} follows an {o} pattern.",
        "{o} transmission is reported for {s}.",
        "Families pass on {s} in an {o} fashion.",
        "Inheritance in {s} is {o}.",
    ),
    "kind": (
        "{s} falls under {o}.",
        "{s} is a form of {o}.",
        "{s} is one of the subtypes of {o}.",
        "Within the class {o} one finds {s}.",
        "{o} is a broader category than {s}.",
    ),
    "treats": (
        "Doctors prescribe {s} for {o}.",
        "{s} is a treatment for {o}.",
        "Therapy of {o} may include {s}.",
        "Patients with {o} are given {s}.",
    ),
    "contraindicated": (
        "{s} must not be given to people with {o}.",
        "In the presence of {o}, {s} is contraindicated.",
        "{s} should be avoided in {o}.",
    ),
}

TEMPLATES: Mapping[Split, Mapping[str, tuple[str, ...]]] = {"development": DEVELOPMENT, "held-out": HELD_OUT}

POPULATIONS: Mapping[Split, tuple[str, ...]] = {
    "development": (
        "In children, ",
        "In women, ",
        "In elderly patients, ",
        "In pregnant women, ",
        "In severe cases, ",
    ),
    "held-out": (
        "Among newborns, ",
        "For boys, ",
        "After menopause, ",
        "In the late-onset form, ",
        "In Japanese adults, ",
    ),
}
ADDED: Mapping[Split, tuple[str, ...]] = {
    "development": (" and is always fatal", ", which can be cured by surgery", " because of an infection"),
    "held-out": (
        ", and life expectancy is normal",
        " unless it is treated early",
        " more often than any other disease",
    ),
}
ABSENT: Mapping[Split, tuple[str, ...]] = {
    "development": (
        "{s} does not have the feature {o}.",
        "{o} does not occur in {s}.",
        "Patients with {s} never have {o}.",
    ),
    "held-out": (
        "{s} rules out {o}.",
        "Nobody with {s} shows {o}.",
        "{o} is not part of {s}.",
        "{s} is free of {o}.",
    ),
}
CAUSES: Mapping[Split, tuple[str, ...]] = {
    "development": ("{o} is caused by mutations in {s}.", "Variants in {s} cause {o}."),
    "held-out": ("A defect of {s} is responsible for {o}.", "{s} is the only gene behind {o}."),
}
WORDS: Mapping[Split, Mapping[str, tuple[str, ...]]] = {  # HPO class -> adverbs that mean it
    "development": {
        "HP:0040281": ("very frequently", "very commonly"),
        "HP:0040282": ("frequently", "commonly"),
        "HP:0040283": ("occasionally",),
        "HP:0040284": ("very rarely",),
    },
    "held-out": {
        "HP:0040281": ("very often", "in most cases"),
        "HP:0040282": ("often",),
        "HP:0040283": ("now and then", "occasionally"),
        "HP:0040284": ("rarely", "hardly ever"),
    },
}
