"use strict";
// The page's memory: data files by name, the state in the address, small makers of elements.
window.c4trace = (function () {
  const root = document.documentElement.dataset.root || "";
  const held = new Map();
  const waiting = new Map();

  // Called by the data files: fetch() is not allowed on pages opened from disk, scripts are.
  function put(name, value) {
    held.set(name, value);
    for (const done of waiting.get(name) || []) done.resolve(value);
    waiting.delete(name);
  }

  function load(name) {
    if (held.has(name)) return Promise.resolve(held.get(name));
    return new Promise(function (resolve, reject) {
      const first = !waiting.has(name);
      if (first) waiting.set(name, []);
      waiting.get(name).push({ resolve, reject });
      if (!first) return;
      const script = document.createElement("script");
      script.src = root + "data/" + name + ".js";
      script.onerror = function () {
        for (const done of waiting.get(name) || []) done.reject(new Error(name + " is missing"));
        waiting.delete(name);
      };
      document.head.append(script);
    });
  }

  // The state stands behind the # so that it works from disk: `#name=value&...`; a plain `#anchor` is an anchor.
  function state() {
    const text = location.hash.slice(1);
    return new URLSearchParams(text.includes("=") ? text : "");
  }

  function keep(changes) {
    const params = state();
    for (const [key, value] of Object.entries(changes)) {
      if (value === "" || value === null || value === undefined) params.delete(key);
      else params.set(key, value);
    }
    const text = params.toString();
    history.replaceState(null, "", text ? "#" + text : location.pathname + location.search);
  }

  function fill(node, attributes, children) {
    for (const [key, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
      else node.setAttribute(key, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }

  const el = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes, ...children) =>
    fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

  // A link to code, or its text where no web host is known. Only http(s) is ever followed.
  function codeLink(text, url) {
    if (!/^https?:\/\//.test(url || "")) return el("span", { class: "code" }, text);
    return el("a", { class: "code", href: url }, text);
  }

  function say(text) {
    document.getElementById("said").textContent = text;
  }

  return { root, put, load, held, state, keep, el, svg, codeLink, say };
})();
