"""The report of a recipe with stages: one page of tables, curves, and what each stage added or cost."""

from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from clinweave.training import curve_svg, read_curve

_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2a33}"
    "table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem .7rem;border-bottom:1px solid #d5dee3;"
    "text-align:left}h2{margin-top:2rem}.note{background:#fff6e0;padding:.5rem .8rem}svg{margin:.3rem}"
)
_CURVES = ("loss", "reward", "accuracy", "objective/scores", "objective/kl", "rewards/accuracies")


def write_tuning_report(results: Mapping[str, Any], stages: Path, path: Path) -> Path:
    """Write one HTML page; `stages` is the folder whose subfolders hold the curves."""
    recipe = results["recipe"]
    parts = [
        f"<h1>{escape(recipe['title'] or recipe['name'])}</h1>",
        "<p>For research, not for clinical decisions. Intervals are 95 %.</p>",
        *(f'<p class="note">{escape(one)}</p>' for one in results["floors"]),
        "<h2>What was measured</h2>",
        _measures(results["measures"]),
        "<h2>What each stage added, and what it cost</h2>",
        "<ul>" + "".join(f"<li>{escape(one)}</li>" for one in results["sentences"]) + "</ul>",
        "<h2>Stages</h2>",
        *(_stage(name, one, stages / name) for name, one in results["stages"].items()),
        "<h2>Data</h2>",
        _data(results["data"]),
    ]
    body = "\n".join(parts)
    title = escape(recipe["name"])
    page = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>{body}'
    path.write_text(page + "</html>\n", "utf-8")
    return path


def _measures(measures: Mapping[str, Any]) -> str:
    arms = list(dict.fromkeys(arm for one in measures.values() for arm in one))
    head = "".join(f"<th>{escape(arm)}</th>" for arm in arms)
    rows = "".join(
        f"<tr><td>{escape(name)}</td>" + "".join(f"<td>{_cell(one.get(arm))}</td>" for arm in arms) + "</tr>"
        for name, one in measures.items()
    )
    return f"<table><tr><th>measure | knowledge</th>{head}</tr>{rows}</table>"


def _cell(one: Mapping[str, Any] | None) -> str:
    if not one:
        return ""
    low, high = (f"{100 * end:.0f}" for end in one["interval"])
    unread = f", {one['unscored']} unscored" if one["unscored"] else ""
    return f"{100 * one['mean']:.0f} % ({low}-{high}), n {one['n']}{unread}"


def _stage(name: str, one: Mapping[str, Any], folder: Path) -> str:
    facts = [f"{one['kind']}, {one['steps']} steps, {one.get('items', '?')} items, {one['seconds']:.0f} s"]
    if one.get("too_long"):
        facts.append(f"{one['too_long']} items left out as too long")
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
    counted = "; ".join(
        f"{kind}: " + ", ".join(f"{split} {sum(tasks.values())}" for split, tasks in splits.items())
        for kind, splits in data["counts"].items()
    )
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
    return f"<p>{escape(counted)}</p><p>{escape(said)}</p>"
