// The top bar's theme button, what folds out, the keys, and messages that can be put away.

const page = document;
const themes = ["auto", "light", "dark"];
const themeNames = { auto: "automatic", light: "light", dark: "dark" };

function storedTheme() {
  try {
    return localStorage.getItem("durascope.theme") || "auto";
  } catch {
    return "auto";
  }
}

function showTheme() {
  for (const button of page.querySelectorAll("[data-theme-switch]")) {
    const text = `Theme: ${themeNames[storedTheme()]}`;
    button.hidden = false;
    button.title = text;
    button.setAttribute("aria-label", text);
  }
}

function nextTheme() {
  const next = themes[(themes.indexOf(storedTheme()) + 1) % themes.length];
  try {
    localStorage.setItem("durascope.theme", next);
  } catch {
    return;
  }
  page.dispatchEvent(new CustomEvent("durascope:theme-chosen"));
  showTheme();
}

/** Closes every folded-out menu, but not the one that holds `inside`. */
function closeMenus(inside) {
  let closed = null;
  for (const menu of page.querySelectorAll("details.drop[open], details.menu[open]")) {
    if (inside && menu.contains(inside)) continue;
    menu.open = false;
    closed = menu;
  }
  return closed;
}

page.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return;
  closeMenus(target);
  if (target.closest("[data-theme-switch]")) nextTheme();
  if (target.closest("[data-shortcuts]")) {
    closeMenus(null);
    page.getElementById("shortcuts")?.showModal();
  }
  const note = target.closest("[data-put-away]");
  if (note) note.closest(".message")?.remove();
});

// Whoever speaks to their computer, or has a cat on it, can switch the keys of one character off.
const keysOff = () => {
  try {
    return localStorage.getItem("durascope.keys") === "off";
  } catch {
    return false;
  }
};
const isTyping = (target) => target instanceof Element && target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]");
window.addEventListener("keydown", (event) => {
  if (event.key.length > 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  if (keysOff()) event.stopImmediatePropagation(); // this comes first: no module hears of it
}, true);
page.addEventListener("change", (event) => {
  if (!event.target.matches?.("[data-keys-switch]")) return;
  try {
    localStorage.setItem("durascope.keys", event.target.checked ? "on" : "off");
  } catch {
    event.target.checked = true; // storage may be forbidden: they stay on
  }
});

const places = { o: "/", e: "/executions/", i: "/inbox/", f: "/functions/", a: "/audit/" };
let prefixUntil = 0;

/** Moves the focus to the row link after or before the focused one. */
function moveRow(step) {
  const links = [...page.querySelectorAll("[data-row-link]")].filter((link) => link.getClientRects().length);
  if (!links.length) return false;
  const at = links.indexOf(page.activeElement);
  const next = links[at < 0 ? (step > 0 ? 0 : links.length - 1) : Math.min(links.length - 1, Math.max(0, at + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
  return true;
}

page.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    const closed = closeMenus(null);
    closed?.querySelector("summary")?.focus();
    return;
  }
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || page.querySelector("dialog[open]")) return;
  const key = event.key;
  let handled = true;
  if (Date.now() < prefixUntil && places[key]) location.assign(places[key]);
  else if (key === "g") prefixUntil = Date.now() + 1200;
  else if (key === "/") page.getElementById("search")?.focus();
  else if (key === "?") page.getElementById("shortcuts")?.showModal();
  else if (key === "t") page.dispatchEvent(new CustomEvent("durascope:next-times"));
  else if (key === "j" || key === "k") handled = moveRow(key === "j" ? 1 : -1);
  else handled = false;
  if (handled) event.preventDefault();
});

/** What needs JavaScript is hidden until there is some. */
function unhide() {
  for (const hidden of page.querySelectorAll("[data-shortcuts], [data-times]")) hidden.hidden = false;
  for (const box of page.querySelectorAll("[data-keys-switch]")) box.checked = !keysOff();
  showTheme();
}

unhide();
// Going back in the history puts the whole body in anew.
page.addEventListener("htmx:after:settle", (event) => { if (event.target === page.body) unhide(); });
