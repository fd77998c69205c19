"use strict";

// The table of an index: sorted by a click on a title, filtered as one types. What is chosen stands in the address.
(() => {
  const table = document.getElementById("runs"), body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells], rows = [...body.rows];
  const filter = document.getElementById("filter"), shown = document.getElementById("shown");
  const given = new URLSearchParams(location.hash.slice(1));
  const state = { sort: given.get("sort"), down: given.get("order") === "down", filter: given.get("filter") || "" };

  // Numbers by size, texts by their letters; what has no value is last whatever the order.
  function compare(one, other) {
    const [a, b] = [one, other].map((row) => row.cells[column()].dataset.value);
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    const order = Number.isNaN(Number(a)) || Number.isNaN(Number(b)) ? a.localeCompare(b) : a - b;
    return state.down ? -order : order;
  }

  const column = () => heads.findIndex((head) => head.dataset.sort === state.sort);

  function update() {
    const sorted = column() < 0 ? rows : [...rows].sort(compare);
    body.append(...sorted);
    for (const head of heads.filter((each) => each.dataset.sort)) {
      const order = head.dataset.sort !== state.sort ? "none" : state.down ? "descending" : "ascending";
      head.setAttribute("aria-sort", order);
    }
    const words = state.filter.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      count += !row.hidden;
    }
    shown.textContent = words.length ? `${count} of ${rows.length}` : "";
  }

  function chosen() {
    update();
    const parts = new URLSearchParams();
    if (state.sort) parts.set("sort", state.sort);
    if (state.sort && state.down) parts.set("order", "down");
    if (state.filter) parts.set("filter", state.filter);
    history.replaceState(null, "", `#${parts}`);
  }

  for (const head of heads.filter((each) => each.dataset.sort)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      state.down = state.sort === head.dataset.sort && !state.down;
      state.sort = head.dataset.sort;
      chosen();
    });
  }
  filter.value = state.filter;
  filter.addEventListener("input", () => { state.filter = filter.value; chosen(); });
  document.getElementById("tools").hidden = false;
  update();
  document.documentElement.dataset.ready = "table";
})();
