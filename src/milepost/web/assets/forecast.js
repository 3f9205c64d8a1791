// The date for a chosen confidence, asked for while the slider is moved.

import { refresh } from "./live.js";

/** Start the page. */
export function start() {
  const slider = /** @type {HTMLInputElement | null} */ (document.querySelector("#confidence"));
  if (!slider) return;
  const told = /** @type {HTMLOutputElement} */ (document.querySelector("output[for=confidence]"));
  let waiting = 0;
  slider.addEventListener("input", () => {
    told.textContent = `${slider.value} %`;
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      history.replaceState(null, "", `?confidence=${slider.value}`);
      refresh();
    }, 150);
  });
}
