// A morph keeps what the reader has opened: the server sends every <details> closed, and htmx would close them again.
// With data-open="server" the server's word counts.

window.htmx?.registerExtension("durascope", {
  htmx_before_morph_attr: (element, { attrName }) =>
    !(attrName === "open" && element instanceof HTMLDetailsElement && element.dataset.open !== "server"),
});
