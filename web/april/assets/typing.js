// Helps a payer to type a card: groups the number, puts the stroke into the
// expiry date, and tells mistakes beside their fields. form.valid() says
// whether all is well, and leads to the first field that is not.
"use strict";
(() => {
  const form = document.querySelector("form[data-typed]");
  if (!form) return;
  const only = (text) => text.replace(/\D/g, "");
  const amex = (digits) => /^3[47]/.test(digits);

  const luhn = (digits) => [...digits].reverse().reduce((sum, d, i) => sum + (i % 2 ? (d * 2 > 9 ? d * 2 - 9 : d * 2) : Number(d)), 0) % 10 === 0;

  const check = {
    number: (value) => (!value.trim() ? "empty" : /[^\d\s-]/.test(value) || only(value).length < 12 || only(value).length > 19 || !luhn(only(value)) ? "invalid" : ""),
    expiry: (value) => {
      if (!value.trim()) return "empty";
      const m = /^(\d{1,2})\s*\/\s*(\d{2}|\d{4})$/.exec(value.trim());
      return m && Number(m[1]) >= 1 && Number(m[1]) <= 12 ? "" : "invalid"; // whether it is past the server knows
    },
    cvv: (value) => (!value.trim() ? "empty" : new RegExp(`^\\d{${amex(only(form.elements.number.value)) ? 4 : 3}}$`).test(value.trim()) ? "" : "invalid"),
  };

  const show = (input, problem) => {
    document.getElementById(input.id + "-problem").textContent = problem ? input.dataset[problem] : "";
    if (problem) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  };

  // rewrite changes what a field shows and leaves the caret behind the same digit.
  const rewrite = (input, format) => {
    const before = only(input.value.slice(0, input.selectionStart)).length;
    const atEnd = input.selectionStart === input.value.length;
    const text = format(only(input.value));
    if (text === input.value) return;
    input.value = text;
    let at = 0;
    for (let seen = 0; at < text.length && seen < before; at++) if (/\d/.test(text[at])) seen++;
    if (atEnd) at = text.length;
    if (document.activeElement === input) input.setSelectionRange(at, at);
  };

  const { number, expiry, cvv } = form.elements;
  number.addEventListener("input", () => rewrite(number, (digits) => (amex(digits) ? [digits.slice(0, 4), digits.slice(4, 10), digits.slice(10)].filter(Boolean).join(" ") : digits.replace(/(.{4})(?=.)/g, "$1 "))));
  expiry.addEventListener("input", (event) => {
    if ((event.inputType || "").startsWith("delete") || /\/$/.test(expiry.value)) return;
    rewrite(expiry, (digits) => {
      const d = /^[2-9]/.test(digits) ? "0" + digits : digits;
      return d.length < 2 ? d : d.slice(0, 2) + "/" + d.slice(2, 6);
    });
  });
  for (const input of [number, expiry, cvv]) {
    input.addEventListener("input", () => { if (input.hasAttribute("aria-invalid") && !check[input.name](input.value)) show(input, ""); });
    input.addEventListener("change", () => show(input, input.value ? check[input.name](input.value) : ""));
  }

  form.valid = () => {
    let first = null;
    for (const input of [number, expiry, cvv]) {
      const problem = check[input.name](input.value);
      show(input, problem);
      if (problem && !first) first = input;
    }
    if (first) first.focus();
    return !first;
  };
})();
