"use strict";
/* Ticks as a file, so that several people share the work: fingerprints and names of steps, nothing else. */

function makeExchange({ find, ticks }) {
  const FORM = "akpatrol-ticks-1";
  const LARGEST = 10_000_000; // bytes of a file that is worth reading
  const number = (value) => (value === 1 ? "1 tick" : `${value.toLocaleString("en")} ticks`);
  const say = (text) => (find("exchanged").textContent = text);

  function save() {
    const file = new Blob([JSON.stringify({ form: FORM, ticks: ticks.all() }, null, 1) + "\n"], { type: "application/json" });
    const link = document.createElement("a");
    link.href = URL.createObjectURL(file);
    link.download = "akpatrol-ticks.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000); // the browser has read it by then
  }

  function ticksOf(text) {
    try {
      const given = JSON.parse(text);
      return given?.form === FORM && given.ticks && typeof given.ticks === "object" ? given.ticks : null;
    } catch {
      return null;
    }
  }

  async function merge({ target }) {
    const file = target.files[0];
    if (!file) return;
    const given = file.size > LARGEST ? null : ticksOf(await file.text());
    target.value = ""; // so that the same file can be chosen again
    say(given ? `${number(ticks.merge(given))} added` : "This file holds no ticks of akpatrol.");
  }

  find("save-ticks").addEventListener("click", save);
  find("merge-ticks").addEventListener("change", merge);
}
