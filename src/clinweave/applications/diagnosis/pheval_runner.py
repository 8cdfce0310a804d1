"""clinweave as a runner of PhEval 0.7 (https://github.com/monarch-initiative/pheval), found by its entry point.

    pheval run -i INPUT -t CORPUS -r clinweavephevalrunner -o OUTPUT -v 1

INPUT holds PhEval's config.yaml with `disease_analysis: true`, and optionally one HPO release (hp.obo and
phenotype.hpoa, plain or .gz); without one the fetched release is used. CORPUS holds the folder `phenopackets`. `run`
writes raw_results/<packet>.tsv, which knows no diagnosis; PhEval itself then marks what was right in
pheval_disease_results/<packet>-disease_result.parquet.
"""

from pathlib import Path

import polars as pl
from pheval.post_processing.post_processing import SortOrder, generate_disease_result
from pheval.runners.runner import PhEvalRunner

from clinweave.applications.diagnosis.cases import read_cases
from clinweave.applications.diagnosis.diagnose import Diagnoser
from clinweave.applications.diagnosis.exports import pheval_rows
from clinweave.applications.diagnosis.store import (
    Release,
    fetched_genes,
    fetched_mondo,
    fetched_release,
    open_model,
    release_in,
)
from clinweave.core.artifacts import home, write_text

_TOP = 1000  # ranks kept a case; PhEval counts a disease below them as not found


class ClinweavePhEvalRunner(PhEvalRunner):
    """Ranks the phenopackets of a corpus by the findings alone."""

    def prepare(self) -> None:
        """Nothing is to be prepared: packets are read as they are."""

    def run(self) -> None:
        """Rank every packet and write one raw result each, named as its file."""
        folder = Path(self.input_dir)
        has_release = (folder / "hp.obo").is_file() or (folder / "hp.obo.gz").is_file()
        release = release_in(folder) if has_release else fetched_release(home())
        model = open_model(
            Release(release.ontology, release.annotations, fetched_mondo(home()), fetched_genes(home())),
            home() / "diagnosis",
        )
        diagnoser = Diagnoser(model)
        for path in sorted(self._packets().glob("*.json")):
            line = diagnoser.diagnose(next(read_cases(path)), top=_TOP, explained=0)
            target = Path(self.raw_results_dir) / f"{path.stem}.tsv"
            write_text(target, pheval_rows(line), private=True)

    def post_process(self) -> None:
        """Let PhEval rank, map to Mondo and mark the raw results."""
        for path in sorted(Path(self.raw_results_dir).glob("*.tsv")):
            columns = {"disease_identifier": pl.String, "score": pl.Float64}
            results = pl.read_csv(path, separator="\t", quote_char=None, schema_overrides=columns)
            generate_disease_result(
                results=results.select(list(columns)),
                sort_order=SortOrder.DESCENDING,
                output_dir=Path(self.output_dir),
                result_path=path,
                phenopacket_dir=self._packets(),
            )

    def _packets(self) -> Path:
        return Path(self.testdata_dir) / "phenopackets"
