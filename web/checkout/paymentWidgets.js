/*! florin paymentWidgets.js: puts a payment form into the page of a shop.
 *
 *   <script src="{base}/v3/paymentWidgets.js?checkoutId={id}" integrity="..." crossorigin="anonymous"></script>
 *   <form action="{shopperResultUrl}" class="paymentWidgets" data-brands="VISA MASTER AMEX"></form>
 *
 * The form is framed from the payment server, so no card number ever touches
 * the shop's page. Afterwards the browser goes to
 * {shopperResultUrl}?id={checkoutId}&resourcePath=...
 */
(function () {
  "use strict";
  var here = document.currentScript && document.currentScript.src;
  var options = function () { return window.wpwlOptions || {}; };

  function fail(name, text) {
    var error = new Error(text);
    error.name = name;
    if (typeof options().onError === "function") options().onError(error);
    else if (window.console) window.console.error(name + ": " + text);
  }

  if (!here) return fail("WidgetError", "paymentWidgets.js must be loaded by a script element of the page itself");
  var self = new URL(here);
  var base = self.origin + self.pathname.replace(/\/v3\/paymentWidgets\.js$/, "");
  var parts = (self.searchParams.get("checkoutId") || "").split("/");
  var id = parts[0];
  var kind = parts[1] === "registration" ? "registration" : "payment";

  function start() {
    if (!/^[A-Za-z0-9._-]{6,64}$/.test(id)) return fail("InvalidCheckoutIdError", "the checkoutId in the address of the script is missing or malformed");
    var forms = document.querySelectorAll("form.paymentWidgets");
    if (!forms.length) return fail("WidgetError", "there is no <form class=\"paymentWidgets\"> on the page");
    for (var i = 0; i < forms.length; i++) build(forms[i]);
  }

  function build(form) {
    var o = options();
    var result = form.getAttribute("action") ? form.action : "";
    var address = new URL(base + "/v3/checkouts/" + encodeURIComponent(id) + "/frame");
    var query = address.searchParams;
    query.set("parent", location.origin);
    query.set("style", o.style || "card");
    if (form.dataset.brands) query.set("brands", form.dataset.brands);
    if (o.locale) query.set("locale", o.locale);
    if (o.requireCvv === false) query.set("cvv", "0");
    if (o.brandDetection === false) query.set("detect", "0");
    if (/dark/.test(getComputedStyle(document.documentElement).colorScheme)) query.set("theme", "auto");
    if (result) query.set("return", result);

    var frame = document.createElement("iframe");
    frame.title = "Payment";
    frame.name = "florin-payment";
    frame.allow = "payment";
    frame.referrerPolicy = "origin";
    frame.setAttribute("scrolling", "no");
    frame.style.cssText = "display:block;width:100%;height:30rem;border:0;background:transparent;color-scheme:light dark";
    frame.src = address.href;

    var box = document.createElement("div");
    box.className = "wpwl-container wpwl-container-card";
    box.appendChild(frame);
    form.hidden = true;
    form.parentNode.insertBefore(box, form.nextSibling);

    var loaded = false;
    var answered = false;
    setTimeout(function () {
      if (!loaded) fail("WidgetError", "the payment form did not load");
    }, 20000);

    window.addEventListener("message", function (event) {
      if (event.origin !== self.origin || event.source !== frame.contentWindow || !event.data || event.data.florin !== 1) return;
      var message = event.data;
      switch (message.type) {
        case "height":
          frame.style.height = Math.min(Math.max(Number(message.height) || 0, 40), 4000) + "px";
          loaded = true;
          break;
        case "ready":
          loaded = true;
          if (!answered && typeof options().onReady === "function") options().onReady([{ container: box }]);
          answered = true;
          break;
        case "before":
          frame.contentWindow.postMessage({ florin: 1, type: "proceed", yes: allowed(form) }, self.origin);
          break;
        case "go":
          if (String(message.url).indexOf(base + "/v3/checkouts/") === 0) location.assign(message.url);
          else fail("PciIframeSubmitError", "the payment form answered with a foreign address");
          break;
        case "done":
          finish(result);
          break;
        case "error":
          loaded = true;
          fail(/^(InvalidCheckoutIdError|PciIframeSubmitError|WidgetError)$/.test(message.name) ? message.name : "WidgetError", "the payment form cannot be shown");
          break;
      }
    });
  }

  // allowed asks the shop's own check, which may refuse by returning false.
  function allowed(form) {
    if (typeof options().onBeforeSubmitCard !== "function") return true;
    try {
      return options().onBeforeSubmitCard({ target: form, type: "onBeforeSubmitCard" }) !== false;
    } catch (error) {
      fail("PciIframeSubmitError", "onBeforeSubmitCard failed: " + error.message);
      return false;
    }
  }

  function finish(result) {
    if (!result) return fail("WidgetError", "the form has no action to go to");
    var next = new URL(result, location.href);
    if (!/^https?:$/.test(next.protocol)) return fail("WidgetError", "the form's action is not a web address");
    next.searchParams.set("id", id);
    next.searchParams.set("resourcePath", "/v3/checkouts/" + id + "/" + kind);
    location.assign(next.href);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})();
