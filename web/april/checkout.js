/*! AprilCheckout 3.0.0, served by florin: a card form in the page of a shop.
 *
 *   <script src="{base}/v3/checkout-v3.0.0.min.js"></script>
 *   const checkout = AprilCheckout.createCheckout();
 *   checkout.init({publicKey, customerToken, paymentToken: (tokenId, data) => ...});
 *   checkout.render({elementId, amount, currency});
 *   checkout.submit();
 *
 * What a payer types stays in a frame of the payment server's own; the shop's
 * page gets a token for it.
 */
(function () {
  "use strict";
  var here = document.currentScript && document.currentScript.src;
  if (!here) return;
  var self = new URL(here);
  var base = self.origin + self.pathname.replace(/\/v3\/[^/]*$/, "");

  function say(fn, value) {
    if (typeof fn === "function") fn(value);
  }

  function problem(errorCode, message) {
    return { statusCode: 0, errorCode: errorCode, message: message };
  }

  // challenge shows the bank's page above the shop's. done and failed are told
  // once; how it went the shop's server asks us.
  function challenge(action, done, failed, tell) {
    var address = String((action || {}).redirectURL || "");
    if (address.indexOf(base + "/april/challenge/") !== 0 && address.indexOf(self.origin + "/april/challenge/") !== 0) {
      return say(failed, "There is no authorisation to be made");
    }
    var veil = document.createElement("div");
    veil.setAttribute("role", "dialog");
    veil.setAttribute("aria-modal", "true");
    veil.setAttribute("aria-label", "3-D Secure");
    veil.className = "april-challenge";
    veil.style.cssText = "position:fixed;inset:0;z-index:2147483000;display:flex;align-items:center;justify-content:center;padding:12px;background:rgb(16 21 19 / 60%)";
    var box = document.createElement("div");
    box.style.cssText = "position:relative;width:100%;max-width:30rem;height:100%;max-height:40rem;background:#fff;border-radius:14px;overflow:hidden;box-shadow:0 16px 48px rgb(0 0 0 / 35%)";
    var close = document.createElement("button");
    close.type = "button";
    close.setAttribute("aria-label", "Close");
    close.textContent = "\u00d7";
    close.style.cssText = "position:absolute;top:4px;right:4px;z-index:1;width:44px;height:44px;border:0;border-radius:10px;background:#fff;color:#17211d;font:24px/1 system-ui,sans-serif;cursor:pointer";
    var frame = document.createElement("iframe");
    frame.name = "april-challenge";
    frame.title = "3-D Secure";
    frame.referrerPolicy = "origin";
    frame.style.cssText = "display:block;width:100%;height:100%;border:0;background:#fff";
    frame.src = address;
    box.append(close, frame);
    veil.append(box);
    var before = document.activeElement;
    function end(fn, value) {
      window.removeEventListener("message", hear);
      document.removeEventListener("keydown", keys);
      veil.remove();
      if (before && before.focus) before.focus();
      say(fn, value);
    }
    function hear(event) {
      if (event.origin !== self.origin || event.source !== frame.contentWindow || !event.data || event.data.april !== 1) return;
      if (event.data.type !== "challenge") return;
      tell("april_card_3DS_complete");
      end(done);
    }
    function leave() {
      tell("april_card_3DS_cancelled");
      end(failed, "The authorisation was not completed");
    }
    function keys(event) {
      if (event.key === "Escape") leave();
    }
    close.addEventListener("click", leave);
    document.addEventListener("keydown", keys);
    window.addEventListener("message", hear);
    document.body.append(veil);
    close.focus();
    tell("april_card_3DS_pending");
  }

  // form is a frame of ours inside an element of the shop's page.
  function form(kind) {
    var settings = {};
    var onError = null;
    var onEvent = null;
    var onSource = null;
    var frame = null;
    var ready = false;
    var wanted = false; // submit was called before the frame was there

    // plain is what the frame needs to know; functions stay on this page.
    function plain() {
      var out = {};
      ["publicKey", "customerToken", "amount", "currency", "hideFullPayOption", "hideSavedCards", "showPayNow", "showSubmit", "primaryColor"].forEach(function (name) {
        if (settings[name] !== undefined && settings[name] !== null) out[name] = settings[name];
      });
      return out;
    }

    function tell(eventName, more) {
      say(onEvent, Object.assign({ eventName: eventName }, more || {}));
    }

    function post(message) {
      if (frame && frame.contentWindow) frame.contentWindow.postMessage(Object.assign({ april: 1 }, message), self.origin);
    }

    function hear(event) {
      if (!frame || event.origin !== self.origin || event.source !== frame.contentWindow || !event.data || event.data.april !== 1) return;
      var message = event.data;
      switch (message.type) {
        case "height":
          frame.style.height = Math.min(Math.max(Number(message.height) || 0, 40), 3000) + "px";
          break;
        case "ready":
          ready = true;
          post({ type: "settings", settings: plain() });
          tell("april_ready");
          if (wanted) post({ type: "submit" });
          wanted = false;
          break;
        case "busy":
          tell("april_submit");
          break;
        case "token":
          tell("april_payment_token_created");
          if (typeof settings.paymentToken === "function") settings.paymentToken(message.id, message.data);
          break;
        case "source":
          tell("april_payment_source_created");
          say(onSource, { cardPaymentSource: Object.assign({ cardPaymentSourceId: message.id }, message.data) });
          break;
        case "challenge":
          challenge(message.action, function () { post({ type: "challenged" }); }, function (text) { post({ type: "abandoned", text: text }); }, tell);
          break;
        case "error":
          tell("april_error", { error: message.error });
          say(onError, message.error);
          break;
      }
    }

    function render(options) {
      var place = document.getElementById((options || {}).elementId);
      if (!place) return say(onError, problem("element_not_found", "there is no element with the id " + (options || {}).elementId));
      settings = Object.assign({}, settings, options);
      window.removeEventListener("message", hear);
      ready = false;
      var address = new URL(base + "/april/checkout/frame");
      address.searchParams.set("parent", location.origin);
      address.searchParams.set("for", kind);
      var lang = document.documentElement.lang;
      if (lang) address.searchParams.set("locale", lang);
      frame = document.createElement("iframe");
      frame.name = "april-checkout";
      frame.title = "Card";
      frame.referrerPolicy = "origin";
      frame.setAttribute("scrolling", "no");
      frame.style.cssText = "display:block;width:100%;height:22rem;border:0;background:transparent;color-scheme:light";
      frame.src = address.href;
      window.addEventListener("message", hear);
      place.replaceChildren(frame);
    }

    return {
      init: function (options) { settings = Object.assign({}, options); },
      render: render,
      submit: function (callback) {
        if (typeof callback === "function") onSource = callback;
        if (!frame) return say(onError, problem("not_rendered", "render comes before submit"));
        if (ready) post({ type: "submit" });
        else wanted = true;
      },
      errorHandler: function (fn) { onError = fn; },
      eventHandler: function (fn) { onEvent = fn; },
      handleThreeDSAuthorisationRequired: function (action, done, failed) { challenge(action, done, failed, tell); },
    };
  }

  window.AprilCheckout = {
    version: "3.0.0",
    createCheckout: function () { return form("checkout"); },
    createPaymentSource: function () { return form("source"); },
  };
})();
