// Buttons with data-copy put that text on the clipboard; data-copy-from names the element whose text it is,
// data-copy-link an address on this server.

function select(text, button) {
  // Pages served without TLS have no clipboard interface: the old way works there. What is behind a dialog cannot be selected.
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  (button.closest("dialog") ?? document.body).append(area);
  area.select();
  const done = document.activeElement === area && document.execCommand("copy");
  area.remove();
  button.focus({ preventScroll: true });
  return done;
}

/** Says it to who does not see the button change. */
function announce(text, button) {
  const region = document.createElement("span");
  region.className = "visually-hidden";
  region.setAttribute("role", "status");
  (button.closest("dialog") ?? document.body).append(region);
  setTimeout(() => { region.textContent = text; }, 50); // a region is heard when it changes
  setTimeout(() => region.remove(), 3000);
}

const restoring = new WeakMap(); // a button that says "Copied" -> what gives it back its own words

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
  done ||= select(text, button);
  announce(done ? "Copied" : "It could not be copied", button);
  if (!done) return;
  clearTimeout(restoring.get(button)?.timer);
  const restore = restoring.get(button)?.restore ?? sayCopied(button);
  const timer = setTimeout(() => {
    restoring.delete(button);
    restore();
  }, 1500);
  restoring.set(button, { restore, timer });
});

/** -> what undoes it. */
function sayCopied(button) {
  const label = button.getAttribute("aria-label"), shape = button.querySelector("use"), href = shape?.getAttribute("href");
  button.classList.add("is-done");
  button.setAttribute("aria-label", "Copied");
  shape?.setAttribute("href", href.replace(/#.*/, "#check"));
  return () => {
    button.classList.remove("is-done");
    if (label === null) button.removeAttribute("aria-label");
    else button.setAttribute("aria-label", label);
    shape?.setAttribute("href", href);
  };
}
