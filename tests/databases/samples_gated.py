# ruff: noqa: E501 - rows as their publishers write them
"""Hand-made release files of gated databases and of literature, in the exact layout of their publishers."""

DRUGBANK = """<?xml version="1.0" encoding="UTF-8"?>
<drugbank xmlns="http://www.drugbank.ca" version="9.9" exported-on="2031-01-01">
<drug type="small molecule" created="2005-06-13"><drugbank-id primary="true">DB00001</drugbank-id>
 <drugbank-id>DB99001</drugbank-id><name>Kneesteadine</name><description>It steadies.</description><unii>ABC123</unii>
 <indication>For wobbling knees.</indication><mechanism-of-action/>
 <synonyms><synonym language="english">Steadine</synonym></synonyms>
 <atc-codes><atc-code code="M01AX99"/></atc-codes>
 <drug-interactions><drug-interaction><drugbank-id>DB00002</drugbank-id><name>Steadol</name>
  <description>More wobble.</description></drug-interaction></drug-interactions>
 <external-identifiers><external-identifier><resource>ChEBI</resource><identifier>3</identifier></external-identifier></external-identifiers>
 <targets><target><id>BE1</id><name>Knee factor</name><organism>Humans</organism><actions><action>inhibitor</action></actions>
  <known-action>yes</known-action><polypeptide id="P00001" source="Swiss-Prot"><gene-name>KNEE1</gene-name></polypeptide></target></targets>
</drug>
<drug type="biotech"><drugbank-id primary="true">DB00002</drugbank-id><name>Steadol</name>
 <drug-interactions><drug-interaction><drugbank-id>DB00001</drugbank-id><description>More wobble.</description></drug-interaction></drug-interactions>
</drug></drugbank>"""


def rrf(*rows: str) -> bytes:
    return "".join(f"{row}|\n" for row in rows).encode()


def atom(
    cui: str, vocabulary: str, code: str, name: str, *, language="ENG", ts="P", suppress="N", kind="PT"
) -> str:
    return "|".join(
        (
            cui,
            language,
            ts,
            "L1",
            "PF",
            "S1",
            "Y",
            "A1",
            "",
            "",
            "",
            vocabulary,
            kind,
            code,
            name,
            "0",
            suppress,
            "",
        )
    )


def relation(first: str, rel: str, second: str, rela: str, vocabulary: str) -> str:
    return "|".join(
        (
            first,
            "A1",
            "AUI",
            rel,
            second,
            "A2",
            "AUI",
            rela,
            "R1",
            "",
            vocabulary,
            vocabulary,
            "",
            "",
            "N",
            "",
        )
    )


UMLS = {
    "MRCONSO.RRF": rrf(
        atom("C0000001", "MSH", "D000002", "Knee Wobble"),
        atom("C0000001", "HPO", "HP:0000100", "Wobbling knee", ts="S"),
        atom("C0000001", "SNOMEDCT_US", "11", "Wobble (disorder)", ts="S"),
        atom("C0000001", "SNOMEDCT_US", "12", "Wobble", ts="S"),
        atom("C0000001", "MSHSPA", "D000002", "Rodilla inestable", language="SPA"),
        atom("C0000001", "MTH", "NOCODE", "Hidden name", suppress="O"),
        atom("C0000002", "MSH", "D000001", "Knee Diseases"),
        atom("C0000003", "DRUGBANK", "DB00001", "Kneesteadine"),
    ),
    "MRSTY.RRF": rrf(
        "C0000001|T184|A2.2.2|Sign or Symptom|AT1|256",
        "C0000002|T047|B2.2.1.2.1|Disease or Syndrome|AT2|256",
        "C0000003|T121|A1.4|Pharmacologic Substance|AT3|256",
    ),
    "MRDEF.RRF": rrf("C0000002|A1|AT9||MSH|What ails knees.|N|"),
    "MRREL.RRF": rrf(
        relation("C0000002", "CHD", "C0000001", "isa", "MSH"),
        relation("C0000001", "PAR", "C0000002", "inverse_isa", "MSH"),
        relation("C0000002", "RO", "C0000003", "may_treat", "MED-RT"),
        relation("C0000003", "RO", "C0000002", "may_be_treated_by", "MED-RT"),
    ),
}
RXNORM = {
    "RXNCONSO.RRF": rrf(
        atom("1", "RXNORM", "1", "kneesteadine", kind="IN"),
        atom("1", "DRUGBANK", "DB00001", "Kneesteadine", kind="IN"),
        atom("2", "RXNORM", "2", "kneesteadine 5 MG Oral Tablet", kind="SCD"),
        atom("2", "RXNORM", "2", "Kneesteadine 5 mg tab", kind="SY"),
    ),
    "RXNREL.RRF": rrf(relation("1", "RO", "2", "has_ingredient", "RXNORM")),
}
LOINC = {
    "Loinc.csv": (
        b'"LOINC_NUM","COMPONENT","PROPERTY","STATUS","CONSUMER_NAME","SHORTNAME","LONG_COMMON_NAME","VersionLastChanged"\n'
        b'"1-8","Kneesteadine","MCnc","ACTIVE","Kneesteadine, Blood","Kneest SerPl-mCnc","Kneesteadine [Mass/volume] in Serum","2.99"\n'
        b'"2-6","Kneesteadine","MCnc","DEPRECATED","","","Deprecated Kneesteadine","2.99"\n'
        b'"3-4","Wobble","Find","ACTIVE","","","Wobble of knee, ""left"" side","2.99"\n'
        b'"3-4","Wobble","Find","ACTIVE","","","Wobble twice","2.99"\n'
        b'"","Nothing","","ACTIVE","","","","2.99"\n'
        b'"4-2","short row"\n'
    ),
    "MapTo.csv": b'"LOINC","MAP_TO","COMMENT"\n"2-6","1-8",""\n"9-9","",""\n',
}
PROPOSALS = {
    "proposals.jsonl": (
        b'{"subject": "CHEBI:3", "predicate": "biolink:causes", "object": "MONDO:0000002", "quote": "It made knees wobble.", '
        b'"document": "PMID:11", "model": "scripted", "tier": "public", "score": 1.5, "grade": "text-mined"}\n'
        b'{"subject": "no curie", "predicate": "biolink:causes", "object": "MONDO:0000002", "quote": "x", '
        b'"document": "a.txt", "model": "scripted", "tier": "public"}\n'
        b'{"subject": "CHEBI:3", "model": "scripted", "tier": "public"}\n'
    )
}

PUBMED = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2031//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_310101.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation Status="MEDLINE"><PMID Version="1">11</PMID><Article PubModel="Print">
<ArticleTitle>On <i>wobbling</i> knees.</ArticleTitle><Abstract>
<AbstractText Label="BACKGROUND">Knees wobble &lt; once.</AbstractText><AbstractText Label="RESULTS">All wobbled.</AbstractText>
</Abstract></Article><MeshHeadingList><MeshHeading><DescriptorName UI="D000001" MajorTopicYN="N">Knee</DescriptorName></MeshHeading>
</MeshHeadingList></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID Version="2">11</PMID><Article><ArticleTitle>Again</ArticleTitle></Article></MedlineCitation></PubmedArticle>
<DeleteCitation><PMID Version="1">12</PMID></DeleteCitation>
</PubmedArticleSet>"""
JATS = """<?xml version="1.0"?>
<!DOCTYPE article PUBLIC "-//NLM//DTD JATS (Z39.96) Journal Archiving DTD v1.3//EN" "JATS-archivearticle1-3.dtd">
<article article-type="research-article"><front><article-meta>
<article-id pub-id-type="pmid">11</article-id><article-id pub-id-type="pmc">PMC77</article-id>
<title-group><article-title>Knees &eacute;tc</article-title></title-group>
<abstract><p>In short: they wobble.</p></abstract></article-meta></front>
<body><sec><title>Methods</title><p>We looked<xref ref-type="bibr">[1]</xref> at knees.</p>
<sec><title>Details</title><p>Closely.</p></sec></sec></body></article>"""
BOOK = """<?xml version="1.0"?><book-part-wrapper id="NBK430685"><book-meta/><book-part book-part-type="chapter" id="article-1">
<book-part-meta><title-group><title>Knee Wobble</title></title-group></book-part-meta>
<body><sec><title>Etiology</title><p>Walking.</p><list><list-item><p>Running.</p></list-item></list></sec></body>
</book-part></book-part-wrapper>"""
