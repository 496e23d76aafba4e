// The reader's choice of theme, before anything is painted. Storage may be refused (private windows, some file://).
(function () {
  "use strict";
  try {
    var chosen = localStorage.getItem("c4trace-theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch (refused) { /* the system's theme stands */ }
})();
