"use strict";
/* Reads the page's data and elements into one object, `page`, of which each of the other files makes a part:
   the ticks and their exchange, the search, the list, what is copied, and the panel beside the list. The list and the panel call each other through it. */

function readPage(block) {
  const { fields, strings, kinds, credentials } = JSON.parse(block.textContent);
  const find = (id) => document.getElementById(id);
  return {
    find,
    strings,
    kinds,
    credentials,
    FIELD: Object.fromEntries(fields.map((name, index) => [name, index])),
    form: find("filters"),
    rows: [...find("rows").children],
    bars: new Map([...document.querySelectorAll(".bars li")].map((bar) => [Number(bar.dataset.index), bar])),
    articles: credentials.map((one) => find(one.id)),
    indexOf: new Map(credentials.map((one, index) => [one.id, index])),
  };
}

function start() {
  const block = document.getElementById("data");
  if (!block) return; // no credential, so nothing to work with
  const page = readPage(block);
  page.ticks = makeTicks(page);
  makeExchange(page);
  page.search = makeSearch(page);
  page.list = makeList(page);
  page.copy = makeCopy(page);
  page.panel = makePanel(page);
  page.list.fromAddress();
  if (new URLSearchParams(location.search).get("print") === "all") page.find("appendix").checked = true;
  document.documentElement.classList.add("ready");
}

start();
