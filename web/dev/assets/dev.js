// Copy buttons, and the inbox that fills by itself. The pages are whole
// without it.
"use strict";
(() => {
  for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

  // The contents of a reference stand open where there is room beside it.
  const fold = document.querySelector("[data-fold]");
  if (fold) fold.open = matchMedia("(min-width: 1000px)").matches;

  // A link to what is folded unfolds it.
  const reveal = () => {
    const at = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = at && at.closest("main details");
    if (!folded || folded.open) return;
    folded.open = true;
    at.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const code = button.closest(".sample, dd").querySelector("code");
    const label = button.firstChild;
    try {
      await navigator.clipboard.writeText(code.textContent);
      label.data = "Copied";
    } catch {
      // Without leave to write the clipboard the text is at least selected.
      getSelection().selectAllChildren(code);
      label.data = "Selected";
    }
    button.classList.add("done");
    setTimeout(() => { label.data = "Copy"; button.classList.remove("done"); }, 1500);
  });

  const live = document.querySelector("[data-live]");
  const list = document.querySelector("[data-messages]");
  if (!live || !list) return;
  live.hidden = false;
  const news = document.querySelector("[data-news]");
  const look = async () => {
    if (!live.querySelector("input").checked || document.hidden) return;
    let text;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) return;
      text = await answer.text();
    } catch {
      return; // florin is restarting; the next look may find it
    }
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-messages]");
    if (!fresh) return;
    const known = new Set([...list.querySelectorAll("details")].map((d) => d.id));
    const arrived = [...fresh.querySelectorAll("details")].filter((d) => !known.has(d.id));
    if (!arrived.length) return;
    const nothing = list.querySelector(".message");
    if (nothing) nothing.remove();
    for (const d of arrived.reverse()) {
      for (const button of d.querySelectorAll("[data-copy]")) button.hidden = false;
      list.prepend(d);
    }
    news.textContent = arrived.length === 1 ? "One notification arrived" : arrived.length + " notifications arrived";
  };
  setInterval(look, 2000);
})();
