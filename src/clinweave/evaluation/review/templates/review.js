"use strict";
(() => {
  const form = document.getElementById("review");
  const rater = document.getElementById("rater");
  const store = "clinweave-review-" + document.body.dataset.review;
  const items = [...document.querySelectorAll(".item")];

  function collect() {
    const ratings = {};
    for (const item of items) {
      const own = {};
      for (const answer of item.querySelectorAll(".answer")) {
        const given = {};
        for (const field of answer.querySelectorAll("fieldset")) {
          const chosen = field.querySelector("input:checked");
          if (chosen) given[field.dataset.criterion] = Number(chosen.value);
        }
        const comment = answer.querySelector("[data-comment]").value.trim();
        if (comment) given.comment = comment;
        if (Object.keys(given).length) own[answer.dataset.label] = given;
      }
      if (Object.keys(own).length) ratings[item.dataset.item] = own;
    }
    return { version: Number(document.body.dataset.version), review: document.body.dataset.review,
             rater: rater.value.trim(), ratings };
  }

  function complete(item) {
    return [...item.querySelectorAll("fieldset")].every(field => field.querySelector("input:checked"));
  }

  function show() {
    let done = 0;
    for (const item of items) {
      const whole = complete(item);
      item.classList.toggle("complete", whole);
      done += whole;
    }
    document.getElementById("progress").textContent = `${done} of ${items.length} items complete`;
  }

  function keep() {
    show();
    try { localStorage.setItem(store, JSON.stringify(collect())); } catch { /* private windows keep nothing */ }
  }

  function restore() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(store)); } catch { return; }
    if (!kept) return;
    rater.value = kept.rater || "";
    for (const item of items) {
      for (const answer of item.querySelectorAll(".answer")) {
        const given = ((kept.ratings || {})[item.dataset.item] || {})[answer.dataset.label] || {};
        for (const field of answer.querySelectorAll("fieldset")) {
          for (const input of field.querySelectorAll("input")) {
            input.checked = String(given[field.dataset.criterion]) === input.value;
          }
        }
        answer.querySelector("[data-comment]").value = given.comment || "";
      }
    }
  }

  document.getElementById("next").addEventListener("click", () => {
    const open = items.find(item => !complete(item));
    if (open) { open.scrollIntoView(); open.focus({ preventScroll: true }); }
  });

  document.getElementById("save").addEventListener("click", () => {
    if (!rater.reportValidity()) return;
    const made = collect();
    const link = document.createElement("a");
    const name = made.rater.replace(/[^A-Za-z0-9_-]+/g, "-") || "rater";
    link.href = URL.createObjectURL(new Blob([JSON.stringify(made, null, 1)], { type: "application/json" }));
    link.download = `ratings-${name}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  });

  form.addEventListener("input", keep);
  form.addEventListener("submit", event => event.preventDefault());
  restore();
  show();
})();
