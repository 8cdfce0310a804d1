"""The report of a recipe with stages: one page of tables, curves, and what each stage added or cost."""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any

from clinweave.core.artifacts import write_text
from clinweave.core.html import page
from clinweave.training import curve_svg, read_curve

_STYLE = (
    "header, main { max-width: 84rem; } .scroll td { font-size: .85rem; white-space: nowrap; } svg { margin: .3rem; }"
    "td.up { background: color-mix(in srgb, var(--up) 18%, transparent); }"
    "td.down { background: color-mix(in srgb, var(--down) 18%, transparent); }"
    ".share { display: block; height: 4px; background: var(--accent); border-radius: 2px; margin-top: 2px; }"
    "nav a { margin-right: 1rem; }"
    "p.floor { border-left: 4px solid var(--down); padding-left: .7rem; margin: .3rem 0; }"
)
_CURVES = ("loss", "contrast", "ordered", "mean_token_accuracy", "reward", "accuracy", "objective/scores",
           "objective/rlhf_reward", "objective/kl", "objective/entropy", "rewards/accuracies", "rewards/margins",
           "rewards/verified/mean", "rewards/reward_model/mean", "kl")  # fmt: skip
_PARTS = (("added", "What each stage added"), ("measured", "What was measured"), ("cost", "What it cost"),
          ("stages", "Stages and their curves"), ("data", "Data"))  # fmt: skip


def write_tuning_report(results: Mapping[str, Any], stages: Path, path: Path) -> Path:
    """Write one HTML page; `stages` is the folder whose subfolders hold the curves."""
    recipe = results["recipe"]
    bodies = {
        "added": _added(results),
        "measured": _measures(results["measures"])
        + _text(results["text"])
        + _kinds(results["kinds"], results.get("kin", {})),
        "cost": _cost(results["stages"]),
        "stages": "".join(_stage(name, one, stages / name) for name, one in results["stages"].items()),
        "data": _data(results["data"]),
    }
    parts = [
        "<nav>" + "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in _PARTS) + "</nav>",
        *(f'<p class="floor">{escape(one)}</p>' for one in results["floors"]),
        *(
            f'<section><h2 id="{name}">{escape(title)}</h2>\n{bodies[name]}</section>'
            for name, title in _PARTS
        ),
    ]
    told = "Intervals are 95 %; differences are paired by item and resampled by disease."
    title = recipe["title"] or recipe["name"]
    text = page(title, "\n".join(parts), kind="training report", caution=told, more=_STYLE)
    return write_text(path, text)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table of cells that are HTML already; a cell that begins with "<td" is taken as it is."""
    top = "".join(f"<th>{one}</th>" for one in head)
    lines = (
        "<tr>" + "".join(one if one.startswith("<td") else f"<td>{one}</td>" for one in row) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><tr>{top}</tr>{"".join(lines)}</table></div>'


def _added(results: Mapping[str, Any]) -> str:
    """Return paired differences, a column a pair of arms; green where the interval is above nought, red below."""
    found = {
        (one["measure"], one["knowledge"], one["arm"], one["baseline"]): one for one in results["differences"]
    }
    pairs = list(dict.fromkeys((one["arm"], one["baseline"]) for one in results["differences"]))
    rows = []
    for measure, knowledge in dict.fromkeys(
        (one["measure"], one["knowledge"]) for one in results["differences"]
    ):
        cells = [_difference(found.get((measure, knowledge, *pair))) for pair in pairs]
        rows.append([escape(f"{measure}, {_knowledge(knowledge)}"), *cells])
    head = ["measure", *(escape(f"{arm} − {other}") for arm, other in pairs)]
    said = "".join(f"<li>{escape(one)}</li>" for one in results["sentences"])
    return f"{_table(head, rows)}<details><summary>In words</summary><ul>{said}</ul></details>"


def _difference(one: Mapping[str, Any] | None) -> str:
    if not one:
        return ""
    colour = "up" if one["low"] > 0 else "down" if one["high"] < 0 else ""
    told = (
        f"{100 * one['difference']:+.1f} <small>({100 * one['low']:+.0f} to {100 * one['high']:+.0f})</small>"
    )
    return f'<td class="{colour}">{told}</td>'


def _measures(measures: Mapping[str, Mapping[str, Any]]) -> str:
    arms = list(dict.fromkeys(arm for one in measures.values() for arm in one))
    rows = []
    for name, one in measures.items():
        measure, _, knowledge = name.partition(" | ")
        chance = next(iter(one.values())).get("chance", 0)
        guess = f" <small>chance {100 * chance:.0f} %</small>" if chance else ""
        rows.append(
            [escape(f"{measure}, {_knowledge(knowledge)}") + guess, *(_cell(one.get(arm)) for arm in arms)]
        )
    return _table(["measure", *map(escape, arms)], rows)


def _knowledge(name: str) -> str:
    return "with graph evidence" if name == "graph" else "model alone"


def _cell(one: Mapping[str, Any] | None) -> str:
    if not one:
        return ""
    low, high = (f"{100 * end:.0f}" for end in one["interval"])
    unread = f", {one['unscored']} unscored" if one["unscored"] else ""
    bar = f'<span class="share" style="width:{100 * one["mean"]:.0f}%"></span>'
    return f"{100 * one['mean']:.0f} % <small>({low}-{high}), n {one['n']}{unread}</small>{bar}"


def _text(text: Mapping[str, Any]) -> str:
    if not text:
        return ""
    rows = []
    for arm, one in text.items():
        added = one.get("added")
        told = f"{added[0]:+.3f} <small>({added[1]:+.3f} to {added[2]:+.3f})</small>" if added else ""
        rows.append([escape(arm), f"{one['nats']:.3f}", told])
    return "<h3>Plain prose: nats a token</h3>" + _table(["arm", "nats", "over base"], rows)


def _kinds(kinds: Mapping[str, Mapping[str, Mapping[str, Any]]], kin: Mapping[str, Mapping[str, Any]]) -> str:
    parts = []
    for name, arms in kinds.items():
        rows = [
            [escape(kind), *(_cell(one.get(kind)) for one in arms.values())]
            for kind in dict.fromkeys(kind for one in arms.values() for kind in one)
        ]
        parts.append(f"<h4>{escape(name)}</h4>" + _table(["kind", *map(escape, arms)], rows))
    if kin:
        arms_of_kin = list(dict.fromkeys(arm for one in kin.values() for arm in one))
        rows = [[escape(name), *(_cell(one.get(arm)) for arm in arms_of_kin)] for name, one in kin.items()]
        parts.append("<h4>held-out facts by whether a more general or specific fact is trained</h4>"
                     + _table(["", *map(escape, arms_of_kin)], rows))  # fmt: skip
    return f"<details><summary>By kind of item</summary>{''.join(parts)}</details>" if parts else ""


def _cost(stages: Mapping[str, Mapping[str, Any]]) -> str:
    most = max((one["seconds"] for one in stages.values()), default=1) or 1
    rows = [
        [
            escape(name),
            escape(one["kind"]),
            str(one["steps"]),
            str(one.get("items", "")),
            f'{one["seconds"]:.0f} s<span class="share" style="width:{100 * one["seconds"] / most:.0f}%"></span>',
            f"{one['memory']['peak_gb']:.1f} GB <small>(estimated {one['memory']['estimated_gb']:.1f})</small>",
        ]
        for name, one in stages.items()
    ]
    return _table(["stage", "type", "steps", "items", "time", "peak memory"], rows)


def _stage(name: str, one: Mapping[str, Any], folder: Path) -> str:
    facts = [f"{one['kind']}, {one['steps']} steps, {one.get('items', '?')} items, {one['seconds']:.0f} s"]
    if one.get("too_long"):
        facts.append(f"{one['too_long']} items left out as too long")
    if one.get("tokens_shared"):
        facts.append(f"{one['tokens']:,} tokens in {one['rows']} rows of {one['tokens_shared']:,}")
    if one.get("loss"):
        facts.append(f"loss {one['loss']['first']:.3f} to {one['loss']['last']:.3f}")
    held = one.get("held_out")
    if held and held["pairs"]:
        facts.append(f"held-out pairs {held['pairs']}: accuracy {held['accuracy']:.0%}, calibration error "
                     f"{held['calibration']['error']:.3f}")  # fmt: skip
        facts += [f"suspect data: {said}" for said in held["suspect"]]
    rows = read_curve(folder) if folder.is_dir() else []
    drawn = "".join(curve_svg(rows, key) for key in _CURVES)
    return f"<h3>{escape(name)}</h3><p>{escape('; '.join(facts))}</p>{drawn}"


def _data(data: Mapping[str, Any]) -> str:
    counted = _table(
        ["kind", "split", "items", "of which"],
        (
            [escape(kind), escape(split), str(sum(tasks.values())),
             escape(", ".join(f"{task} {count}" for task, count in tasks.items()))]
            for kind, splits in data["counts"].items()
            for split, tasks in splits.items()
        ),
    )  # fmt: skip
    clean = data["decontamination"]
    said = (
        f"Compared with {', '.join(clean['benchmarks'])}: {clean['removed']} items removed."
        if clean["benchmarks"]
        else "Not compared with any benchmark."
    )
    later = data["later"]
    if later:
        said += (
            " A later release makes true "
            + ", ".join(
                f"{later['made_true'].get(name, 0)} of {count} {name}"
                for name, count in later["statements"].items()
            )
            + "."
        )
    return f"{counted}<p>{escape(said)}</p>"
