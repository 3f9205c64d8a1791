// Search and commands in one: tasks, checkpoints and phases of the plan, its pages, all plans, and what can be done.

/** @typedef {{kind: string, id: string, title: string, url?: string, act?: () => void}} Entry */

/** @type {Entry[]} */
const commands = [];
/** @type {Entry[] | null} */
let index = null;

/** Offer a command. @param {string} title @param {() => void} act */
export const offer = (title, act) => { commands.push({ kind: "command", id: "", title, act }); };

/** How well an entry fits; 0 is not at all. @param {Entry} entry @param {string[]} words */
function fit(entry, words) {
  let score = 1;
  const [id, title] = [entry.id.toLowerCase(), entry.title.toLowerCase()];
  for (const word of words) {
    if (id === word) score += 50;
    else if (id.startsWith(word)) score += 20;
    else if (title.startsWith(word)) score += 10;
    else if (title.includes(` ${word}`)) score += 6;
    else if (title.includes(word) || id.includes(word)) score += 3;
    else return 0;
  }
  return score + (entry.kind === "task" ? 0 : 1);
}

/** Set the palette up. @param {string} plan */
export function prepare(plan) {
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#palette"));
  const field = /** @type {HTMLInputElement} */ (dialog.querySelector("input"));
  const list = /** @type {HTMLElement} */ (dialog.querySelector("ul"));
  /** @type {Entry[]} */
  let found = [];
  let here = 0;

  const choose = (/** @type {Entry | undefined} */ entry) => {
    if (!entry) return;
    dialog.close();
    if (entry.act) entry.act();
    else if (entry.url) location.assign(entry.url);
  };
  const mark = () => {
    [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === here)));
    const item = list.children[here];
    if (item) {
      field.setAttribute("aria-activedescendant", item.id);
      item.scrollIntoView({ block: "nearest" });
    } else field.removeAttribute("aria-activedescendant");
  };
  const look = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const all = [...commands, ...(index ?? [])];
    const scored = words.length ? all.map((entry) => ({ entry, score: fit(entry, words) })).filter((one) => one.score) : all.filter((one) => one.kind !== "task").map((entry) => ({ entry, score: 1 }));
    found = scored.sort((a, b) => b.score - a.score).slice(0, 30).map((one) => one.entry);
    list.replaceChildren(...found.map((entry, place) => {
      const item = document.createElement("li");
      item.id = `found-${place}`;
      item.setAttribute("role", "option");
      item.innerHTML = '<span class="id"></span><span class="clip"></span><span class="dim small"></span>';
      [entry.id, entry.title, entry.kind].forEach((text, part) => { item.children[part].textContent = text; });
      if (!entry.id) item.children[0].remove();
      item.addEventListener("click", () => choose(entry));
      return item;
    }));
    if (!found.length) {
      const none = document.createElement("li");
      none.className = "dim";
      none.setAttribute("role", "option");
      none.setAttribute("aria-disabled", "true");
      none.textContent = index ? "Nothing is called that." : "Loading …";
      list.append(none);
    }
    here = 0;
    if (found.length) mark();
  };
  field.addEventListener("input", look);
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") here = Math.min(here + 1, found.length - 1);
    else if (event.key === "ArrowUp") here = Math.max(here - 1, 0);
    else if (event.key === "Enter") { event.preventDefault(); choose(found[here]); return; }
    else return;
    event.preventDefault();
    mark();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  return async () => {
    if (dialog.open) return;
    dialog.showModal();
    field.select();
    look();
    if (!index) {
      const answer = await fetch(plan ? `/plans/${plan}/index` : "/index");
      if (answer.ok) index = await answer.json();
      look();
    }
  };
}
