// What happens when the page is there, when its address changes, and when it goes to paper.
(function (c) {
  "use strict";
  function theme() {
    const dark = document.documentElement.dataset.theme === "dark" ||
      (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
    const next = dark ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("c4trace-theme", next); } catch (refused) { /* the choice holds for this page */ }
    c.say(`${next} theme`);
  }

  function menu(event) {
    const open = document.body.classList.toggle("with-menu");
    event.currentTarget.setAttribute("aria-expanded", String(open));
  }

  // Paper cannot unfold, scroll or ask for more rows: everything is opened for it.
  function print(on) {
    if (on) c.tables.print();
    for (const fold of document.querySelectorAll("details")) {
      if (on && !fold.open) {
        fold.open = true;
        fold.dataset.opened = "";
      } else if (!on && "opened" in fold.dataset) {
        fold.open = false;
        delete fold.dataset.opened;
      }
    }
    c.diagrams.print(on);
  }

  document.addEventListener("DOMContentLoaded", () => {
    const data = JSON.parse(document.getElementById("page-data").textContent);
    document.documentElement.classList.add("live");
    document.getElementById("theme").addEventListener("click", theme);
    document.getElementById("menu").addEventListener("click", menu);
    // Code opens beside the site, not in its place.
    document.addEventListener("click", (event) => {
      const link = event.target.closest("a.code");
      if (link && /^https?:/.test(link.href)) Object.assign(link, { target: "_blank", rel: "noopener noreferrer" });
    }, true);
    c.panel.start();
    c.tables.start();
    c.diagrams.start(data.diagrams);
    c.search.start();
    if (data.chains) c.sequences.draw(data.chains);
    window.addEventListener("hashchange", () => {
      c.tables.read();
      c.diagrams.read();
      if (data.chains) c.sequences.draw(data.chains);
    });
    window.addEventListener("beforeprint", () => print(true));
    window.addEventListener("afterprint", () => print(false));
  });
})(window.c4trace);
