"""Compiled releases on disk: read once from hp.obo, phenotype.hpoa and Mondo, and cached by their inputs."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, astuple, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clinweave.applications.diagnosis.annotations import Annotations, build_annotations
from clinweave.applications.diagnosis.facts import Facts, facts_of
from clinweave.applications.diagnosis.model import Model, Settings, Tables, build_model
from clinweave.applications.diagnosis.ontology import Ontology, build_ontology
from clinweave.applications.diagnosis.propagation import FrequencyMatrix
from clinweave.applications.diagnosis.related_diseases import (
    Links,
    RelatedDiseases,
    from_mondo,
    from_names,
    genes_from,
    related_diseases,
)
from clinweave.core.artifacts import digest, sha256, stage
from clinweave.core.errors import UserError
from clinweave.records import Concept, Relation

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Arrays = dict[str, npt.NDArray[np.generic]]

VERSION = 6
# of the parts of the ranker, for what is cached on them: raise one when it gives other results of the same input
VERSIONS = {
    "reading": 3,  # of releases and cases: annotations, frequencies, findings, the ontology
    "score": 4,  # of a disease for a case
    "output": 2,  # explanations, genes, PhEval files, the language model's prompt
}
_ROWS = ("disease", "term", "count", "total", "share", "negated", "kind")
_VECTORS = ("information", "background", "weight", "spread")


@dataclass(frozen=True)
class Release:
    """The files of one HPO release; optionally Mondo's for equivalent and related diseases, and a table of genes.

    `genes` is HPO's genes_to_phenotype.txt or genes_to_disease.txt: its pairs of gene and disease are read, no finding.
    """

    ontology: Path
    annotations: Path
    mondo: Path | None = None
    genes: Path | None = None
    prevalence: Path | None = None  # Orphadata's en_product9_prev.xml


def release_in(folder: Path, mondo: Path | None = None, genes: Path | None = None) -> Release:
    """Return the release of a folder with hp.obo and phenotype.hpoa, plain or .gz; else `UserError`."""
    files = {}
    for name in ("hp.obo", "phenotype.hpoa"):
        path = next((folder / each for each in (name, f"{name}.gz") if (folder / each).is_file()), None)
        if path is None:
            raise UserError(f"{folder} holds no {name} or {name}.gz; give the folder of one HPO release")
        files[name] = path
    return Release(files["hp.obo"], files["phenotype.hpoa"], mondo, genes)


def fetched_release(home: Path) -> Release:
    """Return the release downloaded by `clinweave fetch`. Raises `UserError` if it is missing."""
    from clinweave.resources import located

    files = located("hpo", home)
    return Release(files["hp.obo"], files["phenotype.hpoa"], fetched_mondo(home), fetched_genes(home))


def fetched_mondo(home: Path) -> Path | None:
    """Return the fetched mondo.json, or None."""
    from clinweave.resources import located

    try:
        return located("mondo", home)["mondo.json"]
    except UserError:
        return None


def fetched_genes(home: Path) -> Path | None:
    """Return the fetched table of genes and diseases, or None."""
    from clinweave.resources import located

    try:
        return located("hpo", home).get("genes_to_phenotype.txt")
    except UserError:
        return None


def genes_release(path: Path) -> str:
    """Return the release of a table of genes: that of the phenotype.hpoa in its folder, as the table states none."""
    from clinweave.databases import DATABASES

    try:
        return DATABASES["hpoa"].source({"phenotype.hpoa": release_in(path.parent).annotations}).release
    except UserError:
        return "not stated"


def open_model(
    release: Release,
    cache: Path,
    settings: Settings | None = None,
    *,
    related: bool = True,
    orphanet: bool = False,
) -> Model:
    """Return the model of a release, compiled on first use below `cache` (some seconds) and then read from there.

    `related=False` uses neither Mondo nor names nor genes: every annotated OMIM id is a candidate of its own.
    `orphanet` adds the diseases that only Orphanet names.
    """
    chosen = settings or Settings()
    files = {"hp.obo": release.ontology, "phenotype.hpoa": release.annotations}
    if release.mondo and related:
        files["mondo.json"] = release.mondo
    if release.genes and related:
        files["genes_to_phenotype.txt"] = release.genes
    if release.prevalence:
        files["en_product9_prev.xml"] = release.prevalence
    inputs = {name: sha256(path) for name, path in files.items()}
    parameters = {**asdict(chosen), "related": related, "orphanet": orphanet}
    name = digest([VERSION, inputs, parameters])

    def build(folder: Path) -> Mapping[str, Any]:
        model = _compiled(files, chosen, related, orphanet)
        _write(model, folder)
        return {
            "counts": {"terms": len(model.ontology.ids), "candidates": len(model.related)},
            **model.sources,
        }

    artifact = stage(cache / name, "diagnosis", inputs, parameters, build, version=VERSION)
    return _read(artifact.path, chosen)


def _compiled(files: Mapping[str, Path], settings: Settings, with_related: bool, orphanet: bool) -> Model:
    from clinweave.databases import (
        DATABASES,
        PREVALENCE_FILE,
        RowLog,
        prevalence_release,
        read_prevalence,
    )

    log = RowLog()
    hpo, hpoa, mondo = (DATABASES[name] for name in ("hpo", "hpoa", "mondo"))
    release = {"hpo": hpo.source(files).release, "hpoa": hpoa.source(files).release}
    ontology = build_ontology(hpo.read(files, log), release["hpo"])
    of_genes: list[Concept | Relation] = []
    annotations = build_annotations(_set_apart(hpoa.read(files, log), of_genes), ontology, release["hpoa"])
    if not len(annotations.disease):
        raise UserError(f"{files['phenotype.hpoa']} has no row with a term of {files['hp.obo']}")
    if not with_related:
        links = Links()
    elif "mondo.json" in files:
        links = from_mondo(mondo.read(files, log), mondo.source(files).release)
    else:
        links = from_names(dict(zip(annotations.diseases, annotations.names, strict=True)), release["hpoa"])
    log.report()
    genes = genes_from(of_genes)
    related = related_diseases(links, frozenset(annotations.diseases), genes, orphanet=orphanet)
    sources = {**release, "related diseases": f"{links.source} {links.release}".strip() or "none"}
    if genes:
        sources["genes"] = f"hpoa {genes_release(files['genes_to_phenotype.txt'])}"
    prevalence: dict[str, str] = {}
    if path := files.get(PREVALENCE_FILE):
        prevalence = read_prevalence(path, log)
        sources["prevalence"] = f"orphanet {prevalence_release(path)}"
    facts = facts_of(related, annotations, links, genes, prevalence)
    return replace(build_model(ontology, annotations, related, settings, sources), facts=facts)


def _set_apart(records: Iterable[object], of_genes: list[Concept | Relation]) -> Iterator[object]:
    """Yield the records of diseases, and keep those of genes for themselves."""
    for record in records:
        gene = record.id if isinstance(record, Concept) else getattr(record, "subject", "")
        if isinstance(record, Concept | Relation) and gene.startswith("NCBIGene:"):
            of_genes.append(record)
        else:
            yield record


def _write(model: Model, folder: Path) -> None:
    import numpy as np

    rows, ontology = model.annotations, model.ontology
    arrays: Arrays = {f"rows_{name}": getattr(rows, name) for name in _ROWS}
    arrays |= {name: getattr(model, name) for name in _VECTORS}
    for name, table in model.tables._asdict().items():
        arrays |= {
            f"{name}_start": table.start,
            f"{name}_disease": table.disease,
            f"{name}_frequency": table.frequency,
        }
    texts: dict[str, object] = {}
    for name in ("references", "onset", "sex"):
        values, codes = np.unique(np.array(getattr(rows, name), object), return_inverse=True)
        texts[name], arrays[f"{name}_code"] = values.tolist(), codes.astype(np.int32)
    np.savez(folder / "arrays.npz", **arrays)  # type: ignore[arg-type]
    texts |= {
        "ontology": {
            "ids": ontology.ids,
            "names": ontology.names,
            "parents": ontology.parents,
            "former": dict(ontology.former),
            "outside": sorted(ontology.outside),
            "release": ontology.release,
            "synonyms": ontology.synonyms,
            "labels": dict(ontology.labels),
        },
        "diseases": {
            "diseases": rows.diseases,
            "names": rows.names,
            "inheritance": rows.inheritance,
            "course": rows.course,
        },
        "release": rows.release,
        "related": [astuple(entry) for entry in model.related],
        "facts": [astuple(entry) for entry in model.facts],
        "sources": dict(model.sources),
    }
    (folder / "texts.json").write_text(json.dumps(texts, ensure_ascii=False), "utf-8")


def _read(folder: Path, settings: Settings) -> Model:
    import numpy as np

    texts = json.loads((folder / "texts.json").read_text("utf-8"))
    with np.load(folder / "arrays.npz", allow_pickle=False) as stored:
        arrays: dict[str, Any] = {name: stored[name] for name in stored.files}
    fields = texts["ontology"]
    ontology = Ontology(
        tuple(fields["ids"]),
        tuple(fields["names"]),
        tuple(tuple(parents) for parents in fields["parents"]),
        fields["former"],
        frozenset(fields["outside"]),
        fields["release"],
        tuple(tuple(names) for names in fields["synonyms"]),
        fields["labels"],
    )
    related = tuple(
        RelatedDiseases(tuple(entry[0]), tuple(entry[1]), tuple(entry[2]), tuple(entry[3]), entry[4])
        for entry in texts["related"]
    )
    columns: dict[str, Any] = {
        name: tuple(texts[name][code] for code in arrays[f"{name}_code"].tolist())
        for name in ("references", "onset", "sex")
    }
    diseases = texts["diseases"]
    annotations = Annotations(
        diseases=tuple(diseases["diseases"]),
        names=tuple(diseases["names"]),
        inheritance=tuple(tuple(modes) for modes in diseases["inheritance"]),
        course=tuple(tuple(terms) for terms in diseases["course"]),
        release=texts["release"],
        **{name: arrays[f"rows_{name}"] for name in _ROWS},
        **columns,
    )
    tables = Tables(
        *(
            FrequencyMatrix(
                arrays[f"{name}_start"], arrays[f"{name}_disease"], arrays[f"{name}_frequency"], len(related)
            )
            for name in Tables._fields
        )
    )
    vectors = {name: arrays[name] for name in _VECTORS}
    facts = tuple(
        Facts(tuple(entry[0]), tuple(entry[1]), tuple(entry[2]), entry[3], entry[4])
        for entry in texts["facts"]
    )
    return Model(
        ontology,
        annotations,
        related,
        tables,
        settings=settings,
        sources=texts["sources"],
        facts=facts,
        **vectors,
    )
