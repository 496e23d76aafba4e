// Search over everything that has a name. The index is read when it is first wanted.
(function (c) {
  "use strict";
  const MOST = 40;
  let chosen = 0;
  let found = [];

  const byId = (id) => document.getElementById(id);

  async function open() {
    const dialog = byId("search");
    if (dialog.open) return;
    dialog.showModal();
    byId("search-input").select();
    await c.load("search");
    run();
  }

  // All words must occur; a name that begins with the first word, or is short, comes first.
  function rank(entry, words) {
    const name = entry[1].toLowerCase();
    const all = `${name} ${entry[2].toLowerCase()} ${entry[0]}`;
    if (!words.every((word) => all.includes(word))) return null;
    const inName = words.filter((word) => name.includes(word)).length;
    return [-inName, name.startsWith(words[0]) ? 0 : 1, entry[0] === "system" || entry[0] === "diagram" ? 0 : 1, name.length];
  }

  function run() {
    const words = byId("search-input").value.toLowerCase().split(/\s+/).filter(Boolean);
    const entries = c.held.get("search") || [];
    const ranked = words.length ? entries.map((entry) => [rank(entry, words), entry]).filter((pair) => pair[0]) : [];
    ranked.sort((a, b) => {
      for (let n = 0; n < 4; n++) if (a[0][n] !== b[0][n]) return a[0][n] - b[0][n];
      return 0;
    });
    found = ranked.slice(0, MOST).map((pair) => pair[1]);
    chosen = 0;
    paint(words.length, ranked.length);
  }

  function paint(asked, total) {
    byId("search-results").replaceChildren(...found.map(([kind, name, about, href], n) =>
      c.el("li", { role: "option", id: `hit-${n}`, "aria-selected": String(n === chosen) },
        c.el("a", { href: c.root + href, tabindex: "-1", onclick: () => byId("search").close() },
          c.el("span", { class: "badge plain" }, kind), " ", c.el("b", {}, name), c.el("span", { class: "note" }, about)))));
    byId("search-input").setAttribute("aria-activedescendant", found.length ? `hit-${chosen}` : "");
    byId("search-note").textContent = !asked ? "Type to search. Arrow keys choose, Enter opens, Escape closes."
      : total ? `${total} found${total > MOST ? `, the first ${MOST} shown` : ""}` : "Nothing of that name was found in this scan.";
  }

  function key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.length) {
      event.preventDefault();
      chosen = (chosen + step + found.length) % found.length;
      byId("search-results").querySelectorAll("[role=option]").forEach((item, n) => item.setAttribute("aria-selected", String(n === chosen)));
      byId("search-input").setAttribute("aria-activedescendant", `hit-${chosen}`);
      byId(`hit-${chosen}`).scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && found[chosen]) {
      event.preventDefault();
      byId("search-results").querySelectorAll("a")[chosen].click();
    }
  }

  c.search = {
    start() {
      byId("find").addEventListener("click", open);
      byId("search-input").addEventListener("input", run);
      byId("search-input").addEventListener("keydown", key);
      byId("search").addEventListener("click", (event) => { if (event.target === byId("search")) byId("search").close(); });
      document.addEventListener("keydown", (event) => {
        const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.nodeName);
        if ((event.key === "/" && !typing) || (event.key === "k" && (event.ctrlKey || event.metaKey))) {
          event.preventDefault();
          open();
        }
      });
    },
  };
})(window.c4trace);
