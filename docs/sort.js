// Tables of the compendium: a click on a heading sorts the rows, a second click turns the order round.
document.addEventListener("click", (event) => {
  const head = event.target.closest("th");
  const body = head && head.closest("table").tBodies[0];
  if (!body) return;
  const column = head.cellIndex;
  const turn = head.dataset.order === "up" ? -1 : 1;
  head.parentElement.querySelectorAll("th").forEach((each) => delete each.dataset.order);
  head.dataset.order = turn === 1 ? "up" : "down";
  const text = (row) => (row.cells[column] ? row.cells[column].textContent.trim() : "");
  [...body.rows]
    .sort((one, other) => turn * text(one).localeCompare(text(other), undefined, {numeric: true}))
    .forEach((row) => body.append(row));
});
