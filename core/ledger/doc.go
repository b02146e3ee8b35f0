// Package ledger keeps the books of a realm: accounts, transfers between them
// and the postings a transfer is made of. It owns the chart of accounts, the
// recipe of each booking a payment needs, the chain of hashes that makes a
// silent change visible, and the check of all of it (Verify). docs/ledger.md
// explains the books to an accountant; its examples are run as tests.
//
// What it leaves to others: whether a capture or refund is allowed is the
// payment's own row (core/payment), who is paid out when is settlement's.
// The ledger answers what is so, after the commit. A transfer is written once
// per realm and batch, just before the commit, so the transaction that posts
// cannot read what it posted: it decides by the row of its own noun.
package ledger
