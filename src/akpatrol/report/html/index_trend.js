"use strict";
/* The drawings of an index for one owner; those of all are in the page. */

function makeTrend({ find, data }) {
  const HEIGHT = 40;
  const WIDTH = 10;
  const GAP = 1;
  const NONE = [0, 0, 0];
  const number = (value) => value.toLocaleString("en");
  const heights = (numbers) => numbers.map((value) => (HEIGHT * value) / Math.max(1, ...numbers));
  const sum = (numbers) => numbers.reduce((total, value) => total + value, 0);

  const area = (numbers) => `M0 ${HEIGHT}${heights(numbers).map((height) => `V${HEIGHT - height}h${WIDTH}`).join("")}V${HEIGHT}z`;

  function bars(numbers) {
    const one = (height, index) => (height ? `M${WIDTH * index + GAP} ${HEIGHT}v-${height}h${WIDTH - 2 * GAP}v${height}z` : "");
    return heights(numbers).map(one).join("");
  }

  function draw(name, path, words) {
    const drawing = document.querySelector(`[data-chart="${name}"]`);
    drawing.firstElementChild.setAttribute("d", path);
    drawing.setAttribute("aria-label", `${name[0].toUpperCase()}${name.slice(1)} in each run: ${words}`);
    document.querySelector(`[data-chart-text="${name}"]`).textContent = words;
  }

  /* `owner` is null for all. */
  function show(owner) {
    if (!data.trend) return;
    const known = Object.hasOwn(data.trend.owners, owner ?? "") ? data.trend.owners[owner ?? ""] : data.trend.all.map(() => NONE);
    const figures = owner === null ? data.trend.all : known;
    const open = figures.map(([value]) => value);
    draw("open", area(open), `${number(open.at(-1))} now, ${number(Math.max(...open))} at most`);
    ["new", "closed"].forEach((name, index) => {
      // What is new in the first run that is drawn is not known.
      const values = figures.map((run, at) => (at ? run[index + 1] : 0));
      draw(name, bars(values), `${number(values.at(-1))} in the last run, ${number(sum(values))} in all`);
    });
    [...find("runs").rows].forEach((row, index) => {
      const run = figures[figures.length - 1 - index];
      run.forEach((value, at) => (row.cells[at + 2].textContent = number(value)));
    });
    find("trend-of").textContent = owner === null ? "" : owner || "without an owner";
  }

  return { show };
}
