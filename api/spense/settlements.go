package spense

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/invoice"
)

// The formats and kinds of settlement reports (sheet, 7.1).
const (
	asTransactions = "transactions"
	asPayouts      = "payouts"
	asMachine      = "machine_readable"
	byProvider     = "PSP"    // the provider paid the merchant itself
	byPlatform     = "SPENSE" // we did
)

// longestReport is how many days a report covers at most.
const longestReport = 366

// sheet is a CSV file to be sent.
type sheet struct {
	name string
	text []byte
}

// reportWish is the body of P4 (sheet, 5.1).
type reportWish struct {
	from, to     invoice.Date
	format, kind string
	test         bool
}

// reportNames are the members of the body, and the parameters of the query that
// stands for a body which was lost on its way.
var reportNames = []string{"from_date", "to_date", "format", "test_mode", "payout_type"}

// settlements is P4: what was paid over to an organisation between two days.
func (s *Surface) settlements(c *call) (any, error) {
	w, err := c.report()
	if err != nil {
		return nil, err
	}
	name := "settlements-" + string(w.from) + "-" + string(w.to) + "-" + w.format + ".csv"
	var list []remittance
	if w.test == c.test() { // test and live money is never mixed, and an organisation has the one or the other
		if list, err = s.remittances(c, w); err != nil {
			return nil, err
		}
	}
	return sheet{name, s.rows(w.format, list)}, nil
}

// report reads the body; one that was lost on its way may stand in the query.
func (c *call) report() (w reportWish, err error) {
	ck := &check{}
	var in node
	query := c.r.URL.Query()
	if c.body.kind == absent && slices.ContainsFunc(reportNames, query.Has) {
		in = c.parameters(ck)
	} else {
		in = ck.root(c.body)
	}
	w.from, w.to = in.date("from_date", true), in.date("to_date", true)
	w.format = in.choice("format", asTransactions, false, asTransactions, asPayouts, asMachine)
	w.test = in.flag("test_mode")
	w.kind = in.choice("payout_type", byProvider, false, byProvider, byPlatform)
	if err := ck.err(); err != nil {
		return w, err
	}
	switch {
	case w.from > w.to:
		return w, errBackwards
	case w.to >= w.from.Add(longestReport):
		return w, errSpan
	}
	return w, nil
}

// remittances finds what was paid over, by the day in UTC on which it was.
func (s *Surface) remittances(c *call, w reportWish) (list []remittance, err error) {
	ctx, from, before := c.r.Context(), w.from.Begin(time.UTC), w.to.End(time.UTC)
	if w.kind == byPlatform {
		paid, err := s.Settlement.PaidTo(ctx, c.actor.Realm, c.owner.ID, from, before)
		if err != nil {
			return nil, err
		}
		for _, p := range paid {
			list = append(list, ourRemittance(p))
		}
	} else {
		paid, err := s.Reconcile.PaidTo(ctx, c.actor.Realm, c.owner.ID, from, before)
		if err != nil {
			return nil, err
		}
		for _, p := range paid {
			r := theirRemittance(p)
			r.provider, r.code = s.Providers(p.Connector)
			list = append(list, r)
		}
	}
	slices.SortStableFunc(list, remittance.compare)
	return list, s.describe(ctx, c, list)
}

// rows writes a report: RFC 4180 with CRLF (sheet, 10).
func (s *Surface) rows(format string, list []remittance) []byte {
	var rows [][]string
	switch format {
	case asTransactions:
		rows = [][]string{transactionHeads}
		for _, r := range list {
			for _, l := range r.lines {
				rows = append(rows, r.transaction(l))
			}
		}
	case asPayouts:
		rows = [][]string{payoutHeads}
		for _, r := range list {
			rows = append(rows, r.payout())
		}
	default:
		rows = machine(list, s.ReportTransactions)
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	_ = w.WriteAll(rows) // into memory, which takes everything
	return b.Bytes()
}

// harmless keeps a spreadsheet from taking somebody's text for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r\n") {
		return "'" + text
	}
	return text
}
