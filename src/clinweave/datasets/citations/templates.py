"""Sentence templates of citation pairs: a development set, used while writing the checker's patterns, and a held-out
set with other wording, written before the last change of the patterns and used for evaluation only.

When the held-out set has been looked at, it joins the development set and a new one is written. One hand wrote all of
them, so held-out recall is an upper bound for free prose.

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
        "Clinically, {s} can show itself through {o}.",
        "{o} has been described in individuals affected by {s}.",
        "Among the manifestations of {s} is {o}.",
        "One finding reported in {s} is {o}.",
        "Those who suffer from {s} might experience {o}.",
        "{s} comes with {o}.",
        "A person diagnosed with {s} could develop {o}.",
        "{o} forms part of the clinical picture of {s}.",
        "{o} counts among the signs of {s}.",
        "{s} can involve {o}.",
    ),
    "phenotype-denied": (
        "{s} does not have the feature {o}.",
        "{o} is not a feature of {s}.",
        "{o} is absent in {s}.",
        "Patients with {s} do not have {o}.",
        "{s} lacks {o}.",
        "{o} does not belong to the picture of {s}.",
        "{o} is never seen with {s}.",
        "Individuals affected by {s} are free of {o}.",
        "{s} spares patients from {o}.",
        "No {o} occurs in {s}.",
        "{s} presents without {o}.",
    ),
    "share": (
        "{o} is found in {f} patients with {s}.",
        "{f} patients with {s} have {o}.",
        "In {s}, {f} patients have {o}.",
        "{s} has the feature {o} in {f} patients.",
        "Of those with {s}, {f} individuals show {o}.",
        "{o} was documented in {f} cases of {s}.",
        "{f} individuals diagnosed with {s} exhibited {o}.",
        "Among people who have {s}, {o} affects {f} individuals.",
        "When {s} was studied, {f} subjects were found to have {o}.",
    ),
    "adverb": (
        "{o} {w} occurs in {s}.",
        "Patients with {s} {w} have {o}.",
        "{s} {w} presents with {o}.",
        "{s} is {w} accompanied by {o}.",
        "{o} is {w} encountered among individuals with {s}.",
        "Those affected by {s} {w} develop {o}.",
    ),
    "gene": (
        "{s} is a gene associated with {o}.",
        "{o} is associated with the gene {s}.",
        "Variants in {s} are associated with {o}.",
        "{o} is linked to {s}.",
        "{s} is one gene linked to {o}.",
        "{s} has been implicated in {o}.",
        "Mutations of the {s} gene are related to {o}.",
        "A gene connected with {o} is {s}.",
        "{o} involves the {s} gene.",
        "Genetic studies tie {o} to {s}.",
    ),
    "role": (
        "{s} has the role {o}.",
        "{s} is a {o}.",
        "{s} acts as a {o}.",
        "One role of {s} is {o}.",
        "{s} is used as a {o}.",
        "{s} functions as a {o}.",
        "{s} is known to work as a {o}.",
        "As a compound, {s} serves as {o}.",
        "{s} can be described as a {o}.",
        "Chemists count {s} among the {o}s.",
    ),
    "inheritance": (
        "{s} is inherited in an {o} manner.",
        "The mode of inheritance of {s} is {o}.",
        "{s} shows {o} inheritance.",
        "{s} is an {o} disorder.",
        "{s} follows an {o} pattern.",
        "{o} transmission is reported for {s}.",
        "Families pass on {s} in an {o} fashion.",
        "Inheritance in {s} is {o}.",
    ),
    "kind": (
        "{s} is a kind of {o}.",
        "{s} is a type of {o}.",
        "{s} belongs to {o}.",
        "{o} includes {s}.",
        "{s} is classified as {o}.",
        "{s} falls under {o}.",
        "{s} is a form of {o}.",
        "{s} is one of the subtypes of {o}.",
        "Within the class {o} one finds {s}.",
        "{o} is a broader category than {s}.",
    ),
    "treats": (
        "{s} treats {o}.",
        "{s} is used to treat {o}.",
        "{o} is treated with {s}.",
        "{s} is used for {o}.",
        "Doctors use {s} to treat {o}.",
        "{s} is a treatment for {o}.",
        "Therapy of {o} may include {s}.",
        "Patients with {o} are treated with {s}.",
    ),
    "contraindicated": (
        "{s} is contraindicated in {o}.",
        "{s} should not be used in patients with {o}.",
        "{o} is a contraindication for {s}.",
        "{s} must not be given to people with {o}.",
        "In the presence of {o}, {s} is contraindicated.",
        "{s} should be avoided in {o}.",
    ),
}

HELD_OUT: Mapping[str, tuple[str, ...]] = {
    "phenotype": (
        "{s} can go along with {o}.",
        "Affected individuals with {s} can be found to have {o}.",
        "{o} has been noted in patients suffering from {s}.",
        "A possible sign of {s} is {o}.",
        "Doctors may observe {o} in a patient with {s}.",
        "{s} is a condition associated with {o}.",
        "As part of {s}, patients may display {o}.",
        "{o} is among the clinical features of {s}.",
        "{o} may be a sign of {s}.",
        "If someone has {s}, {o} may be present.",
    ),
    "phenotype-denied": (
        "{o} does not occur in people with {s}.",
        "{s} is not associated with {o}.",
        "{s} is not accompanied by {o}.",
        "People who have {s} do not show {o}.",
        "{o} is not present in {s}.",
        "{o} has been ruled out in {s}.",
    ),
    "share": (
        "{f} patients suffering from {s} develop {o}.",
        "{o} is present in {f} individuals with {s}.",
        "{f} people affected by {s} were reported to have {o}.",
        "{o} was seen in {f} reported cases of {s}.",
        "{s} causes {o} in {f} cases.",
    ),
    "adverb": (
        "{o} is {w} observed in patients with {s}.",
        "{s} {w} leads to {o}.",
        "Individuals with {s} {w} exhibit {o}.",
    ),
    "gene": (
        "{o} is connected to changes in {s}.",
        "{s} is one of the genes associated with {o}.",
        "The gene {s} is linked with {o}.",
        "Patients with {o} can carry variants in {s}.",
        "{s} gene mutations are associated with {o}.",
    ),
    "role": (
        "{s} plays the role of {o}.",
        "{s} behaves as {o}.",
        "{s} is classed as a {o}.",
        "The compound {s} is a {o}.",
        "{s} belongs to the class of {o}s.",
    ),
    "inheritance": (
        "{s} has an {o} pattern of inheritance.",
        "{s} is transmitted as an {o} trait.",
        "{o} inheritance has been observed in {s}.",
        "The inheritance of {s} is {o}.",
    ),
    "kind": (
        "{s} is considered a kind of {o}.",
        "{s} is a subtype of {o}.",
        "Among the kinds of {o} is {s}.",
        "{s} is an example of {o}.",
        "{s} represents a form of {o}.",
    ),
    "treats": (
        "{s} can be used for the treatment of {o}.",
        "{o} can be managed with {s}.",
        "Among the treatments for {o} is {s}.",
        "Treatment of {o} can involve {s}.",
    ),
    "contraindicated": (
        "Patients with {o} should not take {s}.",
        "{s} is not to be used in {o}.",
        "The use of {s} is contraindicated in people with {o}.",
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
    "development": (
        "{o} is caused by mutations in {s}.",
        "Variants in {s} cause {o}.",
        "A defect of {s} is responsible for {o}.",
        "{s} is the only gene behind {o}.",
    ),
    "held-out": (
        "{o} results from mutations in {s}.",
        "{s} mutations lead to {o}.",
        "{o} is due to a faulty {s} gene.",
    ),
}
# A statement that is stronger than the record: the only one, always, approved, a cure.
STRONGER: Mapping[Split, Mapping[str, tuple[str, ...]]] = {
    "development": {
        "phenotype": (
            "All patients with {s} have {o}.",
            "Only {s} has the feature {o}.",
            "{s} is known for {o}.",
        ),
        "gene": ("The gene for {o} is {s}.", "{s} is the gene behind {o}.", "{s} is the only gene for {o}."),
        "treats": (
            "{s} is indicated for {o}.",
            "Doctors prescribe {s} for {o}.",
            "Patients with {o} are given {s}.",
            "The treatment of {o} is {s}.",
        ),
        "role": ("{s} is the {o}.", "{s} is the only {o}.", "{s} is the best {o}."),
    },
    "held-out": {
        "phenotype": (
            "A hallmark of {s} is {o}.",
            "{o} proves {s}.",
            "{s} often goes hand in hand with {o}.",
        ),
        "gene": ("Every {o} is due to {s}.", "{s} alone explains {o}.", "{s} is the disease gene of {o}."),
        "treats": (
            "{s} is effective against {o}.",
            "{s} cures {o}.",
            "{s} is approved for {o}.",
            "{s} is the standard of care in {o}.",
        ),
        "role": ("{s} is a powerful {o}.", "No {o} is better than {s}.", "{s} is the first {o}."),
    },
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
