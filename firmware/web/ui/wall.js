// The wall: draws the picture that the server sends and counts by itself.
// Texts are set as text, never as markup.

import { listen } from "./stream.js";

const $ = (id) => document.getElementById(id);
const words = $("words").dataset;
const query = new URLSearchParams(location.search);
const STALE = 5000; // ms

let wall = null;   // the present picture
let offset = 0;    // server's clock minus ours, ms
let fresh = 0;     // server's time at which the picture was right
let heard = 0;     // our time of the last word from the server, performance.now()

const now = () => Date.now() + offset;

/** Makes an element of a tag with classes and children. */
function make(tag, className, ...children) {
  const e = document.createElement(tag);
  if (className) e.className = className;
  e.append(...children);
  return e;
}

const SVG = "http://www.w3.org/2000/svg";

/** Makes a drawing of the sprite; with words it is an image for readers. */
function drawing(className, symbol, label) {
  const svg = document.createElementNS(SVG, "svg");
  svg.append(document.createElementNS(SVG, "use"));
  shape(svg, className, symbol, label);
  return svg;
}

function shape(svg, className, symbol, label) {
  attr(svg, "class", className);
  attr(svg.firstChild, "href", "#" + symbol);
  if (label) {
    attr(svg, "role", "img"); attr(svg, "aria-label", label); svg.removeAttribute("aria-hidden");
  } else {
    attr(svg, "aria-hidden", "true"); svg.removeAttribute("role"); svg.removeAttribute("aria-label");
  }
}

const lampWords = new Map();
const lamp = (state, label = lampWords.get(state)) => drawing("lamp lamp-" + state, "lamp-" + state, label);
const relamp = (svg, state, label = lampWords.get(state)) => shape(svg, "lamp lamp-" + state, "lamp-" + state, label);

function attr(e, name, value) { if (e.getAttribute(name) !== value) e.setAttribute(name, value); }
function text(e, value) { if (e.textContent !== value) e.textContent = value; }
function cls(e, value) { if (e.className !== value) e.className = value; }

/** Keeps one child of parent for each item, in their order, by key: what stays is not touched, so nothing jumps. */
function keep(parent, items, key, create, update) {
  const had = new Map([...parent.children].map((e) => [e.dataset.key, e])), used = new Set();
  items.forEach((item, i) => {
    let k = String(key(item, i));
    while (used.has(k)) k += "'"; // two of one name are still two
    used.add(k);
    let e = had.get(k);
    if (e) had.delete(k);
    else { e = create(item); e.dataset.key = k; }
    if (parent.children[i] !== e) parent.insertBefore(e, parent.children[i] ?? null);
    update(e, item);
  });
  for (const e of had.values()) e.remove();
}

/** Writes ms as people say durations: 0:14, 3:42, 1:02:09. */
function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000)), two = (n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/* Parts of the page. */

function drawBand() {
  const cards = wall.calm ? [{ id: "calm", calm: true, title: wall.calm.title, text: wall.calm.text }] : [...wall.alarms];
  if (wall.more) cards.push({ id: "more", more: wall.more });
  keep($("band"), cards, (a) => a.id, (a) => {
    if (a.more) return make("p", "more");
    const said = make("span", "", make("b"), make("span", "hint"));
    if (a.calm) return make("div", "calm", drawing("", "icon-check"), said);
    const card = make("div", "alarm", lamp(a.lamp, a.label), said);
    card.setAttribute("role", "alert"); // said once: the card stays while the alarm does
    said.firstChild.append(make("span", "title"), make("span", "count"));
    said.firstChild.lastChild.setAttribute("aria-hidden", "true"); // a running timer is not announced
    return card;
  }, (e, a) => {
    if (a.more) { text(e, a.more); return; }
    const [svg, said] = e.children;
    if (a.calm) text(said.firstChild, a.title);
    else {
      cls(e, "alarm is-" + a.lamp);
      relamp(svg, a.lamp, a.label);
      text(said.firstChild.firstChild, a.title);
      count(said.firstChild.lastChild, a.count, ", ");
    }
    text(said.lastChild, a.text);
  });
}

function bar() { return make("span", "bar", make("i")); }

function drawQueues() {
  text($("level"), wall.level);
  const mixed = wall.queues.some((q) => q.level !== wall.level);
  keep($("rows"), wall.queues, (q) => q.id, () => {
    const row = make("div", "row", make("span", "name", lamp("idle", ""), make("b"), make("span")),
      make("span", "waiting", make("span", "n"), make("span", "pips")),
      make("span", "longest", make("span", "label", words.longest), make("span", "fig", make("b"), make("small")), bar()),
      make("span", "level", make("span", "label"), make("span", "fig", make("b"), make("small")), bar()));
    row.setAttribute("role", "row");
    [...row.children].forEach((c, i) => c.setAttribute("role", i ? "cell" : "rowheader"));
    row.querySelector(".pips").setAttribute("aria-hidden", "true");
    return row;
  }, (row, q) => {
    const [title, waiting, longest, level] = row.children, [flag, name, note] = title.children;
    cls(row, "row is-" + q.lamp);
    relamp(flag, q.lamp, q.label);
    flag.toggleAttribute("hidden", q.lamp === "idle");
    text(name, q.name);
    name.classList.toggle("long", q.name.length > 13);
    text(note, q.note);
    text(waiting.firstChild, String(q.waiting.length));
    waiting.firstChild.classList.toggle("zero", q.waiting.length === 0);
    waiting.firstChild.classList.toggle("many", q.waiting.length > 9);
    const fit = q.waiting.length > 9 ? 3 : 5;
    keep(waiting.lastChild, q.waiting.slice(0, fit), (_, i) => String(i), () => make("span", "pip", make("i")), (p, c) => {
      cls(p, c.vip ? "pip vip" : "pip");
      p.firstChild.dataset.since = c.since;
      p.firstChild.dataset.whole = q.limit || 180;
    });
    const [, figure, track] = longest.children;
    figure.firstChild.classList.toggle("none", !q.longest);
    count(figure.firstChild, q.longest, "", "—");
    figure.firstChild.dataset.limit = q.limit || "";
    text(figure.lastChild, q.longest ? q.max : "");
    cls(track, "bar toned" + (q.limit ? "" : " none"));
    track.style.setProperty("--tick", "66.67%"); // the bar ends at one and a half times the limit
    if (q.longest) track.firstChild.dataset.since = q.longest; else { delete track.firstChild.dataset.since; track.firstChild.style.width = "0"; }
    track.firstChild.dataset.whole = q.limit * 1.5 || 270;
    text(level.children[0], q.level);
    text(level.children[1].firstChild, q.pct_text);
    level.children[1].firstChild.classList.toggle("none", q.pct < 0);
    text(level.children[1].lastChild, mixed ? q.level : "");
    cls(level.children[2], q.below_goal ? "bar toned" : "bar");
    level.children[2].style.setProperty("--tick", q.goal + "%");
    level.children[2].firstChild.style.width = Math.max(0, q.pct) + "%";
  });
}

function drawAgents() {
  document.body.classList.toggle("many", wall.agents.length > 8);
  const shown = wall.agents.length > 18 ? wall.agents.slice(0, 17) : wall.agents;
  const items = shown.length ? [...shown] : [{ id: "none", empty: words.nobody }];
  if (shown.length < wall.agents.length) items.push({ id: "rest", empty: "+" + (wall.agents.length - shown.length) });
  keep($("agents"), items, (a) => (a.empty ? "?" : "") + a.id, (a) => {
    if (a.empty) return make("li", "empty");
    return make("li", "agent", lamp(a.lamp), make("span", "", make("b"), make("span", "", make("span"), " ", make("span"))), lamp("warn", a.flag));
  }, (e, a) => {
    if (a.empty) { text(e, a.empty); return; }
    const [svg, who, flag] = e.children, doing = who.lastChild;
    e.dataset.soon = a.soon ?? "";
    e.dataset.lamp = a.lamp;
    relamp(svg, a.lamp, a.text);
    text(who.firstChild, a.name);
    text(doing.firstChild, a.text);
    count(doing.lastChild, a.since);
    shape(flag, "flag lamp lamp-warn", "lamp-warn", a.flag);
  });
}

function drawCalls() {
  const items = wall.last.length ? wall.last : [{ id: "none", empty: words.nocalls }];
  keep($("last"), items, (c) => (c.empty ? "?" : "") + c.id, (c) => c.empty ? make("li", "empty") :
    make("li", "call", make("span", "at"), drawing("", "icon-" + c.icon, c.said), make("span"), make("span", "how")),
  (e, c) => {
    if (c.empty) { text(e, c.empty); return; }
    text(e.children[0], c.time);
    shape(e.children[1], "", "icon-" + c.icon, c.said);
    text(e.children[2], c.who);
    text(e.children[3], c.text);
  });
}

function drawStrip() {
  keep($("ports"), wall.ports, (p) => p.id, () => make("li", "port", lamp("idle"), make("span", "what", make("b"), make("span", "since")), make("span", "state")), (e, p) => {
    cls(e, "port is-" + p.lamp);
    relamp(e.children[0], p.lamp);
    text(e.children[1].firstChild, p.id);
    count(e.children[1].lastChild, p.since);
    text(e.children[2], p.label);
  });
  const sip = wall.sip;
  $("sip").hidden = !sip;
  if (!sip) return;
  cls($("sip"), "is-" + sip.lamp);
  text($("sip-text"), sip.text);
  $("pips").classList.toggle("dense", sip.pips.length > 10);
  keep($("pips"), sip.pips, (_, i) => String(i), (p) => lamp(p), (e, p) => relamp(e, p));
}

/** Counts in e from since on; what is shown instead when nothing counts. */
function count(e, since, before = "", instead = "") {
  if (since) { e.dataset.count = since; e.dataset.before = before; }
  else { delete e.dataset.count; text(e, instead); }
}

/* Time. */

function tick() {
  if (!wall) return;
  const t = now();
  for (const e of document.querySelectorAll("[data-count]")) {
    const d = t - Number(e.dataset.count);
    text(e, e.dataset.before + duration(d));
    if (e.dataset.limit !== undefined) e.classList.toggle("over", e.dataset.limit !== "" && d >= e.dataset.limit * 1000);
  }
  for (const e of document.querySelectorAll("i[data-since]")) {
    const part = Math.min(1, Math.max(0, (t - Number(e.dataset.since)) / 1000 / Number(e.dataset.whole))) * 100;
    const side = e.parentNode.classList.contains("pip") ? "height" : "width";
    e.style[side] = part.toFixed(1) + "%";
  }
  for (const e of document.querySelectorAll(".agent")) {
    const soon = e.dataset.soon && t >= Number(e.dataset.soon);
    cls(e, "agent is-" + e.dataset.lamp + (soon ? " is-soon" : ""));
    e.lastChild.toggleAttribute("hidden", !soon);
  }
  drawClock(t);
  drawFreshness(t);
}

const clocks = new Map();
function inZone(options) {
  const key = wall.zone + JSON.stringify(options);
  if (!clocks.has(key)) clocks.set(key, new Intl.DateTimeFormat(wall.lang === "en" ? "en-GB" : "es-ES", { timeZone: wall.zone, ...options }));
  return clocks.get(key);
}

function timeOfDay(t, seconds) {
  const parts = Object.fromEntries(inZone({ hour: "numeric", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(t).map((p) => [p.type, p.value]));
  return Number(parts.hour) + ":" + parts.minute + (seconds ? ":" + parts.second : "");
}

function drawClock(t) {
  text($("clock"), timeOfDay(t));
  const p = Object.fromEntries(inZone({ weekday: "short", day: "numeric", month: "short" }).formatToParts(t).map((x) => [x.type, x.value.replace(".", "")]));
  text($("date"), `${p.weekday} ${p.day} ${p.month.slice(0, 3)}`);
}

function drawFreshness(t) {
  const old = performance.now() - heard > STALE || t - fresh > STALE;
  document.body.classList.toggle("stale", old);
  text($("live"), old ? words.stale : words.live);
  if (old) text($("asof"), timeOfDay(Math.min(fresh, t), true));
  $("stale").hidden = !old;
}

/** Says how many wait, politely and at most every ten seconds. */
let said = "", saidAt = -1e9;
function announce() {
  const line = wall.queues.map((q) => q.name + ": " + q.summary).join(". ");
  if (line === said || performance.now() - saidAt < 10000) return;
  [said, saidAt] = [line, performance.now()];
  text($("polite"), line);
}

/* The server's words. */

function draw(picture) {
  if (wall && picture.page !== wall.page) { location.reload(); return; } // the exchange was updated: so are we
  wall = picture;
  offset = wall.now - Date.now();
  [fresh, heard] = [Math.max(fresh, wall.now), performance.now()];
  for (const l of wall.lamps) lampWords.set(l.lamp, l.text);
  text($("site"), wall.site);
  document.title = wall.site + " · Centralita";
  drawBand(); drawQueues(); drawAgents(); drawCalls(); drawStrip();
  tick();
  announce();
  for (const a of document.getAnimations()) a.startTime = 0; // all lamps beat together
}

function beat(b) {
  offset = b.now - Date.now();
  [fresh, heard] = [b.fresh, performance.now()];
  announce();
}

draw(JSON.parse($("first").textContent));
const lang = query.get("lang");
listen("/events" + (lang ? "?lang=" + encodeURIComponent(lang) : ""), {
  wall: draw,
  beat: (b) => { beat(b); tick(); },
});
setInterval(tick, 250);
