// What somebody has typed is not thrown away without a question: not by a slip beside a dialog or Escape, and not when something else is
// put where it stands.

const question = "Throw away what you have typed here?";
const changed = (field) => field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
  : field.options ? [...field.options].some((option) => option.selected !== option.defaultSelected) && field.selectedIndex > 0
  : field.value !== field.defaultValue;
const typed = (place) => [...place.querySelectorAll("form[method=post] :is(input:not([type=hidden]), textarea, select)")].some(changed);
const mayGo = (place) => !typed(place) || window.confirm(question);

// A click counts as beside the dialog when it has begun and ended there: selecting text may end anywhere.
let begun = null;

function beside(event) {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return null;
  const box = dialog.getBoundingClientRect();
  const within = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  return within ? null : dialog;
}

document.addEventListener("pointerdown", (event) => { begun = beside(event); });
document.addEventListener("click", (event) => {
  const dialog = beside(event);
  if (dialog && dialog === begun && mayGo(dialog)) dialog.close();
});
// "cancel" does not bubble: it is caught on its way down.
document.addEventListener("cancel", (event) => { if (event.target instanceof HTMLDialogElement && !mayGo(event.target)) event.preventDefault(); }, true);

document.addEventListener("htmx:before:request", (event) => {
  const { sourceElement, target } = event.detail.ctx;
  if (target instanceof Element && !target.contains(sourceElement) && !mayGo(target)) event.preventDefault();
});
