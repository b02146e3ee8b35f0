package payment_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// sound checks that nothing in the realm contradicts anything else: the
// ledger's chain, each payment's rows, and the provider's own books.
func (w *world) sound() {
	w.t.Helper()
	for _, what := range w.wrong(w.house) {
		w.t.Error(what)
	}
}

func (w *world) wrong(h house) (out []string) {
	w.t.Helper()
	ctx := context.Background()
	books, err := ledger.Verify(ctx, w.db, h.realm.ID, func(int64, int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range books {
		out = append(out, "ledger: "+f.String())
	}
	rows, err := payment.Verify(ctx, w.db, h.realm.ID, func(int64) {})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, f := range rows {
		out = append(out, f.String())
	}
	return append(out, w.disagree(h)...)
}

// disagree compares each payment that is not in review with the provider's
// books, line by line, and the ledger with their totals.
func (w *world) disagree(h house) (out []string) {
	w.t.Helper()
	ctx := context.Background()
	entries, err := w.provider.Books().Entries()
	if err != nil {
		w.t.Fatal(err)
	}
	now := w.now()
	theirs := map[ident.ID]*tally{}
	for _, e := range entries {
		if e.Account == h.account() && e.State == connector.Approved {
			of := e.Original
			if of == "" {
				of = e.Attempt
			}
			if theirs[of] == nil {
				theirs[of] = &tally{}
			}
			theirs[of].take(e)
		}
	}
	review, held := false, int64(0)
	for before := ident.ID(""); ; {
		list, err := w.payments.List(ctx, h.actor, before, 100)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, p := range list {
			before = p.ID
			if p.State == payment.Review {
				review = true
				continue
			}
			ours, other := tallyOf(p), tally{}
			held += ours.held
			expired := p.Kind == connector.Authorise && !p.ExpiresAt.After(now)
			review = review || expired // the provider holds longer than we do
			if t := theirs[p.ID]; t != nil {
				other = *t
			}
			if expired || p.Details.Final != "" { // the books have no line for either
				ours.held, other.held = 0, 0
			}
			if ours != other {
				out = append(out, fmt.Sprintf("payment %s (%s): ours %+v, the provider's %+v", p.ID, p.State, ours, other))
			}
		}
		if len(list) < 100 {
			break
		}
	}
	if !review {
		out = append(out, w.differ(h, held)...)
	}
	return out
}

// tally is what a payment moved and holds.
type tally struct{ held, captured, refunded, disputed, credited int64 }

func tallyOf(p payment.Payment) tally {
	t := tally{captured: p.Captured - p.Details.Returned, refunded: p.Refunded, disputed: p.Disputed + p.Lost}
	switch {
	case p.Kind == connector.Credit && p.State == payment.Credited:
		t.credited = p.Amount.Minor
	case p.Kind == connector.Authorise && (p.State == payment.Authorised || p.State == payment.Captured || p.State == payment.Voided):
		t.held = p.Amount.Minor - p.Captured - p.Voided
	}
	return t
}

func (t *tally) take(e fake.Entry) {
	n := e.Money.Minor
	switch e.Kind {
	case connector.Authorise:
		t.held += n
	case connector.Debit:
		t.captured += n
	case connector.Credit:
		t.credited += n
	case connector.Capture:
		t.captured, t.held = t.captured+n, t.held-n
	case connector.Refund:
		t.refunded += n
	case connector.Void:
		if t.held > 0 {
			t.held -= n
		} else {
			t.refunded += n
		}
	case fake.Chargeback:
		t.disputed += n
	case fake.ChargebackReversal:
		t.disputed -= n
	}
}

// differ compares the account of the provider in our ledger, and what all our
// payments hold, with its totals.
func (w *world) differ(h house, held int64) (out []string) {
	totals, err := w.provider.Books().Totals()
	if err != nil {
		w.t.Fatal(err)
	}
	var posted, theirs int64
	for _, t := range totals {
		if t.Account == h.account() && t.Currency == "EUR" {
			theirs += cents(w.t, t.Unit, t.Held)
			posted += cents(w.t, t.Unit, t.Captured) - cents(w.t, t.Unit, t.Refunded) - cents(w.t, t.Unit, t.Disputed) - cents(w.t, t.Unit, t.Credited)
		}
	}
	for _, s := range w.standings(h) {
		if s.Account == ledger.Provider("fake") && s.Posted.Minor != posted {
			out = append(out, fmt.Sprintf("the ledger says the provider owes %d, its books say %d", s.Posted.Minor, posted))
		}
	}
	if held != theirs {
		out = append(out, fmt.Sprintf("our payments hold %d, the provider's books say %d", held, theirs))
	}
	return out
}

func (w *world) standings(h house) (list []ledger.Standing) {
	w.t.Helper()
	err := w.db.View(context.Background(), h.realm.ID, func(tx *store.Tx) (err error) {
		list, _, err = ledger.Accounts(tx, "", ledger.MaxPage)
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

// cents reads an amount of euros in the provider's own unit.
func cents(t *testing.T, unit, text string) (n int64) {
	t.Helper()
	n, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	if unit == "thousandths of the major unit" {
		n /= 10
	}
	return n
}
