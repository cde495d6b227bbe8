// The inbox: which row is open, and its keys. Everything is a link or a button that works without this, too.

const rows = () => [...document.querySelectorAll(".inbox-rows tr[data-callback-id]")];
const place = () => document.getElementById("pane");
const openOne = () => new URLSearchParams(location.search).get("callback");

/** Marks the row whose callback is open beside the list. */
function mark() {
  const now = openOne();
  for (const row of rows()) row.classList.toggle("is-selected", row.dataset.callbackId === now);
}

const at = () => {
  const focused = document.activeElement?.closest?.(".inbox-rows tr[data-callback-id]");
  return focused ?? rows().find((row) => row.classList.contains("is-selected"));
};

const keys = {
  c: "button[value=claim], button[value=release]",
  h: "button[value=beat]",
  r: ".reject > summary",
};

/** Presses what the key stands for in the form beside the list; "a" leads into the form. */
function press(key) {
  const form = place()?.querySelector("[data-answer] form");
  if (key === "a") {
    const first = form?.querySelector("input:not([type=hidden]), textarea, select, .ready button, button[value=approve]");
    first?.focus();
    return Boolean(first);
  }
  const button = form?.querySelector(keys[key]);
  button?.click();
  if (key === "r") button?.closest("details")?.querySelector("input, textarea")?.focus();
  return Boolean(button);
}

function choose() {
  const box = at()?.querySelector("input[type=checkbox]");
  box?.click();
  return Boolean(box);
}

// A row that is answered while the keyboard is on it goes away: whoever comes in its place has the keyboard then.
let index = -1;
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.(".inbox-rows tr[data-callback-id]");
  index = row ? rows().indexOf(row) : -1;
});

function keepFocus() {
  if (index < 0 || document.activeElement !== document.body) return;
  const left = rows();
  left[Math.min(index, left.length - 1)]?.querySelector("[data-row-link]")?.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (!document.querySelector(".inbox") || event.defaultPrevented) return;
  const typing = event.target instanceof Element && event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  let handled = false;
  if (event.key === "x") handled = choose();
  else if (event.key === "u") {
    (at() ?? rows()[0])?.querySelector("[data-row-link]")?.focus();
    handled = true;
  } else if (["c", "h", "a", "r"].includes(event.key)) handled = press(event.key);
  if (handled) event.preventDefault();
});

document.addEventListener("htmx:after:settle", (event) => {
  if (!document.querySelector(".inbox")) return;
  mark();
  keepFocus();
  // What was opened is read next, and on a narrow screen it is below the list.
  if (event.target === place()) {
    place().focus({ preventScroll: true });
    if (matchMedia("(max-width: 1180px)").matches) place().scrollIntoView({ block: "start" });
  }
});
mark();
