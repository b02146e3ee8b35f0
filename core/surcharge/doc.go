// Package surcharge says what a merchant adds to a payment for the method it is
// paid with: the rules of merchants and marketplaces, the rate of the one that
// wins, quotes that hold a price for a while and are used once, and how much of
// a surcharge goes back with a refund. It charges nothing: the payment does,
// and the platform's fee is told to it by whoever keeps the fees.
package surcharge
