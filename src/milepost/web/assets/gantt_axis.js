// Round moments on the axis of a chart: of working time from the start, or of the viewer's calendar.

import { format } from "./formats.js";

const WORKING = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 14400, 28800, 57600, 144000, 288000, 576000, 1440000, 2880000, 7200000];
const CALENDAR = [
  ["minute", 1], ["minute", 5], ["minute", 15], ["minute", 30], ["hour", 1], ["hour", 3], ["hour", 6], ["hour", 12],
  ["day", 1], ["day", 2], ["week", 1], ["week", 2], ["month", 1], ["month", 3], ["month", 6], ["month", 12],
];
const LENGTH = { minute: 60, hour: 3600, day: 86400, week: 604800, month: 2630000 };

/** Working time in words: a day has eight hours, a week five days. @param {number} seconds */
export function working(seconds) {
  if (seconds < 60) return `${Math.round(seconds)}s`;
  if (seconds < 3600) return seconds % 60 ? `${Math.floor(seconds / 60)}m ${Math.round(seconds % 60)}s` : `${seconds / 60}m`;
  if (seconds < 28800 * 2) return seconds % 3600 ? `${Math.floor(seconds / 3600)}h ${Math.round(seconds % 3600 / 60)}m` : `${seconds / 3600}h`;
  const days = Math.floor(seconds / 28800);
  const hours = Math.round(seconds % 28800 / 3600);
  if (days >= 10 && !hours && days % 5 === 0) return `${days / 5}w`;
  return hours ? `${days}d ${hours}h` : `${days}d`;
}

const small = {
  minute: format({ hour: "2-digit", minute: "2-digit" }),
  day: format({ day: "numeric", month: "short" }),
  month: format({ month: "short", year: "2-digit" }),
};
const wide = {
  minute: format({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
  day: format({ month: "long", year: "numeric" }),
  month: format({ year: "numeric" }),
};
const moment = format({ dateStyle: "medium", timeStyle: "short" });

/** @typedef {{at: number, text: string, wide?: string}} Tick */

/**
 * Ticks between two times, no closer than `gap` seconds.
 * @param {{kind: string, start: number | null}} axis @param {number} from @param {number} to @param {number} gap @returns {Tick[]}
 */
export function ticks(axis, from, to, gap) {
  if (axis.kind !== "calendar" || axis.start === null) {
    const step = WORKING.find((one) => one >= gap) ?? WORKING[WORKING.length - 1];
    const found = [];
    for (let at = Math.max(Math.floor(from / step) * step, 0); at <= to; at += step) found.push({ at, text: working(at) });
    return found;
  }
  const [unit, count] = /** @type {[keyof LENGTH, number]} */ (CALENDAR.find(([name, n]) => LENGTH[name] * n >= gap) ?? CALENDAR[CALENDAR.length - 1]);
  const size = unit === "minute" || unit === "hour" ? "minute" : unit === "month" ? "month" : "day";
  const date = floor(new Date((axis.start + from) * 1000), unit, count);
  const found = [];
  for (let before = ""; date.getTime() / 1000 - axis.start <= to; step(date, unit, count)) {
    const label = wide[size](date);
    found.push({ at: date.getTime() / 1000 - axis.start, text: small[size](date), wide: label === before ? undefined : label });
    before = label;
  }
  return found;
}

/** @param {Date} date @param {string} unit @param {number} count */
function floor(date, unit, count) {
  const found = new Date(date);
  found.setSeconds(0, 0);
  if (unit === "minute") found.setMinutes(Math.floor(found.getMinutes() / count) * count);
  else found.setMinutes(0);
  if (unit === "hour") found.setHours(Math.floor(found.getHours() / count) * count);
  else if (unit !== "minute") found.setHours(0);
  if (unit === "week") found.setDate(found.getDate() - (found.getDay() + 6) % 7);
  if (unit === "month") found.setMonth(Math.floor(found.getMonth() / count) * count, 1);
  return found;
}

/** @param {Date} date @param {string} unit @param {number} count */
function step(date, unit, count) {
  if (unit === "minute") date.setMinutes(date.getMinutes() + count);
  else if (unit === "hour") date.setHours(date.getHours() + count);
  else if (unit === "month") date.setMonth(date.getMonth() + count);
  else date.setDate(date.getDate() + count * (unit === "week" ? 7 : 1));
}

/** A time of the chart in words. @param {{kind: string, start: number | null}} axis @param {number} at */
export function say(axis, at) {
  return axis.kind === "calendar" && axis.start !== null ? moment(new Date((axis.start + at) * 1000)) : working(Math.max(at, 0));
}
