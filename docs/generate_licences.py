"""Write the table of docs/data_licences.md from the catalogue: `make docs`. A test checks that it is current."""

from pathlib import Path

from clinweave.resources import catalogue

PAGE = Path(__file__).with_name("data_licences.md")
BEGIN, END = "<!-- catalogue: begin -->", "<!-- catalogue: end -->"


def table() -> str:
    """Return one row for each release of the catalogue."""
    rows = [
        "| resource | what | release | licence, as its publisher states it | access | MB |",
        "|---|---|---|---|---|---|",
    ]
    for item in sorted(catalogue().values(), key=lambda each: each.id):
        size = f"{item.size / 1e6:,.1f}"
        licence = item.licence.replace("|", "\\|")
        title = f"[{item.title}]({item.homepage})" if item.homepage else item.title
        rows.append(f"| `{item.id}` | {title} | {item.version} | {licence} | {item.tier} | {size} |")
    return "\n".join(rows)


def page() -> str:
    """Return the page with the current table."""
    head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    print(f"wrote {PAGE}")
