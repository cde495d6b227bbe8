// One execution's pages: choosing a row shows it in the drawer without leaving the place in the list.
// Without this module the same links open the page with the operation selected.

const plainClick = (event) => event.button === 0 && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

const ROWS = ".tl-row[data-operation-id], .events tr[data-event-id], .events tr.group[data-operation-id]";
const rowOf = (element) => element?.closest(ROWS);
const linkOf = (row) => row?.querySelector(".tl-name > a:not(.tl-fold), a.pick");
const isEvent = (row) => row.matches("tr[data-event-id]");

function mark(row) {
  for (const one of document.querySelectorAll(".tl-row.is-selected, .events tr.is-selected")) {
    one.classList.remove("is-selected");
    linkOf(one)?.removeAttribute("aria-current");
  }
  row?.classList.add("is-selected");
  linkOf(row)?.setAttribute("aria-current", "true");
}

/** Opens an operation or an event in the drawer; the page's address names it. `within`: the unfolded child execution that has it. */
function show(kind, value, within) {
  const drawer = document.getElementById("drawer"), base = kind === "op" ? drawer?.dataset.operations : drawer?.dataset.events;
  if (!base || !window.htmx) return false;
  const page = new URL(location.href);
  for (const name of ["op", "event", "from", "within"]) page.searchParams.delete(name);
  if (within) page.searchParams.set("within", within);
  const query = new URLSearchParams(page.search);
  query.set("tab", drawer.dataset.tab);
  page.searchParams.set(kind, value);
  window.htmx.ajax("GET", `${base}${encodeURIComponent(value)}/?${query}`, { source: "#drawer", target: "#drawer", swap: "innerHTML", push: page.pathname + page.search });
  return true;
}

function choose(row) {
  mark(row);
  return isEvent(row) ? show("event", row.dataset.eventId) : show("op", row.dataset.operationId, row.dataset.within);
}

// Links inside the drawer lead from an operation to its events and back: the row goes along.
document.addEventListener("htmx:after:settle", () => {
  const shown = document.querySelector("#drawer[data-tab] > :is(#operation, #event)");
  if (!shown) return;
  const { operationId, eventId, within } = shown.dataset;
  const own = [...document.querySelectorAll(ROWS)].filter((row) => row.dataset.within === within);
  const row = shown.id === "event" && own.find((one) => isEvent(one) && one.dataset.eventId === eventId)
    || own.find((one) => !isEvent(one) && one.dataset.operationId === operationId);
  if (!row || row.matches(".is-selected")) return;
  mark(row);
  row.scrollIntoView({ block: "nearest" });
});

document.addEventListener("click", (event) => {
  const close = event.target instanceof Element && event.target.closest("#drawer .close");
  if (!close || !plainClick(event)) return;
  event.preventDefault();
  shut(close, null);
});

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const row = rowOf(target);
  if (!row || !plainClick(event) || String(getSelection())) return;
  const link = target.closest("a, button, input, label");
  if (link?.matches(".owner") && show("op", row.dataset.operationId)) return event.preventDefault();
  if (link && link !== linkOf(row)) return;
  if (choose(row)) event.preventDefault();
});

// Folding keeps what is selected, also when it was selected after the link was written.
document.addEventListener("htmx:before:history:update", (event) => {
  const { history: change, sourceElement } = event.detail;
  const chosen = document.querySelectorAll("#drawer input.keep");
  if (!chosen.length || !sourceElement?.matches?.(".tl-fold, .chip, .zigs a")) return;
  const url = new URL(change.path, location.href);
  for (const { name, value } of chosen) url.searchParams.set(name, value);
  change.path = url.pathname + url.search;
});

// A part of the overview that is brushed becomes the zoom in the URL: the answer says which.
document.addEventListener("plot:range", (event) => {
  const { from, to } = event.detail, tab = document.getElementById("tab");
  if (from == null || !tab || !(event.target instanceof Element) || !event.target.closest(".tl-head")) return;
  const query = new URLSearchParams(location.search);
  query.set("brush", `${Number(from).toFixed(2)}~${Number(to).toFixed(2)}`);
  window.htmx.ajax("GET", `${tab.dataset.fragment}?${query}`, { source: tab, target: tab, swap: "outerMorph" });
});

// Following live: the newest rows stay in view and the axis goes on to now, until one scrolls away. What is open grows meanwhile
// also where nobody follows, only more slowly.
let ours = 0, ticks = 0;
const followed = () => document.querySelector("#tab[data-follow]");

function keepNewestInView() {
  const last = followed() && [...document.querySelectorAll(".tl-row[data-operation-id]")].at(-1);
  if (!last) return;
  ours = performance.now();
  if (last.getBoundingClientRect().bottom > innerHeight) last.scrollIntoView({ block: "end", behavior: "instant" });
}

document.addEventListener("htmx:after:settle", (event) => { if (event.target instanceof Element && event.target.id === "tab") keepNewestInView(); });
document.addEventListener("scroll", () => {
  if (!followed() || performance.now() - ours < 400) return;
  const last = [...document.querySelectorAll(".tl-row[data-operation-id]")].at(-1);
  if (last && last.getBoundingClientRect().bottom > innerHeight + 80) {
    const chip = document.querySelector("[data-chip=follow]");
    followed().removeAttribute("data-follow");
    chip?.click();
  }
}, { passive: true });
// A scroll right after one of ours is the reader's all the same when they have just turned the wheel or pressed something.
for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) document.addEventListener(kind, () => { ours = -Infinity; }, { passive: true });
setInterval(() => {
  ticks += 1;
  const tab = document.querySelector("#tab[data-live]");
  if (tab && !document.hidden && (tab.matches("[data-follow]") || ticks % 10 === 0)) tab.dispatchEvent(new CustomEvent("changed"));
}, 3000);
keepNewestInView();

// The keys of the rows: up and down, Home and End move along them; left folds or goes out, right unfolds or goes in; Enter opens the
// drawer, because a row's link has the focus; Escape closes it. j and k are up and down, and go to the rows from anywhere.
const allRows = () => [...document.querySelectorAll(ROWS)];
const depthOf = (row) => Number(/(?:^| )d(\d+)/.exec(row.className)?.[1] ?? 0);
let goal = null; // where the focus goes as soon as the rows there have been fetched

function goTo(row) {
  const link = linkOf(row);
  if (!link) return false;
  link.focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
  return true;
}

/** The next row; a window that has not been fetched yet is scrolled to, which fetches it. */
function along(row, step) {
  const part = row.closest(".tl-chunk, tbody"), beside = step > 0 ? part?.nextElementSibling : part?.previousElementSibling;
  const own = [...part.querySelectorAll(ROWS)];
  const next = own[own.indexOf(row) + step];
  if (next) return goTo(next);
  if (!beside) return false;
  if (beside.matches(".tl-gap, .gap-rows")) {
    goal = { id: beside.id, last: step < 0 };
    beside.scrollIntoView({ block: step > 0 ? "start" : "end" });
    return true;
  }
  const there = beside.querySelectorAll(ROWS);
  return there.length > 0 && goTo(there[step > 0 ? 0 : there.length - 1]);
}

document.addEventListener("htmx:after:settle", () => {
  const part = goal && document.getElementById(goal.id);
  if (!part || part.matches(".tl-gap, .gap-rows")) return;
  const there = part.querySelectorAll(ROWS);
  const row = there[goal.last ? there.length - 1 : 0];
  goal = null;
  if (row) goTo(row);
});

/** Left and right in the tree; whether the key was used. */
function sideways(row, right) {
  const fold = row.querySelector(".tl-fold"), open = fold?.getAttribute("aria-expanded") === "true";
  if (fold && right !== open) {
    fold.click();
    return true;
  }
  if (right) return open && along(row, 1);
  const rows = allRows();
  for (let i = rows.indexOf(row) - 1; i >= 0; i -= 1) if (depthOf(rows[i]) < depthOf(row)) return goTo(rows[i]);
  return false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const target = event.target instanceof Element ? event.target : null, row = rowOf(target);
  if (event.key === "Escape" && (row || target?.closest("#drawer"))) {
    const close = document.querySelector("#drawer .close");
    if (!close || document.querySelector("details.drop[open]")) return;
    event.preventDefault();
    shut(close, row);
    return;
  }
  if (target?.closest("input, select, textarea, [contenteditable]")) return;
  const rows = allRows();
  if (!row) {
    const first = rows.find((one) => one.matches(".is-selected")) ?? rows[0];
    if ((event.key === "j" || event.key === "k") && first && goTo(first)) event.preventDefault();
    return;
  }
  const used = event.key === "ArrowDown" || event.key === "j" ? along(row, 1)
    : event.key === "ArrowUp" || event.key === "k" ? along(row, -1)
    : event.key === "Home" ? goTo(rows[0])
    : event.key === "End" ? goTo(rows[rows.length - 1])
    : event.key === "ArrowRight" ? row.matches(".tl-row") && sideways(row, true)
    : event.key === "ArrowLeft" ? row.matches(".tl-row") && sideways(row, false)
    : false;
  if (used) event.preventDefault();
});

/** Closes the drawer: the page's own link without the selection, and the focus back on the row. */
function shut(close, from) {
  const row = document.querySelector(".tl-row.is-selected, .events tr.is-selected") ?? from;
  const drawer = document.getElementById("drawer"), link = linkOf(row);
  row?.classList.remove("is-selected");
  link?.removeAttribute("aria-current");
  history.pushState({ htmx: true }, "", close.href); // so that Forward fetches the page without the drawer
  const empty = document.createElement("p");
  empty.className = "muted";
  empty.textContent = "Choose a row to see all about it.";
  drawer.replaceChildren(empty);
  link?.focus();
}

// A stream begins by saying where the mirror is. When the page shows that already, there is nothing to fetch.
const greeted = new WeakSet();
document.addEventListener("htmx:sse:before:message", (event) => {
  const stream = event.target, head = document.getElementById("head"), { message, connection } = event.detail;
  if (!head || !(stream instanceof Element) || stream.id !== "live" || greeted.has(connection)) return;
  greeted.add(connection);
  if (!connection.attempt && message.event === "changed" && message.data === head.dataset.revision) event.preventDefault();
});

// A refresh that was asked for before the state in the URL changed is asked for again: it would bring the old state back.
const asked = new WeakMap();
document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
  if (ctx.sourceElement.id === "tab") asked.set(ctx, ctx.sourceElement.getAttribute("hx-get"));
});
document.addEventListener("htmx:before:swap", (event) => {
  const { ctx } = event.detail, tab = ctx?.sourceElement, url = tab?.getAttribute("hx-get");
  if (!asked.has(ctx) || asked.get(ctx) === url) return;
  event.preventDefault();
  if (url) window.htmx.ajax("GET", url, { source: tab, target: tab, swap: "outerMorph" });
});

// A link to an operation or event far down opens there.
const shown = document.querySelector(".tl-row.is-selected, .events tr.is-selected");
if (shown) {
  const box = shown.getBoundingClientRect();
  if (box.top > innerHeight - 60 || box.bottom < 0) shown.scrollIntoView({ block: "center", behavior: "instant" });
}
