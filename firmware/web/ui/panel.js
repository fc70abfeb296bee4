// The front of the box, as the simulated lamps and display show it.
import { listen } from "./stream.js";

const $ = (id) => document.getElementById(id);

function draw(front) {
  const spans = $("screen").querySelectorAll("span");
  front.rows.forEach((text, i) => { if (spans[i] && spans[i].textContent !== text) spans[i].textContent = text; });
  $("screen").className = "light-" + front.light;
  const leds = $("leds").children;
  if (leds.length !== front.lamps.length) { location.reload(); return; }
  front.lamps.forEach((lamp, i) => {
    const dot = leds[i].firstElementChild, look = "led led-" + lamp.state;
    if (dot.className !== look) { dot.className = look; dot.setAttribute("aria-label", lamp.said); }
  });
  for (const a of document.getAnimations()) a.startTime = 0; // all lamps beat together
}

if ($("screen")) listen("/events?panel=1&lang=" + document.documentElement.lang, { front: draw });
