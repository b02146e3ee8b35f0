// Inside a shop's page: tells the script around the frame (paymentWidgets.js)
// how high the form is, asks before a card is sent, and says what comes next.
// Messages never carry what a payer typed.
"use strict";
(() => {
  if (window.parent === window) return;
  const query = new URLSearchParams(location.search);
  const parent = query.get("parent") || "";
  if (!/^https?:\/\//.test(parent)) return;
  const tell = (message) => window.parent.postMessage({ florin: 1, ...message }, parent);

  const message = document.querySelector("[data-message]");
  const height = () => tell({ type: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  new ResizeObserver(height).observe(document.documentElement);
  height();

  if (message) {
    const type = message.dataset.message;
    if (type === "go") {
      query.set("step", "go");
      const page = new URL("page", location.href);
      for (const name of ["step", "locale"]) if (query.get(name)) page.searchParams.set(name, query.get(name));
      tell({ type, url: page.href });
    } else {
      tell({ type, name: message.dataset.name });
    }
    return;
  }
  tell({ type: "ready" });

  // The shop may look before a card is sent; its answer comes as a message.
  let approved = false;
  let waiting = null;
  window.florinBefore = (form) => {
    if (!form.hasAttribute("data-card") || approved) return true;
    waiting = form;
    tell({ type: "before" });
    return false;
  };
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== parent || !event.data || event.data.florin !== 1) return;
    if (event.data.type !== "proceed" || !waiting) return;
    const form = waiting;
    waiting = null;
    if (!event.data.yes) return;
    approved = true;
    form.requestSubmit(form.querySelector("button.button"));
    approved = false;
  });
})();
