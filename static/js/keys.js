// Forms with data-key ask the browser for a security key before they are sent: "create" makes one, "get" uses one.
// The options come from the server and the answer goes back to it as JSON, both in the browser's own encoding.

const known = Boolean(window.PublicKeyCredential?.parseCreationOptionsFromJSON);

async function ask(form) {
  const options = JSON.parse(form.dataset.keyOptions).publicKey;
  const publicKey = form.dataset.key === "create"
    ? PublicKeyCredential.parseCreationOptionsFromJSON(options)
    : PublicKeyCredential.parseRequestOptionsFromJSON(options);
  return (await navigator.credentials[form.dataset.key]({ publicKey })).toJSON();
}

for (const form of known ? document.querySelectorAll("form[data-key]") : []) {
  form.hidden = false;
  form.parentElement.querySelector("[data-key-none]")?.remove();
  form.addEventListener("submit", async (event) => {
    const field = form.elements.namedItem("credential");
    if (field.value) return;
    event.preventDefault();
    const said = form.querySelector("[data-key-said]");
    said.hidden = true;
    try {
      field.value = JSON.stringify(await ask(form));
    } catch (error) {
      said.textContent = error.name === "InvalidStateError" ? "This key has been added already." : "The browser gave no key: it was not there, not yours, or you have cancelled.";
      said.hidden = false;
      return;
    }
    form.requestSubmit();
  });
}
