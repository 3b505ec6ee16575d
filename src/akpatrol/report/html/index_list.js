"use strict";
/* The list of an index and its filters: what is asked for, as it stands in the form and in the address bar. */

function makeList(page) {
  const { find, data, FIELD: F, strings, form, rows, trend } = page;
  const ROWS = 200; // at first, and more on request
  const MORE = 500;
  const DELAY = 120; // milliseconds without a key before a typed text is searched for
  const NONE = " "; // no owner is called this
  const FILTERS = ["q", "owner", "has", "looked", "by"];
  const HAS = { live: "live ones", open: "open ones", new: "new ones", back: "ones that are back", removed: "removed ones", none: "none" };
  const ORDER = ["failed", "skips", "later", "full"];
  const SUMS = ["found", "live", "open", "lesser", "new", "back", "removed", "dated"];
  const collator = new Intl.Collator("en", { numeric: true });
  const capital = (word) => word[0].toUpperCase() + word.slice(1);
  const text = rows.text;
  const all = data.rows;
  let searched = null; // lower case, made when it is first asked for
  let view = {};
  let shown = [];
  let limit = ROWS;

  /* ---- what is asked for */
  const has = (row, name) => (name === "none" ? !row[F.open] : row[F[name]] > 0);

  function matches(row, index) {
    if (view.owner && (text(row, "owner") || NONE) !== view.owner) return false;
    if (view.looked && text(row, "looked") !== view.looked) return false;
    if (view.has && !has(row, view.has)) return false;
    return !view.q || view.q.toLowerCase().split(/\s+/).every((word) => searched[index].includes(word));
  }

  function prepareSearch() {
    searched ??= all.map((row) => [...["name", "owner", "reasons"].map((name) => text(row, name)), ...row[F.listed].map((number) => strings[number])].join("\n").toLowerCase());
  }

  /* One row for each owner, with the sums of its targets. */
  function grouped(found) {
    const groups = new Map();
    for (const row of found) {
      const name = text(row, "owner") || NONE;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(row);
    }
    return [...groups].map(([name, members]) => group(name, members)).sort((a, b) => b[F.live] - a[F.live] || b[F.open] - a[F.open] || collator.compare(a[F.name], b[F.name]));
  }

  function group(name, members) {
    const made = new Array(data.fields.length).fill(0);
    const set = (field, value) => (made[F[field]] = value);
    for (const field of SUMS) set(field, members.reduce((total, row) => total + row[F[field]], 0));
    const days = members.reduce((total, row) => total + (row[F.dated] ? row[F.mean] * row[F.dated] : 0), 0);
    set("mean", made[F.dated] ? days / made[F.dated] : -1);
    set("longest", Math.max(...members.map((row) => row[F.longest])));
    const dates = (field) => members.map((row) => text(row, field)).filter(Boolean).sort();
    set("since", dates("since")[0] || "");
    set("date", dates("date").at(-1) || "");
    set("name", name === NONE ? "without an owner" : name);
    set("owner", `${members.length.toLocaleString("en")} ${data.noun[members.length === 1 ? 0 : 1]}`);
    set("looked", ORDER.find((word) => members.some((row) => text(row, "looked") === word)));
    const gaps = members.filter((row) => text(row, "looked") !== "full").length;
    set("reasons", `${gaps.toLocaleString("en")} not in full`);
    made.owner = name;
    made.members = members.length;
    return made;
  }

  const KEYS = {
    name: (row) => text(row, "name"),
    owner: (row) => (view.by ? row.members : text(row, "owner")),
    new: (row) => row[F.new] + row[F.back],
    looked: (row) => ORDER.indexOf(text(row, "looked")),
    since: (row) => text(row, "since") || "9999",
    date: (row) => text(row, "date"),
  };

  function sorted(found) {
    if (!view.sort) return found;
    const name = view.sort.replace("-", "");
    const key = KEYS[name] ?? ((row) => row[F[name]]);
    const sign = view.sort.startsWith("-") ? -1 : 1;
    const keys = new Map(found.map((row) => [row, key(row)]));
    const compare = (a, b) => (typeof a === "string" ? collator.compare(a, b) : a - b);
    return [...found].sort((a, b) => sign * compare(keys.get(a), keys.get(b)));
  }

  /* ---- what is shown */
  function apply() {
    if (view.q) prepareSearch();
    const found = all.filter(matches);
    shown = sorted(view.by ? grouped(found) : found);
    find("rows").replaceChildren();
    addRows();
    showForm();
    showSort();
    showHeadings();
    const isAll = found.length === all.length;
    const number = (value) => value.toLocaleString("en");
    find("count").textContent = `${isAll ? `All ${number(all.length)}` : `${number(found.length)} of ${number(all.length)}`} ${view.by ? `in ${number(shown.length)} rows` : "listed"}`;
    find("nothing").hidden = shown.length > 0;
    document.querySelector(".listing").hidden = shown.length === 0;
    trend.show(view.owner ? view.owner.trim() : null);
  }

  function addRows() {
    const body = find("rows");
    const built = body.querySelectorAll("tr:not(.details)").length;
    body.append(...shown.slice(built, limit).map((row) => ("owner" in row ? rows.owner(row, () => change({ by: "", owner: row.owner })) : rows.target(row))));
    const rest = shown.length - limit;
    find("further").hidden = rest <= 0;
    find("further").firstElementChild.textContent = `Show ${Math.min(rest, MORE).toLocaleString("en")} more of ${Math.max(rest, 0).toLocaleString("en")}`;
  }

  function showForm() {
    for (const name of FILTERS) {
      const field = form.elements[name];
      if (field.value !== (view[name] || "")) field.value = view[name] || "";
      field.classList.toggle("set", Boolean(view[name]));
    }
    find("reset").hidden = !FILTERS.some((name) => view[name]) && !view.sort;
  }

  function showHeadings() {
    const words = view.by ? { name: "Owner", owner: capital(data.noun[1]) } : { name: capital(data.noun[0]), owner: "Owner" };
    for (const [name, word] of Object.entries(words)) document.querySelector(`[data-sort="${name}"]`).firstChild.data = word;
  }

  function showSort() {
    for (const button of document.querySelectorAll("[data-sort]")) {
      const heading = button.closest("th");
      if ((view.sort || "").replace("-", "") !== button.dataset.sort) heading.removeAttribute("aria-sort");
      else heading.setAttribute("aria-sort", view.sort.startsWith("-") ? "descending" : "ascending");
    }
  }

  /* ---- the form and the address bar */
  function addOptions(name, options) {
    const select = form.elements[name];
    for (const [value, words, number] of options) if (number) select.add(new Option(`${words} (${number.toLocaleString("en")})`, value));
    select.closest("div").hidden = select.length < 3; // what all have in common tells none from another
  }

  function fillForm() {
    const owners = new Map();
    for (const row of all) owners.set(text(row, "owner") || NONE, (owners.get(text(row, "owner") || NONE) || 0) + 1);
    addOptions("owner", [...owners].map(([name, number]) => [name, name === NONE ? "none" : name, number]).sort((a, b) => b[2] - a[2] || collator.compare(a[0], b[0])));
    addOptions("has", Object.entries(HAS).map(([name, words]) => [name, words, all.filter((row) => has(row, name)).length]));
    addOptions("looked", ORDER.map((name) => [name, data.words[name], all.filter((row) => text(row, "looked") === name).length]));
    form.elements.by.closest("div").hidden = owners.size < 2;
    form.hidden = all.length < 2;
  }

  function fromAddress() {
    const parameters = [...new URLSearchParams(location.hash.slice(1))];
    view = Object.fromEntries(parameters.filter(([name, value]) => value && (FILTERS.includes(name) || name === "sort")));
    if (view.sort && !document.querySelector(`[data-sort="${CSS.escape(view.sort.replace("-", ""))}"]`) && view.sort !== "-longest") delete view.sort;
    for (const name of FILTERS) {
      const field = form.elements[name];
      if (view[name] && field.options && ![...field.options].some((option) => option.value === view[name])) delete view[name];
    }
    limit = ROWS;
    apply();
  }

  function change(changes) {
    view = Object.fromEntries(Object.entries({ ...view, ...changes }).filter(([, value]) => value));
    limit = ROWS;
    const parameters = new URLSearchParams(view);
    history.replaceState(null, "", parameters.size ? "#" + parameters : location.pathname + location.search);
    apply();
  }

  function reset() {
    view = {};
    change({});
    form.elements.q.focus();
  }

  function follow(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    view = {};
    change(Object.fromEntries([...new URLSearchParams(event.currentTarget.dataset.view)].filter(([name]) => FILTERS.includes(name) || name === "sort")));
    find("list").scrollIntoView();
    find("list-title").focus({ preventScroll: true });
  }

  function listen() {
    let timer = 0;
    form.addEventListener("input", ({ target }) => {
      clearTimeout(timer);
      if (target.type === "search") timer = setTimeout(() => change({ [target.name]: target.value.trim() }), DELAY);
      else change({ [target.name]: target.value });
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    find("reset").addEventListener("click", reset);
    document.querySelector("[data-reset]").addEventListener("click", reset);
    for (const button of document.querySelectorAll("[data-sort]")) {
      const name = button.dataset.sort;
      button.disabled = false;
      button.addEventListener("click", () => change({ sort: view.sort === "-" + name ? name : view.sort === name ? "" : "-" + name }));
    }
    for (const link of document.querySelectorAll("[data-view]")) link.addEventListener("click", follow);
    find("further").firstElementChild.addEventListener("click", () => {
      const first = limit;
      limit += MORE;
      addRows();
      find("rows").querySelectorAll("tr:not(.details)")[first].querySelector("button:not([hidden]), a[href]")?.focus();
    });
    addEventListener("hashchange", fromAddress);
  }

  fillForm();
  listen();
  return { fromAddress };
}
