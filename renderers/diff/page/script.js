"use strict";
const buttons = document.querySelectorAll("button[data-show]");
for (const button of buttons) {
  button.addEventListener("click", () => {
    document.body.classList.remove("show-before", "show-after");
    if (button.dataset.show !== "both") document.body.classList.add("show-" + button.dataset.show);
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
  });
}
