"use strict";
/* Reads the index's data into one object, `page`, of which each of the other files makes a part. */

function start() {
  const block = document.getElementById("data");
  if (!block) return; // no target, so nothing to work with
  const data = JSON.parse(block.textContent);
  const find = (id) => document.getElementById(id);
  const page = {
    find,
    data,
    strings: data.strings,
    FIELD: Object.fromEntries(data.fields.map((name, index) => [name, index])),
    form: find("filters"),
  };
  page.rows = makeRows(page);
  page.trend = makeTrend(page);
  makeList(page).fromAddress();
  document.documentElement.classList.add("ready");
}

start();
