// Package reconcile compares what providers say with what our books say, and
// both with what the bank says. It owns the settlement files of providers, the
// statements of our bank, and the naming of every difference: a line that is
// missing, one that stands twice, a fee that drifts, another currency, a cut-off
// that shifted. What merchants are owed is core/settlement's business.
//
// Whatever is imported is imported once, line by line, in any order: the same
// files come to the same result. A file that cannot be read is refused with its
// line and reason, and kept aside. Differences are not kept: they are worked
// out anew whenever somebody asks.
package reconcile
