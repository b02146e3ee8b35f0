// Package connectortest is the one suite that every connector runs. It knows a
// provider through connector's interfaces and, by the Kit, through the books
// of the provider's test system: it compares books, never an echo.
//
// A connector's own test calls Run with a way to make a fresh connector and
// its Kit; capabilities that the connector does not have are skipped.
package connectortest
