// Filters that act at once.

/** Start the page. */
export function start() {
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("#filters"));
  form?.addEventListener("change", (event) => { if (event.target instanceof HTMLSelectElement) form.requestSubmit(); });
}
