"use strict";
/* What the reader has done: the ticked steps of each credential, kept in this browser under its fingerprint. */

function makeTicks({ find, credentials, rows, articles }) {
  const done = credentials.map(() => 0);
  const steps = articles.map((article) => article.querySelectorAll("[data-action]").length);
  const keyOf = (index) => "akpatrol:" + credentials[index].fingerprint;

  function read(index) {
    try {
      const names = JSON.parse(localStorage.getItem(keyOf(index)) || "[]");
      return new Set(Array.isArray(names) ? names : []);
    } catch {
      return new Set();
    }
  }

  function write(index, names) {
    try {
      if (names.size) localStorage.setItem(keyOf(index), JSON.stringify([...names]));
      else localStorage.removeItem(keyOf(index));
    } catch {
      // A browser that keeps nothing still shows the ticks of this visit.
    }
  }

  function show(index) {
    const ticked = read(index);
    for (const item of articles[index].querySelectorAll("[data-action]")) {
      const isTicked = ticked.has(item.dataset.action);
      item.querySelector("input").checked = isTicked;
      item.classList.toggle("ticked", isTicked);
    }
    count(index);
  }

  function count(index) {
    done[index] = articles[index].querySelectorAll("[data-action] input:checked").length;
    const cell = rows[index].querySelector("[data-done]");
    cell.textContent = `${done[index]}/${steps[index]}`;
    cell.classList.toggle("done-all", done[index] === steps[index]);
    const finished = done.filter((number, each) => number === steps[each]).length;
    find("worked").textContent = finished ? `${finished} done` : "";
  }

  function tick(index, item, box) {
    item.classList.toggle("ticked", box.checked);
    const names = read(index);
    names[box.checked ? "add" : "delete"](item.dataset.action);
    write(index, names);
    count(index);
  }

  articles.forEach((article, index) => {
    for (const item of article.querySelectorAll("[data-action]")) {
      const box = item.querySelector("input");
      box.disabled = false;
      box.addEventListener("change", () => tick(index, item, box));
    }
    show(index);
  });
  addEventListener("storage", ({ key }) => credentials.forEach((_, index) => key === keyOf(index) && show(index)));

  /* The steps of each credential that are ticked, by its fingerprint. */
  function all() {
    const found = credentials.map((one, index) => {
      const boxes = [...articles[index].querySelectorAll("[data-action]")].filter((item) => item.querySelector("input").checked);
      return [one.fingerprint, boxes.map((item) => item.dataset.action)];
    });
    return Object.fromEntries(found.filter(([, names]) => names.length));
  }

  /* Ticks what another file has ticked, and takes no tick away; returns how many it added. */
  function merge(given) {
    let added = 0;
    credentials.forEach((one, index) => {
      const names = Object.hasOwn(given, one.fingerprint) ? given[one.fingerprint] : null;
      if (!Array.isArray(names)) return;
      for (const item of articles[index].querySelectorAll("[data-action]")) {
        const box = item.querySelector("input");
        if (box.checked || !names.includes(item.dataset.action)) continue;
        box.checked = true;
        tick(index, item, box);
        added += 1;
      }
    });
    return added;
  }

  return {
    all,
    merge,
    share: (index) => done[index] / steps[index],
    standing: (index) => (done[index] === steps[index] ? "done" : done[index] ? "begun" : "untouched"),
  };
}
