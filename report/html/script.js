"use strict";
(() => {
  const table = document.getElementById("table"), body = table.tBodies[0];
  const heads = Array.from(table.tHead.rows[0].cells);
  const search = document.getElementById("search"), count = document.getElementById("count"), more = document.getElementById("more");
  const column = (name) => heads.findIndex((h) => h.dataset.name === name);
  const text = (row, i) => row.cells[i].textContent;
  const all = Array.from(body.rows, (row) => ({row, words: row.textContent.toLowerCase()}));
  const grouped = new Intl.NumberFormat("en");
  const compare = new Intl.Collator("en", {numeric: false, sensitivity: "variant"}).compare;

  const filters = [];
  for (const name of ["outcome", "action"]) {
    const select = document.getElementById("by-" + name), i = column(name);
    const values = new Set(all.map((t) => text(t.row, i)));
    for (const value of Array.from(values).sort()) {
      const option = document.createElement("option");
      option.textContent = value;
      select.append(option);
    }
    select.addEventListener("change", show);
    filters.push({select, i});
  }

  // A browser takes long to lay out thousands of rows.
  let limit = 500, order = all;
  function show() {
    const asked = search.value.trim().toLowerCase().split(/\s+/);
    let fit = 0;
    for (const t of order) {
      const fits = asked.every((word) => t.words.includes(word)) &&
        filters.every((f) => f.select.selectedIndex === 0 || text(t.row, f.i) === f.select.value);
      fit += fits;
      t.row.hidden = !fits || fit > limit;
    }
    more.hidden = fit <= limit;
    count.textContent = grouped.format(fit) + " of " + grouped.format(all.length) + " rows" + (fit > limit ? ", the first " + limit + " shown" : "");
  }
  function showAll() {
    limit = Infinity;
    show();
  }
  more.addEventListener("click", showAll);
  window.addEventListener("beforeprint", showAll);

  let waiting = 0;
  search.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, all.length > 2000 ? 150 : 0);
  });

  function sort(head, i) {
    const down = head.getAttribute("aria-sort") === "ascending";
    for (const h of heads) h.setAttribute("aria-sort", "none");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const keyed = all.map((t) => ({t, key: text(t.row, i).trim()}));
    const numbers = keyed.every((k) => k.key === "" || /^\d+$/.test(k.key));
    keyed.sort((a, b) => {
      if (a.key === "" || b.key === "") return (a.key === "") - (b.key === "");
      const order = numbers ? a.key - b.key : compare(a.key, b.key);
      return down ? -order : order;
    });
    order = keyed.map((k) => k.t);
    body.append(...order.map((t) => t.row));
    show();
  }

  heads.forEach((head, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", i === 0 ? "ascending" : "none");
    button.addEventListener("click", () => sort(head, i));
  });
  document.querySelector(".filters").hidden = false;
  show();
})();
