// The decision form is put in anew after each button: the field that is wrong, or the row that was added, gets the focus.

let pressed = "";

document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-answer] button[name=do]") : null;
  if (button) pressed = button.value;
});

document.addEventListener("htmx:after:swap", (event) => {
  const source = event.detail?.ctx?.sourceElement;
  if (!pressed || !(source instanceof HTMLFormElement) || !source.id.startsWith("decision-")) return;
  const fresh = document.getElementById(source.id)?.closest("[data-answer]") ?? document.querySelector("[data-answer]");
  const [what, where] = pressed.split(" ", 2);
  pressed = "";
  if (!fresh) return;
  const rows = what === "add" ? fresh.querySelector(`[data-rows="${CSS.escape(where)}"]`)?.querySelectorAll(".group-row") : null;
  const added = rows?.[rows.length - 1]?.querySelector("input:not([type=hidden]), select, textarea");
  const again = fresh.querySelector(`button[name=do][value="${CSS.escape(what)}"]`);
  (added ?? fresh.querySelector("[aria-invalid=true]") ?? again ?? fresh.querySelector("button[name=do]:not([tabindex])"))?.focus();
});
