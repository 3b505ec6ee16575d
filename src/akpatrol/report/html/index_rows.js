"use strict";
/* Rows of an index, built from the page's data when they are shown: a browser takes its time to lay out ten thousand. */

function makeRows({ find, data, FIELD: F, strings }) {
  const blank = find("row").content.firstElementChild;
  const DAY_UNITS = [[365, "year"], [30, "month"]];
  const number = (value) => (value ? value.toLocaleString("en") : "");
  const counted = (value, noun) => `${value.toLocaleString("en")} ${noun}${value === 1 ? "" : "s"}`;
  const text = (row, name) => (typeof row[F[name]] === "number" ? strings[row[F[name]]] : row[F[name]]);

  /* In the same words as the rest of the page. */
  function length(days) {
    if (days < 0) return "";
    if (days < 1) return "less than a day";
    for (const [size, unit] of DAY_UNITS) if (Math.floor(days) >= 2 * size) return counted(Math.floor(days / size), unit);
    return counted(Math.floor(days), "day");
  }

  /* The name beside its owner, who need not be named twice. */
  function short(row) {
    const [name, front] = [text(row, "name"), text(row, "owner") + "/"];
    return front.length > 1 && name.startsWith(front) ? name.slice(front.length) : name;
  }

  /* A path may break after its slashes. */
  function breaking(element, path) {
    element.replaceChildren(...path.split("/").flatMap((part, index) => (index ? ["/", document.createElement("wbr"), part] : [part])));
  }

  function element(name, content, className = "") {
    const made = document.createElement(name);
    made.append(...[content].flat());
    if (className) made.className = className;
    return made;
  }

  function fill(made, row) {
    const all = (selector) => made.querySelectorAll(selector);
    for (const field of all("[data-text]")) breaking(field, text(row, field.dataset.text));
    for (const field of all("[data-number]")) field.textContent = number(row[F[field.dataset.number]]);
    for (const field of all("[data-name]")) breaking(field, short(row));
    for (const field of all("[data-length]")) field.textContent = length(row[F.mean]);
    for (const field of all("[data-new]")) {
      field.textContent = number(row[F.new]);
      if (row[F.back]) field.append(" ", element("small", `${number(row[F.back])} back`));
    }
    const looked = made.querySelector("[data-looked]");
    looked.className = `looked looked-${text(row, "looked")}`;
    looked.textContent = data.words[text(row, "looked")];
    made.classList.toggle("has-live", row[F.live] > 0);
  }

  function listed(row) {
    const found = [];
    const parts = row[F.listed];
    for (let at = 0; at < parts.length; at += 3) {
      const [redacted, status, state] = parts.slice(at, at + 3).map((number) => strings[number]);
      found.push(element("li", [element("code", redacted), element("span", ` ${data.statuses[status] || status}, ${state}`, `told told-${status}`)]));
    }
    const more = row[F.found] - found.length;
    if (more > 0) found.push(element("li", `and ${number(more)} more`, "quiet"));
    return found;
  }

  function details(row, columns) {
    const made = element("tr", "", "details");
    const cell = element("td", "");
    cell.colSpan = columns;
    if (row[F.found]) cell.append(element("ul", listed(row)));
    const command = text(row, "command");
    if (command) cell.append(element("p", ["Its own page, by a scan of it: ", element("code", command)], "command"));
    made.replaceChildren(cell);
    return made;
  }

  function fold(button, made, row) {
    const next = made.nextElementSibling;
    const isOpen = next?.classList.contains("details");
    if (isOpen) next.remove();
    else made.after(details(row, made.cells.length));
    button.setAttribute("aria-expanded", String(!isOpen));
    button.firstElementChild.textContent = isOpen ? "▸" : "▾";
  }

  function target(row) {
    const made = blank.cloneNode(true);
    fill(made, row);
    const link = made.querySelector("[data-page]");
    const page = text(row, "page");
    if (page) link.href = page;
    else link.removeAttribute("href");
    const button = made.querySelector(".fold");
    button.hidden = !row[F.found] && !text(row, "command");
    button.setAttribute("aria-label", `Credentials of ${text(row, "name")}`);
    button.addEventListener("click", () => fold(button, made, row));
    return made;
  }

  function owner(row, choose) {
    const made = blank.cloneNode(true);
    fill(made, row);
    const link = made.querySelector("[data-page]");
    link.href = "#list";
    if (text(row, "looked") !== "full") made.querySelector("[data-looked]").textContent = text(row, "reasons");
    made.querySelector("[data-text=reasons]").textContent = "";
    link.removeAttribute("rel");
    link.addEventListener("click", (event) => {
      event.preventDefault();
      choose();
    });
    return made;
  }

  return { target, owner, text };
}
