// Windows of rows that have not been fetched (data-window says where they are): each is fetched shortly before it comes into view. One observer looks
// after all of them: htmx would read each and make an observer for it, and a long history has hundreds.

const near = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting || !target.isConnected) continue;
    near.unobserve(target);
    window.htmx.ajax("GET", target.dataset.window, { source: target, target, swap: "outerHTML" });
  }
}, { rootMargin: "1100px" });

/** Begins anew with every one in `part`: rows that were fetched may be a gap again, and what has failed is asked for again. */
function watch(part) {
  for (const gap of part.querySelectorAll("[data-window]:not(.htmx-request)")) {
    near.unobserve(gap);
    near.observe(gap);
  }
}

watch(document);
document.addEventListener("htmx:after:settle", ({ target }) => { if (target instanceof Element) watch(target); });
