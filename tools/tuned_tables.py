"""The result of a recipe with training stages as Markdown; `tables.py` calls it."""

from collections.abc import Mapping
from typing import Any


def tables(results: Mapping[str, Any]) -> str:
    """Return what was measured, what each stage added, what it cost, and what the data report says."""
    parts = [
        _measures(results),
        _added(results),
        _kinds(results),
        _cost(results),
        _reward(results),
        _notes(results),
    ]
    return "\n\n".join(part for part in parts if part)


def _arms(results: Mapping[str, Any]) -> list[str]:
    """Return the arms in the recipe's order, the options-only control last."""
    found = {arm for one in results["measures"].values() for arm in one}
    named = [*results["recipe"].get("arms", ()), results["recipe"].get("blind", "")]
    return [arm for arm in dict.fromkeys(named) if arm in found]


def _share(one: Mapping[str, Any] | None) -> str:
    if not one:
        return ""
    low, high = (f"{100 * end:.0f}" for end in one["interval"])
    return f"{100 * one['mean']:.1f} % ({low}-{high})"


def _measures(results: Mapping[str, Any]) -> str:
    arms = _arms(results)
    lines = [
        f"| measure, knowledge in the prompt | n | chance | {' | '.join(arms)} |",
        "|---" * (len(arms) + 3) + "|",
    ]
    for name, cells in results["measures"].items():
        first = next(iter(cells.values()))
        chance = f"{first['chance']:.0%}" if first["chance"] else ""
        lines.append(f"| {_named(name)} | {first['n']} | {chance} | "
                     + " | ".join(_share(cells.get(arm)) for arm in arms) + " |")  # fmt: skip
    text = results["text"]
    if text:
        told = [f"{text[arm]['nats']:.3f}" if arm in text else "" for arm in arms]
        first = next(iter(text.values()))
        lines.append(f"| plain prose, nats a token (less is better) | {first['n']} | | {' | '.join(told)} |")
    return "\n".join(lines)


def _named(name: str) -> str:
    measure, _, knowledge = name.partition(" | ")
    return f"{measure}, {knowledge}"


def _added(results: Mapping[str, Any]) -> str:
    """Return the paired differences: one column for each pair of arms."""
    pairs = list(dict.fromkeys((one["arm"], one["baseline"]) for one in results["differences"]))
    pairs = [pair for pair in pairs if pair[0] != "base"]
    found = {
        (one["measure"], one["knowledge"], one["arm"], one["baseline"]): one for one in results["differences"]
    }
    names = dict.fromkeys((one["measure"], one["knowledge"]) for one in results["differences"])
    lines = ["Paired differences in points (95 %, by disease); `blind` is the options-only control.", "",
             "| measure | " + " | ".join(f"{arm} - {base}" for arm, base in pairs) + " |",
             "|---" * (len(pairs) + 1) + "|"]  # fmt: skip
    for measure, knowledge in names:
        cells = []
        for arm, base in pairs:
            one = found.get((measure, knowledge, arm, base))
            cells.append(f"{100 * one['difference']:+.1f} ({100 * one['low']:+.0f}, {100 * one['high']:+.0f})"
                         if one else "")  # fmt: skip
        lines.append(f"| {measure}, {knowledge} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _kinds(results: Mapping[str, Any]) -> str:
    arms = _arms(results)
    lines = [
        "By kind of item:",
        "",
        f"| measure | kind | n | {' | '.join(arms)} |",
        "|---" * (len(arms) + 3) + "|",
    ]
    for name, by_arm in results["kinds"].items():
        for kind in dict.fromkeys(kind for one in by_arm.values() for kind in one):
            cells = [by_arm.get(arm, {}).get(kind) for arm in arms]
            count = next(one["n"] for one in cells if one)
            shown = " | ".join(f"{100 * one['mean']:.0f} %" if one else "" for one in cells)
            lines.append(f"| {_named(name)} | {kind} | {count} | {shown} |")
    for kind, by_arm in results.get("kin", {}).items():
        count = next(iter(by_arm.values()))["n"]
        shown = " | ".join(f"{100 * by_arm[arm]['mean']:.0f} %" if arm in by_arm else "" for arm in arms)
        lines.append(f"| choice held-out-facts, none | {kind} | {count} | {shown} |")
    return "\n".join(lines) if len(lines) > 4 else ""


def _cost(results: Mapping[str, Any]) -> str:
    lines = ["| stage | items | steps | seconds | peak memory | loss |", "|---|---|---|---|---|---|"]
    order = [stage["name"] for stage in results["recipe"]["stages"]]
    for name, one in sorted(results["stages"].items(), key=lambda item: order.index(item[0])):
        loss = one.get("loss")
        curve = f"{loss['first']:.2f} to {loss['last']:.2f}" if loss else ""
        lines.append(f"| {name} ({one['kind']}) | {one.get('items', '')} | {one['steps']} | {one['seconds']:.0f} "
                     f"| {one['memory']['peak_gb']:.1f} GB | {curve} |")  # fmt: skip
    return "\n".join(lines)


def _reward(results: Mapping[str, Any]) -> str:
    held = next((one["held_out"] for one in results["stages"].values() if one.get("held_out")), None)
    if not held or not held["pairs"]:
        return ""
    kinds = "; ".join(
        f"{kind} {one['accuracy']:.0%} of {one['pairs']}" for kind, one in held["kinds"].items()
    )
    low, high = held["interval"]
    return (f"Reward model on {held['pairs']} pairs of other diseases: {held['accuracy']:.0%} right "
            f"({low:.0%}-{high:.0%}), calibration error {held['calibration']['error']:.3f}; {kinds}.")  # fmt: skip


def _notes(results: Mapping[str, Any]) -> str:
    notes = [f"- {one}." for one in results["floors"]]
    later = results["data"]["later"]
    if later:
        told = ", ".join(f"{later['made_true'].get(name, 0)} of {count} {name}"
                         for name, count in later["statements"].items())  # fmt: skip
        notes.append(f"- A later HPO release makes true: {told}.")
    clean = results["data"]["decontamination"]
    notes.append(
        f"- Compared with {', '.join(clean['benchmarks']) or 'no benchmark'}: {clean['removed']} removed."
    )
    return "\n".join(notes)
