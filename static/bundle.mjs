// Makes the one stylesheet and the one script that a page loads, from the vendored Tabler stylesheet, htmx and our own files.
//
//   npm run bundle            needs no node_modules; run it after a change in static/css or static/js
//   npm run bundle -- --check fails if static/app.css or static/app.js is not what this script would write
//
// Why: one stylesheet is one request before the first paint; and of Tabler's 635 KB we keep the components that we use,
// a twentieth. A class that is missing: add it to `keep`, or use one of ours.

import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

// The classes that are kept: those that a page names, and no other, because the browser looks through all of them before the first paint.
// A rule stays when every class of one of its selectors matches.
const keep = new RegExp(`^(${[
  "btn(-(sm|icon|primary|danger|success|outline-danger))?", "form-(control|select|check|check-input)", "table",
  "row", "col-(6|12)", "col-lg-[36]", "g-2", "h-100", "mb-0", "mt-2", "px-2", "h1", "small",
  "text-(decoration-none|nowrap|reset|secondary|truncate|wrap)", "visually-hidden",
].join("|")})$`);

const read = (file) => readFileSync(join(here, file), "utf8");
const vendored = JSON.parse(read("vendor/MANIFEST.json"));
const pathOf = (name) => vendored.find((row) => row.file.endsWith(`/${name}`)).file;

/** Splits CSS text into its top-level blocks: [head, body] pairs; the body of a rule without braces is null. */
function* blocks(css) {
  let at = 0;
  while (at < css.length) {
    const open = css.indexOf("{", at);
    if (open < 0) return;
    let depth = 1, end = open + 1;
    while (depth > 0) {
      const c = css[end++];
      if (c === "{") depth += 1;
      else if (c === "}") depth -= 1;
      else if (c === '"' || c === "'") end = css.indexOf(c, end) + 1;
    }
    yield [css.slice(at, open), css.slice(open + 1, end - 1)];
    at = end;
  }
}

/** Splits a selector list at its commas, but not inside parentheses or brackets. */
function selectors(head) {
  const parts = [];
  let depth = 0, start = 0;
  for (let i = 0; i < head.length; i += 1) {
    if ("([".includes(head[i])) depth += 1;
    else if (")]".includes(head[i])) depth -= 1;
    else if (head[i] === "," && depth === 0) { parts.push(head.slice(start, i)); start = i + 1; }
  }
  return [...parts, head.slice(start)];
}

function wanted(selector) {
  if (/::?-(moz|webkit|ms)-|picker|tinymce|apex|data-vc|type=range|type=file|type=color/.test(selector) && !/search|autofill/.test(selector)) return false;
  if (selector.trim() === "legend+*") return false; // with it, whatever is inserted has all that is beside it styled anew
  if (/\[data-bs-theme-(base|radius|font|primary)/.test(selector)) return false;
  const classes = [...selector.matchAll(/\.(-?[A-Za-z_](?:[\w-]|\\.)*)/g)].map((match) => match[1]);
  return classes.every((name) => keep.test(name));
}

function subset(css) {
  let out = "";
  for (const [rawHead, body] of blocks(css)) {
    const head = rawHead.replace(/^\s*@charset[^;]*;/, "").replace(/\/\*[\s\S]*?\*\//g, "").trim();
    if (/^@(media|supports)/.test(head)) {
      if (/print|min-width:1[24]\d\dpx|max-width:1[1-3]99/.test(head)) continue;
      const inner = subset(body);
      if (inner) out += `${head}{${inner}}\n`;
    } else if (head.startsWith("@")) {
      continue; // key frames and font faces: ours only
    } else if (head === "*" && body.startsWith("scrollbar-color")) {
      continue; // for every element anew what it inherits: 2-shell.css says it once
    } else {
      const kept = selectors(head).filter(wanted);
      if (kept.length) out += `${kept.join(",")}{${body}}\n`;
    }
  }
  return out;
}

/** Drops the custom properties that nothing in the text reads, until none is left to drop. */
function dropUnread(css) {
  for (;;) {
    const read = new Set([...css.matchAll(/var\((--[\w-]+)/g)].map((match) => match[1]));
    const next = css.replace(/(--[\w-]+):[^;{}]*(;|(?=\}))/g, (whole, name) => (name.startsWith("--tblr-") && !read.has(name) ? "" : whole))
      .replace(/[^{}]+\{;*\}\n?/g, "");
    if (next === css) return css;
    css = next;
  }
}

const fonts = [
  ["Inter", pathOf("inter-latin-wght-normal.woff2"), "100 900"],
  ["JetBrains Mono", pathOf("jetbrains-mono-latin-wght-normal.woff2"), "100 800"],
].map(([family, file, weight]) =>
  `@font-face{font-family:"${family}";font-style:normal;font-weight:${weight};font-display:swap;src:url("${file}") format("woff2")}`).join("\n");

const own = (folder, end) => readdirSync(join(here, folder)).filter((file) => file.endsWith(end)).sort();
const squeeze = (css) => css.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\n\s*\n/g, "\n").replace(/^\s+/gm, "");

const tabler = pathOf("tabler.min.css");
const ownCss = own("css", ".css").map((file) => squeeze(read(`css/${file}`))).join("");
const tablerCss = subset(read(tabler));
const both = dropUnread(`/*TABLER*/${tablerCss}/*OWN*/${ownCss}`).replace("/*TABLER*/", "").replace("/*OWN*/", "");
const css = `@charset "UTF-8";\n/* Made by bundle.mjs; do not edit. Part of ${tabler} (MIT, see LICENSE beside it), then static/css. */\n${fonts}\n${both}`;

// htmx and its extension as they are, and in the same task our modules, before htmx looks at the page. Each module is a function of its
// own: none imports another, so that one file can carry them all.
const theirs = ["htmx.min.js", "hx-sse.min.js"].map((name) => `// ${pathOf(name)}\n${read(pathOf(name)).trim()}\n`).join("");
const scripts = own("js", ".js").filter((file) => file !== "first.js");
const js = "// Made by bundle.mjs from htmx (0BSD, see LICENSE beside it) and static/js; do not edit.\n" + theirs + scripts.map((file) => {
  const text = read(`js/${file}`);
  if (/^\s*(import|export)\b/m.test(text)) throw new Error(`${file}: our modules neither import nor export`);
  const code = text.split("\n").filter((line) => !/^\s*(\/\/|\/\*\*.*\*\/\s*$|$)/.test(line)).join("\n");
  return `// ${file}\n(() => {\n"use strict";\n${code}\n})();\n`;
}).join("");

let stale = false;
for (const [file, text] of [["app.css", css], ["app.js", js]]) {
  if (existsSync(join(here, file)) && read(file) === text) continue;
  stale = true;
  if (process.argv.includes("--check")) console.error(`static/${file} is not up to date: npm run bundle`);
  else writeFileSync(join(here, file), text);
}
if (process.argv.includes("--check") && stale) process.exit(1);
console.log(`app.css ${css.length} bytes, app.js ${js.length} bytes`);
