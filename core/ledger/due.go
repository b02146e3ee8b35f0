package ledger

import (
	"strings"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Due is what is between us and one who is paid out: what settlement books.
// Its methods are recipes like those of Deal; amounts are always positive.
// Owner is the account of whoever is owed.
type Due struct {
	Object Object
	Owner  Account
}

func (d Due) transfer(kind string, pairs ...[]Posting) Transfer {
	return Deal{Object: d.Object}.transfer(kind, pairs...)
}

// Fee takes a fee and its tax from what we owe; country is whose tax it is.
func (d Due) Fee(fee, tax money.Amount, country string) Transfer {
	return d.transfer("fee", pair(Posted, d.Owner, Fees, fee), pair(Posted, d.Owner, Tax(country), tax))
}

// FeeReturned gives a fee and its tax back.
func (d Due) FeeReturned(fee, tax money.Amount, country string) Transfer {
	return d.transfer("fee.return", pair(Posted, Fees, d.Owner, fee), pair(Posted, Tax(country), d.Owner, tax))
}

// FeeAccrued is Fee for one who is paid in full and gets an invoice later.
func (d Due) FeeAccrued(fee, tax money.Amount, country string) Transfer {
	return d.transfer("fee.accrue", pair(Posted, d.receivable(), Fees, fee), pair(Posted, d.receivable(), Tax(country), tax))
}

// FeeAccruedReturned is FeeReturned for one who gets an invoice.
func (d Due) FeeAccruedReturned(fee, tax money.Amount, country string) Transfer {
	return d.transfer("fee.accrue.return", pair(Posted, Fees, d.receivable(), fee), pair(Posted, Tax(country), d.receivable(), tax))
}

// FeePaid books the money that pays an invoice for fees.
func (d Due) FeePaid(a money.Amount) Transfer {
	return d.transfer("fee.paid", pair(Posted, Bank, d.receivable(), a))
}

// FeeCollected pays an invoice for fees with what we owe another: the merchant
// that took the money in for us.
func (d Due) FeeCollected(from Account, a money.Amount) Transfer {
	return d.transfer("fee.collected", pair(Posted, from, d.receivable(), a))
}

// Split gives a part of what we owe to another.
func (d Due) Split(to Account, a money.Amount) Transfer {
	return d.transfer("split", pair(Posted, d.Owner, to, a))
}

// SplitReturned takes such a part back.
func (d Due) SplitReturned(to Account, a money.Amount) Transfer {
	return d.transfer("split.return", pair(Posted, to, d.Owner, a))
}

// ReservePayout sets a aside before the bank is asked to pay it out.
func (d Due) ReservePayout(a money.Amount) Transfer {
	return d.transfer("payout.reserve", pair(Pending, d.Owner, Bank, a))
}

// Payout turns a reserved payout into one that was paid.
func (d Due) Payout(a money.Amount) Transfer {
	return d.transfer("payout", pair(Pending, Bank, d.Owner, a), pair(Posted, d.Owner, Bank, a))
}

// ReleasePayout gives back the reservation of a payout that was not made.
func (d Due) ReleasePayout(a money.Amount) Transfer {
	return d.transfer("payout.release", pair(Pending, Bank, d.Owner, a))
}

// ReturnPayout brings back a payout that was paid and came back.
func (d Due) ReturnPayout(a money.Amount) Transfer {
	return d.transfer("payout.return", pair(Posted, Bank, d.Owner, a))
}

// Receipt books what the provider behind connector has paid over: payout is in
// our bank, cost is what it kept.
func Receipt(of Object, connector string, payout, cost money.Amount) Transfer {
	return Deal{Object: of}.transfer("receipt", pair(Posted, Bank, Provider(connector), payout), pair(Posted, Cost(connector), Provider(connector), cost))
}

// receivable is the account of the fees that Owner is invoiced for.
func (d Due) receivable() Account {
	_, name, _ := strings.Cut(string(d.Owner), "/")
	return Receivable(ident.ID(name))
}

// Receivable is what a merchant has yet to pay of its fees.
func Receivable(merchant ident.ID) Account { return Account("receivable/" + string(merchant)) }

// Tax is what we owe the tax office of country, an ISO 3166-1 alpha-2 code.
func Tax(country string) Account { return Account("tax/" + strings.ToLower(country)) }
