"use strict";
/* The list of credentials and its filters: what is asked for, as it stands in the form and in the address bar. */

function makeList(page) {
  const { find, strings, credentials, FIELD, form, rows, bars, articles, indexOf, search } = page;
  const WORDS = {
    status: { active: "live", open: "not known (any of these)", unknown: "no clear answer", not_sent: "not sent", unverified: "unverified", inactive: "inactive" },
    state: { files: "in files or a branch (any of these)", worktree: "in files", staged: "staged", present: "in a branch", removed: "only in older commits", unreachable: "reachable from no ref", ignored: "in ignored files" },
    kind: page.kinds,
    exposure: { browser: "in browsers", none: "not in browsers" },
    change: { new: "new", back: "back again", changed: "changed", none: "as before" },
    todo: { untouched: "nothing done", begun: "begun", done: "all done" },
  };
  const FILTERS = ["q", "status", "state", "kind", "repository", "author", "owner", "change", "path", "confidence", "exposure", "todo"];
  const ROWS = 200; // credentials at first: a browser takes its time to lay out a long table
  const DELAY = 120; // milliseconds without a key before a typed text is searched for
  let view = {};
  let shown = [];
  let limit = ROWS;

  /* ---- the form */
  function addOptions(name, counts, order) {
    const select = form.elements[name];
    for (const value of order) {
      if (!counts.has(value)) continue;
      const words = (WORDS[name] || {})[value] || value || "none";
      select.add(new Option(`${words} (${counts.get(value)})`, value));
    }
    // What all have in common tells none from another.
    select.closest("div").hidden = select.length < 3;
  }

  function counted(valuesOf) {
    const counts = new Map();
    credentials.forEach((one, index) => valuesOf(one, index).forEach((value) => counts.set(value, (counts.get(value) || 0) + 1)));
    return counts;
  }

  const byNumber = (counts) => [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));

  function fillForm() {
    for (const name of search.OWN) {
      const counts = counted((one, index) => [search.own(name, index), ...search.setsOf(name, search.own(name, index))]);
      if (name === "todo") ["untouched", "begun", "done"].forEach((value) => counts.has(value) || counts.set(value, 0));
      addOptions(name, counts, name === "owner" ? byNumber(counts) : search.RANKS[name] && !WORDS[name] ? search.RANKS[name] : Object.keys(WORDS[name]));
    }
    // What is ticked changes while the page is open: a number beside it would be wrong.
    for (const option of form.elements.todo.options) option.text = option.text.replace(/ \(\d+\)$/, "");
    for (const name of ["repository", "author"]) {
      const counts = counted((one) => [...new Set(one.places.map((place) => place[FIELD[name]]))].filter(Boolean).map((number) => strings[number]));
      addOptions(name, counts, byNumber(counts));
    }
    form.hidden = find("count").parentElement.hidden = credentials.length < 2;
  }

  /* ---- what is shown */
  function apply() {
    shown = search.found(view);
    const visible = new Set(shown);
    rows.forEach((row, index) => {
      if (row.hidden === !visible.has(index)) return; // a browser lays out again what is set again
      row.hidden = !row.hidden;
      articles[index].classList.toggle("out", row.hidden);
      if (bars.has(index)) bars.get(index).hidden = row.hidden;
    });
    order(find("rows"), shown.map((index) => rows[index]));
    showRows();
    showForm();
    showSort();
    showCount();
    page.panel.showPosition();
  }

  function showForm() {
    for (const name of FILTERS) {
      const field = form.elements[name];
      if (field.value !== (view[name] || "")) field.value = view[name] || "";
      field.classList.toggle("set", Boolean(view[name]));
    }
    find("reset").hidden = !FILTERS.some((name) => view[name]) && !view.sort;
  }

  function showSort() {
    for (const button of document.querySelectorAll("[data-sort]")) {
      const heading = button.closest("th");
      if (search.keyName(view.sort) !== button.dataset.sort) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", view.sort.startsWith("-") ? "descending" : "ascending");
    }
  }

  function showCount() {
    const number = (value) => value.toLocaleString("en");
    const isAll = shown.length === credentials.length;
    find("count").textContent = isAll ? `All ${number(shown.length)} shown` : `${number(shown.length)} of ${number(credentials.length)} shown`;
    find("nothing").hidden = shown.length > 0;
    document.querySelector("table.findings").hidden = shown.length === 0;
  }

  function showRows() {
    shown.forEach((index, place) => {
      rows[index].classList.toggle("beyond", place >= limit);
      bars.get(index)?.classList.toggle("beyond", place >= limit);
    });
    find("further").hidden = shown.length <= limit;
    find("further").firstElementChild.textContent = `Show the other ${(shown.length - limit).toLocaleString("en")}`;
  }

  function showAllRows() {
    limit = Infinity;
    showRows();
  }

  /* Moves as few rows as it can: a browser lays out again what was moved. The hidden ones may stand anywhere. */
  function order(parent, wanted) {
    const visible = [...parent.children].filter((row) => !row.hidden);
    if (visible.every((row, place) => row === wanted[place])) return;
    parent.append(...wanted);
  }

  /* ---- the address bar */
  function fromAddress() {
    const text = location.hash.slice(1);
    if (text && !text.includes("=")) {
      // A plain anchor: a credential's, as the page has them without this script, or a section's.
      view = indexOf.has(text) ? { ...view, open: text } : view;
    } else {
      view = Object.fromEntries([...new URLSearchParams(text)].filter(([name, value]) => value && (FILTERS.includes(name) || name === "sort" || name === "open")));
      if (view.sort && !search.isSort(view.sort)) delete view.sort;
      for (const name of FILTERS) {
        const field = form.elements[name];
        if (view[name] && field.options && ![...field.options].some((option) => option.value === view[name])) delete view[name];
      }
    }
    apply();
    page.panel.open(indexOf.has(view.open) ? indexOf.get(view.open) : -1, false);
  }

  function toAddress() {
    const parameters = new URLSearchParams(Object.entries(view).filter(([, value]) => value));
    history.replaceState(null, "", parameters.size ? "#" + parameters : location.pathname + location.search);
  }

  /* ---- what changes it */
  function change(changes) {
    view = { ...view, ...changes };
    for (const [name, value] of Object.entries(view)) if (!value) delete view[name];
    limit = ROWS;
    toAddress();
    apply();
  }

  function reset() {
    limit = ROWS;
    view = view.open ? { open: view.open } : {};
    toAddress();
    apply();
    form.elements.q.focus();
  }

  function setOpen(index) {
    view = { ...view, open: index < 0 ? undefined : credentials[index].id };
    if (index < 0) delete view.open;
    toAddress();
  }

  function later(action) {
    let timer = 0;
    return (...values) => {
      clearTimeout(timer);
      timer = setTimeout(action, DELAY, ...values);
    };
  }

  function listen() {
    const typed = later((name, value) => change({ [name]: value }));
    form.addEventListener("input", ({ target }) => {
      if (target.type === "search") typed(target.name, target.value.trim());
      else change({ [target.name]: target.value });
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    find("reset").addEventListener("click", reset);
    document.querySelector("[data-reset]").addEventListener("click", reset);
    for (const button of document.querySelectorAll("[data-sort]")) {
      button.disabled = false;
      button.addEventListener("click", () => {
        const name = button.dataset.sort;
        change({ sort: view.sort === name ? "-" + name : view.sort === "-" + name ? "" : name });
      });
    }
    for (const link of document.querySelectorAll("[data-view]")) {
      link.addEventListener("click", (event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        change(Object.fromEntries(new URLSearchParams(link.dataset.view)));
        find("findings").scrollIntoView();
        find("findings-title").focus({ preventScroll: true });
      });
    }
    find("further").firstElementChild.addEventListener("click", () => {
      const next = rows[shown[limit]];
      showAllRows();
      next.querySelector("a").focus();
    });
    addEventListener("hashchange", fromAddress);
  }

  fillForm();
  listen();
  return {
    fromAddress,
    setOpen,
    shown: () => shown,
    reveal: (index) => shown.indexOf(index) >= limit && showAllRows(),
  };
}
