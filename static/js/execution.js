// One execution's pages: choosing a row shows it in the drawer without leaving the place in the list.
// Without this module the same links open the page with the operation selected.

const plainClick = (event) => event.button === 0 && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);

const rowOf = (element) => element?.closest(".tl-row[data-operation-id], .events tr[data-event-id]");
const linkOf = (row) => row?.querySelector(".tl-name > a:not(.tl-fold), a.pick");

function mark(row) {
  for (const one of document.querySelectorAll(".tl-row.is-selected, .events tr.is-selected")) {
    one.classList.remove("is-selected");
    linkOf(one)?.removeAttribute("aria-current");
  }
  row.classList.add("is-selected");
  linkOf(row)?.setAttribute("aria-current", "true");
}

function choose(row) {
  const operations = row.closest("[data-operations]")?.dataset.operations, events = row.closest("[data-events]")?.dataset.events;
  const base = operations ?? events, name = operations ? "op" : "event";
  const value = operations ? row.dataset.operationId : row.dataset.eventId;
  if (!base || !window.htmx) return false;
  const page = new URL(location.href), query = new URLSearchParams(page.search);
  query.delete(name);
  query.delete("from");
  page.searchParams.set(name, value);
  page.searchParams.delete("from");
  mark(row);
  window.htmx.ajax("GET", `${base}${encodeURIComponent(value)}/?${query}`, { source: "#drawer", target: "#drawer", swap: "innerHTML", push: page.pathname + page.search });
  return true;
}

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const row = rowOf(target);
  if (!row || !plainClick(event) || String(getSelection())) return;
  const link = target.closest("a, button, input, label");
  if (link && link !== linkOf(row)) return;
  if (choose(row)) event.preventDefault();
});

// Folding keeps what is selected, also when it was selected after the link was written.
document.addEventListener("htmx:before:history:update", (event) => {
  const { history: change, sourceElement } = event.detail;
  const chosen = document.querySelector("#drawer input.keep[name=op]");
  if (!chosen || !sourceElement?.matches?.(".tl-fold")) return;
  const url = new URL(change.path, location.href);
  url.searchParams.set("op", chosen.value);
  change.path = url.pathname + url.search;
});

// A part of the overview that is brushed becomes the zoom in the URL.
document.addEventListener("plot:range", (event) => {
  const { from, to } = event.detail;
  if (from == null || !(event.target instanceof Element) || !event.target.closest(".tl-head")) return;
  const page = new URL(location.href);
  page.searchParams.set("brush", `${Number(from).toFixed(2)}~${Number(to).toFixed(2)}`);
  location.assign(page);
});

// Up and down move along the rows, from row to row.
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target instanceof Element && rowOf(event.target);
  if (!row) return;
  const rows = [...document.querySelectorAll(".tl-row[data-operation-id], .events tr[data-event-id]")];
  const link = linkOf(rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)]);
  if (!link) return;
  event.preventDefault();
  link.focus();
});

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
