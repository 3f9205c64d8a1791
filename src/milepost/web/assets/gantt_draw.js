// One row of a Gantt chart as SVG: what is planned, what was, what may be. Form says the same as colour.

import { say, working } from "./gantt_axis.js";

/** @typedef {import("./gantt_model.js").Model} Model */
/** @typedef {import("./gantt_model.js").Row} Row */

export const HEIGHT = 30;

const RING = "M2.4 8a5.6 5.6 0 1 0 11.2 0a5.6 5.6 0 1 0-11.2 0";
/** Signs of states as paths of 16 by 16: those of `icons.svg`, drawn without its detours. @type {Record<string, string>} */
export const SIGNS = {
  pending: "M2.4 8a5.6 5.6 0 0 1 2-4.300M8 2.400a5.6 5.6 0 0 1 4.3 2M13.6 8a5.6 5.6 0 0 1-2 4.300M8 13.600a5.6 5.6 0 0 1-4.3-2",
  ready: RING, running: `${RING}M8 4.600v6.800M9.5 5.500v5`, done: `${RING}M5.6 8.200l1.7 1.7 3.2-3.6`,
  blocked: "M5.6 2.400h4.800l3.2 3.200v4.800l-3.2 3.200H5.600l-3.2-3.200V5.600zM5.4 8h5.2", skipped: `${RING}M4.2 11.800l7.6-7.6`,
  open: "M8 2l6 6-6 6-6-6z", passed: "M8 2l6 6-6 6-6-6zM6 8.100l1.4 1.4 2.7-3",
};
const [TOP, THICK] = [8, 12];

/** @param {number} x @param {number} y @param {number} width @param {number} height @param {string} kind */
const box = (x, y, width, height, kind, round = 2) =>
  `<rect class="${kind}" x="${x.toFixed(1)}" y="${y}" width="${Math.max(width, 1.5).toFixed(1)}" height="${height}" rx="${round}"/>`;

/** @param {Model} model @param {Row} row @param {(at: number) => number} at */
export function drawRow(model, row, at) {
  const { data } = model;
  if (row.task < 0) {
    const [from, to] = model.spans[row.phase];
    if (from === Infinity) return "";
    const [x, end] = [at(from), at(to)];
    return `${box(x, 12, end - x, 5, "g-phase", 0)}<path class="g-phase" d="M${x} 12v9l5-4v-5zM${end} 12v9l-5-4v-5z"/>`;
  }
  const task = row.task;
  const [x, end] = [at(data.start[task]), at(data.finish[task])];
  if (data.gate[task]) return gate(x, data.state[task]) + spread(data, task, at);
  const kind = `g-bar ${data.critical[task] ? "g-critical" : ""} s-${data.state[task]}`;
  let made = "";
  const kept = data.baseline[task];
  if (kept) made += box(at(kept[0]), TOP + THICK + 3, at(kept[1]) - at(kept[0]), 3, "g-baseline", 0);
  if (data.late[task] > data.finish[task] && data.state[task] !== "done") {
    made += `<path class="g-float" d="M${end.toFixed(1)} ${TOP + THICK / 2}H${at(data.late[task]).toFixed(1)}m0 -4v8"/>`;
  }
  made += box(x, TOP, end - x, THICK, kind);
  for (const [from, to, outcome] of data.actual[task] ?? []) {
    const until = at(to ?? data.axis.now ?? from);
    made += box(at(from), TOP + 3, until - at(from), THICK - 6, `g-actual ${to === null ? "a-running" : outcome === "done" ? "a-done" : "a-failed"}`, 1);
  }
  if (data.state[task] === "done") made += `<path class="g-tick" d="M${(end + 5).toFixed(1)} ${TOP + 6}l3 3 5-6"/>`;
  return made + spread(data, task, at);
}

/** @param {number} x @param {string} state */
const gate = (x, state) =>
  `<path class="g-gate ${state === "passed" ? "g-passed" : ""}" d="M${x.toFixed(1)} 5l9 9-9 9-9-9z"/>`;

/** The whisker from P50 to P80. @param {Model["data"]} data @param {number} task @param {(at: number) => number} at */
function spread(data, task, at) {
  const found = data.spread[task];
  if (!found) return "";
  const [half, sure] = found.map((one) => at(one).toFixed(1));
  return `<path class="g-whisker" d="M${half} 9v10M${half} 14H${sure}m0 -5v10"/>`;
}

/** A row in words. @param {Model} model @param {Row} row */
export function describe(model, row) {
  const { data } = model;
  if (row.task < 0) {
    const [, , tasks, done] = model.spans[row.phase];
    return `${data.phases[row.phase][1]}: ${done} of ${tasks} tasks done`;
  }
  const task = row.task;
  const name = data.gate[task] ? data.title[task] : `${data.id[task]} ${data.title[task]}`;
  const parts = [name, data.state[task], `${say(data.axis, data.start[task])} to ${say(data.axis, data.finish[task])}`];
  if (data.critical[task]) parts.push("critical");
  else parts.push(`float ${working(data.float[task])}`);
  const found = data.spread[task];
  if (found) parts.push(`finished by ${say(data.axis, found[0])} with even odds, by ${say(data.axis, found[1])} in 80 of 100 cases`);
  return parts.join(", ");
}

/** The lines between the tasks of a chain. @param {Model} model @param {Set<number>} chain @param {Map<number, number>} lines */
export function drawChain(model, chain, lines, at) {
  const { data } = model;
  let path = "";
  for (const here of chain) {
    for (const before of data.drivers[here]) {
      const [from, to] = [lines.get(before), lines.get(here)];
      if (!chain.has(before) || from === undefined || to === undefined) continue;
      const [x, y] = [at(data.finish[before]), from * HEIGHT + TOP + THICK / 2];
      const [end, level] = [at(data.start[here]), to * HEIGHT + TOP + THICK / 2];
      const turn = Math.max(x + 6, end - 6);
      path += `M${x.toFixed(1)} ${y}H${turn.toFixed(1)}V${level}H${end.toFixed(1)}m-4 -3l4 3-4 3`;
    }
  }
  return path ? `<path class="g-link" d="${path}"/>` : "";
}
