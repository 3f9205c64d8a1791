// The keyboard: every binding has words, and `?` lists them.

/** @typedef {{keys: string, words: string, act: (event: KeyboardEvent) => void, group: string}} Binding */
/** @type {Binding[]} */
const bindings = [];
let pending = "";
let pendingUntil = 0;

/** Bind keys: one such as `c`, `?` or `Escape`, or two in a row such as `g b`. */
export function bind(keys, words, act, group = "Everywhere") {
  bindings.push({ keys, words, act, group });
}

/** Whether somebody is writing. @param {EventTarget | null} target */
export const writing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    bindings.find((one) => one.keys === "Ctrl K")?.act(event);
    return;
  }
  if (writing(event.target) || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const typed = pending && Date.now() < pendingUntil ? `${pending} ${event.key}` : event.key;
  const found = bindings.find((one) => one.keys === typed);
  pending = "";
  if (found) {
    event.preventDefault();
    found.act(event);
  } else if (bindings.some((one) => one.keys.startsWith(`${event.key} `))) {
    [pending, pendingUntil] = [event.key, Date.now() + 1500];
  }
});

/** Show all keys of this page. */
export function showKeys() {
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#keys"));
  const body = dialog.querySelector(".groups");
  body.replaceChildren(...["Everywhere", "This page", "Go to"].flatMap((group) => {
    const items = bindings.filter((one) => one.group === group);
    if (!items.length) return [];
    const [head, list] = [document.createElement("h3"), document.createElement("dl")];
    head.textContent = group;
    list.className = "keys";
    for (const one of items) {
      const [term, words] = [document.createElement("dt"), document.createElement("dd")];
      term.append(...one.keys.split(" ").map((name) => Object.assign(document.createElement("kbd"), { textContent: name })));
      words.textContent = one.words;
      list.append(term, words);
    }
    return [head, list];
  }));
  dialog.showModal();
}
