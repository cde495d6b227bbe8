// The live stream of a page, and requests that went wrong.
//
// An element with hx-sse:connect and hx-trigger="live-open" connects when this module says so: once the tab is visible.
// hx-sse reconnects a stream that broke; a first connection that failed is tried again here, more and more slowly.

const waits = new WeakMap();
const REFUSALS = [401, 403, 404];

let trouble = null;

const streams = () => document.querySelectorAll("[hx-sse\\:connect]");

function open(element) {
  if (document.hidden || !element.isConnected || element.dataset.liveState) return;
  element.dataset.liveState = "connecting";
  element.dispatchEvent(new CustomEvent("live-open"));
}

function failed(element, status) {
  if (REFUSALS.includes(status)) return bar(element, status);
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

let refused = "";

/** Says why what is sent from here is refused, until it is no more. Whoever is typing keeps their page. */
function keepSaying(why, ...words) {
  refused = why;
  const place = document.querySelector("dialog[open]") ?? document.getElementById("messages");
  if (!place || place.querySelector("#refused")?.dataset.why === why) return;
  document.getElementById("refused")?.remove();
  const note = document.createElement("p"), text = document.createElement("span");
  note.id = "refused";
  note.className = "message message-error";
  note.dataset.why = why;
  note.setAttribute("role", "alert");
  text.append(`${why} `, ...words);
  note.append(text);
  place.prepend(note);
}

const link = (text, href, more) => Object.assign(document.createElement("a"), { href, textContent: text, ...more });

function sayRefused(why) {
  const away = link("Go on in another tab", "/login/", { target: "_blank" });
  keepSaying(why, "What you typed is still here. ", away, ", then come back to this one.");
}

/** What one person typed must not be sent by another, who would not know of it. */
function sayAnother(now, before) {
  const why = `You are logged in as ${now} now, and this page is ${before}'s.`;
  keepSaying(why, link("Reload it", location.href), ` to go on as ${now}.`);
}

/** A stream that is refused is not asked for again, unless its reader has logged in again. */
function bar(element, status) {
  element.dataset.liveState = "barred";
  if (status === 401) sayRefused(refused || "You are logged out.");
  else say("This cannot be seen any more: it was removed, or your rights have changed. Reload the page.", element);
}

/** A login brings a new CSRF token, in the age line: what is on this page can be sent again with it, by the same person. */
function admitted(age) {
  const token = age?.dataset.csrf;
  refused = "";
  document.getElementById("refused")?.remove();
  for (const stream of streams()) {
    if (stream.dataset.liveState === "barred") delete stream.dataset.liveState;
    open(stream);
  }
  if (!token) return;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
  for (const field of document.querySelectorAll("input[name=csrfmiddlewaretoken]")) field.value = token;
}

/** Of all answers only the age line tells who is logged in. */
function answered(source) {
  const age = document.getElementById("age"), before = document.body.dataset.person;
  if (age && source?.id !== "age") return refused && age.dispatchEvent(new CustomEvent("asked"));
  if (age && age.dataset.person !== before) sayAnother(age.dataset.person, before);
  else if (refused) admitted(age);
}

const isStream = (element) => element instanceof Element && element.hasAttribute("hx-sse:connect");

document.addEventListener("htmx:after:process", () => streams().forEach(open));
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  streams().forEach(open);
  if (refused) document.getElementById("age")?.dispatchEvent(new CustomEvent("asked"));
});
document.addEventListener("htmx:sse:after:connection", (event) => {
  waits.delete(event.target);
  event.target.dataset.liveState = "open";
});
document.addEventListener("htmx:sse:error", (event) => {
  if (!(event.target instanceof Element)) return;
  event.target.dataset.liveState = "broken";
  if (REFUSALS.includes(event.detail?.status)) bar(event.target, event.detail.status);
});
document.addEventListener("htmx:sse:before:connection", (event) => {
  if (event.target instanceof Element && event.target.dataset.liveState === "barred") event.preventDefault();
});
document.addEventListener("htmx:sse:close", (event) => {
  if (!(event.target instanceof Element)) return;
  if (event.target.dataset.liveState === "barred") return;
  if (event.detail?.reason === "message") event.target.dataset.liveState = "closed";
  else delete event.target.dataset.liveState;
});

document.addEventListener("htmx:response:error", (event) => {
  const { sourceElement, response, text } = event.detail.ctx;
  if (response.status === 401) sayRefused(text || "You are logged out.");
  if (isStream(sourceElement)) return failed(sourceElement, response.status);
  if (response.status === 401) return;
  const status = String(response.status);
  // An element that swaps this answer in itself (hx-status:422="...") shows what is wrong.
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
  if (response?.status < 400 && !isStream(sourceElement)) answered(sourceElement);
  // An answer that is not swapped in ends here too: only a good one takes the message away.
  if (!trouble || !response || response.status >= 400 || (trouble.source && trouble.source !== sourceElement)) return;
  trouble.note.remove();
  trouble = null;
});
