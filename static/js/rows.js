// Windows of rows that have not been fetched (data-window says where they are): each is fetched shortly before it comes into view, the nearest first and
// a few at a time, so that a fast scroll waits for nothing that it has left behind. One observer looks
// after all of them: htmx would read each and make an observer for it, and a long history has hundreds.

const AT_ONCE = 2;
const waiting = new Set();
let asked = 0;
const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) waiting.add(target); else waiting.delete(target);
  }
  fetchNearest();
}, { rootMargin: "1100px" });

function fetchNearest() {
  for (let gap; asked < AT_ONCE && (gap = nearest());) {
    waiting.delete(gap);
    near.unobserve(gap);
    asked += 1;
    window.htmx.ajax("GET", gap.dataset.window, { source: gap, target: gap, swap: "outerHTML" })
      .catch(() => {}) // it has been told; the gap is asked for again when something comes
      .finally(() => { asked -= 1; requestAnimationFrame(fetchNearest); });
  }
}

/** The gap that is nearest to the middle of the window; undefined if none waits. */
function nearest() {
  const middle = innerHeight / 2;
  let found, least = Infinity;
  for (const gap of waiting) {
    if (!gap.isConnected) { waiting.delete(gap); continue; }
    const { top, bottom } = gap.getBoundingClientRect();
    const far = Math.max(top - middle, middle - bottom);
    if (far < least) { found = gap; least = far; }
  }
  return found;
}

/** Begins anew with every one in `part`: rows that were fetched may be a gap again, and what has failed is asked for again. */
function watch(part) {
  for (const gap of part.querySelectorAll("[data-window]:not(.htmx-request)")) {
    near.unobserve(gap);
    near.observe(gap);
  }
}

watch(document);
document.addEventListener("htmx:after:settle", ({ target }) => { if (target instanceof Element) watch(target); });
