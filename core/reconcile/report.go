package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// Report is what a reconciliation found.
type Report struct {
	From, To    time.Time
	Files       int64
	Lines       int64
	Matched     int64
	Differences []Difference
}

// Unexplained counts the differences that are more than a matter of time or of
// an answer that is still to come.
func (r Report) Unexplained() (n int64) {
	for _, d := range r.Differences {
		if d.Label != CutOffShift && d.Label != Unanswered {
			n++
		}
	}
	return n
}

// How long a payment may wait for its answer, how long a provider may take to
// write its file, and a bank to show its payment, before anything is missing.
const (
	answersWithin  = 31 * 24 * time.Hour
	fileWithin     = 48 * time.Hour
	receivedWithin = 4 * 24 * time.Hour
	longest        = 400 * 24 * time.Hour
)

// Reconcile compares what happened from a moment to before another, three ways:
// our books, the providers' files about that time, and the bank statement. What
// the same rows hold comes out the same, in whichever order they came in.
// Fault: invalid.span (empty, or longer than 400 days).
func (s *Service) Reconcile(ctx context.Context, realm ident.ID, from, to time.Time) (r Report, err error) {
	if !from.Before(to) || to.Sub(from) > longest {
		return r, fault.At("invalid.span", "span", "a span of up to 400 days is needed")
	}
	r.From, r.To = from, to
	err = s.DB.Snapshot(ctx, realm, func(tx *store.Tx) error {
		list, err := files(tx, `from_at >= $2 AND from_at < $3`, from.UnixMilli(), to.UnixMilli())
		if err != nil {
			return err
		}
		c := newComparison(s.Tariffs, list)
		if err := s.ours(tx, c, from, to); err != nil {
			return err
		}
		if r.Lines, err = s.theirs(tx, c, from, to); err != nil {
			return err
		}
		c.sums()
		if err := s.lacking(tx, c, from, to); err != nil {
			return err
		}
		if err := bankDifferences(tx, c, list, from, to); err != nil {
			return err
		}
		r.Files, r.Matched, r.Differences = int64(len(list)), c.matched, c.sorted()
		return nil
	})
	return r, err
}

// at is the least id of a moment.
func at(t time.Time) ident.ID { return ident.ID(fmt.Sprintf("%08x%016d", max(t.Unix(), 0), 0)) }

// ours takes in our attempts of the span, a day of sending at a time, those too
// that were sent before and answered in it.
func (s *Service) ours(tx *store.Tx, c *comparison, from, to time.Time) error {
	for day := from.Add(-answersWithin); day.Before(to); day = day.Add(24 * time.Hour) {
		end := day.Add(24 * time.Hour)
		if end.After(to) {
			end = to
		}
		list, err := payment.Between(tx, at(day), at(end))
		if err != nil {
			return err
		}
		for _, out := range list {
			if _, settles := s.Connectors[out.Payment.Connector].(connector.Settler); settles {
				c.know(out)
			}
		}
	}
	return nil
}

// theirs judges the lines of the files, a page of them at a time, and looks up
// what they are about where it lies outside of the span.
func (s *Service) theirs(tx *store.Tx, c *comparison, from, to time.Time) (n int64, err error) {
	var after lineplace
	for {
		page, err := pageLines(tx, from.UnixMilli(), to.UnixMilli(), after, batchSize)
		if err != nil || len(page) == 0 {
			return n, err
		}
		var unknown []ident.ID
		for _, l := range page {
			if l.Attempt != "" && c.byRef[key{l.Connector, l.Reference, l.Kind}] == nil {
				unknown = append(unknown, l.Attempt)
			}
		}
		around, err := payment.Around(tx, unknown)
		if err != nil {
			return n, err
		}
		for _, out := range around {
			c.know(out)
		}
		for _, l := range page {
			c.line(l)
		}
		last := page[len(page)-1]
		n, after = n+int64(len(page)), lineplace{last.from.UnixMilli(), last.Settlement, last.N, last.hash}
	}
}

// lacking looks for what no line has told of. A day whose file may still come
// lacks nothing.
func (s *Service) lacking(tx *store.Tx, c *comparison, from, to time.Time) error {
	reach := map[string]time.Time{} // how far the files of a connector and account go
	all, err := files(tx, `to_at > $2`, from.UnixMilli())
	if err != nil {
		return err
	}
	for _, f := range all {
		if k := f.Connector + " " + f.Account; f.To.After(reach[k]) {
			reach[k] = f.To
		}
	}
	late := tx.Now().Add(-fileWithin)
	covered := func(o ours) bool {
		return o.at.Before(reach[o.connector+" "+o.account]) || o.at.Before(late)
	}
	var failed error
	elsewhere := func(k key) bool {
		found, err := lineOf(tx, k)
		if err != nil {
			failed = err
		}
		return found
	}
	c.missing(from, to, elsewhere, covered)
	return failed
}

// doubt is the difference that a line is which nothing explains.
func (l BankLine) doubt(on time.Time) Difference {
	d := Difference{Label: UnknownReceipt, Reference: l.Reference, At: on, Theirs: money.Of(l.Amount, l.Currency)}
	if l.Of == "" {
		return d
	}
	d.Label, d.Reference, d.Ours = WrongPayout, l.Of, l.Expected
	if l.Amount < 0 {
		d.Ours = d.Ours.Neg()
	}
	if d.Ours == d.Theirs {
		d.Label = DoublePayout
	}
	return d
}

// bankDifferences judges what the bank statement has and has not. Without a
// statement of a time nothing is missing on it.
func bankDifferences(tx *store.Tx, c *comparison, list []File, from, to time.Time) error {
	lines, err := bankBetween(tx, from.Format(time.DateOnly), to.Add(receivedWithin).Format(time.DateOnly))
	if err != nil {
		return err
	}
	var last string
	received := map[string]BankLine{}
	for _, l := range lines {
		received[l.hash] = l
		last = max(last, l.BookedOn)
		if l.Match == "" && l.BookedOn < to.Format(time.DateOnly) {
			on, _ := time.Parse(time.DateOnly, l.BookedOn) // it was checked when it came in
			c.found = append(c.found, l.doubt(on))
		}
	}
	for _, f := range list {
		d := Difference{Connector: f.Connector, Settlement: f.Reference, At: f.PaidAt, Ours: money.Of(f.Payout, f.Currency)}
		l, known := received[f.Receipt]
		switch {
		case f.Receipt == "" && f.Payout != 0 && last >= f.PaidAt.Add(receivedWithin).Format(time.DateOnly):
			d.Label = NotReceived
		case known && l.Amount != f.Payout:
			d.Label, d.Theirs = WrongReceipt, money.Of(l.Amount, l.Currency)
		default:
			continue
		}
		c.found = append(c.found, d)
	}
	return nil
}
