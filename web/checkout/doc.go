// Package checkout is the page on which a payer pays: hosted by us, or framed
// in a shop's own page by paymentWidgets.js (contract sheet of the gateway,
// section 12). It owns what the payer sees and what a form may carry. What a
// session is and what becomes of a payment the Desk knows, which the app
// wires to the core.
//
// Every form posted is answered with a redirect to the page itself, and the
// page shows the session as it stands. So reloading, going back, posting twice
// and opening the link again all show the same thing.
//
//	GET  /v3/checkouts/{key}/page    the page, by the session's state
//	POST /v3/checkouts/{key}/page    pay
//	POST /v3/checkouts/{key}/cancel  leave without paying
//	POST /v3/checkouts/{key}/change  another way in place of a bank transfer
//	GET  /v3/checkouts/{key}/look.css, /logo  the merchant's colours and logo
//	GET  /v3/checkouts/{key}/frame   the same inside a shop's page
//	POST /v3/checkouts/{key}/frame
//	GET  /v3/paymentWidgets.js       the script that makes that frame
//
// The bank's pages send the browser back to an address of the app, which asks
// the provider and then sends it to PagePath with step=done.
package checkout
