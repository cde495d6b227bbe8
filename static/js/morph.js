// A morph keeps what the reader has opened: the server sends every <details> closed, and htmx would close them again.
// With data-open="server" the server's word counts. Likewise a box that the reader has ticked stays ticked.

window.htmx?.registerExtension("durascope", {
  htmx_before_morph_attr: (element, { attrName }) =>
    !(attrName === "open" && element instanceof HTMLDetailsElement && element.dataset.open !== "server")
    && !(attrName === "checked" && element instanceof HTMLInputElement),
});
