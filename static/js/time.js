// Shows every <time data-epoch> as relative, local or UTC, and keeps what counts fresh.
// The server has already written the relative text; dashboard/templatetags/durascope.py uses the same words.

const modes = ["relative", "local", "utc"];
const two = (n) => String(n).padStart(2, "0");
let mode = "relative";
try {
  mode = localStorage.getItem("durascope.times") || "relative";
} catch {
  // storage may be forbidden: the choice then lasts as long as the page
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

/** Date parts in UTC or in the browser's zone: "2026-11-23", "14:05:09", "123". */
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
    // as above
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
