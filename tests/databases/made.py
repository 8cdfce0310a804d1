"""Terms of the made-up ontology that several samples share."""

HP_OBO = """format-version: 1.2
data-version: hp/releases/2031-01-01
ontology: hp.obo

[Term]
id: HP:0000001
name: All

[Term]
id: HP:0000118
name: Phenotypic abnormality
is_a: HP:0000001 ! All

[Term]
id: HP:0000005
name: Mode of inheritance
is_a: HP:0000001 ! All

[Term]
id: HP:0000006
name: Dominant
is_a: HP:0000005 ! Mode of inheritance

[Term]
id: HP:0000100
name: Wobbling
alt_id: HP:0000101
def: "A \\"wobble\\" of the knees." [ref:1]
synonym: "Shaky knees" EXACT layperson []
synonym: "Movement" BROAD []
xref: UMLS:C0000001
xref: SNOMEDCT_US:11
xref: SNOMEDCT_US:12
is_a: HP:0000118 ! Phenotypic abnormality

[Term]
id: HP:0000200
name: obsolete Trembling
is_obsolete: true
replaced_by: HP:0000101

[Term]
id: HP:0000300
name: obsolete Something
is_obsolete: true
consider: HP:0000100

[Typedef]
id: part_of
name: part of
"""
