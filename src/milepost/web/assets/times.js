// Moments in the viewer's zone, and clocks that run. `<time datetime data-as="clock|day|ago|since">`.

import { format } from "./formats.js";

const clock = format({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = format({ dateStyle: "medium", timeStyle: "short" });
const full = format({ dateStyle: "full", timeStyle: "long" });

/** Seconds in at most two units, as the server writes them. @param {number} seconds */
export function span(seconds) {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return whole % 60 ? `${Math.floor(whole / 60)}m ${whole % 60}s` : `${whole / 60}m`;
  const minutes = Math.round(whole / 60);
  return minutes % 60 ? `${Math.floor(minutes / 60)}h ${minutes % 60}m` : `${minutes / 60}h`;
}

/** @param {number} seconds how long ago */
function ago(seconds) {
  if (seconds < 5) return "just now";
  if (seconds < 86400) return `${span(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60)} ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** Write every moment below an element as its `data-as` says. @param {ParentNode} root */
export function showTimes(root = document) {
  const now = Date.now();
  for (const item of root.querySelectorAll("time[datetime][data-as]")) {
    const moment = new Date(item.getAttribute("datetime") ?? "");
    if (Number.isNaN(moment.getTime())) continue;
    const as = item.getAttribute("data-as");
    const passed = (now - moment.getTime()) / 1000;
    const text = as === "ago" ? ago(passed) : as === "since" ? span(passed) : as === "clock" ? clock(moment) : day(moment);
    if (item.textContent !== text) item.textContent = text;
  }
}

/** Tell a time in full when somebody points at it. @param {Event} event */
function tell(event) {
  const item = event.target instanceof Element ? event.target.closest("time[datetime][data-as]:not([title])") : null;
  if (item) item.setAttribute("title", full(new Date(item.getAttribute("datetime") ?? "")));
}

/** Show the times now and keep the running ones going. */
export function keepTime() {
  showTimes();
  document.addEventListener("pointerover", tell, { passive: true });
  setInterval(() => { if (!document.hidden) showTimes(); }, 1000);
}
