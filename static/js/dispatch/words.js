// How moments, money and numbers are said.
import { now } from "./clock.js";

const MINUTE = 60_000;
const LATE = "late";
export const READY = "Ready";
const SOON_MINUTES = 10;
const moneys = new Map();

export function age(moment) {
  const seconds = Math.max(0, Math.round((now() - Date.parse(moment)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}

// Short enough for a card.
export function duration(minutes) {
  if (minutes < 100) return `${minutes} min`;
  return minutes < 1440 ? `${Math.round(minutes / 60)} h` : `${Math.floor(minutes / 1440)} d`;
}

// What was promised, against the time that it is or will be: an order that cannot be in time is as good as late.
export function due(order) {
  if (!order.due_at) return { tone: "", words: "" };
  const left = Math.floor((Date.parse(order.due_at) - now()) / MINUTE);
  if (left < 0) return { tone: LATE, words: `−${duration(-left)}` };
  const isMissed = order.eta && Date.parse(order.eta) > Date.parse(order.due_at);
  return { tone: isMissed || left < SOON_MINUTES ? "soon" : "calm", words: duration(left) };
}

// Why it came back from the door, when, and with whom.
export const failure = ({ label, failed_at: at, courier_name: name }) => [label, `${age(at)} ago`, name].filter(Boolean).join(", ");

export const isLate = (order) => due(order).tone === LATE;

// How far the shop is: nobody cooks before it has taken the order.
export function ready(order) {
  if (order.status === "paid" || (order.status === "created" && order.payment_method === "cash")) return "to confirm";
  if (order.status === "created") return "unpaid";
  if (order.is_ready) return READY;
  if (!order.ready_at) return "";
  const left = Math.ceil((Date.parse(order.ready_at) - now()) / MINUTE);
  return left > 0 ? `in ${duration(left)}` : "soon";
}

export function money(amount, currency) {
  if (!moneys.has(currency)) moneys.set(currency, new Intl.NumberFormat("en-GB", { style: "currency", currency }));
  return moneys.get(currency).format(Number(amount));
}

export const count = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export function names(list, most = 3) {
  const shown = list.slice(0, most).join(", ");
  return list.length > most ? `${shown} and ${list.length - most} more` : shown;
}

export function distance(metres) {
  return metres < 950 ? `${Math.round(metres / 50) * 50} m` : `${(metres / 1000).toFixed(1)} km`;
}
