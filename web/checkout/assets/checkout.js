// The payment page works without this script. With it, a payer sees mistakes
// while typing, and a second click does nothing. No field's content is sent
// anywhere but by the form itself.
"use strict";
(() => {
  const brands = [ // the first that fits
    ["AMEX", /^3[47]/, [15], "AMEX"],
    ["JCB", /^35(2[89]|[3-8])/, [16, 17, 18, 19], "JCB"],
    ["DINERS", /^3(6|8|0[0-5])/, [14, 16, 19], "Diners"],
    ["DISCOVER", /^6(011|4[4-9]|5)/, [16, 19], "Discover"],
    ["UNIONPAY", /^62/, [16, 17, 18, 19], "UnionPay"],
    ["VISA", /^4/, [13, 16, 19], "VISA"],
    ["MASTER", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16], "Mastercard"],
    ["MAESTRO", /^(50|5[6-8]|6)/, [12, 13, 14, 15, 16, 17, 18, 19], "Maestro"],
  ];
  const kin = { VISA: ["VISA", "VISADEBIT", "VISAELECTRON", "DANKORT", "CARTEBANCAIRE"], MASTER: ["MASTER", "MASTERDEBIT", "CARTEBANCAIRE"] };
  const only = (text) => text.replace(/\D/g, "");
  const brandOf = (digits) => brands.find((b) => b[1].test(digits));

  const luhn = (digits) => {
    let sum = 0;
    for (let i = 0; i < digits.length; i++) {
      let d = Number(digits[digits.length - 1 - i]);
      if (i % 2) d = d * 2 > 9 ? d * 2 - 9 : d * 2;
      sum += d;
    }
    return sum % 10 === 0;
  };

  const group = (digits) => {
    const brand = brandOf(digits);
    if (brand && (brand[0] === "AMEX" || (brand[0] === "DINERS" && digits.length <= 14))) {
      return [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10)].filter(Boolean).join(" ");
    }
    return digits.replace(/(.{4})(?=.)/g, "$1 ");
  };

  // rewrite changes what a field shows and leaves the caret behind the same digit.
  const rewrite = (input, format) => {
    const before = only(input.value.slice(0, input.selectionStart)).length;
    const text = format(only(input.value));
    if (text === input.value) return;
    const atEnd = input.selectionStart === input.value.length;
    input.value = text;
    let at = 0;
    for (let seen = 0; at < text.length && seen < before; at++) if (/\d/.test(text[at])) seen++;
    if (atEnd) at = text.length;
    if (document.activeElement === input) input.setSelectionRange(at, at);
  };

  const check = {
    number(value, form) {
      const digits = only(value);
      if (!value.trim()) return "empty";
      if (/[^\d\s-]/.test(value) || digits.length < 12 || digits.length > 19 || !luhn(digits)) return "invalid";
      const brand = brandOf(digits);
      if (!brand) return "invalid";
      const taken = form.dataset.brands.split(" ");
      const known = kin[brand[0]] || [brand[0]];
      // Networks that we do not tell apart by number make any card possible.
      const rest = taken.some((t) => !brands.some((b) => (kin[b[0]] || [b[0]]).includes(t)));
      return rest || known.some((k) => taken.includes(k)) ? "" : "brand";
    },
    expiry(value) {
      if (!value.trim()) return "empty";
      const m = /^(\d{1,2})\s*[/-]?\s*(\d{2}|\d{4})$/.exec(value.trim());
      if (!m || Number(m[1]) < 1 || Number(m[1]) > 12) return "invalid";
      return ""; // whether it is past the server knows: test mode has a time of its own
    },
    cvv(value, form) {
      if (!value.trim()) return "empty";
      const brand = brandOf(only(form.elements.number.value));
      const length = brand && brand[0] === "AMEX" ? 4 : 3;
      return new RegExp(`^\\d{${length}}$`).test(value.trim()) ? "" : "invalid";
    },
    holder(value) {
      if (!value.trim()) return "empty";
      return value.trim().length < 3 || /^[\d\s-]+$/.test(value.trim()) ? "invalid" : "";
    },
  };

  const show = (input, problem) => {
    const place = document.getElementById(input.id + "-problem");
    const text = problem ? input.dataset[problem] : "";
    if (place.textContent !== text) place.textContent = text;
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };

  // Telling a mistake moves what lies below it. While a pointer is held down
  // that waits, or the button under it would slip away before the click.
  let held = false;
  const waiting = [];
  document.addEventListener("pointerdown", () => { held = true; }, true);
  for (const end of ["pointerup", "pointercancel"]) {
    document.addEventListener(end, () => {
      held = false;
      setTimeout(() => { while (waiting.length) waiting.shift()(); });
    }, true);
  }
  const settled = (act) => { if (held) waiting.push(act); else act(); };

  const card = (form) => {
    const fields = Object.keys(check).map((name) => form.elements[name]).filter(Boolean);
    const { number, expiry, cvv } = form.elements;
    const shown = form.querySelector("[data-shown-brand]");
    const said = form.querySelector("[data-said-brand]");
    const hint = document.getElementById("cvv-hint");
    const usual = hint && hint.textContent;

    const tellBrand = () => {
      const brand = brandOf(only(number.value));
      if (form.dataset.detect !== "no") {
        const name = brand ? brand[3] : "";
        if (shown.textContent !== name) {
          shown.textContent = name;
          shown.className = "brand brand-" + (brand ? brand[0].toLowerCase() : "unknown");
          said.textContent = name;
        }
      }
      if (hint) hint.textContent = brand && brand[0] === "AMEX" ? hint.dataset.amex : usual;
    };

    number.addEventListener("input", () => { rewrite(number, group); tellBrand(); });
    expiry.addEventListener("input", (event) => {
      const deleting = (event.inputType || "").startsWith("delete");
      if (deleting || /[-/]/.test(expiry.value.slice(-1))) return;
      rewrite(expiry, (digits) => {
        const d = /^[2-9]/.test(digits) ? "0" + digits : digits;
        if (d.length > 4) return d.slice(0, 2) + "/" + d.slice(2, 6);
        return d.length < 2 ? d : d.slice(0, 2) + "/" + d.slice(2);
      });
    });
    for (const input of fields) {
      input.addEventListener("input", () => {
        if (input.hasAttribute("aria-invalid") && !check[input.name](input.value, form)) show(input, "");
      });
      input.addEventListener("change", () => settled(() => show(input, input.value ? check[input.name](input.value, form) : "")));
    }

    form.valid = () => {
      const stored = form.elements.stored;
      if (stored && stored.value) return true;
      let first = null;
      for (const input of [number, expiry, cvv, form.elements.holder].filter(Boolean)) {
        const problem = check[input.name](input.value, form);
        show(input, problem);
        if (problem && !first) first = input;
      }
      if (first) first.focus();
      return !first;
    };

    for (const button of document.querySelectorAll("[data-fill]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        const fresh = form.querySelector('input[name="stored"][value=""]');
        if (fresh) fresh.checked = true;
        const amex = /^3[47]/.test(button.dataset.fill);
        const values = { number: button.dataset.fill, expiry: "12/34", cvv: amex ? "1234" : "123", holder: "Nora Lind" };
        for (const input of fields) {
          input.value = values[input.name];
          show(input, "");
        }
        tellBrand();
        form.querySelector("button.button").focus();
      });
    }
    tellBrand();
  };

  const once = (form) => {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) { event.preventDefault(); return; }
      if (form.valid && !form.valid()) { event.preventDefault(); return; }
      if (window.florinBefore && !window.florinBefore(form)) { event.preventDefault(); return; }
      form.dataset.sent = "yes";
      const button = form.querySelector("button.button");
      button.classList.add("busy");
      button.setAttribute("aria-disabled", "true");
      const label = form.querySelector("[data-label]");
      if (label && button.dataset.busy) label.textContent = button.dataset.busy;
      const status = form.querySelector("[data-status]");
      if (status) status.textContent = button.dataset.busy;
    });
  };

  for (const form of document.querySelectorAll("form[data-once]")) once(form);
  for (const form of document.querySelectorAll("form[data-card]")) card(form);
  // A browser that goes back may show the page as it was left, the card still
  // in its fields: the server alone knows how the payment stands by now.
  window.addEventListener("pagehide", () => {
    for (const name of ["number", "cvv"]) {
      const input = document.getElementById(name);
      if (input && input.form.dataset.sent) input.value = "";
    }
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) break;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const said = document.querySelector("[data-copied]");
      try {
        await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
        said.textContent = said.dataset.copied;
        button.classList.add("copied");
      } catch { // not allowed: the text can still be marked by hand
        getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
      }
    });
  }

  const notice = document.querySelector(".notice[autofocus]");
  if (notice) notice.focus();

  const auto = document.querySelector("form[data-auto]");
  if (auto) auto.submit();

  const reload = document.querySelector("[data-reload]");
  if (reload) setTimeout(() => location.replace(location.pathname + location.search), Number(reload.dataset.reload) * 1000);
})();
