// Turns a JSON payload's text into a tree that unfolds as it is opened.
//
// The server has rendered the text; this reads it with a tokenizer of its own and shows slices of the very same text.
// No value ever becomes a JavaScript number or object: 12345678901234567890 and 1.10 stay what they are, a key that
// appears twice appears twice, and text that is not JSON is left alone.

const pageOf = 100; // entries shown at first, and by each "more"
const unfolded = 40; // entries up to which a payload opens by itself

const spaces = /[\s]*/y;
const scalar = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

function skip(text, at) {
  spaces.lastIndex = at;
  spaces.exec(text);
  return spaces.lastIndex;
}

/** The end of the string that starts at `at`. */
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

/** The end of the object or list that starts at `at`, and how many entries it has. Brackets are matched, not judged. */
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

/** What stands at `at`: its kind, where it starts and ends, and how many entries a group has. */
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

/** The entries of a group, one level deep, from `at` on; stops after `limit` and says where to go on. */
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

/** The next step of a JSON pointer. Only a key's quotes and escapes are undone. */
function step(path, key, index) {
  const name = key === null ? String(index) : JSON.parse(key);
  return `${path}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Buttons that copy an entry's path, and its value as it is written; a string without quotes and escapes. */
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

/** A string that looks like JSON can be read as such: below it, and only when asked. Only its quotes and escapes are undone. */
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
    // A payload inside a closed <details> waits until somebody opens it.
    const closed = box.closest("details:not([open])");
    if (closed) closed.addEventListener("toggle", () => enhanceAll(closed), { once: true });
    else enhance(box);
  }
}

document.addEventListener("htmx:after:settle", (event) => {
  if (event.target instanceof Element) enhanceAll(event.target.parentElement ?? event.target);
});
enhanceAll(document);

// A branch that was opened before the scripts were there is fetched all the same.
document.addEventListener("htmx:after:process", () => {
  for (const branch of document.querySelectorAll("details[open][hx-trigger^=toggle]")) branch.dispatchEvent(new Event("toggle"));
}, { once: true });
