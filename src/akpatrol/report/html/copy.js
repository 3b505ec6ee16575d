"use strict";
/* Copies what others need to be told: a command, or a credential as text for a ticket or a message. It is masked, as all is here. */

function makeCopy({ find, credentials }) {
  const PLACES = 10; // that a message names
  const SHOWN = 2000; // milliseconds for which a button tells what it has done
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const all = (element, selector) => [...element.querySelectorAll(selector)];

  async function copy(button, text) {
    const name = button.textContent;
    let told = "Copied";
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      told = "Not allowed"; // by the browser: what is to be copied can still be marked
    }
    find("copied").textContent = told;
    button.firstChild.data = told;
    setTimeout(() => (button.firstChild.data = name), SHOWN);
  }

  function place(element) {
    const [told] = all(element, ".told");
    return `- ${words(element.querySelector(".repository"))}: ${words(element.querySelector(".path"))}\n  ${words(told)}`;
  }

  function message(article, one) {
    const [status, severity] = [".pills .pill", ".pills .tag"].map((selector) => words(article.querySelector(selector)));
    const fact = (row) => `${words(row.querySelector("dt"))}: ${all(row, "p, code").map(words).join(" ")}`;
    const step = (item) => `[${item.querySelector("input").checked ? "x" : " "}] ${words(item.querySelector("label"))}`;
    const more = one.places.length - PLACES;
    return [
      `${words(article.querySelector("h3"))}: ${status.toLowerCase()}, ${severity}. ${words(article.querySelector(".kind"))}`,
      ...all(article, ".facts > div").map(fact),
      "",
      "Places:",
      ...all(article, ".place").slice(0, PLACES).map(place),
      ...(more > 0 ? [`and ${more.toLocaleString("en")} more`] : []),
      "",
      "What to do:",
      ...all(article, "[data-action]").map(step),
      "",
    ].join("\n");
  }

  /* Once a credential is shown: most of many never are. */
  function prepare(article) {
    for (const line of all(article, ".command:not(:has(button))")) {
      const button = document.createElement("button");
      const command = line.querySelector("code").textContent;
      button.type = "button";
      button.append("Copy");
      button.setAttribute("aria-label", `Copy the command ${command}`);
      button.addEventListener("click", () => copy(button, command));
      line.append(" ", button);
    }
  }

  find("copy").addEventListener("click", ({ currentTarget }) => {
    const article = document.querySelector(".credential.chosen");
    copy(currentTarget, message(article, credentials.find((one) => one.id === article.id)));
  });
  return { prepare };
}
