// Package spense speaks the Spense contract (contract sheet of Spense): the
// partner API under /partner and the older payment API under /api/payments. It
// translates and decides nothing: an organisation is a merchant, a payment is
// an invoice of the core, and what becomes of both is the core's business.
//
// table.go is both APIs on one screen. auth.go holds section 3, value.go reads
// JSON as the contract's own framework does, check.go and date.go judge it and
// word what is wrong (section 4), errors.go words the rest, render.go puts
// answers, notify.go the webhooks of section 6; then follows a file for each
// group of operations.
package spense
