"""The check of citations: is a sentence supported by the evidence it cites?

`checker.CitationChecker` runs the steps in this order; each line is one module.

The sentence as a whole:

- `sentences`: splits an answer into sentences and their evidence markers.
- `instructions`: a passage that speaks to a language model supports nothing.

Against cited relations (a sentence as one typed claim):

- `claims`: reads the sentence as concepts, predicate, polarity, frequency, sex and onset, by `frames` (the sentence
  patterns of each predicate) and `wording` (words of frequency, negation, sex and onset).
- `compare`: compares the claim with the relations.
- `relation_text`: states a relation in plain sentences, to compare in other words.

Against cited passages (`quotes`: word for word, or in other words):

- `context`: selects what the passage asserts itself; `headings` says which headings take that away.
- `rewriting`, `tokens`, `lexicon`, `inflection`, `numerals`: one form of spelling, numbers, synonyms and inflection.
- `splitting`: splits a sentence into clauses; `variants`: adds what else a sentence of the passage states (parts of a
  definition, the sentence without an aside, listed items); `propositions`: divides a sentence into single facts.
- `clauses`: reads a clause as frames (verb, subject, object, phrases, polarity); `bags` holds noun phrases as bags of
  words, with the structure that a bag would lose.
- `readings`: brings frames to one form (passive as active), with `equivalents` (other constructions of the same
  meaning), `findings` ("there was X"), `consequences` (what follows from a frame) and `frame_parts` (shared parts).
- `entailment`: compares a frame of the passage with one of the sentence.
- `definitions`: compares "X is called Y" as a pair of term and meaning.
- `roles`, `alignment`: align all words by role where frames differ.

After that:

- `relevance`: a supported sentence that does not answer the question is irrelevant.
- `judge`: a second judge, if one is set, for sentences that the rules leave open; `premises` selects what it reads,
  `vetoes` lists differences after which it is not asked.
- `closest`: quotes the passage's own sentence in the place of a rejected one; `titles` says what a passage is about,
  `standalone` which of its sentences can be read alone.
- `patterns`: the patterns of patterns.toml, used by several steps.
"""
