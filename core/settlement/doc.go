// Package settlement says what merchants are owed and pays it out. It owns the
// plan that a merchant settles by (fees with tax, when money is available), the
// entries that its balance is made of, the parts of payments that belong to
// others, payouts, and the invoices for fees of merchants that settle gross.
//
// A merchant without a plan has no entries and costs nothing on the path of a
// payment. With one, a listener on payment events writes the entries and books
// fees, taxes and parts in the event's own transaction, so that they stand or
// fall with it. What a provider pays over to us is core/reconcile's business.
package settlement
