// Two executions compared: the row whose payloads are open is marked, and Up and Down move along the rows.

const rowsOf = () => [...document.querySelectorAll(".compare-rows tr[data-operation-id]")];

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element && event.target.closest(".compare-rows a.pick");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  for (const row of document.querySelectorAll(".compare-rows .is-selected")) {
    row.classList.remove("is-selected");
    row.querySelector("a.pick")?.removeAttribute("aria-current");
  }
  link.closest("tr").classList.add("is-selected");
  link.setAttribute("aria-current", "true");
});

document.addEventListener("keydown", (event) => {
  if (!["ArrowDown", "ArrowUp"].includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
  const row = event.target instanceof Element && event.target.closest(".compare-rows tr[data-operation-id]");
  if (!row) return;
  const rows = rowsOf(), next = rows[rows.indexOf(row) + (event.key === "ArrowDown" ? 1 : -1)];
  if (!next) return;
  event.preventDefault();
  next.querySelector("a.pick").focus();
});
