"use strict";

// The controls of a page with the images of one run or of two: which map, how large, given or fitted.
(async () => {
  const root = document.documentElement, control = (name) => document.getElementById(name);
  const hosts = [...document.querySelectorAll("[data-view]")];
  const stops = JSON.parse(control("colours").textContent);
  const BLINK = 700, LARGEST = 64; // milliseconds; the screen's pixels to one of the image

  if (typeof DecompressionStream === "undefined" || !document.createElement("canvas").getContext("2d")) {
    document.querySelector(".why").hidden = false;
    root.dataset.ready = "still";
    return;
  }

  const runs = {};
  for (const key of new Set(hosts.map((host) => host.dataset.view))) {
    const plates = [];
    for (const data of JSON.parse(control(`plates-${key}`).textContent)) {
      const content = await Pictures.unpack(data);
      content.pictures = {
        given: Pictures.picture(content, content.given),
        fit: Pictures.picture(content, content.fitted),
      };
      plates.push(content);
    }
    runs[key] = plates;
  }
  root.classList.add("live");

  const camera = new Pictures.Camera(), select = control("colour-by"), place = control("place");
  const wipe = control("wipe"), blink = control("blink");
  let swapped = false, timer = null, waiting = false;
  // Of a run without a part, the whole is shown beside the other's part.
  const content = (key) => runs[key][Math.min(place ? Number(place.value) : 0, runs[key].length - 1)];

  const panels = hosts.map((host) => {
    const { view, kind } = host.dataset;
    return new Pictures.Panel(host.querySelector("canvas"), camera, () => {
      const shown = content(view), { given, fit, map } = shown.pictures;
      if (kind === "map") return { content: shown, under: map };
      if (kind === "given") return { content: shown, under: given };
      return { content: shown, under: swapped ? given : fit, over: swapped ? fit : given, share: Number(wipe.value) };
    });
  });

  function draw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      panels.forEach((panel) => panel.draw());
    });
  }

  function recolour() {
    const shown = Object.keys(runs).map(content), name = select.value;
    const reach = Math.max(...shown.map((each) => each.maps[name].reach)) * 2 ** Number(control("scale").value);
    const { signed } = shown[0].maps[name], low = signed ? -reach : 0;
    const colours = signed ? stops.diverging : stops.sequential;
    for (const each of shown) each.pictures.map = Pictures.map(each, each.maps[name].values, low, reach, colours);
    const per = { gradient: " per pixel", laplacian: " per pixel squared" }[name] || "";
    Colours.legend({ low, high: reach, stops: colours, unit: `units of the image${per}` });
    draw();
  }

  function caption() {
    const title = select.selectedOptions[0].textContent;
    for (const host of hosts) {
      const { kind } = host.dataset;
      const words = { given: "Given", fit: swapped ? "Given" : "Fitted", map: title[0].toUpperCase() + title.slice(1) };
      host.querySelector(".what").textContent = words[kind];
    }
  }

  // What is known of the pixel that is marked.
  function report(mark) {
    const first = content(hosts[0].dataset.view), { data } = first;
    const lines = mark ? [`column ${data.corner[1] + data.stride * mark[1]}, row ${data.corner[0] + data.stride * mark[0]}`] : [];
    for (const key of mark ? Object.keys(runs) : []) {
      const shown = content(key), pixel = mark[0] * shown.data.columns + mark[1], { channels } = shown.data;
      if (mark[0] >= shown.data.rows || mark[1] >= shown.data.columns) continue;
      const told = (values) => [...values.subarray(pixel * channels, (pixel + 1) * channels)].map(number).join(" ");
      const which = Object.keys(runs).length > 1 ? `${key.toUpperCase()} ` : "";
      lines.push(`${which}given ${told(shown.given)}, fitted ${told(shown.fitted)}, error ${told(shown.error)}`);
      const name = select.value;
      if (name in { gradient: 1, laplacian: 1 }) lines.push(`${name} ${number(shown.maps[name].values[pixel])}`);
    }
    control("readout").textContent = lines.join("; ");
  }

  const number = (value) => (Math.abs(value) < 1e-12 ? "0" : Number(value.toPrecision(4)).toString());

  function point(panel, x, y) {
    const mark = panel.at(x, y);
    panels.forEach((each) => { each.mark = mark; });
    report(mark);
    draw();
  }

  const most = (panel) => {
    const [width] = panel.size, { data } = panel.layers().content;
    return Math.max(1, (LARGEST * data.columns) / Math.min(panel.canvas.clientWidth, (panel.canvas.clientHeight * width) / panel.size[1]));
  };

  function move(panel, from, to, factor) {
    panel.drag(from, to, factor, most(panel));
    draw();
  }

  const middle = (panel) => [panel.canvas.clientWidth / 2, panel.canvas.clientHeight / 2];
  const pan = (x, y) => (panel) => move(panel, middle(panel), middle(panel).map((v, k) => v + [x, y][k]), 1);
  const zoom = (factor) => (panel) => move(panel, middle(panel), middle(panel), factor);

  function reset() {
    camera.reset();
    panels.forEach((panel) => { panel.mark = null; });
    report(null);
    draw();
  }

  function swap() {
    swapped = !swapped;
    caption();
    draw();
  }

  function blinking() {
    clearInterval(timer);
    timer = blink.checked ? setInterval(swap, BLINK) : null;
    if (!blink.checked && swapped) swap();
  }

  function slide(by) {
    wipe.value = Number(wipe.value) + by;
    draw();
  }

  const keys = {
    ArrowLeft: pan(40, 0),
    ArrowRight: pan(-40, 0),
    ArrowUp: pan(0, 40),
    ArrowDown: pan(0, -40),
    "+": zoom(1.25),
    "=": zoom(1.25),
    "-": zoom(0.8),
    0: reset,
    Escape: reset,
    b: () => blink.click(),
    f: swap,
    "[": () => slide(-0.05),
    "]": () => slide(0.05),
    c: () => { select.selectedIndex = (select.selectedIndex + 1) % select.length; chosen(); },
  };

  for (const panel of panels) {
    const { canvas } = panel, fingers = new Map();
    const at = (event) => [event.offsetX, event.offsetY];
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      fingers.set(event.pointerId, at(event));
      point(panel, ...at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!fingers.has(event.pointerId)) return point(panel, ...at(event));
      const before = [...fingers.values()];
      fingers.set(event.pointerId, at(event));
      const after = [...fingers.values()];
      const mean = (places) => [0, 1].map((k) => places.reduce((sum, each) => sum + each[k], 0) / places.length);
      const apart = (places) => (places.length > 1 ? Math.hypot(...[0, 1].map((k) => places[0][k] - places[1][k])) : 1);
      move(panel, mean(before), mean(after), apart(after) / Math.max(apart(before), 1));
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(kind, (event) => fingers.delete(event.pointerId));
    }
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const lines = [1, 16, 400][event.deltaMode];
      move(panel, at(event), at(event), 2 ** (-(event.deltaY * lines) / 240));
      point(panel, ...at(event));
    }, { passive: false });
    canvas.addEventListener("dblclick", reset);
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key](panel);
    });
    new ResizeObserver(() => panel.resize()).observe(canvas.parentElement);
  }

  // What is chosen stands in the address, so that a link shows the same.
  function chosen() {
    caption();
    recolour();
    report(panels[0].mark);
    const parts = new URLSearchParams({ map: select.value });
    if (place && place.value !== "0") parts.set("place", place.value);
    history.replaceState(null, "", `#${parts}`);
  }

  // A frame has the shape of its image.
  function shape() {
    for (const panel of panels) {
      const [width, height] = panel.size;
      panel.canvas.parentElement.style.aspectRatio = `${width} / ${height}`;
    }
  }

  const asked = new URLSearchParams(location.hash.slice(1));
  const has = (options, value) => [...options.options].some((option) => option.value === value);
  if (has(select, asked.get("map"))) select.value = asked.get("map");
  if (place && has(place, asked.get("place"))) place.value = asked.get("place");
  select.addEventListener("change", chosen);
  if (place) place.addEventListener("change", () => { reset(); shape(); chosen(); });
  control("scale").addEventListener("input", recolour);
  wipe.addEventListener("input", draw);
  blink.addEventListener("change", blinking);
  control("reset").addEventListener("click", reset);
  control("toolbar").hidden = false;
  shape();
  caption();
  recolour();
  panels.forEach((panel) => panel.resize());
  root.dataset.ready = "pictures";
})();
