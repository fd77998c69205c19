"use strict";

// The controls of a page with one View or two: what is shown, in which colours, from where.
(async () => {
  const root = document.documentElement;
  const control = (name) => document.getElementById(name);
  const hosts = [...document.querySelectorAll("[data-view]")];
  const stops = JSON.parse(control("colours").textContent);
  const error = JSON.parse(control("error-name").textContent);
  const contexts = hosts.map((host) => host.querySelector("canvas").getContext("webgl2", { antialias: true }));

  if (contexts.includes(null) || typeof DecompressionStream === "undefined") {
    for (const host of hosts) host.querySelector(".why").hidden = false;
    root.dataset.ready = "still";
    return;
  }

  const contents = [];
  for (const host of hosts) {
    contents.push(await Viewer.unpack(JSON.parse(control(`geometry-${host.dataset.view}`).textContent)));
  }
  const apart = (one, other) => one.low.some((low, k) => low > other.high[k] || other.low[k] > one.high[k]);
  const together = contents.length < 2 || !apart(...contents.map((content) => content.box));
  root.classList.add("live");
  const views = contents.map((content, k) => {
    const frame = Viewer.around(together ? contents : [content]);
    return new Viewer.View(hosts[k].querySelector("canvas"), contexts[k], content, frame);
  });

  // Layers of colour: of a page with two views those that either has.
  const layers = new Map([["plain", "none"]]);
  if (contents.some((content) => content.colours || content.point_colours)) layers.set("given", "colours of the scan");
  for (const content of contents) {
    for (const name of Object.keys(content.scalars)) {
      layers.set(name, name === error ? "distance of the scan, inside and outside" : name);
      if (name === error) layers.set("distance", "distance of the scan");
    }
  }
  const select = control("colour-by");
  for (const [key, label] of layers) select.add(new Option(label, key));
  if (contents.some((content) => content.colours)) select.value = "given"; // a coloured mesh is looked at in colour

  function layer(content, key, scale) {
    if (key === "plain" || key === "given") return { kind: key };
    const size = key === "distance", name = size ? error : key, values = content.scalars[name];
    if (!values) return { kind: "plain" };
    const all = contents.map((each) => each.data.scalars[name]).filter(Boolean);
    const signed = all.some((each) => each.signed) && !size;
    const most = Math.max(...all.map((each) => Math.max(Math.abs(each.low), Math.abs(each.high)))) * scale;
    const least = signed ? -most : size ? 0 : Math.min(...all.map((each) => each.low));
    const points = name === error ? content.distances : null;
    const plain = (numbers) => (numbers && size ? numbers.map(Math.abs) : numbers);
    return {
      kind: "values",
      surface: plain(values),
      points: plain(points),
      low: least,
      high: signed || size ? most : least + (Math.max(...all.map((each) => each.high)) - least) * scale,
      stops: signed ? stops.diverging : stops.sequential,
      unit: name === error ? "scan's units" : "",
    };
  }

  function recolour() {
    const scale = 2 ** Number(control("scale").value);
    const found = contents.map((content) => layer(content, select.value, scale));
    views.forEach((view, k) => view.colour(found[k]));
    const shown = found.find((each) => each.kind === "values");
    Colours.legend(shown && { ...shown, ends: shown.low < 0 ? ["inside ", "outside "] : null });
  }

  function reshow() {
    const boxed = control("show-points");
    for (const view of views) view.show(control("show-mesh").checked, boxed.checked);
  }

  // As many digits as the steps of the page's coordinates bear.
  function told(view) {
    const digits = Math.min(Math.max(0, Math.ceil(-Math.log10(view.content.data.step))), 12);
    return view.picks.map((pick) => {
      const place = pick.place.map((value) => value.toFixed(digits)).join(", ");
      const what = pick.onPoint ? "scan point" : "mesh";
      const number = pick.value === null || Number.isNaN(pick.value) ? "" : `, ${Colours.short(pick.value)}`;
      const meaning = number && (pick.onPoint ? " from the mesh" : "");
      return `${what} ${place}${number}${meaning}`;
    });
  }

  function report(view) {
    const lines = told(view);
    if (view.picks.length === 2) {
      const [one, other] = view.picks.map((pick) => pick.place);
      const length = Math.hypot(...one.map((value, k) => value - other[k]));
      lines.push(`${Number(length.toPrecision(5))} apart`);
    }
    control("readout").textContent = lines.join("; ");
  }

  for (const view of views) {
    view.picked = report;
    view.moved = (moved) => views.filter((other) => other !== moved).forEach((other) => other.follow(moved));
  }

  const every = (act) => () => views.forEach(act);
  const keys = {
    ArrowLeft: every((view) => view.orbit(-0.12, 0)),
    ArrowRight: every((view) => view.orbit(0.12, 0)),
    ArrowUp: every((view) => view.orbit(0, 0.12)),
    ArrowDown: every((view) => view.orbit(0, -0.12)),
    "+": every((view) => view.zoom(1.15)),
    "=": every((view) => view.zoom(1.15)),
    "-": every((view) => view.zoom(1 / 1.15)),
    Escape: every((view) => view.clear()),
    m: () => control("show-mesh").click(),
    p: () => control("show-points").click(),
    c: () => { select.selectedIndex = (select.selectedIndex + 1) % select.length; chosen(); },
    0: every((view) => view.look(0)),
    1: every((view) => view.look(0)),
    2: every((view) => view.look(1)),
    3: every((view) => view.look(2)),
    4: every((view) => view.look(3)),
  };
  for (const host of hosts) {
    host.querySelector("canvas").addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      keys[event.key]();
    });
  }

  // What is chosen stands in the address, so that a link shows the same.
  function chosen() {
    recolour();
    const parts = new URLSearchParams({ colour: select.value });
    if (control("show-points").checked) parts.set("points", "1");
    history.replaceState(null, "", `#${parts}`);
  }

  const asked = new URLSearchParams(location.hash.slice(1));
  if (layers.has(asked.get("colour"))) select.value = asked.get("colour");
  control("show-points").checked = asked.get("points") === "1";
  control("show-points").disabled = !contents.some((content) => content.points);
  select.addEventListener("change", chosen);
  control("scale").addEventListener("input", recolour);
  control("show-mesh").addEventListener("change", reshow);
  control("show-points").addEventListener("change", () => { reshow(); chosen(); });
  control("up").value = contents[0].data.up;
  control("up").addEventListener("change", (event) => views.forEach((view) => view.turn(event.target.value)));
  control("reset").addEventListener("click", every((view) => { view.clear(); view.look(0); }));
  control("toolbar").hidden = false;
  views.forEach((view) => view.resize());
  reshow();
  recolour();
  root.dataset.ready = "3d";
})();
