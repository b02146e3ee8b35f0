// Package wire is what the surfaces share of HTTP: reading a body of flat
// names, writing a JSON answer, the id of a request, and a handler that may
// fail. It knows no contract: what goes wrong is a fault under invalid.body,
// which each surface puts into its own words.
package wire
