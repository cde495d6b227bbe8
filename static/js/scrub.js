// A slider that sends its form when it is moved, a moment after the last move; without scripts a button does.

let waiting = 0;
document.addEventListener("input", (event) => {
  const slider = event.target instanceof Element && event.target.closest("input[data-send-on-change]");
  if (!slider) return;
  const told = slider.form.querySelector("output");
  if (told) told.textContent = `${Number(slider.value).toLocaleString("en")} of ${Number(slider.max).toLocaleString("en")}`;
  clearTimeout(waiting);
  waiting = setTimeout(() => slider.isConnected && slider.form.requestSubmit(), 180);
});
