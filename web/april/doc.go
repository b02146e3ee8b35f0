// Package april is the browser's half of the April contract (contract sheet,
// section 7): the script AprilCheckout that shops load, the frame of ours in
// which a payer types a card, and the pages of a 3-D Secure challenge. What a
// token or a source is the contract's operations know, which the frame calls
// with the shop's public key or the customer's token.
//
//	GET /v3/checkout-v3.0.0.min.js  AprilCheckout, for shops
//	GET /april/checkout/frame       the form, framed by it
//	GET /april/challenge/{token}    sends the payer's browser to the bank
//	GET /april/challenge/done       it comes back: the page around is told
package april
