// The rows of a Gantt chart: what the server sent column by column, folded by phases; which chain drives what.

/**
 * @typedef {object} Data what the server sends; times in seconds from `axis.start`, lists by activity
 * @property {{kind: "calendar" | "working", start: number | null, end: number, now: number | null, p50: number | null, p80: number | null}} axis
 * @property {[string, string][]} phases id and title
 * @property {string[]} id @property {string[]} title @property {number[]} phase place in `phases`, -1 for none
 * @property {number[]} gate @property {string[]} state @property {(number | null)[]} tier
 * @property {number[]} start @property {number[]} finish @property {number[]} late @property {number[]} float
 * @property {number[]} critical @property {number[][]} drivers
 * @property {Record<string, [number, number]>} baseline by place
 * @property {Record<string, [number, number | null, string][]>} actual attempts by place: begin, end, outcome
 * @property {Record<string, [number, number]>} spread P50 and P80 by place
 */

/** @typedef {{phase: number, task: number}} Row a phase's own row has task -1 */

export class Model {
  /** @param {Data} data */
  constructor(data) {
    this.data = data;
    /** @type {Set<number>} */
    this.folded = new Set();
    /** @type {Row[]} */
    this.rows = [];
    this.spans = data.phases.map(() => [Infinity, 0, 0, 0]);
    data.phase.forEach((phase, task) => {
      if (phase < 0) return;
      const span = this.spans[phase];
      span[0] = Math.min(span[0], data.start[task]);
      span[1] = Math.max(span[1], data.finish[task]);
      if (!data.gate[task]) span[2] += 1;
      if (data.state[task] === "done" && !data.gate[task]) span[3] += 1;
    });
    this.unfold();
  }

  /** Build the rows that are to be seen. */
  unfold() {
    const rows = [];
    let last = -2;
    this.data.phase.forEach((phase, task) => {
      if (phase !== last && phase >= 0) rows.push({ phase, task: -1 });
      last = phase;
      if (phase < 0 || !this.folded.has(phase)) rows.push({ phase, task });
    });
    this.rows = rows;
  }

  /** @param {number} phase @param {boolean} [fold] */
  toggle(phase, fold = !this.folded.has(phase)) {
    if (fold) this.folded.add(phase);
    else this.folded.delete(phase);
    this.unfold();
  }

  /** @param {boolean} fold */
  toggleAll(fold) {
    this.folded = new Set(fold ? this.data.phases.keys() : []);
    this.unfold();
  }

  /** The row of a task, its phase unfolded. @param {number} task */
  rowOf(task) {
    if (this.folded.has(this.data.phase[task])) this.toggle(this.data.phase[task], false);
    return this.rows.findIndex((row) => row.task === task);
  }

  /** Everything that drives a task, and everything it drives. @param {number} task @returns {Set<number>} */
  chain(task) {
    const found = new Set([task]);
    const { drivers } = this.data;
    /** @type {Map<number, number[]>} */
    const driven = new Map();
    drivers.forEach((before, here) => before.forEach((one) => driven.set(one, [...(driven.get(one) ?? []), here])));
    for (const step of [(/** @type {number} */ one) => drivers[one], (/** @type {number} */ one) => driven.get(one) ?? []]) {
      const waiting = [task];
      for (const here of waiting) {
        for (const there of step(here)) {
          if (!found.has(there)) {
            found.add(there);
            waiting.push(there);
          }
        }
      }
    }
    return found;
  }
}
