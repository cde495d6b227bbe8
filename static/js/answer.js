// The decision form is put in anew after each button: what was typed while the server was at it is kept, and the field that
// is wrong, or the row that was added, gets the focus.
// (htmx tells its events to what was there before, which is gone by then; so the document itself is watched.)

function focusIn(fresh, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const rows = what === "add" ? fresh.querySelector(`[data-rows="${CSS.escape(where)}"]`)?.querySelectorAll(".group-row") : null;
  const added = rows?.[rows.length - 1]?.querySelector("input:not([type=hidden]), select, textarea");
  const again = fresh.querySelector(`button[name=do][value="${CSS.escape(pressed)}"]`);
  const any = fresh.querySelector("button[name=do]:not([tabindex])") ?? fresh.querySelector("a[href]");
  (added ?? fresh.querySelector("[aria-invalid=true]") ?? again ?? any)?.focus();
}

/** What a control is called after a row was removed: those after it move up. null: it was in that row. */
function renamed(name, pressed) {
  const [what, where] = pressed.split(" ", 2);
  const cut = where?.lastIndexOf("/") + 1;
  if (what !== "remove" || !name.startsWith(where.slice(0, cut))) return name;
  const [, digits, rest] = name.slice(cut).match(/^(\d*)(.*)$/s);
  const gone = Number(where.slice(cut));
  if (Number(digits) === gone) return null;
  return where.slice(0, cut) + (Number(digits) > gone ? Number(digits) - 1 : digits) + rest;
}

/** Puts into the fresh form what `typed` says was changed in the old one; -> the control that was changed last. */
function carryOver(typed, fresh, pressed) {
  let last = null;
  for (const old of typed) {
    const name = renamed(old.name, pressed);
    const found = name && [...fresh.querySelectorAll(`[name="${CSS.escape(name)}"]`)];
    const ticked = old.type === "checkbox" || old.type === "radio";
    const control = found && (ticked ? found.find((one) => one.value === old.value) : found[0]);
    if (!control) continue;
    if (ticked) control.checked = old.checked;
    else control.value = old.value;
    control.dispatchEvent(new Event("input", { bubbles: true })); // the preview follows
    last = control;
  }
  return last;
}

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-answer] button[name=do]") : null;
  const old = button?.closest("[data-answer]");
  if (!old) return;
  const typed = new Set();
  old.addEventListener("input", ({ target }) => { typed.delete(target); typed.add(target); });
  const watcher = new MutationObserver(() => {
    if (old.isConnected) return;
    watcher.disconnect();
    const fresh = document.querySelector(`[data-answer="${old.dataset.answer}"]`);
    if (!fresh) return;
    const last = carryOver(typed, fresh, button.value);
    if (last) last.focus();
    else focusIn(fresh, button.value);
  });
  watcher.observe(document.body, { childList: true, subtree: true });
  setTimeout(() => watcher.disconnect(), 60_000);
});
