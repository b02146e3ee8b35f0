// Package fake is the provider of test mode. It behaves like a bank with books
// of its own: it keeps every effect in its own units, has its own idempotency
// store that forgets, checks captures, voids and refunds against what it
// believes, shows the payer pages, sends signed callbacks, and breaks on
// demand in every way of the published Catalogue (docs/sandbox.md).
//
// Five methods live here. Cards and direct debits count minor units, wallets and
// bank transfers major units in decimal text, vouchers thousandths of the major
// unit; each converts with
// this package's own table of exponents, so that a mistake of the core cannot
// be undone by the same mistake here.
//
// Time comes with each question, from Config.Clock for the pages, and from the
// caller of Callbacks. There is no goroutine and no chance in the package: the
// same questions lead to the same books.
//
// The books may live in a file that several processes on one machine share.
// It survives the death of its processes; nobody waits for the disk, so it may
// lose its end when the machine loses power. It carries no card number and no
// CVV.
package fake
