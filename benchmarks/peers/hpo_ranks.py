"""Runs inside the environment of hpo3 or pyhpo (not clinweave's): ranks diseases for the cases it is given.

    python hpo_ranks.py PEER RELEASE ASKED.json ANSWERS.json

ASKED is [{"id", "disease", "terms"}]; ANSWERS {"version", "methods": {method: {"ranks": {id: rank}, "milliseconds"}}}.
The rank of the asked disease is 1 + those strictly better + half of the ties; a disease not scored is left out.
"""

import json
import sys
import time
from importlib import metadata


def rank(scores, disease):
    mine = scores.get(disease)
    if mine is None:
        return None
    better = sum(value > mine + 1e-9 for value in scores.values())
    equal = sum(abs(value - mine) <= 1e-9 for value in scores.values())
    return 1 + better + (equal - 1) / 2


def by_similarity(sets, method, combine):
    def scores(query):
        return {
            id_: query.similarity(terms, kind="omim", method=method, combine=combine)
            for id_, terms in sets.items()
        }

    return scores


def by_enrichment(model):
    def scores(query):
        return {int(item["item"].id): -item["enrichment"] for item in model.enrichment("hypergeom", query)}

    return scores


def main():
    peer, release, asked, answers = sys.argv[1:]
    from pyhpo import HPOSet, Ontology
    from pyhpo.stats import EnrichmentModel

    Ontology(release + "/")
    methods = {"enrichment": by_enrichment(EnrichmentModel("omim"))}
    if peer == "hpo3":
        sets = {}
        for item in Ontology.omim_diseases:
            terms = item.hpo_set()
            if len(terms):
                sets[int(item.id)] = terms
        methods["similarity graphic/funSimAvg"] = by_similarity(sets, "graphic", "funSimAvg")
    with open(asked, encoding="utf-8") as stream:
        cases = json.load(stream)
    told = {}
    for name, scores in methods.items():
        ranks, before = {}, time.process_time()
        for case in cases:
            query = HPOSet.from_queries(case["terms"])
            ranks[case["id"]] = rank(scores(query), int(case["disease"].removeprefix("OMIM:")))
        told[name] = {"ranks": ranks, "milliseconds": 1000 * (time.process_time() - before) / len(cases)}
    with open(answers, "w", encoding="utf-8") as stream:
        json.dump({"version": metadata.version(peer), "methods": told}, stream)


if __name__ == "__main__":
    main()
