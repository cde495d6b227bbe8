// Copies the browser files we serve out of node_modules, unmodified, and writes down what they are.
//
//   npm run vendor            npm ci, this script, then bundle.mjs
//
// Result:
//   static/vendor/<package>-<version>/...   the files, byte for byte, with the package's licence text beside them
//   static/vendor/MANIFEST.json             package, version, licence, file, sha384 of every one; "made" tells
//                                           the few files that are made of a package's parts
//   static/icons.json                       the icons listed below, name -> path
//
// Running it twice gives the same bytes.

import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runInNewContext } from "node:vm";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "node_modules");
const vendor = join(here, "vendor");

const packages = [
  { name: "htmx.org", files: ["dist/htmx.min.js", "dist/ext/hx-sse.min.js"] },
  { name: "@tabler/core", files: ["dist/css/tabler.min.css"] },
  { name: "plotly.js-basic-dist-min", files: ["plotly-basic.min.js"] },
  { name: "@fontsource-variable/inter", files: ["files/inter-latin-wght-normal.woff2"] },
  { name: "@fontsource-variable/jetbrains-mono", files: ["files/jetbrains-mono-latin-wght-normal.woff2"] },
  { name: "@tabler/icons", files: [] }, // only icons.json is made of it
];

// Name -> file in @tabler/icons. The names are ours, so that an icon can be replaced in one place.
const icons = {
  "overview": "layout-dashboard",
  "executions": "list-details",
  "inbox": "inbox",
  "functions": "lambda",
  "audit": "clipboard-list",
  "connections": "plug-connected",
  "search": "search",
  "menu": "menu-2",
  "user": "user",
  "logout": "logout",
  "theme": "contrast",
  "keyboard": "keyboard",
  "copy": "copy",
  "check": "check",
  "x": "x",
  "plus": "plus",
  "minus": "minus",
  "chevron-down": "chevron-down",
  "chevron-right": "chevron-right",
  "chevron-left": "chevron-left",
  "arrow-right": "arrow-right",
  "filter": "filter",
  "external": "external-link",
  "download": "download",
  "share": "share",
  "notices": "bell",
  "compare": "git-compare",
  "refresh": "refresh",
  "lock": "lock",
  "info": "info-circle",
  "warning": "alert-triangle",
  "error": "alert-circle",
  "succeeded": "circle-check",
  "failed": "circle-x",
  "running": "player-play",
  "paused": "player-pause",
  "stopped": "player-stop",
  "cancelled": "ban",
  "timed-out": "clock-x",
  "pending": "hourglass",
  "open": "circle-dot",
  "unknown": "help-circle",
  "step": "box",
  "wait": "clock",
  "callback": "message-question",
  "invoke": "arrow-up-right",
  "context": "folder",
  "parallel": "arrows-split-2",
  "invocation": "bolt",
};

const sha384 = (bytes) => "sha384-" + createHash("sha384").update(bytes).digest("base64");
const folderOf = (pkg) => pkg.name.replace(/^@/, "").replace("/", "-");

function licenceFile(name) {
  return ["LICENSE", "LICENSE.md", "LICENCE", "LICENSE.txt"].find((file) => existsSync(join(modules, name, file)));
}

/** Writes a file that is made of a package's parts, and lists it with what it is. */
function made(name, file, text, what) {
  const about = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
  writeFileSync(join(here, file), text);
  manifest.push({ package: name, version: about.version, licence: about.license, file, sha384: sha384(Buffer.from(text)), made: what });
}

rmSync(vendor, { recursive: true, force: true });
const manifest = [];

for (const pkg of packages) {
  const about = JSON.parse(readFileSync(join(modules, pkg.name, "package.json"), "utf8"));
  const folder = join(vendor, `${folderOf(pkg)}-${about.version}`);
  mkdirSync(folder, { recursive: true });
  const licence = licenceFile(pkg.name);
  for (const file of licence ? [...pkg.files, licence] : pkg.files) {
    const target = join(folder, basename(file));
    copyFileSync(join(modules, pkg.name, file), target);
    manifest.push({
      package: pkg.name,
      version: about.version,
      licence: about.license,
      file: target.slice(here.length + 1).replaceAll("\\", "/"),
      sha384: sha384(readFileSync(target)),
    });
  }
}

// Tabler's package ships no licence text: its terms are MIT, its copyright lines stand at the head of its stylesheet.
{
  const folder = manifest.find((row) => row.package === "@tabler/core").file.split("/")[1];
  const css = readFileSync(join(vendor, folder, "tabler.min.css"), "utf8");
  const lines = css.slice(0, 600).match(/Copyright [^\n]+/g).map((line) => line.trim());
  const terms = readFileSync(join(modules, "@tabler/icons/LICENSE"), "utf8").replace(/^[\s\S]*?(?=Permission is hereby)/, "");
  made("@tabler/core", `vendor/${folder}/LICENSE`, `MIT License\n\n${lines.join("\n")}\n\n${terms}`,
    "the licence text, which the package leaves out");
}

// Plotly inserts its style rules through a <style> element, which a strict content security policy refuses. Its script
// carries them as one object literal, selector -> declarations, with X and Y for its two root elements; the same rules
// in a stylesheet make it skip the insertion (see plot.js).
{
  const folder = manifest.find((row) => row.package === "plotly.js-basic-dist-min").file.split("/")[1];
  const source = readFileSync(join(vendor, folder, "plotly-basic.min.js"), "utf8");
  const start = source.indexOf('{"X,X div":');
  const end = source.indexOf("};for(", start) >= 0 ? source.indexOf("};for(", start) + 1 : -1;
  if (start < 0 || end < 1) throw new Error("Plotly's style rules have moved: look for 'direction:ltr' in its script");
  const rules = runInNewContext(`(${source.slice(start, end)})`);
  const css = Object.entries(rules).map(([selector, body]) => {
    const full = selector.replace(/X/g, ".js-plotly-plot .plotly").replace(/Y/g, ".plotly-notifier");
    return `${full}{${body}}`;
  });
  made("plotly.js-basic-dist-min", `vendor/${folder}/plotly.css`, css.join("\n") + "\n",
    "the style rules that its script would insert");
}

// Every icon's shapes as one path, which the pages carry in themselves: no request before the first paint, and nothing to look up.
const paths = Object.fromEntries(Object.entries(icons).map(([name, file]) => {
  const source = readFileSync(join(modules, "@tabler/icons/icons/outline", `${file}.svg`), "utf8").replace(/<path stroke="none"[^>]*>/, "");
  if (/<(?!path|svg|\/svg|!--)/.test(source)) throw new Error(`${file}: not only paths`);
  return [name, [...source.matchAll(/<path d="([^"]+)"/g)].map((match) => match[1]).join("")];
}));
made("@tabler/icons", "icons.json", JSON.stringify(paths, null, 1) + "\n", "single icons, the shapes of each as one path");

manifest.sort((a, b) => (a.file < b.file ? -1 : 1));
writeFileSync(join(vendor, "MANIFEST.json"), JSON.stringify(manifest, null, 2) + "\n");
console.log(`${manifest.length} files, ${Object.keys(paths).length} icons`);
