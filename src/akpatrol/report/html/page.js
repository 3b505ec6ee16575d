"use strict";
(() => {
  const root = document.documentElement;
  const block = document.getElementById("data");
  if (!block) return;
  const { fields, strings, credentials } = JSON.parse(block.textContent);
  const FIELD = Object.fromEntries(fields.map((name, index) => [name, index]));
  const find = (id) => document.getElementById(id);
  const form = find("filters");
  const body = find("rows");
  const rows = [...body.children];
  const bars = new Map([...document.querySelectorAll(".bars li")].map((bar) => [Number(bar.dataset.index), bar]));
  const articles = credentials.map((one) => find(one.id));
  const indexOf = new Map(credentials.map((one, index) => [one.id, index]));
  const MORE = 100; // places shown at each press
  const ROWS = 200; // and credentials: a browser takes its time to lay out a long table

  /* ---- what the reader has done, kept in this browser */
  const kept = {
    key: (index) => "akpatrol:" + credentials[index].fingerprint,
    read(index) {
      try {
        const names = JSON.parse(localStorage.getItem(this.key(index)) || "[]");
        return new Set(Array.isArray(names) ? names : []);
      } catch {
        return new Set();
      }
    },
    write(index, names) {
      try {
        if (names.size) localStorage.setItem(this.key(index), JSON.stringify([...names]));
        else localStorage.removeItem(this.key(index));
      } catch {
        // A browser that keeps nothing still shows the ticks of this visit.
      }
    },
  };
  const done = credentials.map(() => 0);
  const steps = articles.map((article) => article.querySelectorAll("[data-action]").length);

  function showTicks(index) {
    const ticked = kept.read(index);
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

  function todo(index) {
    return done[index] === steps[index] ? "done" : done[index] ? "begun" : "untouched";
  }

  articles.forEach((article, index) => {
    for (const item of article.querySelectorAll("[data-action]")) {
      const box = item.querySelector("input");
      box.disabled = false;
      box.addEventListener("change", () => {
        item.classList.toggle("ticked", box.checked);
        const names = kept.read(index);
        names[box.checked ? "add" : "delete"](item.dataset.action);
        kept.write(index, names);
        count(index);
      });
    }
    showTicks(index);
  });

  /* ---- the view: what is asked for, as it stands in the address bar */
  const RANKS = {
    status: ["active", "unknown", "not_sent", "unverified", "inactive"],
    state: ["worktree", "staged", "present", "removed", "unreachable", "ignored"],
    confidence: ["high", "medium", "low"],
  };
  const WORDS = {
    status: { active: "live", open: "not known (any of these)", unverified: "unverified", unknown: "no clear answer", not_sent: "not sent", inactive: "inactive" },
    state: { worktree: "in files", staged: "staged", present: "in a branch", removed: "only in older commits", unreachable: "reachable from no ref", ignored: "in ignored files" },
    kind: { organization_key: "organization key", personal_access_token: "personal access token", custom: "other" },
    exposure: { browser: "in browsers", none: "not in browsers" },
    todo: { untouched: "nothing done", begun: "begun", done: "all done" },
  };
  const FILTERS = ["q", "status", "state", "kind", "repository", "author", "path", "confidence", "exposure", "todo"];
  const OWN = ["status", "state", "kind", "confidence", "exposure", "todo"];
  let view = {};
  let shown = [];
  let limit = ROWS;

  function own(name, index) {
    if (name === "todo") return todo(index);
    if (name === "exposure") return credentials[index].exposure || "none";
    return credentials[index][name];
  }

  const isNotKnown = (status) => status !== "active" && status !== "inactive";

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

  function fillForm() {
    for (const name of OWN) {
      const counts = new Map();
      const raise = (value) => counts.set(value, (counts.get(value) || 0) + 1);
      credentials.forEach((_, index) => {
        raise(own(name, index));
        if (name === "status" && isNotKnown(credentials[index].status)) raise("open");
      });
      if (name === "todo") ["untouched", "begun", "done"].forEach((value) => counts.has(value) || counts.set(value, 0));
      const order = name === "status" ? ["active", "open", "unknown", "not_sent", "unverified", "inactive"] : RANKS[name] || Object.keys(WORDS[name]);
      addOptions(name, counts, order);
    }
    // What is ticked changes while the page is open: a number beside it would be wrong.
    for (const option of form.elements.todo.options) option.text = option.text.replace(/ \(\d+\)$/, "");
    for (const name of ["repository", "author"]) {
      const counts = new Map();
      for (const one of credentials) {
        const numbers = new Set(one.places.map((place) => place[FIELD[name]]));
        for (const number of numbers) if (number) counts.set(strings[number], (counts.get(strings[number]) || 0) + 1);
      }
      const order = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a) || (a < b ? -1 : 1));
      addOptions(name, counts, order);
    }
  }

  /* Texts are looked at once for a search, however many places share one. */
  let lowered = null;
  function matching(test) {
    lowered ||= strings.map((text) => text.toLowerCase());
    return lowered.map(test);
  }

  function pathTest(pattern) {
    const wanted = pattern.toLowerCase();
    if (!/[*?]/.test(wanted)) return (text) => text.includes(wanted);
    const source = wanted.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*+/g, ".*").replace(/\?/g, ".");
    const expression = new RegExp(`(^|/)${source}$`, "s");
    return (text) => expression.test(text);
  }

  const SEARCHED = ["where", "repository", "commit", "author", "summary", "more", "before", "after", "path"].map((name) => FIELD[name]);

  function wanted() {
    const words = (view.q || "").toLowerCase().split(/\s+/).filter(Boolean).map((word) => [word, matching((text) => text.includes(word))]);
    const path = view.path ? matching(pathTest(view.path)) : null;
    const repository = view.repository ? strings.indexOf(view.repository) : 0;
    const author = view.author ? strings.indexOf(view.author) : 0;
    const ofPlaces = path || repository || author;
    return (one, index) => {
      for (const name of OWN) {
        if (!view[name]) continue;
        const value = own(name, index);
        if (value !== view[name] && !(name === "status" && view.status === "open" && isNotKnown(value))) return false;
      }
      if (ofPlaces && !one.places.some((place) =>
        (!repository || place[FIELD.repository] === repository) &&
        (!author || place[FIELD.author] === author) &&
        (!path || (place[FIELD.path] && path[place[FIELD.path]])))) return false;
      return words.every(([word, hits]) => one.text.includes(word) || one.places.some((place) => SEARCHED.some((field) => hits[place[field]])));
    };
  }

  const KEYS = {
    status: (one) => RANKS.status.indexOf(one.status),
    credential: (one) => one.text,
    state: (one) => RANKS.state.indexOf(one.state),
    since: (one) => one.since || Infinity,
    places: (one) => -one.places.length,
    repositories: (one) => -one.repositories,
    owner: (one) => one.owner.toLowerCase() || "\uffff",
    confidence: (one) => RANKS.confidence.indexOf(one.confidence),
    done: (one, index) => done[index] / steps[index],
  };

  function sorted(indexes) {
    const backwards = (view.sort || "").startsWith("-");
    const key = KEYS[(view.sort || "").replace("-", "")];
    if (!key) return indexes;
    const keys = new Map(indexes.map((index) => [index, key(credentials[index], index)]));
    return indexes.sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      return (left === right ? 0 : (left < right ? -1 : 1) * (backwards ? -1 : 1)) || a - b;
    });
  }

  function apply() {
    const isWanted = wanted();
    shown = sorted(credentials.map((_, index) => index).filter((index) => isWanted(credentials[index], index)));
    const visible = new Set(shown);
    rows.forEach((row, index) => {
      row.hidden = !visible.has(index);
      articles[index].classList.toggle("out", row.hidden);
      if (bars.has(index)) bars.get(index).hidden = row.hidden;
    });
    order(body, shown.map((index) => rows[index]));
    showRows();
    for (const name of FILTERS) {
      const field = form.elements[name];
      if (field.value !== (view[name] || "")) field.value = view[name] || "";
      field.classList.toggle("set", Boolean(view[name]));
    }
    for (const button of document.querySelectorAll("[data-sort]")) {
      const isSorted = (view.sort || "").replace("-", "") === button.dataset.sort;
      const heading = button.closest("th");
      if (isSorted) heading.setAttribute("aria-sort", view.sort.startsWith("-") ? "descending" : "ascending");
      else heading.removeAttribute("aria-sort");
    }
    const isAll = shown.length === credentials.length;
    const number = (value) => value.toLocaleString("en");
    find("count").textContent = isAll ? `All ${number(shown.length)} shown` : `${number(shown.length)} of ${number(credentials.length)} shown`;
    find("reset").hidden = !FILTERS.some((name) => view[name]) && !view.sort;
    find("nothing").hidden = shown.length > 0;
    document.querySelector("table.findings").hidden = shown.length === 0;
    showPosition();
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

  function fromAddress() {
    const text = location.hash.slice(1);
    if (text && !text.includes("=")) {
      // A plain anchor: a credential's, as the page has them without this script, or a section's.
      view = indexOf.has(text) ? { ...view, open: text } : view;
    } else {
      view = Object.fromEntries([...new URLSearchParams(text)].filter(([name, value]) => value && (FILTERS.includes(name) || name === "sort" || name === "open")));
      if (view.sort && !Object.hasOwn(KEYS, view.sort.replace("-", ""))) delete view.sort;
      for (const name of FILTERS) {
        const field = form.elements[name];
        if (view[name] && field.options && ![...field.options].some((option) => option.value === view[name])) delete view[name];
      }
    }
    apply();
    open(indexOf.has(view.open) ? indexOf.get(view.open) : -1, false);
  }

  function toAddress() {
    const parameters = new URLSearchParams(Object.entries(view).filter(([, value]) => value));
    const hash = parameters.size ? "#" + parameters : " ";
    history.replaceState(null, "", hash === " " ? location.pathname + location.search : hash);
  }

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

  /* ---- one credential beside the list */
  let chosen = -1;

  function open(index, focus = true) {
    if (chosen >= 0) for (const element of [articles[chosen], rows[chosen], bars.get(chosen)]) element?.classList.remove("chosen");
    const before = chosen;
    chosen = index;
    root.classList.toggle("inspecting", index >= 0);
    if (index < 0) {
      if (focus && before >= 0) rows[before].querySelector("a").focus();
      return;
    }
    for (const element of [articles[index], rows[index], bars.get(index)]) element?.classList.add("chosen");
    if (shown.indexOf(index) >= limit) showAllRows();
    find("credentials").scrollTop = 0;
    showPosition();
    if (focus) find(credentials[index].id + "-title").focus({ preventScroll: true });
  }

  function choose(index) {
    view = { ...view, open: index < 0 ? undefined : credentials[index].id };
    if (index < 0) delete view.open;
    toAddress();
    open(index);
    if (index >= 0) rows[index].scrollIntoView({ block: "nearest" });
  }

  function showPosition() {
    const at = shown.indexOf(chosen);
    find("position").textContent = at < 0 ? "" : `${at + 1} of ${shown.length}`;
    find("previous").disabled = at <= 0;
    find("next").disabled = at < 0 || at === shown.length - 1;
  }

  /* ---- places that are only in the data */
  function placeElement(place) {
    const element = find("place").content.firstElementChild.cloneNode(true);
    const text = (name) => strings[place[FIELD[name]]];
    for (const part of element.querySelectorAll("[data-if]")) if (!text(part.dataset.if)) part.remove();
    for (const part of element.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
    element.querySelector("[data-text=where]")?.append(text("position"));
    if (!text("mask") && !text("before")) element.querySelector(".context").remove();
    const commit = text("commit");
    const address = (front) => text(front).replace("{commit}", () => commit);
    const pages = { line: address("line_front") + text("line_rest"), commit: address("commit_front") };
    for (const part of element.querySelectorAll("[data-text=commit]")) part.textContent = commit.slice(0, 12);
    for (const link of element.querySelectorAll("[data-link]")) {
      const page = pages[link.dataset.link];
      if (/^https?:\/\//.test(page)) link.href = page;
    }
    return element;
  }

  function showMore(index, button) {
    const list = articles[index].querySelector(".places");
    const places = credentials[index].places;
    const from = list.children.length;
    list.append(...places.slice(from, from + MORE).map(placeElement));
    const left = places.length - list.children.length;
    const line = button.closest(".more-places");
    if (left) line.firstChild.data = `and ${left.toLocaleString("en")} more. `;
    else line.remove();
    const first = list.children[from];
    first.tabIndex = -1;
    first.focus();
  }

  /* ---- listening */
  function later(action, delay) {
    let timer = 0;
    return (...values) => {
      clearTimeout(timer);
      timer = setTimeout(action, delay, ...values);
    };
  }

  const typed = later((name, value) => change({ [name]: value }), 120);
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
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open], [data-view]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      if (link.dataset.open) choose(indexOf.get(link.dataset.open));
      else {
        change(Object.fromEntries(new URLSearchParams(link.dataset.view)));
        find("findings").scrollIntoView();
        find("findings-title").focus({ preventScroll: true });
      }
    } else if (!event.target.closest("a, button, input") && event.target.closest("#rows tr") && !String(getSelection())) {
      choose(Number(event.target.closest("tr").dataset.index));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen >= 0) choose(-1);
  });
  find("further").firstElementChild.addEventListener("click", () => {
    const next = rows[shown[limit]];
    showAllRows();
    next.querySelector("a").focus();
  });
  find("close").addEventListener("click", () => choose(-1));
  find("previous").addEventListener("click", () => choose(shown[shown.indexOf(chosen) - 1]));
  find("next").addEventListener("click", () => choose(shown[shown.indexOf(chosen) + 1]));
  articles.forEach((article, index) => {
    const button = article.querySelector(".more");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => showMore(index, button));
  });
  addEventListener("hashchange", fromAddress);
  addEventListener("storage", ({ key }) => credentials.forEach((_, index) => key === kept.key(index) && showTicks(index)));

  fillForm();
  form.hidden = find("count").hidden = credentials.length < 2;
  document.querySelector(".inspector-bar").hidden = false;
  fromAddress();
  root.classList.add("ready");
})();
