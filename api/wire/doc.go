// Package wire is what the surfaces share of HTTP: reading a body of flat
// names, writing a JSON answer, the id of a request, a handler that may fail,
// and answers that are kept under an Idempotency-Key. It knows no contract:
// what goes wrong is a fault under invalid.body or invalid.header, which each
// surface puts into its own words.
package wire
