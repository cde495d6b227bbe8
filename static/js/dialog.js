// What htmx puts into <dialog id="dialog"> opens it; a form that is sent cannot be sent twice.
// (Forms that htmx sends say hx-disable="findAll button" for the same.)

const theDialog = () => document.getElementById("dialog");

document.addEventListener("htmx:after:settle", (event) => {
  const dialog = theDialog();
  if (!dialog || event.target !== dialog || !dialog.firstElementChild) return;
  if (!dialog.open) dialog.showModal();
  const wrong = dialog.querySelector("[aria-invalid=true]");
  (wrong ?? dialog.querySelector("[autofocus], input:not([type=hidden]), textarea, select, button"))?.focus();
});
// "close" does not bubble: it is caught on its way down.
document.addEventListener("close", (event) => { if (event.target === theDialog()) event.target.replaceChildren(); }, true);

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  const dialog = theDialog();
  const cancel = target?.closest("[data-close-dialog]");
  if (cancel && dialog?.contains(cancel)) {
    event.preventDefault(); // on its own page the same link leads back
    dialog.close();
  }
});

/**
 * Disables a form's buttons after its data has been taken, so that the clicked one is still sent. A form that is
 * answered with a file stays on the screen, and can be sent again.
 */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method !== "post" || event.defaultPrevented) return;
  if ("download" in form.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
  setTimeout(() => {
    for (const button of form.querySelectorAll("button")) button.disabled = true;
  });
});
// A page that comes back from the browser's cache must be usable again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    for (const button of form.querySelectorAll("button")) button.disabled = false;
  }
});

// A form that came back with something wrong is gone on with there, if nobody is anywhere else yet.
if (document.activeElement === document.body) document.querySelector("main form [aria-invalid=true]")?.focus();
