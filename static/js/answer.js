// The decision form is put in anew after each button: the field that is wrong, or the row that was added, gets the focus.
// (htmx tells its events to what was there before, which is gone by then; so the document itself is watched.)

function focusIn(fresh, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const rows = what === "add" ? fresh.querySelector(`[data-rows="${CSS.escape(where)}"]`)?.querySelectorAll(".group-row") : null;
  const added = rows?.[rows.length - 1]?.querySelector("input:not([type=hidden]), select, textarea");
  const again = fresh.querySelector(`button[name=do][value="${CSS.escape(pressed)}"]`);
  const any = fresh.querySelector("button[name=do]:not([tabindex])") ?? fresh.querySelector("a[href]");
  (added ?? fresh.querySelector("[aria-invalid=true]") ?? again ?? any)?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-answer] button[name=do]") : null;
  const old = button?.closest("[data-answer]");
  if (!old) return;
  const watcher = new MutationObserver(() => {
    if (old.isConnected) return;
    watcher.disconnect();
    const fresh = document.querySelector(`[data-answer="${old.dataset.answer}"]`);
    if (fresh) focusIn(fresh, button.value);
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watcher.disconnect(), 60_000);
});
