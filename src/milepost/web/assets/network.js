// The network: moved by dragging, zoomed with Ctrl and the wheel; paths light up.

import { bind } from "./keys.js";
import { whenChanged } from "./live.js";

/** Start the page. */
export function start() {
  const box = /** @type {HTMLElement} */ (document.querySelector("#graph-box"));
  if (!box) return;
  let scale = 1;
  let [x, y] = [0, 0];
  let critical = false;
  const graph = () => /** @type {SVGSVGElement} */ (box.querySelector("#graph"));
  /** @type {string[] | null} */
  let parts = null;
  const later = () => parts ??= JSON.parse(document.querySelector("#graph-later")?.textContent ?? "[]");
  const show = () => {
    const [width, height] = [box.clientWidth / scale, box.clientHeight / scale];
    graph().setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    for (const part of box.querySelectorAll("g[data-at]")) {
      const [left, top, right, bottom] = (part.getAttribute("data-at") ?? "").split(" ").map(Number);
      const seen = left < x + width + 250 && right > x - 250 && top < y + height + 150 && bottom > y - 150;
      if (seen && part.hasAttribute("data-later") && !part.firstChild) part.innerHTML = later()[Number(part.getAttribute("data-later"))] ?? "";
      if (seen) part.removeAttribute("display");
      else part.setAttribute("display", "none");
    }
  };
  const size = () => [Number(graph().dataset.width), Number(graph().dataset.height)];
  const whole = () => Math.min(Math.max(Math.min(box.clientWidth / size()[0], box.clientHeight / size()[1]), 0.06), 1);
  const fit = () => {
    const [width, height] = size();
    scale = whole();
    [x, y] = [Math.min(0, (width - box.clientWidth / scale) / 2), Math.min(0, (height - box.clientHeight / scale) / 2)];
    show();
  };
  const zoom = (/** @type {number} */ factor, px = box.clientWidth / 2, py = box.clientHeight / 2) => {
    const next = Math.min(Math.max(scale * factor, 0.05), 3);
    x += px / scale - px / next;
    y += py / scale - py / next;
    scale = next;
    show();
  };
  const pan = (/** @type {number} */ dx, /** @type {number} */ dy) => { x += dx / scale; y += dy / scale; show(); };

  /** @type {{before: Map<number, [number, Element][]>, after: Map<number, [number, Element][]>}} */
  let links = read();
  function read() {
    const found = { before: new Map(), after: new Map() };
    for (const line of box.querySelectorAll("path[data-l]")) {
      const [from, to] = (line.getAttribute("data-l") ?? "").split(" ").map(Number);
      found.after.set(from, [...(found.after.get(from) ?? []), [to, line]]);
      found.before.set(to, [...(found.before.get(to) ?? []), [from, line]]);
    }
    return found;
  }
  const light = (/** @type {Element | null} */ node) => {
    for (const one of box.querySelectorAll(".on")) one.classList.remove("on");
    graph().classList.toggle("lit", Boolean(node));
    if (!node) return;
    const start = Number(node.getAttribute("data-n"));
    const seen = new Set([start]);
    for (const way of [links.before, links.after]) {
      const waiting = [start];
      for (const here of waiting) {
        for (const [there, line] of way.get(here) ?? []) {
          line.classList.add("on");
          if (!seen.has(there)) { seen.add(there); waiting.push(there); }
        }
      }
    }
    for (const one of box.querySelectorAll("a[data-n]")) if (seen.has(Number(one.getAttribute("data-n")))) one.classList.add("on");
  };
  const toggle = () => {
    critical = !critical;
    graph().classList.toggle("only-critical", critical);
    document.querySelector("[data-graph=critical]")?.setAttribute("aria-pressed", String(critical));
  };

  if (whole() >= 0.6) fit();
  else { scale = 0.8; show(); }
  new ResizeObserver(show).observe(box);
  box.addEventListener("pointerover", (event) => { const node = /** @type {Element} */ (event.target).closest("a[data-n]"); if (node) light(node); });
  box.addEventListener("pointerout", (event) => { if (/** @type {Element} */ (event.target).closest("a[data-n]")) light(null); });
  box.addEventListener("focusin", (event) => {
    const node = /** @type {Element} */ (event.target).closest("a[data-n]");
    light(node);
    if (!node) return;
    const [inner, outer] = [node.getBoundingClientRect(), box.getBoundingClientRect()];
    box.scrollTo(0, 0);
    if (inner.left < outer.left || inner.right > outer.right) pan(inner.left - outer.left - box.clientWidth / 3, 0);
    if (inner.top < outer.top || inner.bottom > outer.bottom) pan(0, inner.top - outer.top - box.clientHeight / 3);
  });
  box.addEventListener("focusout", () => light(null));
  box.addEventListener("wheel", (event) => {
    event.preventDefault();
    const area = box.getBoundingClientRect();
    if (event.ctrlKey || event.metaKey) zoom(Math.exp(-event.deltaY / 300), event.clientX - area.left, event.clientY - area.top);
    else pan(event.deltaX + (event.shiftKey ? event.deltaY : 0), event.shiftKey ? 0 : event.deltaY);
  }, { passive: false });
  let [dragging, moved] = [false, false];
  box.addEventListener("pointerdown", (event) => { dragging = event.button === 0; moved = false; });
  box.addEventListener("dragstart", (event) => event.preventDefault());
  addEventListener("pointermove", (event) => {
    if (!dragging) return;
    if (Math.abs(event.movementX) + Math.abs(event.movementY) > 1) moved = true;
    if (moved) pan(-event.movementX, -event.movementY);
  });
  addEventListener("pointerup", () => { dragging = false; });
  box.addEventListener("click", (event) => { if (moved) event.preventDefault(); });
  const acts = { in: () => zoom(1.4), out: () => zoom(1 / 1.4), fit, critical: toggle };
  for (const button of document.querySelectorAll("[data-graph]")) button.addEventListener("click", () => acts[/** @type {HTMLElement} */ (button).dataset.graph]());
  for (const [keys, words, act] of [["+", "zoom in", acts.in], ["-", "zoom out", acts.out], ["0", "show all", fit], ["c", "critical path only", toggle],
    ["ArrowLeft", "move left", () => pan(-80, 0)], ["ArrowRight", "move right", () => pan(80, 0)], ["ArrowUp", "move up", () => pan(0, -80)], ["ArrowDown", "move down", () => pan(0, 80)]]) bind(keys, words, act, "This page");
  whenChanged(() => { [links, parts] = [read(), null]; show(); });
}
