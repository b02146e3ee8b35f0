package payment

import (
	"context"
	"fmt"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/store"
)

// Finding is a payment that does not agree with the rows around it.
type Finding struct {
	Payment ident.ID
	What    string
}

func (f Finding) String() string { return "payment " + string(f.Payment) + ": " + f.What }

// evidence is what attempts, events and postings say about a payment.
type evidence struct {
	approved map[connector.Kind]int64 // summed amounts of approved attempts
	open     map[connector.Kind]int64 // of attempts whose reservation stands
	late     map[connector.Kind]int64 // of attempts that succeeded late and wait for a decision
	granted  bool                     // the authorisation was
	events   int64
	lastSeq  int64
	posted   int64 // on what the merchant is owed
	pending  int64
	suspense int64 // posted on what nobody owns yet
	returned int64 // of an own attempt whose money went back
	matched  int64 // what it got of arrivals
}

// Verify compares every payment of a realm with its attempts, its events and
// its postings, page by page, and returns what disagrees. progress is told how
// many payments are done.
func Verify(ctx context.Context, db *store.DB, realm ident.ID, progress func(done int64)) (findings []Finding, err error) {
	const size = 500
	after, done := ident.ID(""), int64(0)
	for {
		n := 0
		err := db.Snapshot(ctx, realm, func(tx *store.Tx) error {
			list, err := pageUp(tx, after, size)
			if err != nil || len(list) == 0 {
				return err
			}
			n = len(list)
			seen, err := gather(tx, list[0].ID, list[n-1].ID)
			if err != nil {
				return err
			}
			for _, p := range list {
				for _, what := range compare(p, seen[p.ID]) {
					findings = append(findings, Finding{p.ID, what})
				}
			}
			after = list[n-1].ID
			return nil
		})
		if err != nil {
			return nil, err
		}
		done += int64(n)
		progress(done)
		if n < size {
			return findings, nil
		}
	}
}

// gather reads the evidence about all payments between two ids.
func gather(tx *store.Tx, from, to ident.ID) (map[ident.ID]*evidence, error) {
	seen := map[ident.ID]*evidence{}
	of := func(id ident.ID) *evidence {
		if seen[id] == nil {
			seen[id] = &evidence{approved: map[connector.Kind]int64{}, open: map[connector.Kind]int64{}, late: map[connector.Kind]int64{}}
		}
		return seen[id]
	}
	err := attemptSums(tx, from, to, func(id ident.ID, kind connector.Kind, state AttemptState, undoes, own bool, sum int64) {
		if kind == connector.Void && undoes {
			kind = connector.Refund // a void that takes captured money back counts as one
		}
		switch state {
		case Approved:
			of(id).approved[kind] += sum
			of(id).granted = of(id).granted || kind == connector.Authorise
		case Sent, AttemptPending, AttemptUnknown, AttemptReview:
			of(id).open[kind] += sum
		case LateSuccess:
			of(id).late[kind] += sum
		case FailedLate:
			if own {
				of(id).returned += sum
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if err = matchedSums(tx, from, to, func(id ident.ID, sum int64) { of(id).matched = sum }); err != nil {
		return nil, err
	}
	err = eventSums(tx, from, to, func(id ident.ID, n, last int64) { of(id).events, of(id).lastSeq = n, last })
	if err != nil {
		return nil, err
	}
	return seen, ledger.SumsOf(tx, "payment", from, to, func(id ident.ID, account ledger.Account, column ledger.Column, sum int64) {
		switch merchant := strings.HasPrefix(string(account), "merchant/"); {
		case strings.HasPrefix(string(account), "suspense/"):
			of(id).suspense += sum
		case merchant && column == ledger.Posted:
			of(id).posted += sum
		case merchant:
			of(id).pending += sum
		}
	})
}

// compare says in words what the evidence contradicts.
func compare(p Payment, e *evidence) (wrong []string) {
	if e == nil {
		return []string{"it has no attempt"}
	}
	same := func(what string, stored, recomputed int64) {
		if stored != recomputed {
			wrong = append(wrong, fmt.Sprintf("%s is %d, recomputed %d", what, stored, recomputed))
		}
	}
	same("captured", p.Captured-p.Details.Returned, e.approved[connector.Debit]+e.approved[connector.Capture])
	if p.Details.Returned != 0 {
		same("returned", p.Details.Returned, e.returned)
	}
	same("refunded", p.Refunded, e.approved[connector.Refund])
	same("disputed and lost", p.Disputed+p.Lost, e.approved[Chargeback]-e.approved[ChargebackReversal])
	same("capturing", p.Capturing, e.open[connector.Capture])
	same("refunding", p.Refunding, e.open[connector.Refund])
	same("voiding", p.Voiding, e.open[connector.Void])
	same("its last event", p.Seq, e.lastSeq)
	same("the number of its events", e.events, e.lastSeq)
	posted, pending := p.owed(e)
	same("posted to the merchant", posted, e.posted)
	same("pending for the merchant", pending, e.pending)
	in, out := e.late[connector.Debit]+e.late[connector.Capture], e.late[connector.Refund]+e.late[connector.Credit]
	same("in suspense", out-in+e.matched, e.suspense)
	return wrong
}

// owed is what the books must say on the merchant's account because of this
// payment, credits negative (docs/ledger.md). What a credit set aside stands as
// long as its attempt does: one that succeeded late had given it back before.
func (p Payment) owed(e *evidence) (posted, pending int64) {
	posted = -(p.Captured - p.Refunded - p.Lost - p.Details.Returned)
	pending = p.Refunding + p.Disputed
	if p.Kind == connector.Authorise && e.granted {
		pending -= p.Amount.Minor - p.Captured - p.Voided
	}
	if p.Kind == connector.Credit {
		posted += e.approved[connector.Credit]
		pending += e.open[connector.Credit]
	}
	return posted, pending
}
