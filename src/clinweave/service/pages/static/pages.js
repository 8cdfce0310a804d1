// What the pages add where scripts run: the evidence panel, Enter in the question, and files dropped on a letter.
"use strict";

const panel = document.getElementById("panel");
const panelTitle = document.getElementById("panel-title");
let opener = null;

function closePanel() {
  if (panel.hidden) return;
  panel.hidden = true;
  document.body.classList.remove("with-panel");
  if (opener && opener.isConnected) opener.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-panel]")) closePanel();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closePanel();
  const box = event.target.closest("[data-submit-on-enter]");
  if (box && event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    box.form.requestSubmit();
  }
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const source = event.target.closest("[data-panel]");
  if (source) {
    opener = source;
    panelTitle.textContent = source.dataset.panel;
  }
});

document.addEventListener("htmx:afterSwap", (event) => {
  const target = event.detail.target;
  if (target.id === "panel-body") {
    panel.hidden = false;
    document.body.classList.add("with-panel");
    const cited = target.querySelector("mark, .cited");
    panel.scrollTop = 0;
    if (cited) panel.scrollTop = cited.offsetTop - panel.clientHeight / 3;
    panelTitle.focus({preventScroll: true});
  }
  if (target.id === "answers") {
    const examples = target.querySelector(".examples");
    if (examples && target.querySelector("article")) examples.remove();
    const question = document.getElementById("question");
    if (question && !target.firstElementChild.matches(".problem")) question.value = "";
    const heading = target.querySelector("[data-focus]");
    if (heading) heading.focus({preventScroll: false});
  }
});

document.addEventListener("htmx:sendError", () => {
  const busy = document.getElementById("busy");
  if (busy) busy.textContent = "The service cannot be reached. Is clinweave serve still running?";
});
