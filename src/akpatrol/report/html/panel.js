"use strict";
/* One credential beside the list, and those of its places that are only in the data. */

function makePanel({ find, strings, credentials, FIELD, rows, bars, articles, indexOf, list, copy }) {
  const MORE = 100; // places shown at each press
  const FOLD = 10; // places of those on the page that are shown at first, as the style has it
  let chosen = -1;

  function mark(index, isChosen) {
    for (const element of [articles[index], rows[index], bars.get(index)]) element?.classList.toggle("chosen", isChosen);
  }

  function open(index, focus = true) {
    if (chosen >= 0) mark(chosen, false);
    const before = chosen;
    chosen = index;
    document.documentElement.classList.toggle("inspecting", index >= 0);
    if (index < 0) {
      if (focus && before >= 0) rows[before].querySelector("a").focus();
      return;
    }
    mark(index, true);
    copy.prepare(articles[index]);
    list.reveal(index);
    find("credentials").scrollTop = 0;
    showPosition();
    if (focus) find(credentials[index].id + "-title").focus({ preventScroll: true });
  }

  function choose(index) {
    list.setOpen(index);
    open(index);
    if (index >= 0) rows[index].scrollIntoView({ block: "nearest" });
  }

  function step(by) {
    const shown = list.shown();
    choose(shown[shown.indexOf(chosen) + by]);
  }

  function showPosition() {
    const shown = list.shown();
    const at = shown.indexOf(chosen);
    find("position").textContent = at < 0 ? "" : `${at + 1} of ${shown.length}`;
    find("previous").disabled = at <= 0;
    find("next").disabled = at < 0 || at === shown.length - 1;
  }

  /* ---- places */
  /* A path's text, which may break behind each slash. */
  function breaking(path) {
    return path.split("/").flatMap((part, index) => (index ? ["/", document.createElement("wbr"), part] : [part]));
  }

  function placeElement(place) {
    const element = find("place").content.firstElementChild.cloneNode(true);
    const text = (name) => strings[place[FIELD[name]]];
    for (const part of element.querySelectorAll("[data-if]")) if (!text(part.dataset.if)) part.remove();
    for (const part of element.querySelectorAll("[data-text]")) part.textContent = text(part.dataset.text);
    element.querySelector("[data-text=where]").replaceChildren(...breaking(text("where")), text("position"));
    if (!text("mask") && !text("before")) element.querySelector(".context").remove();
    const commit = text("commit");
    const address = (front) => text(front).replace("{commit}", () => commit);
    const pages = { line: address("line_front") + text("line_rest"), commit: address("commit_front") };
    const front = text("commit_front");
    if (front.includes("{commit}")) pages.gone = front.replace("{commit}", () => text("gone_commit"));
    for (const part of element.querySelectorAll("[data-text=commit], [data-text=gone_commit]")) part.textContent = part.textContent.slice(0, 12);
    for (const link of element.querySelectorAll("[data-link]")) {
      const page = pages[link.dataset.link];
      if (/^https?:\/\//.test(page)) link.href = page;
    }
    return element;
  }

  function showMore(index, button) {
    const shown = articles[index].querySelector(".places");
    const places = credentials[index].places;
    // The first ones alone are shown at first, so that what is known stands near.
    const isFolded = shown.classList.replace("folded", "unfolded");
    const from = isFolded ? FOLD : shown.children.length;
    if (!isFolded) shown.append(...places.slice(from, from + MORE).map(placeElement));
    const left = places.length - shown.children.length;
    const line = button.closest(".more-places");
    if (left) line.firstChild.data = `and ${left.toLocaleString("en")} more. `;
    else line.remove();
    const first = shown.children[from];
    first.tabIndex = -1;
    first.focus();
  }

  /* ---- listening */
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-open]");
    const row = event.target.closest("#rows tr");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      choose(indexOf.get(link.dataset.open));
    } else if (row && !event.target.closest("a, button, input") && !String(getSelection())) choose(Number(row.dataset.index));
  });
  document.addEventListener("keydown", (event) => {
    if (chosen < 0) return;
    if (event.key === "Escape") choose(-1);
    // Letters are keys only while the focus is on the credential, so that a voice or a slip elsewhere does nothing.
    if (event.ctrlKey || event.metaKey || event.altKey || !find("credentials").contains(document.activeElement)) return;
    if (event.key === "j" && !find("next").disabled) step(1);
    if (event.key === "k" && !find("previous").disabled) step(-1);
  });
  find("close").addEventListener("click", () => choose(-1));
  find("previous").addEventListener("click", () => step(-1));
  find("next").addEventListener("click", () => step(1));
  articles.forEach((article, index) => {
    const button = article.querySelector(".more");
    if (!button) return;
    button.hidden = false;
    button.addEventListener("click", () => showMore(index, button));
  });
  document.querySelector(".inspector-bar").hidden = false;
  for (const id of ["previous", "next", "position"]) find(id).hidden = credentials.length < 2;

  return { open, showPosition };
}
