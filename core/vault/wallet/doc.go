// Package wallet opens the sealed packets in which Apple Pay (EC_v1) and Google
// Pay (ECv2) hand over a card: it checks who has made a packet, for whom and
// when, and decrypts it. The keys it opens with and the roots it trusts are
// given to it. It keeps nothing; that a packet pays only once is for
// vault.SpendPacket to see to, and whether the card may be charged is the
// payment's business.
//
// Sandbox stands on the wallets' side of test mode: it makes packets with keys
// of its own, and these pass through the same checks as real ones.
//
// What is not checked: whether Apple has revoked a certificate. Sources: Apple,
// "Payment token format reference"; Google, "Payment data cryptography for
// merchants"; RFC 5652 for the signature, ANSI X9.63 and RFC 5869 for the keys.
package wallet
