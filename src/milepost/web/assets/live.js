// The page stays true: the server says that something changed, the regions marked `data-live` are made like new ones.

import { morph } from "./morph.js";
import { showTimes } from "./times.js";

/** @type {(() => void | Promise<void>)[]} */
const listeners = [];
/** @type {Map<string, string>} */
const known = new Map();
let busy = false;
let again = false;

/** Do something besides whenever the plan changed. @param {() => void | Promise<void>} act */
export const whenChanged = (act) => { listeners.push(act); };

/** Follow what the page is about. @param {string} plan its id, empty for all plans */
export function follow(plan) {
  const sign = /** @type {HTMLElement} */ (document.querySelector("#connection"));
  const source = new EventSource(`/api/v1/changes${plan ? `?plan=${encodeURIComponent(plan)}` : ""}`);
  const say = (/** @type {string} */ state, /** @type {string} */ words) => {
    sign.dataset.state = state;
    if (sign.textContent !== words) sign.textContent = words;
  };
  source.addEventListener("open", () => say("live", "live"));
  source.addEventListener("error", () => say("lost", "reconnecting"));
  source.addEventListener("plan", (event) => {
    const told = JSON.parse(event.data);
    const stamp = `${told.document} ${told.run} ${told.version}`;
    const before = known.get(told.plan);
    known.set(told.plan, stamp);
    // What is told first may be newer than the page: it is compared with what the page was made from.
    if ((before ?? document.body.dataset.stamp) !== stamp) refresh();
  });
  addEventListener("pagehide", () => source.close());
}

/** The parts a page is made of: where others come or go it is another page. @param {Document} page */
const regions = (page) => [...page.querySelectorAll("[data-live][id]")].map((region) => region.id).join(" ");

/** Fetch the page again, and make its live regions like the new ones. */
export async function refresh() {
  if (busy) {
    again = true;
    return;
  }
  busy = true;
  try {
    const answer = await fetch(location.pathname + location.search, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (regions(fresh) !== regions(document) && !document.querySelector("dialog[open]")) {
      location.reload();
      return;
    }
    for (const region of document.querySelectorAll("[data-live][id]")) {
      const wanted = fresh.getElementById(region.id);
      if (wanted) morph(region, wanted);
    }
    showTimes();
    for (const act of listeners) await act();
    document.body.dataset.fresh = String(Number(document.body.dataset.fresh ?? 0) + 1);
  } catch {
    // The line is down: when it is back, the page is fetched again.
  } finally {
    busy = false;
    if (again) {
      again = false;
      refresh();
    }
  }
}

/** Fetch the parts that the server needs some time for. @param {ParentNode} root */
export function loadParts(root = document) {
  for (const part of root.querySelectorAll("[data-load]")) loadPart(/** @type {HTMLElement} */ (part));
}

/** @param {HTMLElement} part */
export async function loadPart(part) {
  part.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(part.dataset.load, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    part.replaceChildren(...(fresh.querySelector("[data-part]") ?? fresh.querySelector("#trouble") ?? fresh.body).childNodes);
  } catch {
    part.textContent = "could not be loaded";
  }
  part.setAttribute("aria-busy", "false");
  showTimes(part);
}
