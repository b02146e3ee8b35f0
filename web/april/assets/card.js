// The frame in a shop's page in which a payer types a card or chooses a saved
// one. The shop's page hands over the settings and asks to submit; it gets back
// a token or a source, never what was typed. The operations of the contract are
// called with the shop's public key or the customer's token.
"use strict";
(() => {
  const query = new URLSearchParams(location.search);
  const parent = query.get("parent") || "";
  if (window.parent === window || !/^https?:\/\//.test(parent)) return;
  const base = location.pathname.replace(/\/april\/checkout\/frame$/, "");
  const source = query.get("for") === "source";
  const form = document.querySelector("form");
  const words = JSON.parse(form.dataset.words);
  const saved = document.getElementById("saved");
  const choices = document.getElementById("choices");
  const keep = document.getElementById("keep-row");
  const button = form.querySelector("button.button");
  const notice = document.getElementById("notice");
  let settings = null;
  let busy = false;
  let resume = null;

  const tell = (message) => window.parent.postMessage({ april: 1, ...message }, parent);
  const height = () => tell({ type: "height", height: Math.ceil(document.documentElement.getBoundingClientRect().height) });
  new ResizeObserver(height).observe(document.documentElement);

  // ask calls an operation and gives its answer, or throws the contract's error.
  const ask = async (method, path, body) => {
    let answer;
    try {
      answer = await fetch(base + path, { method, headers: { Authorization: "Bearer " + (settings.customerToken || settings.publicKey), "Content-Type": "application/json" },
        body: body && JSON.stringify(body), cache: "no-store", credentials: "omit" });
      const json = await answer.json();
      if (answer.ok) return json;
      throw json;
    } catch (error) {
      if (error && error.errorCode) throw error;
      throw { statusCode: 0, errorCode: "gateway_unavailable", message: words.unavailable };
    }
  };

  const show = (text) => {
    notice.textContent = text || "";
    notice.hidden = !text;
  };

  const wait = (on) => {
    busy = on;
    button.classList.toggle("busy", on);
    button.setAttribute("aria-disabled", String(on));
    form.setAttribute("aria-busy", String(on));
  };

  const fail = (error) => {
    wait(false);
    show(words[error.errorCode] || words.declined);
    tell({ type: "error", error });
  };

  const chosen = () => {
    const input = form.querySelector("input[name=saved]:checked");
    return input ? input.value : "";
  };

  const typed = () => {
    const [month, year] = form.elements.expiry.value.split("/").map((part) => Number(part.trim()));
    const card = { cardNumber: form.elements.number.value.replace(/\D/g, ""), expMonth: month, expYear: year < 100 ? 2000 + year : year, cvc: form.elements.cvv.value.trim() };
    const holder = form.elements.holder.value.trim();
    return holder ? { ...card, cardHolderName: holder } : card;
  };

  const token = async () => {
    const amount = { minorCurrencyUnits: settings.amount, currency: settings.currency };
    const id = chosen();
    if (id) {
      const made = await ask("POST", "/tokens", { CreateSavedPaymentSourceToken: { paymentSourceId: id, amount } });
      return tell({ type: "token", id: made.SavedPaymentSourceToken.paymentTokenId, data: { paymentMethodType: "Card" } });
    }
    const wish = { card: typed(), amount };
    if (settings.customerToken && form.elements.keep.checked) wish.saveCard = true;
    const made = (await ask("POST", "/tokens", { CreateCardToken: wish })).CardToken;
    tell({ type: "token", id: made.paymentTokenId, data: { paymentMethodType: "Card", cardBrand: made.cardAttributes.brand, cardLast4: made.last4 } });
  };

  const told = (made) => {
    if (made.ThreeDSAuthorisationRequired) {
      const action = made.ThreeDSAuthorisationRequired;
      tell({ type: "challenge", action });
      return new Promise((done, failed) => { resume = { done, failed }; })
        .then(() => ask("POST", "/sources", { ConfirmSavedPaymentSource: { threeDSResponse: action } }))
        .then((after) => {
          if (after.ThreeDSAuthorisationRequired) throw { statusCode: 400, errorCode: "three_ds_failed", message: words.three_ds_failed };
          return told(after);
        });
    }
    const card = made.sourceMethod.CardMethodResp || {};
    tell({ type: "source", id: made.paymentSourceId, data: { cardBrand: card.brand, cardLast4: card.last4 } });
    return made;
  };

  const keepCard = async () => {
    const id = chosen();
    if (id) return tell({ type: "source", id, data: {} });
    await told(await ask("POST", "/sources", { CreateSavedPaymentSource: { sourceMethod: { CardMethod: typed() } } }));
  };

  const submit = async () => {
    if (busy || !settings) return;
    show("");
    if (!chosen() && !form.valid()) return tell({ type: "error", error: { statusCode: 400, errorCode: "validation_failed", message: words.incomplete } });
    wait(true);
    tell({ type: "busy" });
    try {
      await (source ? keepCard() : token());
      wait(false);
      form.elements.cvv.value = "";
    } catch (error) {
      fail(error && error.errorCode ? error : { statusCode: 0, errorCode: "gateway_unavailable", message: words.unavailable });
    }
  };

  const offer = (list) => {
    const cards = list.filter((s) => s.sourceMethod.CardMethodResp);
    if (!cards.length) return;
    for (const s of cards) {
      const card = s.sourceMethod.CardMethodResp;
      const label = document.createElement("label");
      label.className = "choice";
      const input = Object.assign(document.createElement("input"), { type: "radio", name: "saved", value: s.paymentSourceId });
      const text = document.createElement("span");
      text.className = "choice-text";
      text.append(`${card.brand} •••• ${card.last4}`);
      const hint = document.createElement("span");
      hint.className = "hint";
      hint.textContent = words.expires.replace("{0}", String(card.expMonth).padStart(2, "0") + "/" + String(card.expYear).slice(-2));
      text.append(hint);
      label.append(input, text);
      choices.prepend(label);
    }
    choices.querySelector("input").checked = true;
    saved.hidden = false;
  };

  // paint takes the shop's colour for what is pressed, with text that can be
  // read on it.
  const paint = (colour) => {
    const m = /^#([0-9a-f]{6})$/i.exec(colour || "");
    if (!m) return;
    const [r, g, b] = [0, 2, 4].map((i) => parseInt(m[1].slice(i, i + 2), 16) / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    const light = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
    for (const [name, value] of [["--accent", colour], ["--accent-deep", colour], ["--on-accent", light ? "#000000" : "#ffffff"]]) document.body.style.setProperty(name, value);
  };

  const configure = async (given) => {
    settings = given;
    paint(given.primaryColor);
    if (!given.publicKey && !given.customerToken) return fail({ statusCode: 401, errorCode: "unauthorized", message: words.unavailable });
    if (!source && given.hideFullPayOption) {
      form.querySelector(".new-card").hidden = true;
      return show(words.none);
    }
    button.hidden = !(source ? given.showSubmit : given.showPayNow);
    keep.hidden = source || !given.customerToken;
    if (given.customerToken && !given.hideSavedCards) {
      try {
        offer(await ask("GET", "/sources?limit=20"));
      } catch (error) {
        tell({ type: "error", error });
      }
    }
    height();
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== parent || !event.data || event.data.april !== 1) return;
    switch (event.data.type) {
      case "settings": {
        const s = event.data.settings || {};
        if (!settings) configure({ ...s, amount: Number(s.amount), currency: String(s.currency || "") });
        break;
      }
      case "submit":
        submit();
        break;
      case "challenged":
        if (resume) resume.done();
        resume = null;
        break;
      case "abandoned":
        if (resume) resume.failed({ statusCode: 400, errorCode: "three_ds_failed", message: String(event.data.text || "") });
        resume = null;
        break;
    }
  });
  height();
  tell({ type: "ready" });
})();
