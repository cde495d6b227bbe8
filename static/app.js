// Made by bundle.mjs from static/js; do not edit.
// answer.js
{
function focusIn(fresh, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const rows = what === "add" ? fresh.querySelector(`[data-rows="${CSS.escape(where)}"]`)?.querySelectorAll(".group-row") : null;
  const added = rows?.[rows.length - 1]?.querySelector("input:not([type=hidden]), select, textarea");
  const again = fresh.querySelector(`button[name=do][value="${CSS.escape(pressed)}"]`);
  const any = fresh.querySelector("button[name=do]:not([tabindex])") ?? fresh.querySelector("a[href]");
  (added ?? fresh.querySelector("[aria-invalid=true]") ?? again ?? any)?.focus();
}
function renamed(name, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const cut = where?.lastIndexOf("/") + 1;
  if (what !== "remove" || !name.startsWith(where.slice(0, cut))) return name;
  const [, digits, rest] = name.slice(cut).match(/^(\d*)(.*)$/s);
  const gone = Number(where.slice(cut));
  if (Number(digits) === gone) return null;
  return where.slice(0, cut) + (Number(digits) > gone ? Number(digits) - 1 : digits) + rest;
}
function carryOver(typed, fresh, pressed) {
  let last = null;
  for (const old of typed) {
    const name = renamed(old.name, pressed);
    const found = name && [...fresh.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const ticked = old.type === "checkbox" || old.type === "radio";
    const control = found && (ticked ? found.find((one) => one.value === old.value) : found[0]);
    if (!control) continue;
    if (ticked) control.checked = old.checked;
    else control.value = old.value;
    control.dispatchEvent(new Event("input", { bubbles: true })); // the preview follows
    last = control;
  }
  return last;
}
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-answer] button[name=do]") : null;
  const old = button?.closest("[data-answer]");
  if (!old) return;
  const typed = new Set();
  old.addEventListener("input", ({ target }) => { typed.delete(target); typed.add(target); });
  const watcher = new MutationObserver(() => {
    if (old.isConnected) return;
    watcher.disconnect();
    const fresh = document.querySelector(`[data-answer="${old.dataset.answer}"]`);
    if (!fresh) return;
    const last = carryOver(typed, fresh, button.value);
    if (last) last.focus();
    else focusIn(fresh, button.value);
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watcher.disconnect(), 60_000);
});
}
// compare.js
{
const rowsOf = () => [...document.querySelectorAll(".compare-rows tr[data-operation-id]")];
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest(".compare-rows a.pick");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const row of document.querySelectorAll(".compare-rows .is-selected")) {
    row.classList.remove("is-selected");
    row.querySelector("a.pick")?.removeAttribute("aria-current");
  }
  link.closest("tr").classList.add("is-selected");
  link.setAttribute("aria-current", "true");
});
document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target instanceof Element && event.target.closest(".compare-rows tr[data-operation-id]");
  if (!row) return;
  const rows = rowsOf(), next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.querySelector("a.pick").focus();
});
}
// copy.js
{
function select(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-copy], [data-copy-from], [data-copy-link]");
  if (!button) return;
  const from = button.dataset.copyFrom && document.getElementById(button.dataset.copyFrom);
  const link = button.dataset.copyLink;
  const text = from ? from.textContent : link ? new URL(link, location.href).href : button.dataset.copy;
  let done = false;
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      done = true;
    }
  } catch {
    done = false;
  }
  done ||= select(text);
  if (!done) return;
  const label = button.getAttribute("aria-label");
  button.classList.add("is-done");
  button.setAttribute("aria-label", "Copied");
  const shape = button.querySelector("use");
  const href = shape?.getAttribute("href");
  shape?.setAttribute("href", href.replace(/#.*/, "#check"));
  setTimeout(() => {
    button.classList.remove("is-done");
    if (label === null) button.removeAttribute("aria-label");
    else button.setAttribute("aria-label", label);
    shape?.setAttribute("href", href);
  }, 1500);
});
}
// dialog.js
{
const theDialog = () => document.getElementById("dialog");
document.addEventListener("htmx:after:settle", (event) => {
  const dialog = theDialog();
  if (!dialog || event.target !== dialog || !dialog.firstElementChild) return;
  if (!dialog.open) dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true]");
  (wrong ?? dialog.querySelector("[autofocus], input:not([type=hidden]), textarea, select, button"))?.focus();
});
document.addEventListener("close", (event) => { if (event.target === theDialog()) event.target.replaceChildren(); }, true);
document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const dialog = theDialog();
  const cancel = target?.closest("[data-close-dialog]");
  if (cancel && dialog?.contains(cancel)) {
    event.preventDefault(); // on its own page the same link leads back
    dialog.close();
  }
  if (target && target === dialog) dialog.close(); // the backdrop
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
});
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});
}
// execution.js
{
const plainClick = (event) => event.button === 0 && !event.defaultPrevented && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
const ROWS = ".tl-row[data-operation-id], .events tr[data-event-id], .events tr.group[data-operation-id]";
const rowOf = (element) => element?.closest(ROWS);
const isChild = (row) => row?.matches(".is-child"); // a row of an unfolded child execution: its link leads to that one's own page
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
function show(kind, value) {
  const drawer = document.getElementById("drawer"), base = kind === "op" ? drawer?.dataset.operations : drawer?.dataset.events;
  if (!base || !window.htmx) return false;
  const page = new URL(location.href);
  for (const name of ["op", "event", "from"]) page.searchParams.delete(name);
  const query = new URLSearchParams(page.search);
  query.set("tab", drawer.dataset.tab);
  page.searchParams.set(kind, value);
  window.htmx.ajax("GET", `${base}${encodeURIComponent(value)}/?${query}`, { source: "#drawer", target: "#drawer", swap: "innerHTML", push: page.pathname + page.search });
  return true;
}
function choose(row) {
  mark(row);
  return isEvent(row) ? show("event", row.dataset.eventId) : show("op", row.dataset.operationId);
}
document.addEventListener("htmx:after:settle", () => {
  const shown = document.querySelector("#drawer[data-tab] > :is(#operation, #event)");
  if (!shown) return;
  const { operationId, eventId } = shown.dataset;
  const own = [...document.querySelectorAll(ROWS)].filter((row) => !isChild(row));
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
  if (!row || isChild(row) || !plainClick(event) || String(getSelection())) return;
  const link = target.closest("a, button, input, label");
  if (link?.matches(".owner") && show("op", row.dataset.operationId)) return event.preventDefault();
  if (link && link !== linkOf(row)) return;
  if (choose(row)) event.preventDefault();
});
document.addEventListener("htmx:before:history:update", (event) => {
  const { history: change, sourceElement } = event.detail;
  const chosen = document.querySelector("#drawer input.keep");
  if (!chosen || !sourceElement?.matches?.(".tl-fold, .chip, .zigs a")) return;
  const url = new URL(change.path, location.href);
  url.searchParams.set(chosen.name, chosen.value);
  change.path = url.pathname + url.search;
});
document.addEventListener("plot:range", (event) => {
  const { from, to } = event.detail, tab = document.getElementById("tab");
  if (from == null || !tab || !(event.target instanceof Element) || !event.target.closest(".tl-head")) return;
  const query = new URLSearchParams(location.search);
  query.set("brush", `${Number(from).toFixed(2)}~${Number(to).toFixed(2)}`);
  window.htmx.ajax("GET", `${tab.dataset.fragment}?${query}`, { source: tab, target: tab, swap: "outerMorph" });
});
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
for (const kind of ["wheel", "touchmove", "pointerdown", "keydown"]) document.addEventListener(kind, () => { ours = -Infinity; }, { passive: true });
setInterval(() => {
  ticks += 1;
  const tab = document.querySelector("#tab[data-live]");
  if (tab && !document.hidden && (tab.matches("[data-follow]") || ticks % 10 === 0)) tab.dispatchEvent(new CustomEvent("changed"));
}, 3000);
keepNewestInView();
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
function shut(close, from) {
  const row = document.querySelector(".tl-row.is-selected, .events tr.is-selected") ?? from;
  const drawer = document.getElementById("drawer"), link = linkOf(row);
  row?.classList.remove("is-selected");
  link?.removeAttribute("aria-current");
  history.pushState(null, "", close.href);
  const empty = document.createElement("p");
  empty.className = "muted";
  empty.textContent = "Choose a row to see all about it.";
  drawer.replaceChildren(empty);
  link?.focus();
}
const greeted = new WeakSet();
document.addEventListener("htmx:sse:before:message", (event) => {
  const stream = event.target, head = document.getElementById("head"), { message, connection } = event.detail;
  if (!head || !(stream instanceof Element) || stream.id !== "live" || greeted.has(connection)) return;
  greeted.add(connection);
  if (!connection.attempt && message.event === "changed" && message.data === head.dataset.revision) event.preventDefault();
});
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
const shown = document.querySelector(".tl-row.is-selected, .events tr.is-selected");
if (shown) {
  const box = shown.getBoundingClientRect();
  if (box.top > innerHeight - 60 || box.bottom < 0) shown.scrollIntoView({ block: "center", behavior: "instant" });
}
}
// inbox.js
{
const rows = () => [...document.querySelectorAll(".inbox-rows tr[data-callback-id]")];
const place = () => document.getElementById("pane");
const openOne = () => new URLSearchParams(location.search).get("callback");
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
  if (event.target === place()) {
    place().focus({ preventScroll: true });
    if (matchMedia("(max-width: 1180px)").matches) place().scrollIntoView({ block: "start" });
  }
});
mark();
}
// keys.js
{
const known = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);
async function ask(form) {
  const options = JSON.parse(form.dataset.keyOptions).publicKey;
  const publicKey = form.dataset.key === "create"
    ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
    : PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials[form.dataset.key]({ publicKey })).toJSON();
}
for (const form of known ? document.querySelectorAll("form[data-key]") : []) {
  form.hidden = false;
  form.parentElement.querySelector("[data-key-none]")?.remove();
  form.addEventListener("submit", async (event) => {
    const field = form.elements.namedItem("credential");
    if (field.value) return;
    event.preventDefault();
    const said = form.querySelector("[data-key-said]");
    said.hidden = true;
    try {
      field.value = JSON.stringify(await ask(form));
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? "This key has been added already." : "The browser gave no key: it was not there, not yours, or you have cancelled.";
      said.hidden = false;
      return;
    }
    form.requestSubmit();
  });
}
}
// live.js
{
const waits = new WeakMap();
let trouble = null;
const streams = () => document.querySelectorAll("[hx-sse\\:connect]");
function open(element) {
  if (document.hidden || !element.isConnected || element.dataset.liveState) return;
  element.dataset.liveState = "connecting";
  element.dispatchEvent(new CustomEvent("live-open"));
}
function failed(element) {
  delete element.dataset.liveState;
  const wait = Math.min((waits.get(element) ?? 1000) * 2, 60000);
  waits.set(element, wait);
  setTimeout(() => open(element), wait * (0.7 + Math.random() * 0.6));
}
const dialogOf = (source) => (source instanceof Element ? source.closest("dialog[open]") : null);
/** Shows what went wrong until `source` succeeds, or, without a source, until anything does. An open dialog shows its own trouble:
 * what is behind it is out of sight. */
function say(text, source) {
  const dialog = dialogOf(source);
  const place = dialog ?? document.getElementById("messages");
  if (!place) return;
  place.querySelector(".message-trouble")?.remove();
  const note = document.createElement("p");
  note.className = "message message-error message-trouble";
  note.textContent = text;
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.putAway = "";
  button.setAttribute("aria-label", "Put this message away");
  button.textContent = "×";
  note.append(button);
  if (dialog) note.setAttribute("role", "alert");
  if (dialog) dialog.prepend(note);
  else place.append(note);
  trouble = { note, source };
}
const isStream = (element) => element instanceof Element && element.hasAttribute("hx-sse:connect");
document.addEventListener("htmx:after:process", () => streams().forEach(open));
document.addEventListener("visibilitychange", () => { if (!document.hidden) streams().forEach(open); });
document.addEventListener("htmx:sse:after:connection", (event) => {
  waits.delete(event.target);
  event.target.dataset.liveState = "open";
});
document.addEventListener("htmx:sse:error", (event) => { if (event.target instanceof Element) event.target.dataset.liveState = "broken"; });
document.addEventListener("htmx:sse:close", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.detail?.reason === "message") event.target.dataset.liveState = "closed";
  else delete event.target.dataset.liveState;
});
document.addEventListener("htmx:before:response", (event) => {
  const raw = event.detail?.ctx?.response?.raw;
  if (!raw?.redirected || new URL(raw.url).pathname !== "/login/") return;
  event.preventDefault();
  location.assign(`/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
});
document.addEventListener("htmx:response:error", (event) => {
  const { sourceElement, response, text } = event.detail.ctx;
  if (isStream(sourceElement)) return failed(sourceElement);
  const status = String(response.status);
  if ([status, `${status.slice(0, 2)}x`, `${status[0]}xx`].some((code) => sourceElement.hasAttribute(`hx-status:${code}`))) return;
  const own = response.headers.get("Content-Type")?.startsWith("text/plain") && text && text.length < 400 ? text : "";
  const why = own ? own
    : response.status === 403 ? "You may not do this, or your session has changed: reload the page."
    : response.status === 429 ? "Too many requests: wait a moment and try again."
      : `The server answered ${response.status}. Nothing on this page has changed; try again, or reload it.`;
  say(why, sourceElement);
});
document.addEventListener("htmx:error", (event) => {
  const source = event.detail?.ctx?.sourceElement ?? event.target;
  if (isStream(source)) return failed(source);
  if (dialogOf(source)) say("The server cannot be reached. Try again: what has been sent is not sent twice.", source);
  else say("The server cannot be reached. What this page shows may be old.");
});
document.addEventListener("htmx:after:swap", (event) => {
  const { sourceElement, response } = event.detail?.ctx ?? {};
  if (!trouble || !response || response.status >= 400 || (trouble.source && trouble.source !== sourceElement)) return;
  trouble.note.remove();
  trouble = null;
});
}
// morph.js
{
window.htmx?.registerExtension("durascope", {
  htmx_before_morph_attr: (element, { attrName }) =>
    !(attrName === "open" && element instanceof HTMLDetailsElement && element.dataset.open !== "server")
    && !(attrName === "checked" && element instanceof HTMLInputElement),
});
}
// payload.js
{
const pageOf = 100; // entries shown at first, and by each "more"
const unfolded = 40; // entries up to which a payload opens by itself
const spaces = /[\s]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
function skip(text, at) {
  spaces.lastIndex = at;
  spaces.exec(text);
  return spaces.lastIndex;
}
function endOfString(text, at) {
  for (let i = at + 1; ;) {
    i = text.indexOf('"', i);
    if (i < 0) throw new SyntaxError("open string");
    let slashes = 0;
    while (text[i - 1 - slashes] === "\\") slashes += 1;
    i += 1;
    if (slashes % 2 === 0) return i;
  }
}
function endOfGroup(text, at) {
  const stack = [];
  let commas = 0, any = false;
  for (let i = at; i < text.length; i += 1) {
    const c = text.charCodeAt(i);
    if (c === 34) {
      i = endOfString(text, i) - 1;
      any = true;
    } else if (c === 123 || c === 91) {
      if (stack.length) any = true;
      stack.push(c + 2);
    } else if (c === 125 || c === 93) {
      if (stack.pop() !== c) throw new SyntaxError("brackets");
      if (!stack.length) return [i + 1, any ? commas + 1 : 0];
    } else if (c === 44) {
      if (stack.length === 1) commas += 1;
    } else if (c > 32) {
      any = true;
    }
  }
  throw new SyntaxError("open brackets");
}
function valueAt(text, at) {
  const start = skip(text, at), c = text[start];
  if (c === '"') return { kind: "s", start, end: endOfString(text, start) };
  if (c === "{" || c === "[") {
    const [end, count] = endOfGroup(text, start);
    return { kind: c, start, end, count };
  }
  scalar.lastIndex = start;
  const match = scalar.exec(text);
  if (!match) throw new SyntaxError(`at ${start}`);
  return { kind: /[tfn]/.test(c) ? "l" : "n", start, end: scalar.lastIndex };
}
function entries(text, group, at, limit) {
  const list = [];
  let i = at ?? group.start + 1;
  while (list.length < limit) {
    i = skip(text, i);
    if (i >= group.end - 1) return { list, next: null };
    let key = null;
    if (group.kind === "{") {
      const end = endOfString(text, i);
      key = text.slice(i, end);
      i = skip(text, end);
      if (text[i] !== ":") throw new SyntaxError("colon");
      i += 1;
    }
    const value = valueAt(text, i);
    list.push({ key, value });
    i = skip(text, value.end);
    if (text[i] === ",") {
      i += 1;
      if (skip(text, i) >= group.end - 1) throw new SyntaxError("comma at the end");
    } else if (i !== group.end - 1) {
      throw new SyntaxError("comma");
    }
  }
  return { list, next: skip(text, i) >= group.end - 1 ? null : i };
}
function piece(name, text) {
  const span = document.createElement("span");
  span.className = name;
  span.textContent = text;
  return span;
}
const words = { "{": ["field", "fields"], "[": ["item", "items"] };
const shut = { "{": "}", "[": "]" };
function step(path, key, index) {
  const name = key === null ? String(index) : JSON.parse(key);
  return `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
function tools(text, value, path) {
  const box = document.createElement("span");
  box.className = "tools";
  for (const [word, said] of [["path", `Copy the path ${path}`], ["value", `Copy the value of ${path}`]]) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "link";
    button.textContent = word;
    button.title = said;
    button.setAttribute("aria-label", said);
    button.addEventListener("click", () => {
      const own = text.slice(value.start, value.end);
      button.dataset.copy = word === "path" ? path : value.kind === "s" ? JSON.parse(own) : own;
    });
    box.append(button);
  }
  return box;
}
function entryElement(text, entry, comma, depth, path) {
  const item = document.createElement("div");
  item.className = "entry";
  item.append(tools(text, entry.value, path), entryBody(text, entry, comma, depth, path));
  return item;
}
function entryBody(text, { key, value }, comma, depth, path) {
  const label = [];
  if (key !== null) label.push(piece("k", key), piece("p", ": "));
  if (value.count === undefined || value.count === 0) {
    const leaf = document.createElement("div");
    leaf.className = "leaf";
    const own = text.slice(value.start, value.end);
    leaf.append(...label, piece(value.count === 0 ? "p" : value.kind, own), piece("p", comma));
    if (value.kind === "s" && /^"\s*[[{]/.test(own) && own !== '"[redacted]"') unwrappable(leaf, own, depth, path);
    return leaf;
  }
  const details = document.createElement("details"), summary = document.createElement("summary");
  const [one, many] = words[value.kind];
  summary.append(...label, piece("p", `${value.kind} ${value.count.toLocaleString("en")} ${value.count === 1 ? one : many} ${shut[value.kind]}${comma}`));
  details.append(summary);
  const fill = () => {
    if (details.children.length > 1) return;
    const kids = document.createElement("div");
    kids.className = "kids";
    details.append(kids);
    try {
      more(text, kids, value, null, depth + 1, path, 0);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      kids.textContent = text.slice(value.start, value.end); // not JSON in here: as it is
    }
  };
  details.addEventListener("toggle", () => { if (details.open) fill(); });
  if (depth < 6 && value.end - value.start < 600) {
    details.open = true;
    fill();
  }
  return details;
}
function unwrappable(leaf, quoted, depth, path) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = "read as JSON";
  button.addEventListener("click", () => {
    const shown = leaf.querySelector(".kids");
    button.textContent = shown ? "read as JSON" : "as text";
    if (shown) return shown.remove();
    const kids = document.createElement("div");
    kids.className = "kids";
    leaf.append(kids);
    try {
      const inner = JSON.parse(quoted), value = valueAt(inner, 0);
      if (skip(inner, value.end) !== inner.length) throw new SyntaxError("more than one value");
      more(inner, kids, value, null, depth + 1, `${path}/~json`, 0);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      kids.textContent = "This is not JSON.";
    }
  });
  leaf.append(" ", button);
}
function more(text, kids, group, at, depth, path, from) {
  const { list, next } = entries(text, group, at, pageOf);
  kids.append(...list.map((entry, i) => {
    const comma = i < list.length - 1 || next !== null ? "," : "";
    return entryElement(text, entry, comma, depth, step(path, entry.key, from + i));
  }));
  if (next === null) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link leaf";
  button.textContent = "more …";
  button.addEventListener("click", () => {
    button.remove();
    more(text, kids, group, next, depth, path, from + list.length);
  });
  kids.append(button);
}
function enhance(box) {
  const pre = box.querySelector("pre");
  if (!pre || box.dataset.payload !== "json") return;
  box.dataset.payload = "tree";
  const text = pre.textContent;
  try {
    const value = valueAt(text, 0);
    if (skip(text, value.end) !== text.length || !value.count) return;
    const tree = document.createElement("div");
    tree.className = "tree";
    tree.tabIndex = 0;
    tree.setAttribute("role", "group");
    tree.setAttribute("aria-label", box.dataset.label || "Payload");
    tree.append(piece("p", value.kind));
    const kids = document.createElement("div");
    kids.className = "kids";
    more(text, kids, value, null, value.count > unfolded ? 6 : 0, "", 0);
    tree.append(kids, piece("p", shut[value.kind]));
    pre.after(tree);
    pre.hidden = true;
    const swap = box.querySelector("[data-as-text]");
    if (!swap) return;
    swap.hidden = false;
    swap.addEventListener("click", () => {
      pre.hidden = !pre.hidden;
      tree.hidden = !pre.hidden;
      swap.textContent = pre.hidden ? "as text" : "as tree";
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error; // not JSON after all: the text stays
  }
}
function enhanceAll(root) {
  for (const box of root.querySelectorAll('[data-payload="json"]')) {
    const closed = box.closest("details:not([open])");
    if (closed) closed.addEventListener("toggle", () => enhanceAll(closed), { once: true });
    else enhance(box);
  }
}
document.addEventListener("htmx:after:settle", (event) => {
  if (event.target instanceof Element) enhanceAll(event.target.parentElement ?? event.target);
});
enhanceAll(document);
}
// plot.js
{
let library = null;
function fetchLibrary(element) {
  library ??= new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.id = "plotly.js-style-global";
    link.className = "no-inline-styles";
    link.href = element.dataset.plotlyCss;
    const script = document.createElement("script");
    script.src = element.dataset.plotly;
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      library = null;
      reject(new Error("the charts' script could not be loaded"));
    };
    document.head.append(link, script);
  });
  return library;
}
function colour(name) {
  const probe = document.createElement("i");
  probe.hidden = true;
  probe.className = `probe probe-${name}`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
const merge = (base, over) => {
  const out = { ...base };
  for (const [key, value] of Object.entries(over ?? {})) {
    const both = value && typeof value === "object" && !Array.isArray(value) && out[key] && typeof out[key] === "object";
    out[key] = both ? merge(out[key], value) : value;
  }
  return out;
};
function inTone(trace) {
  const tone = trace.meta?.tone;
  if (!tone) return trace;
  const shade = colour(tone);
  if (trace.type === "bar") return merge({ marker: { color: shade, line: { width: 0 } } }, trace);
  const soft = shade.replace("rgb(", "rgba(").replace(")", ", 0.3)");
  return merge({ line: { color: shade, width: 1.2 }, marker: { color: shade }, ...(trace.fill ? { fillcolor: soft } : {}) }, trace);
}
function layoutFor(figure) {
  const ink = colour("ink"), line = colour("line");
  const axis = { gridcolor: line, linecolor: line, zerolinecolor: line, tickfont: { color: ink, size: 11 }, automargin: false };
  return merge({
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, showlegend: false, bargap: 0.25,
    margin: { l: 36, r: 8, t: 6, b: 22 }, font: { family: "Inter, system-ui, sans-serif", size: 11.5, color: ink },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: line, font: { color: colour("text"), size: 12 } }, xaxis: axis, yaxis: axis,
  }, figure.layout);
}
const drawn = new WeakSet();
const pointed = new WeakSet();
const still = window.matchMedia("(prefers-reduced-motion: reduce)");
async function draw(element) {
  const source = document.getElementById(element.dataset.plot);
  if (!source) return;
  const figure = JSON.parse(source.textContent);
  const plotly = await fetchLibrary(element);
  if (!element.isConnected) return;
  const layout = layoutFor(figure);
  if (still.matches) layout.transition = { duration: 0 };
  const config = merge({ displayModeBar: false, responsive: true, showTips: false, scrollZoom: false }, figure.config);
  await plotly.react(element, (figure.data ?? []).map(inTone), layout, config);
  if (drawn.has(element)) return;
  drawn.add(element);
  const send = (from, to) => {
    element.dispatchEvent(new CustomEvent("plot:range", { bubbles: true, detail: { from, to } }));
    const form = element.dataset.brush && document.getElementById(element.dataset.brush);
    if (!form) return;
    form.elements.from.value = from ?? "";
    form.elements.to.value = to ?? "";
    form.requestSubmit();
  };
  element.on("plotly_selected", (chosen) => { if (chosen?.range?.x) send(...chosen.range.x); });
  element.on("plotly_deselect", () => send(null, null));
  element.on("plotly_click", (click) => {
    const href = click.points?.[0]?.customdata;
    if (typeof href === "string" && href.startsWith("/") && !href.startsWith("//")) location.assign(href);
  });
}
function drawAll(root) {
  const figures = [...root.querySelectorAll("[data-plot]")].filter((element) => !element.dataset.drawing
    && (!element.dataset.plotWhen || pointed.has(element)) && !element.matches(":active"));
  for (const element of figures) {
    element.dataset.drawing = "1";
    draw(element).catch((error) => {
      element.textContent = `No chart: ${error.message}.`;
    }).finally(() => delete element.dataset.drawing);
  }
}
const later = (work) => requestAnimationFrame(() => {
  if (window.requestIdleCallback) requestIdleCallback(work, { timeout: 1500 });
  else setTimeout(work, 50);
});
for (const kind of ["pointerover", "touchstart"]) {
  document.addEventListener(kind, (event) => {
    const element = event.target instanceof Element && event.target.closest("[data-plot-when]");
    if (!element || pointed.has(element)) return;
    pointed.add(element);
    drawAll(element.parentElement);
  }, { passive: true });
}
later(() => drawAll(document));
document.addEventListener("htmx:after:settle", (event) => {
  if (event.target instanceof Element && (event.target.matches("[data-plot]") || event.target.querySelector("[data-plot]"))) {
    later(() => drawAll(event.target.parentElement ?? document));
  }
});
document.addEventListener("durascope:theme", () => drawAll(document));
}
// scrub.js
{
let waiting = 0;
document.addEventListener("input", (event) => {
  const slider = event.target instanceof Element && event.target.closest("input[data-send-on-change]");
  if (!slider) return;
  const told = slider.form.querySelector("output");
  if (told) told.textContent = `${Number(slider.value).toLocaleString("en")} of ${Number(slider.max).toLocaleString("en")}`;
  clearTimeout(waiting);
  waiting = setTimeout(() => slider.isConnected && slider.form.requestSubmit(), 180);
});
}
// shell.js
{
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
const places = { o: "/", e: "/executions/", i: "/inbox/", f: "/functions/", a: "/audit/" };
let prefixUntil = 0;
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
  const typing = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || page.querySelector("dialog[open]")) return;
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
function unhide() {
  for (const hidden of page.querySelectorAll("[data-shortcuts], [data-times]")) hidden.hidden = false;
  showTheme();
}
unhide();
page.addEventListener("htmx:after:settle", (event) => { if (event.target === page.body) unhide(); });
}
// time.js
{
const modes = ["relative", "local", "utc"];
const two = (n) => String(n).padStart(2, "0");
let mode = "relative";
try {
  mode = localStorage.getItem("durascope.times") || "relative";
} catch {
}
function coarse(size) {
  if (size < 60) return `${size} s`;
  if (size < 3600) return `${Math.floor(size / 60)} m`;
  if (size < 86400) {
    const hours = Math.floor(size / 3600), minutes = Math.floor((size % 3600) / 60);
    return minutes && hours < 10 ? `${hours} h ${minutes} m` : `${hours} h`;
  }
  const days = Math.floor(size / 86400), hours = Math.floor((size % 86400) / 3600);
  return hours && days < 3 ? `${days} d ${hours} h` : `${days} d`;
}
function parts(epoch, utc) {
  const d = new Date(epoch * 1000);
  return utc
    ? [`${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`,
      `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`, String(d.getUTCMilliseconds()).padStart(3, "0")]
    : [`${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`,
      `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`, String(d.getMilliseconds()).padStart(3, "0")];
}
function relative(epoch, now) {
  const seconds = now - epoch, size = Math.abs(seconds);
  if (size < 1) return "now";
  if (size >= 30 * 86400) return parts(epoch, true)[0];
  const text = coarse(Math.floor(size));
  return seconds > 0 ? `${text} ago` : `in ${text}`;
}
function show(element, now) {
  const epoch = Number(element.dataset.epoch), kind = element.dataset.mode;
  let text;
  if (kind === "left") {
    const left = epoch - now;
    text = left > 0 ? `${coarse(Math.floor(left))} left` : `overdue by ${coarse(Math.floor(-left))}`;
    const tone = left < 300 ? "bad" : left < 3600 ? "warn" : "grey";
    if (!element.classList.contains(`left-${tone}`)) {
      element.classList.remove("left-bad", "left-warn", "left-grey");
      element.classList.add(`left-${tone}`);
    }
  } else if (kind === "until") {
    text = coarse(Math.max(0, Math.floor(epoch - now)));
  } else if (kind === "elapsed") {
    text = coarse(Math.max(0, Math.floor(now - epoch)));
  } else {
    const [date, time, millis] = parts(epoch, mode !== "local");
    if (kind === "clock") text = `${time}.${millis}`;
    else if (kind === "full") text = `${date} ${time}.${millis}`;
    else text = mode === "relative" ? relative(epoch, now) : `${date} ${time}`;
  }
  if (element.textContent !== text) element.textContent = text;
}
const fixed = "[data-mode=clock], [data-mode=full]"; // these do not change by themselves, and a history has thousands
const written = new WeakMap();
function refresh(root, which = "") {
  const now = Date.now() / 1000;
  for (const element of root.querySelectorAll(`time[data-epoch]${which}`)) {
    const known = written.get(element);
    if (known && known.mode === mode && known.epoch === element.dataset.epoch && known.text === element.textContent) continue;
    show(element, now);
    if (element.matches(fixed)) written.set(element, { mode, epoch: element.dataset.epoch, text: element.textContent });
  }
}
function choose(next) {
  mode = modes.includes(next) ? next : "relative";
  try {
    localStorage.setItem("durascope.times", mode);
  } catch {
  }
  press();
  refresh(document);
}
function press() {
  for (const button of document.querySelectorAll("[data-times] button")) {
    button.setAttribute("aria-pressed", String(button.value === mode));
  }
}
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element && event.target.closest("[data-times] button");
  if (button) choose(button.value);
});
document.addEventListener("durascope:next-times", () => choose(modes[(modes.indexOf(mode) + 1) % modes.length]));
document.addEventListener("htmx:after:settle", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target === document.body) press();
  refresh(event.target.parentElement ?? event.target);
});
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(document); });
setInterval(() => { if (!document.hidden) refresh(document, `:not(${fixed})`); }, 1000);
choose(mode);
}
