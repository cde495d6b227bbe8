// Draws the figures of a page with Plotly, which is fetched after the first paint and only when there is a figure.
//
// A figure is an element with data-plot (the id of the JSON data block), data-plotly and data-plotly-css (the URLs).
// Colours come from the page: a trace with meta.tone (ok, info, warn, bad, grey, sleep, code) is drawn in that tone.
// With data-plot-when="pointer" it waits until somebody points at the figure; what stands in its place till then is the page's.
// With data-brush, a range that is selected goes into the form with that id: its inputs "from" and "to"; then it is sent.

let library = null;

function fetchLibrary(element) {
  library ??= new Promise((resolve, reject) => {
    // Plotly's style rules as a stylesheet; this id and this class tell it not to insert its own.
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

/** A colour of the page as rgb(): Plotly does not read every notation. */
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

// After the first paint, when there is nothing better to do.
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
