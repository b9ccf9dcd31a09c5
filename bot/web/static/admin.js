// The audit pages: copy buttons, and the filter folded away where there is little room.
"use strict";

document.documentElement.classList.add("script");
const fold = document.querySelector("details.fold:not([data-keep])");
if (fold && window.matchMedia("(max-width: 760px)").matches) fold.open = false;
document.addEventListener("click", async (event) => {
  const button = event.target.closest("button.copy");
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  button.textContent = "コピーしました";
});
