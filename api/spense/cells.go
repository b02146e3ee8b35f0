package spense

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/core/money"
)

// The headings of settlement reports (sheet, 10.1 and 10.2).
var (
	transactionHeads = strings.Split("Date of transaction,Payment provider,Settlement reference,Settlement paid at,Reference,Currency,Gross amount,Fees,Net amount,"+
		"Payment type,Payment method", ",")
	payoutHeads = strings.Split("Settlement paid at,Payment provider,Settlement reference,Report ID,Currency,Transaction count,Purchase amount,Refund amount,Fees,"+
		"Amount paid out,Amount for invoicing later", ",")
)

// transaction is a line of the format transactions.
func (r remittance) transaction(l remitted) []string {
	fee, net := cash(l.fee, l.currency), cash(l.net, l.currency)
	if l.unpriced {
		fee, net = "", ""
	}
	funding := l.funding
	if !l.card {
		funding = ""
	}
	return []string{stamp(l.at.UTC().Truncate(24 * time.Hour)), r.provider, harmless(r.reference), stamp(r.paidAt), harmless(l.reference), string(l.currency),
		cash(l.gross, l.currency), fee, net, funding, harmless(l.method)}
}

// payout is a line of the format payouts.
func (r remittance) payout() []string {
	return append([]string{stamp(r.paidAt), r.provider, harmless(r.reference), harmless(r.report), string(r.currency), strconv.FormatInt(r.count, 10)},
		r.sums(r.purchases, r.refunds, r.fees, r.paid, r.later)...)
}

func (r remittance) sums(amounts ...int64) (cells []string) {
	for _, n := range amounts {
		cells = append(cells, cash(n, r.currency))
	}
	return cells
}

// machine is the format for programs: for each currency a line A with the sums
// of all, for each provider a line R with its sums, and for each payout a line
// P, followed by its transactions where they are asked for (sheet, 10.3).
func machine(list []remittance, each bool) (rows [][]string) {
	if len(list) == 0 {
		return [][]string{append([]string{"A", "0", "0"}, remittance{currency: "NOK"}.sums(0, 0, 0, 0)...)}
	}
	blocks := slices.Clone(list)
	slices.SortStableFunc(blocks, func(a, b remittance) int {
		return cmp.Or(cmp.Compare(a.currency, b.currency), cmp.Compare(a.code, b.code))
	})
	for i, r := range blocks {
		currency := i == 0 || r.currency != blocks[i-1].currency
		if currency {
			rows = append(rows, total(blocks[i:], func(o remittance) bool { return o.currency == r.currency }, "A"))
		}
		if currency || r.code != blocks[i-1].code {
			rows = append(rows, total(blocks[i:], func(o remittance) bool { return o.currency == r.currency && o.code == r.code }, "R", r.code))
		}
		rows = append(rows, append(append([]string{"P", r.code, date(r.paidAt), harmless(r.reference), harmless(r.report), strconv.FormatInt(r.count, 10)},
			r.sums(r.purchases, r.refunds, r.fees, r.paid, r.later)...), string(r.currency)))
		if !each {
			continue
		}
		for _, l := range r.lines {
			cells := r.transaction(l)
			rows = append(rows, []string{"T", r.code, date(l.at), harmless(r.reference), cells[4], string(l.payment), l.kind, cells[6], cells[7], cells[8], cells[5], cells[10]})
		}
	}
	return rows
}

// total is a line A or R: what the remittances that belong to it come to.
func total(list []remittance, belongs func(remittance) bool, begins ...string) []string {
	sum := remittance{currency: list[0].currency}
	var payouts, amount int64
	for _, r := range list {
		if belongs(r) {
			payouts, amount = payouts+1, amount+r.purchases+r.refunds
			sum.count, sum.fees, sum.paid, sum.later = sum.count+r.count, sum.fees+r.fees, sum.paid+r.paid, sum.later+r.later
		}
	}
	return append(append(begins, strconv.FormatInt(payouts, 10), strconv.FormatInt(sum.count, 10)), sum.sums(amount, sum.fees, sum.paid, sum.later)...)
}

// cash is an amount in major units with the currency's decimals, two at least.
func cash(minor int64, c money.Currency) string {
	digits, _ := c.Exponent() // a stored currency is known
	return money.Of(minor, c).Decimal(max(digits, 2))
}

// stamp is a moment as reports have it (sheet, 2.3).
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05+00:00") }

// date is a day as reports have it.
func date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
