"use strict";
/* Which credentials a view asks for, and in which order. A view has texts by name: what each filter is set to,
   `sort` with a minus for backwards, `open`. */

function makeSearch({ strings, credentials, FIELD, ticks }) {
  const RANKS = {
    status: ["active", "unknown", "not_sent", "unverified", "inactive"],
    state: ["worktree", "staged", "present", "removed", "unreachable", "ignored"],
    confidence: ["high", "medium", "low"],
  };
  const OWN = ["status", "state", "kind", "confidence", "exposure", "owner", "change", "todo"]; // of a credential, not of its places
  const SEARCHED = ["where", "repository", "commit", "author", "summary", "more", "before", "after", "path"].map((name) => FIELD[name]);
  const KEYS = {
    status: (one) => RANKS.status.indexOf(one.status),
    credential: (one) => one.text,
    state: (one) => RANKS.state.indexOf(one.state),
    can: (one) => -one.scopes,
    since: (one) => one.since || Infinity,
    places: (one) => -one.places.length,
    repositories: (one) => -one.repositories,
    owner: (one) => one.owner.toLowerCase() || "\uffff",
    confidence: (one) => RANKS.confidence.indexOf(one.confidence),
    done: (_, index) => ticks.share(index),
  };
  const keyName = (sort) => (sort || "").replace("-", "");

  function own(name, index) {
    if (name === "todo") return ticks.standing(index);
    if (name === "exposure" || name === "change") return credentials[index][name] || "none";
    if (name === "owner") return credentials[index].owner || "not known";
    return credentials[index][name];
  }

  /* Values of a filter that stand for several. */
  const SETS = {
    status: { open: ["unknown", "not_sent", "unverified"] },
    state: { files: ["worktree", "staged", "present"] },
  };
  const setsOf = (name, value) => Object.keys(SETS[name] || {}).filter((set) => SETS[name][set].includes(value));

  function hasOwn(view, index) {
    return OWN.every((name) => {
      if (!view[name]) return true;
      const value = own(name, index);
      return value === view[name] || setsOf(name, value).includes(view[name]);
    });
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

  function placeTest(view) {
    const path = view.path ? matching(pathTest(view.path)) : null;
    const repository = view.repository ? strings.indexOf(view.repository) : 0;
    const author = view.author ? strings.indexOf(view.author) : 0;
    if (!path && !repository && !author) return null;
    return (place) =>
      (!repository || place[FIELD.repository] === repository) &&
      (!author || place[FIELD.author] === author) &&
      (!path || (place[FIELD.path] && path[place[FIELD.path]]));
  }

  function wanted(view) {
    const words = (view.q || "").toLowerCase().split(/\s+/).filter(Boolean).map((word) => [word, matching((text) => text.includes(word))]);
    const isPlace = placeTest(view);
    return (one, index) => {
      if (!hasOwn(view, index) || (isPlace && !one.places.some(isPlace))) return false;
      return words.every(([word, hits]) => one.text.includes(word) || one.places.some((place) => SEARCHED.some((field) => hits[place[field]])));
    };
  }

  function sorted(view, indexes) {
    const backwards = (view.sort || "").startsWith("-");
    const key = KEYS[keyName(view.sort)];
    if (!key) return indexes;
    const keys = new Map(indexes.map((index) => [index, key(credentials[index], index)]));
    return indexes.sort((a, b) => {
      const [left, right] = [keys.get(a), keys.get(b)];
      return (left === right ? 0 : (left < right ? -1 : 1) * (backwards ? -1 : 1)) || a - b;
    });
  }

  function found(view) {
    const isWanted = wanted(view);
    return sorted(view, credentials.map((_, index) => index).filter((index) => isWanted(credentials[index], index)));
  }

  return { RANKS, OWN, own, setsOf, found, keyName, isSort: (sort) => Object.hasOwn(KEYS, keyName(sort)) };
}
