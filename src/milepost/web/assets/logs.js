// What attempts write, as they write it, in the colours they mean.

import { Ansi } from "./ansi.js";
import { whenChanged } from "./live.js";

const MOST = 200_000;

/** Follow the output of an attempt. @param {HTMLElement} pane @param {string} task @param {string} attempt @returns {() => void} how to stop */
function follow(pane, task, attempt) {
  const ansi = new Ansi();
  const plan = encodeURIComponent(document.body.dataset.plan ?? "");
  const source = new EventSource(`/api/v1/plans/${plan}/tasks/${encodeURIComponent(task)}/log/stream?readable=true&attempt=${attempt}`);
  pane.replaceChildren();
  pane.dataset.state = "open";
  source.addEventListener("log", (event) => {
    const atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 40;
    pane.append(ansi.write(JSON.parse(event.data).text));
    while ((pane.textContent ?? "").length > MOST && pane.firstChild) pane.firstChild.remove();
    if (atEnd) pane.scrollTop = pane.scrollHeight;
  });
  source.addEventListener("end", () => { pane.dataset.state = "over"; source.close(); });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED && !pane.textContent) {
      pane.textContent = "There is no output here: what people and agents do leaves none.";
      pane.dataset.state = "over";
    }
  });
  return () => source.close();
}

/** The run page shows one of the attempts that go on. */
function runPage() {
  let [following, stop] = ["", () => {}];
  const show = () => {
    const choice = /** @type {HTMLSelectElement | null} */ (document.querySelector("#log-of"));
    const pane = /** @type {HTMLElement | null} */ (document.querySelector("#log"));
    const option = choice?.selectedOptions[0];
    if (!pane || !option) return;
    const wanted = `${option.value} ${option.dataset.attempt}`;
    if (wanted === following) return;
    stop();
    following = wanted;
    stop = follow(pane, option.value, option.dataset.attempt ?? "1");
  };
  document.addEventListener("change", (event) => { if (event.target instanceof Element && event.target.id === "log-of") show(); });
  whenChanged(show);
  show();
}

/** Start the page. */
export function start() {
  runPage();
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? /** @type {HTMLElement | null} */ (event.target.closest("[data-log]")) : null;
    const pane = button && document.getElementById(`log-${button.dataset.log}`);
    if (!button || !pane) return;
    pane.hidden = !pane.hidden;
    button.setAttribute("aria-expanded", String(!pane.hidden));
    if (!pane.hidden && !pane.dataset.state) follow(pane, pane.dataset.task ?? "", pane.dataset.attempt ?? "1");
  });
}
