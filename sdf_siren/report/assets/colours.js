"use strict";

// Numbers as colours, and the scale below a view that says which.
const Colours = (() => {
  const NOTHING = [222, 221, 218]; // where there is no value; as in the program's pictures
  const SIZE = 512;

  // What is between the stops, on a table fine enough that no step is seen.
  function table(stops) {
    const found = new Uint8Array(3 * SIZE);
    for (let i = 0; i < SIZE; i++) {
      const place = (i / (SIZE - 1)) * (stops.length - 1), k = Math.min(Math.floor(place), stops.length - 2);
      for (let c = 0; c < 3; c++) {
        found[3 * i + c] = Math.round(stops[k][c] + (stops[k + 1][c] - stops[k][c]) * (place - k));
      }
    }
    return found;
  }

  // The first of three entries of a table for a value.
  const row = (value, low, high) =>
    3 * Math.round((SIZE - 1) * Math.min(Math.max((value - low) / (high - low), 0), 1));

  const short = (value) => (value === 0 ? "0" : Number(value.toPrecision(3)).toString());

  // shown: { low, high, stops, unit, ends: words before the least and the largest } or null.
  function legend(shown) {
    const control = (name) => document.getElementById(name);
    control("legend").hidden = !shown;
    control("scale").disabled = !shown;
    if (!shown) return;
    const colours = shown.stops.map((stop) => `rgb(${stop.join(" ")})`).join(", ");
    control("ramp").style.backgroundImage = `linear-gradient(to right, ${colours})`;
    const [least, most] = shown.ends || ["", ""];
    control("low").textContent = least + short(shown.low);
    control("middle").textContent = short((shown.low + shown.high) / 2);
    control("high").textContent = most + short(shown.high);
    control("unit").textContent = shown.unit;
  }

  return { NOTHING, table, row, short, legend };
})();
