(() => {
  const pick = document.getElementById("pick"), find = document.getElementById("find");
  const count = document.getElementById("count"), items = [...document.querySelectorAll(".items > details")];
  const show = () => {
    const word = find.value.trim().toLowerCase(), wanted = pick.value;
    let seen = 0;
    for (const item of items) {
      const fits = (!wanted || item.dataset[wanted] === "1") && (!word || item.textContent.toLowerCase().includes(word));
      item.hidden = !fits;
      seen += fits;
    }
    count.textContent = `${seen} of ${items.length}`;
  };
  if (!pick) return;
  pick.addEventListener("change", show);
  find.addEventListener("input", show);
  show();
})();
