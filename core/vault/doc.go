// Package vault keeps payment sources: cards (sealed) and the tokens that
// stand for them. It owns the keys, the sealing and the wiping; whether a
// source may be charged is the payment's business.
//
// Sealing is an envelope. A key file outside the database holds the
// key-encryption keys; each realm has data keys of its own, stored wrapped by
// them; a card number is sealed with a data key and bound to its realm, its
// source and the version of the key, so that a row copied elsewhere does not
// open. A CVV has no place in any type here: it cannot be stored.
package vault
