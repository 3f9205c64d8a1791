// What can be done from a page: every act asks for what it needs in one dialog, then calls the API.

import { refresh } from "./live.js";
import { say } from "./messages.js";
import { offer } from "./palette.js";

/**
 * @typedef {object} Act
 * @property {string} title @property {string} go the word on the button @property {string} [words]
 * @property {string[]} [needs] texts that must be given @property {string[]} [takes] texts that may be given
 * @property {boolean} [bad] whether it takes something away
 */

/** @type {Record<string, Act>} */
export const TASK_ACTS = {
  claim: { title: "Claim task", go: "Claim", words: "Nobody else gets it while you are at it." },
  complete: { title: "Complete task", go: "Done", words: "Its verifications are run first.", takes: ["note"] },
  fail: { title: "Report that the task failed", go: "Failed", words: "It is tried again, escalated, or blocked.", needs: ["reason"], bad: true },
  escalate: { title: "Escalate task", go: "Escalate", words: "It goes to the next stronger tier.", needs: ["reason"] },
  block: { title: "Block task", go: "Block", words: "It waits until somebody lets it go on.", needs: ["reason"], bad: true },
  unblock: { title: "Unblock task", go: "Unblock", words: "Its tries are counted afresh." },
  skip: { title: "Skip task", go: "Skip", words: "What waits for it need not wait any more.", needs: ["reason"], bad: true },
  reopen: { title: "Reopen task", go: "Reopen", words: "It has to be done again.", needs: ["reason"] },
};
/** @type {Record<string, Act>} */
const GATE_ACTS = {
  approve: { title: "Approve", go: "Approve", words: "You sign off every criterion that no command can judge.", takes: ["comment"] },
  reject: { title: "Reject", go: "Reject", words: "What comes after it is held back.", needs: ["reason"], bad: true },
  recheck: { title: "Judge again", go: "Judge again", words: "The commands that failed are run once more." },
};
/** @type {Record<string, Act>} */
const RUN_ACTS = {
  start: { title: "Start the run", go: "Start", words: "Commands that are trusted on the server's machine are run there." },
  pause: { title: "Pause the run", go: "Pause", words: "Nothing new starts; what runs goes on.", takes: ["reason"] },
  resume: { title: "Resume the run", go: "Resume" },
  cancel: { title: "Cancel the run", go: "Cancel the run", words: "It ends now, and for good. The next one begins anew.", takes: ["reason"], bad: true },
};
const LABELS = { reason: "Why", note: "What was done", comment: "Comment" };

let base = "";

/** A key that no other request has; `randomUUID` is there only where the line is secure. */
const key = () => [...crypto.getRandomValues(new Uint8Array(16))].map((one) => one.toString(16).padStart(2, "0")).join("");

/** Send something to the API. @param {string} path @param {Record<string, unknown>} body @param {Record<string, string>} headers @returns {Promise<any>} */
export async function send(path, body, headers = {}) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key(), ...headers },
    body: JSON.stringify(body),
  });
  const told = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error([told.detail ?? `the server answered ${answer.status}`, told.remedy].filter(Boolean).join("; "));
  return told;
}

const me = () => document.querySelector("body").dataset.by || "";
const remembered = () => { try { return localStorage.getItem("by") ?? me(); } catch { return me(); } };

/** Ask for what an act needs; null when the viewer thinks better of it. @param {Act} act @param {string} subject @param {string} by */
function ask(act, subject, by) {
  const dialog = /** @type {HTMLDialogElement} */ (document.querySelector("#act"));
  const form = /** @type {HTMLFormElement} */ (dialog.querySelector("form"));
  dialog.querySelector("h2").textContent = subject ? `${act.title} ${subject}` : act.title;
  dialog.querySelector("[data-words]").textContent = act.words ?? "";
  const fields = dialog.querySelector("[data-fields]");
  fields.replaceChildren(...[["by", true], ...(act.needs ?? []).map((name) => [name, true]), ...(act.takes ?? []).map((name) => [name, false])]
    .map(([name, needed]) => {
      const label = document.createElement("label");
      label.className = "field";
      label.append(name === "by" ? "Your name" : LABELS[name], needed ? "" : " ");
      const field = document.createElement(name === "by" ? "input" : "textarea");
      Object.assign(field, { name, required: needed, value: name === "by" ? by : "", maxLength: name === "by" ? 200 : 2000 });
      if (!needed) label.append(Object.assign(document.createElement("span"), { className: "dim small", textContent: "optional" }));
      label.append(field);
      return label;
    }));
  const go = /** @type {HTMLButtonElement} */ (dialog.querySelector("[data-go-on]"));
  go.textContent = act.go;
  go.classList.toggle("danger-fill", Boolean(act.bad));
  const trouble = /** @type {HTMLElement} */ (dialog.querySelector("[data-trouble]"));
  trouble.hidden = true;
  dialog.showModal();
  const first = fields.querySelector("textarea") ?? fields.querySelector("input");
  first?.focus();
  return { dialog, form, go, trouble };
}

/**
 * Do an act once the viewer has confirmed it.
 * @param {Act} act @param {string} subject @param {string} path @param {Record<string, unknown>} [more] @param {string} [holder] who has to do it
 */
export function perform(act, subject, path, more = {}, holder = "") {
  const { dialog, form, go, trouble } = ask(act, subject, holder || remembered());
  form.onsubmit = async (event) => {
    event.preventDefault();
    const values = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    try { if (!holder) localStorage.setItem("by", String(values.by)); } catch { /* it is asked for again */ }
    go.disabled = true;
    try {
      await send(path, { ...more, ...values });
      dialog.close();
      say(`${act.title}${subject ? ` ${subject}` : ""}: done`, "done");
      await refresh();
    } catch (error) {
      trouble.textContent = error instanceof Error ? error.message : String(error);
      trouble.hidden = false;
    } finally {
      go.disabled = false;
    }
  };
}

/** Act on a task. @param {string} name @param {HTMLElement} holder the element that knows of it */
export function actOnTask(name, holder) {
  const { task = "", attempt, worker = "" } = holder.dataset;
  const bound = ["complete", "fail", "escalate"].includes(name) && attempt;
  perform(TASK_ACTS[name], task, `${base}/tasks/${encodeURIComponent(task)}/${name}`, bound ? { attempt_no: Number(attempt) } : {}, bound ? worker : "");
}

/** @param {string} name */
function actOnRun(name) {
  const number = document.body.dataset.run ?? "";
  const path = name === "start" ? `${base}/runs` : `${base}/runs/${number}/${name}`;
  perform(RUN_ACTS[name], "", path, name === "start" && number ? { new: document.body.dataset.outcome === "cancelled" } : {});
}

/** Listen for buttons that act. @param {string} plan */
export function prepareActs(plan) {
  base = `/api/v1/plans/${encodeURIComponent(plan)}`;
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-act]")) : null;
    if (!button) return;
    const { act = "", gate } = button.dataset;
    if (gate !== undefined) {
      const name = document.getElementById(`h-${gate}`)?.textContent ?? gate;
      perform(GATE_ACTS[act], name, `${base}/checkpoints/${encodeURIComponent(gate)}/${act === "recheck" ? "run" : act}`);
    } else if (act in RUN_ACTS) actOnRun(act);
    else actOnTask(act, /** @type {HTMLElement} */ (button.closest("[data-task]")));
  });
  document.addEventListener("input", (event) => {
    const field = event.target instanceof HTMLInputElement && event.target.dataset.filter ? event.target : null;
    if (field) filter(field);
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof HTMLSelectElement && event.target.hasAttribute("data-submit")) event.target.form?.requestSubmit();
  });
}

/** Show only what holds the words. @param {HTMLInputElement} field */
export function filter(field) {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const item of document.querySelectorAll(field.dataset.filter)) {
    const text = (item.textContent ?? "").toLowerCase();
    /** @type {HTMLElement} */ (item).hidden = !words.every((word) => text.includes(word));
  }
}

/** Offer in the palette what this page's buttons do. */
export function offerActs() {
  for (const button of document.querySelectorAll("main .head [data-act]")) {
    const { act = "" } = /** @type {HTMLElement} */ (button).dataset;
    offer((RUN_ACTS[act] ?? TASK_ACTS[act])?.title ?? act, () => /** @type {HTMLElement} */ (button).click());
  }
}
