// Fixes are shown as a difference and changed only when somebody confirms.

import { send } from "./actions.js";
import { refresh } from "./live.js";
import { say } from "./messages.js";

/** Start the page. */
export function start() {
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#fixing"));
  const trouble = /** @type {HTMLElement} */ (dialog.querySelector("[role=alert]"));
  const confirm = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-confirm]"));
  const path = `/api/v1/plans/${encodeURIComponent(document.body.dataset.plan ?? "")}/fixes`;
  const etag = () => ({ "If-Match": /** @type {HTMLElement} */ (document.querySelector("#findings")).dataset.etag ?? "*" });
  /** @type {Record<string, unknown>} */
  let body = {};
  const tell = (/** @type {unknown} */ error) => {
    trouble.textContent = error instanceof Error ? error.message : String(error);
    trouble.hidden = false;
  };
  document.addEventListener("click", async (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-fix]")) : null;
    if (!button) return;
    body = { rules: button.dataset.fix ? [button.dataset.fix] : [], unsafe: button.hasAttribute("data-unsafe") };
    dialog.querySelector("h2").textContent = button.dataset.fixTitle ?? "";
    const shown = /** @type {HTMLElement} */ (dialog.querySelector("pre"));
    shown.textContent = "…";
    trouble.hidden = true;
    dialog.showModal();
    try {
      showDiff(shown, (await send(path, { ...body, write: false }, etag())).diff);
    } catch (error) {
      tell(error);
    }
  });
  confirm.addEventListener("click", async () => {
    confirm.disabled = true;
    try {
      const told = await send(path, { ...body, write: true }, etag());
      dialog.close();
      say(`${told.fixed?.length ?? 0} corrected`, "done");
      await refresh();
    } catch (error) {
      tell(error);
    } finally {
      confirm.disabled = false;
    }
  });
}

/** @param {HTMLElement} pane @param {string} diff */
function showDiff(pane, diff) {
  const kinds = { "+": "more", "-": "less", "@": "place" };
  pane.replaceChildren(...diff.split("\n").slice(2).map((line) => {
    const item = document.createElement("span");
    item.className = `d-${kinds[line[0]] ?? "kept"}`;
    item.textContent = `${line}\n`;
    return item;
  }));
}
