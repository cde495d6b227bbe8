// The only script before the first paint. It writes the theme onto the root element, so that no light page flashes at night,
// and fetches what is not needed to read the page once that is painted: the typefaces and the script that data-then names.
// The theme that was chosen is kept in localStorage under "durascope.theme": auto (the default), light or dark.
(() => {
  const root = document.documentElement, then = document.currentScript.dataset.then;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const kept = (name) => {
    try {
      return localStorage.getItem(name);
    } catch {
      return null; // storage may be forbidden
    }
  };
  const apply = () => {
    const choice = kept("durascope.theme") || "auto";
    const theme = choice === "auto" ? (dark.matches ? "dark" : "light") : choice;
    if (root.dataset.bsTheme === theme) return;
    root.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("durascope:theme", { detail: { theme } }));
  };
  apply();
  dark.addEventListener("change", apply);
  window.addEventListener("storage", apply);
  document.addEventListener("durascope:theme-chosen", apply);

  // Typefaces that a page before this one has fetched are in the browser's cache: the first paint has them already. They are asked for
  // at once: a page that is laid out before they have come is laid out twice.
  const faces = () => Promise.all(["1em Inter", "1em JetBrains Mono"].map((face) => document.fonts.load(face)));
  if (kept("durascope.typefaces")) {
    root.dataset.typefaces = "";
    faces().catch(() => {});
  }
  const dress = () => {
    root.dataset.typefaces = "";
    localStorage.setItem("durascope.typefaces", "fetched");
  };
  let begun = false;
  const begin = () => {
    if (begun || document.readyState === "loading") return; // what is painted first may be only the beginning of the page
    begun = true;
    if (then) document.head.append(Object.assign(document.createElement("script"), { src: then }));
    if (!("typefaces" in root.dataset)) faces().then(dress).catch(() => {});
  };
  const tells = window.PerformanceObserver?.supportedEntryTypes?.includes("paint");
  const painted = () => !tells || document.hidden || performance.getEntriesByName("first-contentful-paint").length > 0; // a tab behind is not painted
  const look = () => painted() && begin();
  if (tells) new PerformanceObserver(look).observe({ type: "paint" });
  for (const kind of ["DOMContentLoaded", "visibilitychange"]) document.addEventListener(kind, look);
})();
