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

// a request that got no response: say so where the result would have been, with a button to try again
const UNREACHABLE = "The service cannot be reached. Is clinweave serve still running?";
document.addEventListener("htmx:sendError", (event) => {
  const part = event.target.closest("[hx-trigger^=load]");
  const busy = document.getElementById("busy");
  if (part) {
    const text = Object.assign(document.createElement("p"), {className: "status", textContent: UNREACHABLE});
    const button = Object.assign(document.createElement("button"), {type: "button", className: "plain", textContent: "Try again"});
    button.addEventListener("click", () => htmx.trigger(part, "load"));
    part.replaceChildren(text, button);
  } else if (busy) busy.textContent = UNREACHABLE;
});

// Note: a dropped file is read as if it had been chosen; Enter in the finding's name shows the completions.
document.addEventListener("dragover", (event) => {
  const box = event.target.closest("[data-drop]");
  if (box) { event.preventDefault(); box.classList.add("dropping"); }
});
document.addEventListener("dragleave", (event) => {
  const box = event.target.closest("[data-drop]");
  if (box) box.classList.remove("dropping");
});
document.addEventListener("drop", (event) => {
  const box = event.target.closest("[data-drop]");
  if (!box) return;
  box.classList.remove("dropping");
  const input = document.querySelector("[data-file]");
  if (event.dataTransfer.files.length && input) {
    event.preventDefault();
    input.files = event.dataTransfer.files;
    document.getElementById("note-read").click();
  }
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-file]") && event.target.files.length) document.getElementById("note-read").click();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("[data-find]")) {
    event.preventDefault();
    event.target.dispatchEvent(new Event("input", {bubbles: true}));
    const first = document.querySelector("#choices button");
    if (first) first.focus();
  }
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(() => {
    button.textContent = "Copied";
  });
});

document.addEventListener("htmx:load", (event) => {
  for (const button of event.detail.elt.querySelectorAll("[data-copy]")) button.hidden = !navigator.clipboard;
});
// htmx sends the name of a button inside its form alone; the buttons of findings stand outside of it
document.addEventListener("submit", (event) => {
  const {target: form, submitter: button} = event;
  form.querySelectorAll("[data-outside]").forEach((field) => field.remove());
  focusAfter = button && button.closest("#result") ? button.value : null;
  if (!button || !button.name || form.contains(button)) return;
  const field = document.createElement("input");
  Object.assign(field, {type: "hidden", name: button.name, value: button.value});
  field.dataset.outside = "";
  form.append(field);
}, true);
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target.id !== "result") return;
  const file = document.querySelector("[data-file]");
  if (file) file.value = "";
  // after a correction the focus goes back to the row that was corrected, else to what was read
  const id = focusAfter && (focusAfter.match(/HP:\d{7}$/) || [null])[0];
  const row = id && document.getElementById("t-" + id.replace(":", "_"));
  const next = row ? row.querySelector("button") : document.querySelector("#result [data-focus]");
  if (next) next.focus({preventScroll: Boolean(row)});
});
let focusAfter = null;
