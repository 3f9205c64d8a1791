// The Gantt page: only the rows in sight are in the document; the chart is one drawing as large as the window.

import { ticks } from "./gantt_axis.js";
import { HEIGHT, SIGNS, describe, drawChain, drawRow } from "./gantt_draw.js";
import { Model } from "./gantt_model.js";
import { bind } from "./keys.js";
import { whenChanged } from "./live.js";

const WIDEST = 4_000_000;
const HEAD = 44;
const SVG = "http://www.w3.org/2000/svg";

/** @param {string} text */
const safe = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

export class Gantt {
  /** @param {HTMLElement} box @param {import("./gantt_model.js").Data} data */
  constructor(box, data) {
    this.box = box;
    this.scale = 0;
    this.cursor = 0;
    /** @type {Set<number> | null} */
    this.chain = null;
    [this.left, this.room, this.height] = [0, 50, 0];
    box.innerHTML = `<div class="g-size" role="presentation"><div class="g-view" role="presentation">
      <div class="g-names" role="rowgroup"></div>
      <svg class="g-chart" aria-hidden="true"><g class="g-grid"></g><g class="g-move"><g class="g-rows"></g><g class="g-links"></g></g>
      <g class="g-now"></g><rect class="g-head" width="100%" height="${HEAD}"/><g class="g-axis"></g></svg></div></div>`;
    this.size = /** @type {HTMLElement} */ (box.querySelector(".g-size"));
    this.view = /** @type {HTMLElement} */ (box.querySelector(".g-view"));
    this.names = /** @type {HTMLElement} */ (box.querySelector(".g-names"));
    this.chart = /** @type {SVGElement} */ (box.querySelector(".g-chart"));
    /** @type {Map<number, [HTMLElement, SVGElement]>} */
    this.lines = new Map();
    this.take(data);
    this.fit();
    box.addEventListener("scroll", () => this.#soon(), { passive: true });
    box.addEventListener("keydown", (event) => this.#key(event));
    box.addEventListener("click", (event) => this.#click(event));
    box.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    new ResizeObserver(() => this.#resize()).observe(box);
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  /** Show other data at the same place. @param {import("./gantt_model.js").Data} data */
  take(data) {
    const folded = this.model?.folded;
    this.model = new Model(data);
    if (folded) for (const phase of folded) this.model.toggle(phase, true);
    this.redraw();
  }

  get end() { return Math.max(this.model.data.axis.end, this.model.data.axis.p80 ?? 0, 1) * 1.06; }

  /** Show all of the time. */
  fit() {
    this.#measure();
    this.zoomTo(this.room / this.end, 0);
  }

  /** @param {number} scale pixels for a second @param {number} [at] the time to keep in its place */
  zoomTo(scale, at = (this.box.scrollLeft + this.room / 2) / (this.scale || 1)) {
    const place = at * this.scale - this.box.scrollLeft;
    this.scale = Math.min(Math.max(scale, this.room / this.end), Math.max(WIDEST / this.end, this.room / this.end), 40);
    this.redraw();
    this.box.scrollLeft = at * this.scale - place;
    this.#soon();
  }

  #measure() {
    this.view.style.width = `${this.box.clientWidth}px`;
    this.view.style.height = `${this.box.clientHeight}px`;
    this.left = this.names.offsetWidth;
    this.room = Math.max(this.box.clientWidth - this.left, 50);
    [this.wide, this.height] = [this.box.clientWidth, this.box.clientHeight];
  }

  #resize() {
    if (this.wide === this.box.clientWidth && this.height === this.box.clientHeight) return;
    const narrow = this.scale * this.end < this.room + 2;
    this.#measure();
    if (narrow) this.fit();
    else this.#soon();
  }

  #soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      this.draw();
    });
  }

  /** Forget what is drawn, and draw. */
  redraw() {
    for (const [name, bar] of this.lines.values()) { name.remove(); bar.remove(); }
    this.lines.clear();
    this.box.setAttribute("aria-rowcount", String(this.model.rows.length));
    this.size.style.height = `${this.model.rows.length * HEIGHT + HEAD + 12}px`;
    this.size.style.width = `${this.left + this.end * this.scale}px`;
    if (!this.scale) return;
    this.#link();
    this.draw();
  }

  draw() {
    const { scrollTop, scrollLeft } = this.box;
    const height = this.all ? this.model.rows.length * HEIGHT : this.height;
    const first = Math.max(Math.floor(scrollTop / HEIGHT) - 2, 0);
    const last = Math.min(Math.ceil((scrollTop + height) / HEIGHT) + 2, this.model.rows.length);
    const at = (/** @type {number} */ time) => time * this.scale;
    for (const [index, [name, bar]] of this.lines) {
      if (index < first || index >= last) { name.remove(); bar.remove(); this.lines.delete(index); }
    }
    const rows = /** @type {SVGElement} */ (this.chart.querySelector(".g-rows"));
    for (let index = first; index < last; index++) {
      if (!this.lines.has(index)) this.lines.set(index, this.#line(index, rows, at));
    }
    this.names.style.transform = `translateY(${HEAD - scrollTop}px)`;
    this.chart.querySelector(".g-move").setAttribute("transform", `translate(${-scrollLeft} ${HEAD - scrollTop})`);
    if (this.drawnAt !== scrollLeft || this.drawnScale !== this.scale || this.drawnRoom !== this.room) this.#axis(scrollLeft, height);
    const active = this.lines.get(this.cursor);
    if (active) this.box.setAttribute("aria-activedescendant", active[0].id);
    else this.box.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index @param {SVGElement} rows @returns {[HTMLElement, SVGElement]} */
  #line(index, rows, at) {
    const { model } = this;
    const row = model.rows[index];
    const { data } = model;
    const name = document.createElement("div");
    name.id = `g-${index}`;
    name.className = "g-name";
    name.style.transform = `translateY(${index * HEIGHT}px)`;
    name.setAttribute("role", "row");
    name.setAttribute("aria-rowindex", String(index + 1));
    name.dataset.index = String(index);
    const task = row.task;
    if (task < 0) {
      const folded = model.folded.has(row.phase);
      const [, , tasks, done] = model.spans[row.phase];
      name.classList.add("g-group");
      name.setAttribute("aria-expanded", String(!folded));
      name.setAttribute("aria-level", "1");
      name.innerHTML = `<span role="rowheader" class="clip"><span class="g-fold" aria-hidden="true">${folded ? "▸" : "▾"}</span> ${safe(data.phases[row.phase][1])}</span><span role="gridcell" class="dim small n">${done}/${tasks}</span>`;
    } else {
      name.setAttribute("aria-level", data.phases.length ? "2" : "1");
      name.innerHTML = `<span role="rowheader" class="row clip"><svg class="icon is-${data.gate[task] ? "gate" : data.state[task]}" aria-hidden="true" viewBox="0 0 16 16"><path d="${SIGNS[data.state[task]]}"/></svg>${data.gate[task] ? "" : `<span class="id">${safe(data.id[task])}</span>`}<span class="clip">${safe(data.title[task])}</span></span><span role="gridcell" class="dim small n">${data.critical[task] ? '<b class="g-mark" title="critical">●</b>' : ""}</span>`;
    }
    name.setAttribute("aria-label", describe(model, row));
    const bar = /** @type {SVGElement} */ (document.createElementNS(SVG, "g"));
    bar.setAttribute("transform", `translate(0 ${index * HEIGHT})`);
    bar.innerHTML = drawRow(model, row, at);
    this.#mark(index, name, bar);
    this.names.append(name);
    rows.append(bar);
    return [name, bar];
  }

  /** @param {number} index @param {HTMLElement} name @param {SVGElement} bar */
  #mark(index, name, bar) {
    const row = this.model.rows[index];
    const off = this.chain && row.task >= 0 && !this.chain.has(row.task);
    name.classList.toggle("off", Boolean(off));
    name.classList.toggle("on", Boolean(this.chain?.has(row.task)));
    bar.classList.toggle("off", Boolean(off));
    name.classList.toggle("here", index === this.cursor);
    name.setAttribute("aria-selected", String(index === this.cursor));
  }

  /** @param {number} from @param {number} height */
  #axis(from, height) {
    [this.drawnAt, this.drawnScale, this.drawnRoom] = [from, this.scale, this.room];
    const { axis } = this.model.data;
    const marks = ticks(axis, from / this.scale, (from + this.room) / this.scale, 76 / this.scale);
    let [grid, head] = ["", ""];
    for (const { at, text, wide } of marks) {
      const x = (at * this.scale - from).toFixed(1);
      grid += `<path d="M${x} ${HEAD}v${height}"/>`;
      head += `<text x="${x}" dx="4" y="${HEAD - 9}">${safe(text)}</text>`;
      if (wide) head += `<text class="g-wide" x="${Math.max(Number(x), 0)}" dx="4" y="16">${safe(wide)}</text>`;
    }
    this.chart.querySelector(".g-grid").innerHTML = grid;
    this.chart.querySelector(".g-axis").innerHTML = head;
    let lines = "";
    for (const [time, kind, words] of [[axis.now, "now", "now"], [axis.p50, "half", "P50"], [axis.p80, "sure", "P80"]]) {
      if (time === null || time === undefined) continue;
      const x = (Number(time) * this.scale - from).toFixed(1);
      lines += `<path class="g-${kind}" d="M${x} ${HEAD - 4}v${height}"/><text class="g-${kind}" x="${x}" dx="4" y="${HEAD + 12}">${words}</text>`;
    }
    this.chart.querySelector(".g-now").innerHTML = lines;
  }

  /** Go to a row, and show what drives it if asked. @param {number} index @param {boolean} [follow] */
  go(index, follow = this.chain !== null) {
    this.cursor = Math.min(Math.max(index, 0), this.model.rows.length - 1);
    const { task } = this.model.rows[this.cursor];
    this.chain = follow && task >= 0 ? this.model.chain(task) : null;
    const top = this.cursor * HEIGHT;
    const { scrollTop } = this.box;
    const height = this.view.clientHeight - HEAD;
    if (top < scrollTop) this.box.scrollTop = top;
    else if (top + HEIGHT > scrollTop + height) this.box.scrollTop = top + HEIGHT - height;
    this.draw();
    for (const [place, [name, bar]] of this.lines) this.#mark(place, name, bar);
    this.#link();
    this.box.dispatchEvent(new CustomEvent("chosen", { detail: task }));
  }

  /** Draw the lines of the chain that is followed. */
  #link() {
    const lines = new Map(this.chain ? this.model.rows.map((row, place) => [row.task, place]) : []);
    const drawn = this.chain ? drawChain(this.model, this.chain, lines, (time) => time * this.scale) : "";
    this.chart.querySelector(".g-links").innerHTML = drawn;
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const row = this.model.rows[this.cursor];
    const page = Math.floor((this.view.clientHeight - HEAD) / HEIGHT) - 1;
    /** @type {Record<string, () => void>} */
    const acts = {
      ArrowDown: () => this.go(this.cursor + 1), ArrowUp: () => this.go(this.cursor - 1),
      PageDown: () => this.go(this.cursor + page), PageUp: () => this.go(this.cursor - page),
      Home: () => this.go(0), End: () => this.go(this.model.rows.length - 1),
      ArrowLeft: () => this.#fold(row.phase, true), ArrowRight: () => this.#fold(row.phase, false),
      Enter: () => row.task < 0 ? this.#fold(row.phase) : this.go(this.cursor, true),
      " ": () => row.task < 0 ? this.#fold(row.phase) : this.go(this.cursor, true),
      Escape: () => this.go(this.cursor, false),
    };
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  }

  /** @param {number} phase @param {boolean} [fold] */
  #fold(phase, fold) {
    if (phase < 0) return;
    this.model.toggle(phase, fold);
    this.cursor = this.model.rows.findIndex((row) => row.phase === phase && row.task < 0);
    this.redraw();
    this.go(this.cursor, false);
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const top = event.clientY - this.view.getBoundingClientRect().top - HEAD + this.box.scrollTop;
    const index = Math.floor(top / HEIGHT);
    if (index < 0 || index >= this.model.rows.length) return;
    const row = this.model.rows[index];
    if (row.task < 0) this.#fold(row.phase);
    else this.go(index, !(this.cursor === index && this.chain));
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const x = event.clientX - this.view.getBoundingClientRect().left - this.left;
    this.zoomTo(this.scale * Math.exp(-event.deltaY / 300), (this.box.scrollLeft + x) / this.scale);
  }

  /** Draw every row for paper, or go back. @param {boolean} all */
  print(all) {
    this.all = all;
    if (all) this.fit();
    const height = `${this.model.rows.length * HEIGHT + HEAD}px`;
    this.view.style.height = all ? height : `${this.box.clientHeight}px`;
    this.draw();
  }
}

/** @param {Gantt} gantt @param {HTMLElement} panel */
function tellChosen(gantt, panel) {
  gantt.box.addEventListener("chosen", (event) => {
    const task = /** @type {CustomEvent<number>} */ (event).detail;
    const { data } = gantt.model;
    panel.hidden = task < 0 || !gantt.chain;
    if (panel.hidden) return;
    const names = [...gantt.chain].sort((a, b) => data.start[a] - data.start[b]).map((one) => data.gate[one] ? data.title[one] : data.id[one]);
    panel.querySelector("[data-name]").textContent = `${data.gate[task] ? "" : `${data.id[task]} `}${data.title[task]}`;
    panel.querySelector("[data-words]").textContent = describe(gantt.model, gantt.model.rows[gantt.cursor]);
    panel.querySelector("[data-chain]").textContent = names.length > 60 ? `${names.slice(0, 60).join(" → ")} and ${names.length - 60} more` : names.join(" → ");
    const link = /** @type {HTMLAnchorElement} */ (panel.querySelector("a"));
    link.hidden = Boolean(data.gate[task]);
    link.href = `${panel.dataset.tasks}/${encodeURIComponent(data.id[task])}`;
    history.replaceState(null, "", `#${encodeURIComponent(data.id[task])}`);
  });
}

/** Start the page. */
export async function start() {
  const box = /** @type {HTMLElement} */ (document.querySelector("#gantt"));
  const data = await load(box);
  const gantt = data && new Gantt(box, data);
  box.setAttribute("aria-busy", "false");
  if (!gantt) return;
  Object.assign(window, { gantt });
  tellChosen(gantt, /** @type {HTMLElement} */ (document.querySelector("#chosen")));
  const acts = { in: () => gantt.zoomTo(gantt.scale * 1.6), out: () => gantt.zoomTo(gantt.scale / 1.6), fit: () => gantt.fit(),
    fold: () => { gantt.model.toggleAll(true); gantt.redraw(); }, unfold: () => { gantt.model.toggleAll(false); gantt.redraw(); }, print: () => window.print(),
    now: () => { gantt.box.scrollLeft = (data.axis.now ?? 0) * gantt.scale - gantt.room / 3; } };
  for (const button of document.querySelectorAll("[data-gantt]")) {
    button.addEventListener("click", () => acts[/** @type {HTMLElement} */ (button).dataset.gantt]());
  }
  for (const [key, words, act] of [["+", "zoom in", acts.in], ["-", "zoom out", acts.out], ["0", "show all of the time", acts.fit],
    ["[", "fold all phases", acts.fold], ["]", "unfold all phases", acts.unfold], ["n", "go to now", acts.now]]) bind(key, words, act, "This page");
  for (const [key, words] of [["↑ ↓", "go to another row"], ["← →", "fold and unfold a phase"], ["Enter", "highlight what drives a task"]]) bind(key, words, () => {}, "This page");
  const wanted = data.id.indexOf(decodeURIComponent(location.hash.slice(1)));
  if (wanted >= 0) gantt.go(gantt.model.rowOf(wanted), true);
  whenChanged(async () => { const fresh = await load(box); if (fresh) gantt.take(fresh); });
}

/** @param {HTMLElement} box */
async function load(box) {
  const answer = await fetch(box.dataset.rows);
  if (answer.ok) return answer.json();
  const told = await answer.json().catch(() => ({}));
  if (!box.querySelector(".g-view")) box.innerHTML = `<p class="empty">${safe(told.detail ?? told.title ?? "The chart could not be loaded.")}</p>`;
  return null;
}
