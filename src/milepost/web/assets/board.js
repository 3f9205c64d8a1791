// The board: cards are dragged with the mouse or moved and acted on with the keyboard.

import { TASK_ACTS, actOnTask, filter } from "./actions.js";
import { bind } from "./keys.js";
import { whenChanged } from "./live.js";
import { say } from "./messages.js";

/** What dropping a card means, by the state it is in and the column it comes to. @type {Record<string, Record<string, string>>} */
const DROPS = {
  ready: { running: "claim", done: "complete", blocked: "block", skipped: "skip" },
  pending: { blocked: "block", skipped: "skip" },
  running: { done: "complete", blocked: "block", ready: "fail", pending: "fail" },
  blocked: { ready: "unblock", pending: "unblock", skipped: "skip" },
  done: { ready: "reopen", pending: "reopen" },
  skipped: { ready: "reopen", pending: "reopen" },
};

const board = () => /** @type {HTMLElement} */ (document.querySelector("#board"));
const cards = () => /** @type {HTMLElement[]} */ ([...board().querySelectorAll(".card:not([hidden])")]);
let chosen = "";

/** Make one card the one the keyboard acts on. @param {HTMLElement} card */
function choose(card, focus = true) {
  for (const one of cards()) one.tabIndex = one === card ? 0 : -1;
  chosen = card.dataset.task ?? "";
  if (focus) card.focus();
}

/** @param {number} across @param {number} down */
function move(across, down) {
  const card = current();
  if (!card) return;
  const columns = [...board().querySelectorAll(".column")].map((column) => /** @type {HTMLElement[]} */ ([...column.querySelectorAll(".card:not([hidden])")]));
  const column = columns.findIndex((list) => list.includes(card));
  if (down) choose(columns[column][Math.min(Math.max(columns[column].indexOf(card) + down, 0), columns[column].length - 1)]);
  for (let next = column + across; across && next >= 0 && next < columns.length; next += across) {
    if (columns[next].length) return choose(columns[next][Math.min(columns[column].indexOf(card), columns[next].length - 1)]);
  }
}

const current = () => cards().find((card) => card.dataset.task === chosen) ?? cards()[0];

/** @param {string} act */
function act(act) {
  const card = current();
  if (!card) return;
  if (!(card.dataset.acts ?? "").split(" ").includes(act)) say(`${card.dataset.task} is ${card.dataset.state}: it cannot be told to ${act}`, "error");
  else actOnTask(act, card);
}

/** @param {HTMLElement} card @param {HTMLElement} button */
function openMenu(card, button) {
  const menu = /** @type {HTMLElement} */ (document.querySelector("#menu"));
  menu.replaceChildren(...(card.dataset.acts ?? "").split(" ").filter(Boolean).map((name) => {
    const item = document.createElement("button");
    item.type = "button";
    item.setAttribute("role", "menuitem");
    item.textContent = TASK_ACTS[name].go;
    item.addEventListener("click", () => { close(); actOnTask(name, card); });
    return item;
  }));
  const close = () => { menu.hidden = true; button.focus(); };
  const place = button.getBoundingClientRect();
  menu.hidden = false;
  menu.style.top = `${Math.min(place.bottom + 4, innerHeight - menu.offsetHeight - 8)}px`;
  menu.style.left = `${Math.max(Math.min(place.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8), 8)}px`;
  /** @type {HTMLElement | null} */ (menu.firstElementChild)?.focus();
  menu.onkeydown = (event) => {
    const items = /** @type {HTMLElement[]} */ ([...menu.children]);
    const here = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown") items[(here + 1) % items.length].focus();
    else if (event.key === "ArrowUp") items[(here + items.length - 1) % items.length].focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Start the page. */
export function start() {
  const first = cards()[0];
  if (first) choose(first, false);
  whenChanged(() => {
    const field = /** @type {HTMLInputElement} */ (document.querySelector("[data-filter]"));
    if (field.value) filter(field);
    const card = current();
    if (card) choose(card, false);
  });
  for (const [keys, words, act_] of [["ArrowDown", "next card", () => move(0, 1)], ["ArrowUp", "card before", () => move(0, -1)],
    ["ArrowRight", "next column", () => move(1, 0)], ["ArrowLeft", "column before", () => move(-1, 0)],
    ["Enter", "open the task", () => current()?.querySelector("a")?.click()], ["c", "claim", () => act("claim")], ["d", "done", () => act("complete")],
    ["x", "block", () => act("block")], ["u", "unblock", () => act("unblock")], ["e", "escalate", () => act("escalate")], ["r", "reopen", () => act("reopen")],
    ["m", "all that can be done with the card", () => /** @type {HTMLElement} */ (current()?.querySelector("[data-menu]"))?.click()]]) {
    bind(/** @type {string} */ (keys), /** @type {string} */ (words), /** @type {() => void} */ (act_), "This page");
  }
  board().addEventListener("focusin", (event) => {
    const card = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".card"));
    if (card && card.dataset.task !== chosen) choose(card, false);
  });
  document.addEventListener("click", (event) => {
    const target = /** @type {Element} */ (event.target);
    const button = /** @type {HTMLElement | null} */ (target.closest("[data-menu]"));
    const menu = /** @type {HTMLElement} */ (document.querySelector("#menu"));
    if (button) openMenu(/** @type {HTMLElement} */ (button.closest(".card")), button);
    else if (!target.closest("#menu")) menu.hidden = true;
  });
  drag();
}

function drag() {
  /** @type {HTMLElement | null} */
  let held = null;
  const target = (/** @type {DragEvent} */ event) => {
    const column = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".column"));
    const meaning = held && column ? DROPS[held.dataset.state ?? ""]?.[column.dataset.column ?? ""] : undefined;
    return { column, meaning };
  };
  board().addEventListener("dragstart", (event) => {
    held = /** @type {HTMLElement | null} */ (/** @type {Element} */ (event.target).closest(".card"));
    held?.classList.add("held");
    event.dataTransfer?.setData("text/plain", held?.dataset.task ?? "");
  });
  board().addEventListener("dragover", (event) => {
    const { column, meaning } = target(event);
    for (const one of board().querySelectorAll(".column.over")) if (one !== column) one.classList.remove("over");
    if (!meaning) return;
    event.preventDefault();
    column?.classList.add("over");
  });
  board().addEventListener("drop", (event) => {
    const { meaning } = target(event);
    event.preventDefault();
    if (held && meaning) actOnTask(meaning, held);
  });
  document.addEventListener("dragend", () => {
    held?.classList.remove("held");
    held = null;
    for (const one of board().querySelectorAll(".column.over")) one.classList.remove("over");
  });
}
