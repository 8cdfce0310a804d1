(() => {
  const root = document.currentScript.closest(".molecules");
  const part = (name) => root.querySelector(`.${name}`);
  const cards = part("cards"), count = part("count"), find = part("find"), sort = part("sort"), turn = part("turn");
  const AT_ONCE = 48;
  let table, order = [], shown = 0;

  const unpack = async () => {
    const packed = part("data").textContent.trim();
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };

  const copy = async (text, button, label) => {
    try {
      await navigator.clipboard.writeText(text);
    } catch {  // a page that is not served securely
      const area = document.body.appendChild(document.createElement("textarea"));
      area.value = text;
      area.select();
      document.execCommand("copy");
      area.remove();
    }
    button.textContent = "copied";
    setTimeout(() => { button.textContent = label; }, 1200);
  };

  const element = (name, text, parent) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (parent) parent.append(made);
    return made;
  };

  const card = (row) => {
    const cell = element("article");
    cell.className = "card";
    const drawing = element("div", undefined, cell);
    drawing.className = "drawing";
    drawing.title = "copy the SMILES";
    drawing.innerHTML = table.drawings[row];
    const list = element("dl", undefined, cell);
    table.columns.forEach((name, column) => {
      const value = table.rows[row][column];
      if (value === null || value === "") return;
      element("dt", name, list);
      element("dd", typeof value === "number" && !Number.isInteger(value) ? +value.toPrecision(4) : value, list);
    });
    element("code", table.smiles[row], cell);
    const button = element("button", "copy SMILES", cell);
    for (const target of [button, drawing]) {
      target.addEventListener("click", () => copy(table.smiles[row], button, "copy SMILES"));
    }
    return cell;
  };

  const more = () => {
    for (const row of order.slice(shown, shown + AT_ONCE)) cards.append(card(row));
    shown = Math.min(shown + AT_ONCE, order.length);
  };

  const test = (term) => {
    const match = term.match(/^(.+?)\s*(<=|>=|<|>|=)\s*(-?[\d.]+(?:e-?\d+)?)$/i);
    const column = match ? table.columns.findIndex((name) => name.toLowerCase() === match[1].toLowerCase()) : -1;
    if (column >= 0) {
      const limit = Number(match[3]);
      const compare = { "<": (a) => a < limit, ">": (a) => a > limit, "<=": (a) => a <= limit, ">=": (a) => a >= limit,
        "=": (a) => a === limit }[match[2]];
      return (row) => typeof table.rows[row][column] === "number" && compare(table.rows[row][column]);
    }
    return (row) => `${table.smiles[row]} ${table.rows[row].join(" ")}`.toLowerCase().includes(term.toLowerCase());
  };

  const show = () => {
    const terms = find.value.split(",").map((term) => term.trim()).filter(Boolean).map(test);
    order = table.smiles.map((_, row) => row).filter((row) => terms.every((term) => term(row)));
    const column = Number(sort.value), sign = turn.dataset.down ? -1 : 1;
    if (column >= 0) {
      const empty = (value) => value === null || value === "";
      order.sort((first, second) => {
        const [a, b] = [table.rows[first][column], table.rows[second][column]];
        if (empty(a) || empty(b)) return empty(a) - empty(b) || first - second;
        const numbers = typeof a === "number" && typeof b === "number";
        return sign * (numbers ? a - b : String(a).localeCompare(String(b))) || first - second;
      });
    } else if (sign < 0) order.reverse();
    cards.replaceChildren();
    shown = 0;
    more();
    count.textContent = `${order.length.toLocaleString("en")} of ${table.smiles.length.toLocaleString("en")}`;
  };

  unpack().then((data) => {
    table = data;
    table.columns.forEach((name, column) => { element("option", name, sort).value = column; });
    find.addEventListener("input", show);
    sort.addEventListener("change", show);
    turn.addEventListener("click", () => {
      turn.dataset.down = turn.dataset.down ? "" : "1";
      turn.textContent = turn.dataset.down ? "descending" : "ascending";
      show();
    });
    const all = part("all");
    all.addEventListener("click", () => {
      copy(order.map((row) => table.smiles[row]).join("\n"), all, "copy all SMILES");
    });
    new IntersectionObserver((seen) => { if (seen[0].isIntersecting && shown < order.length) more(); },
      { rootMargin: "600px" }).observe(part("end"));
    show();
  }).catch((error) => { count.textContent = `cannot be shown: ${error}`; });
})();
