package payment

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

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
	approved sums // of approved attempts
	open     sums // of attempts whose reservation stands
	late     sums // of attempts that succeeded late and wait for a decision
	granted  bool // the authorisation was
	events   int64
	lastSeq  int64
	posted   int64 // on what the merchant is owed
	pending  int64
	suspense int64 // posted on what nobody owns yet
	returned int64 // of an own attempt whose money went back
	matched  int64 // what it got of arrivals
}

// sums are amounts by kind. Most payments have one kind, for which a map would be
// the most expensive part of the whole comparison.
type sums []struct {
	kind connector.Kind
	sum  int64
}

func (s *sums) add(kind connector.Kind, amount int64) {
	for i := range *s {
		if (*s)[i].kind == kind {
			(*s)[i].sum += amount
			return
		}
	}
	*s = append(*s, struct {
		kind connector.Kind
		sum  int64
	}{kind, amount})
}

func (s sums) of(kind connector.Kind) int64 {
	for _, one := range s {
		if one.kind == kind {
			return one.sum
		}
	}
	return 0
}

// Verify compares every payment of a realm with its attempts, its events and
// its postings, page by page, and returns what disagrees. progress is told how
// many payments are done.
func Verify(ctx context.Context, db *store.DB, realm ident.ID, progress func(done int64)) ([]Finding, error) {
	v := NewVerification(db, realm, progress)
	if err := v.Run(ctx); err != nil {
		return nil, err
	}
	return v.Findings(), nil
}

// Verification is a Verify that several goroutines share: each that is in Run
// takes the next page of payments, until there is none.
type Verification struct {
	db       *store.DB
	realm    ident.ID
	progress func(done int64)

	mu    sync.Mutex
	after ident.ID // the last payment of the last page taken
	over  bool
	done  int64
	found []Finding
}

// NewVerification prepares one for a realm; see Verify.
func NewVerification(db *store.DB, realm ident.ID, progress func(done int64)) *Verification {
	return &Verification{db: db, realm: realm, progress: progress}
}

// Run compares pages until none is left. What it cannot read ends it with that
// error.
func (v *Verification) Run(ctx context.Context) error {
	for {
		var list []Payment
		var found []Finding
		err := v.db.Snapshot(ctx, v.realm, func(tx *store.Tx) (err error) {
			if list, err = v.take(tx); err != nil || len(list) == 0 {
				return err
			}
			seen, err := gather(tx, list)
			if err != nil {
				return err
			}
			for _, p := range list {
				for _, what := range compare(p, seen[p.ID]) {
					found = append(found, Finding{p.ID, what})
				}
			}
			return nil
		})
		if err != nil || len(list) == 0 {
			return err
		}
		v.tell(len(list), found)
	}
}

// take is the next page, with nothing when there is none.
func (v *Verification) take(tx *store.Tx) ([]Payment, error) {
	const size = 1000
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.over {
		return nil, nil
	}
	list, err := pageUp(tx, v.after, size)
	if err != nil {
		return nil, err
	}
	if v.over = len(list) < size; len(list) > 0 {
		v.after = list[len(list)-1].ID
	}
	return list, nil
}

func (v *Verification) tell(n int, found []Finding) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.found = append(v.found, found...)
	v.done += int64(n)
	v.progress(v.done)
}

// Findings are what every Run found, by payment, once they are back.
func (v *Verification) Findings() []Finding {
	slices.SortStableFunc(v.found, func(a, b Finding) int { return strings.Compare(string(a.Payment), string(b.Payment)) })
	return v.found
}

// gather reads the evidence about payments, which are in the order of their ids.
// Rows are added up here and not by the database, which would sort them first.
func gather(tx *store.Tx, list []Payment) (map[ident.ID]*evidence, error) {
	seen, kinds := make(map[ident.ID]*evidence, len(list)), make(map[ident.ID]connector.Kind, len(list))
	for _, p := range list {
		kinds[p.ID] = p.Kind
	}
	of := func(id ident.ID) *evidence {
		e := seen[id]
		if e == nil {
			e = &evidence{}
			seen[id] = e
		}
		return e
	}
	from, to := list[0].ID, list[len(list)-1].ID
	err := attemptsBetween(tx, from, to, func(a Attempt) {
		kind, e := a.Kind, of(a.Payment)
		if kind == connector.Void && (a.Original != a.Payment || kinds[a.Payment] != connector.Authorise) {
			kind = connector.Refund // a void that takes captured money back counts as one
		}
		switch a.State {
		case Approved:
			e.approved.add(kind, a.Amount.Minor)
			e.granted = e.granted || kind == connector.Authorise
		case Sent, AttemptPending, AttemptUnknown, AttemptReview:
			e.open.add(kind, a.Amount.Minor)
		case LateSuccess:
			e.late.add(kind, a.Amount.Minor)
		case FailedLate:
			if a.ID == a.Payment {
				e.returned += a.Amount.Minor
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
	return seen, ledger.PostedOf(tx, "payment", from, to, func(id ident.ID, account ledger.Account, column ledger.Column, sum int64) {
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
	same("captured", p.Captured-p.Details.Returned, e.approved.of(connector.Debit)+e.approved.of(connector.Capture))
	if p.Details.Returned != 0 {
		same("returned", p.Details.Returned, e.returned)
	}
	same("refunded", p.Refunded, e.approved.of(connector.Refund))
	same("disputed and lost", p.Disputed+p.Lost, e.approved.of(Chargeback)-e.approved.of(ChargebackReversal))
	same("capturing", p.Capturing, e.open.of(connector.Capture))
	same("refunding", p.Refunding, e.open.of(connector.Refund))
	same("voiding", p.Voiding, e.open.of(connector.Void))
	same("its last event", p.Seq, e.lastSeq)
	same("the number of its events", e.events, e.lastSeq)
	posted, pending := p.owed(e)
	same("posted to the merchant", posted, e.posted)
	same("pending for the merchant", pending, e.pending)
	in, out := e.late.of(connector.Debit)+e.late.of(connector.Capture), e.late.of(connector.Refund)+e.late.of(connector.Credit)
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
		posted += e.approved.of(connector.Credit)
		pending += e.open.of(connector.Credit)
	}
	return posted, pending
}
