// Buttons with data-copy put that text on the clipboard; data-copy-from names the element whose text it is,
// data-copy-link an address on this server.

function select(text) {
  // Pages served without TLS have no clipboard interface: the old way works there.
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
