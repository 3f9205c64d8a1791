// What every page does; what only one does is loaded when it is there.

import { offerActs, prepareActs } from "./actions.js";
import { bind, showKeys } from "./keys.js";
import { follow, loadParts, refresh } from "./live.js";
import { offer, prepare } from "./palette.js";
import { keepTime } from "./times.js";

/** Pages with a module of their own. @type {Record<string, string>} */
const OWN = { gantt: "./gantt.js", board: "./board.js", network: "./network.js", forecast: "./forecast.js", run: "./logs.js", task: "./logs.js",
  diagnostics: "./diagnostics.js", ledger: "./ledger.js" };

const { plan = "", page = "" } = document.body.dataset;

/** Go to the next theme: the system's, light, dark. */
function switchTheme() {
  const root = document.documentElement;
  const next = { "": "light", light: "dark", dark: "" }[root.dataset.theme ?? ""] ?? "";
  if (next) root.dataset.theme = next;
  else delete root.dataset.theme;
  try {
    if (next) localStorage.setItem("theme", next);
    else localStorage.removeItem("theme");
  } catch { /* it holds for this page only */ }
  dispatchEvent(new CustomEvent("theme"));
}

const openPalette = prepare(plan);
bind("/", "search", openPalette);
bind("Ctrl K", "search and commands", openPalette);
bind("?", "show the keys", showKeys);
bind("g p", "all plans", () => location.assign("/"), "Go to");
for (const link of document.querySelectorAll("a[data-go]")) {
  const { href, textContent, dataset } = /** @type {HTMLAnchorElement} */ (link);
  const name = (textContent ?? "").replace(/\d+ waiting/, "").trim();
  bind(`g ${dataset.go}`, name, () => location.assign(href), "Go to");
  offer(`Go to ${name}`, () => location.assign(href));
}
offer("All plans", () => location.assign("/"));
offer("Change theme", switchTheme);
offer("Show the keys", showKeys);

document.addEventListener("click", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("[data-close]")) target.closest("dialog")?.close();
  if (target?.closest("[data-open=palette]")) openPalette();
  if (target?.closest("[data-theme-switch]")) switchTheme();
});

prepareActs(plan);
offerActs();
keepTime();
loadParts();
follow(plan);
if (OWN[page]) import(OWN[page]).then((own) => own.start());
Object.assign(window, { refreshPage: refresh });
