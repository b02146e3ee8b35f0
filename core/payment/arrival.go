package payment

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/ledger"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Arrival is money that came by a bank transfer. All of it stands in suspense
// until it is known whose it is: the payment whose reference was quoted gets
// what it asks for, once that has come in full, and a human decides about the
// rest. Amounts without a currency are minor units of Amount's currency.
type Arrival struct {
	ID        ident.ID
	Version   int64
	Connector string
	Account   string // the merchant's at the provider
	Reference string // the bank's id of it
	Quoted    string // what the payer wrote
	Payer     string // the sender's name, as the bank tells it
	Amount    money.Amount
	Payment   ident.ID // whose reference it quotes, or ""
	Matched   int64    // given to the payment
	Returned  int64    // sent back to its sender
	ArrivedAt time.Time
}

// Held is what still belongs to nobody.
func (a Arrival) Held() int64 { return a.Amount.Minor - a.Matched - a.Returned }

// quoteKey is where a reference is kept: for ever, so that money which comes
// late still tells what it was for.
func quoteKey(reference string) idempotency.Key {
	return idempotency.Key{Surface: "transfer", Key: reference, Forever: true}
}

// quote finds the reference that the payer of a bank transfer has to quote: the
// one that was given out before, or a new one.
func quote(tx *store.Tx, o Order, p Payment) (string, error) {
	if p.Method != method.BankTransfer {
		return "", nil
	}
	reference := method.ReadReference(o.Quote)
	if o.Quote != "" && reference == "" {
		return "", fault.At("invalid.quote", "reference", "this is no reference of a bank transfer")
	}
	for seed := string(tx.Realm()) + string(p.ID); ; seed += "+" {
		if o.Quote == "" {
			reference = method.Reference(seed)
		}
		taken, err := idempotency.Recall(tx, quoteKey(reference))
		if err != nil {
			return "", err
		}
		if taken == "" {
			idempotency.Remember(tx, quoteKey(reference), p.ID)
			return reference, nil
		}
		if o.Quote != "" {
			return "", fault.At("conflict.quote", "reference", "another payment has this reference")
		}
	}
}

// arrive takes in money that came by a bank transfer. What was told before is
// known by the bank's id of it and changes nothing. The outcome is of the
// payment that it was for, if there is one. Faults: not_found.payment (for an
// account that is not this realm's: foreign looks like missing), conflict.amount
// (no amount that can have come).
func (s *Service) arrive(tx *store.Tx, connectorName, account string, in connector.Arrival) (Outcome, error) {
	known, err := arrivalOf(tx, connectorName, account, in.Reference)
	if err != nil {
		return Outcome{}, err
	}
	if known.ID != "" {
		return ofArrival(tx, known)
	}
	if in.Amount.Minor < 1 || in.Amount.Minor > money.Max || !in.Amount.Currency.Known() || in.Reference == "" {
		return Outcome{}, fault.New("conflict.amount", "the callback names no amount that can have come")
	}
	a := Arrival{ID: tx.NewID(), Version: 1, Connector: connectorName, Account: account, Reference: in.Reference, Quoted: short(in.Quoted), Payer: short(in.Payer),
		Amount: in.Amount, ArrivedAt: tx.Now()}
	target, err := quotedBy(tx, a)
	if err != nil {
		return Outcome{}, err
	}
	if a.Payment = target.Payment.ID; a.Payment == "" && !strings.HasPrefix(account, string(tx.Realm())+".") {
		return Outcome{}, missing()
	}
	if _, err := ledger.Post(tx, a.deal().Arrive(a.Amount)); err != nil {
		return Outcome{}, err
	}
	addArrival(tx, a)
	out := target
	if a.Payment != "" {
		if out, a, err = s.received(tx, target, a); err != nil {
			return Outcome{}, err
		}
	}
	return out, s.tellArrival(tx, a)
}

// short keeps what a bank passes on of a stranger's text to a size.
func short(text string) string {
	r := []rune(text)
	return string(r[:min(len(r), 140)])
}

func (a Arrival) deal() ledger.Deal {
	return ledger.Deal{Object: ledger.Object{Kind: "arrival", ID: a.ID}, Connector: a.Connector}
}

// quotedBy finds the payment whose reference an arrival quotes. A payment of
// another account or in another currency is not it.
func quotedBy(tx *store.Tx, a Arrival) (Outcome, error) {
	reference := method.ReadReference(a.Quoted)
	if reference == "" {
		return Outcome{}, nil
	}
	id, err := idempotency.Recall(tx, quoteKey(reference))
	if id == "" || err != nil {
		return Outcome{}, err
	}
	out, err := load(tx, id)
	if fault.Is(err, fault.NotFound) { // promised, and never paid
		return Outcome{}, nil
	}
	if p := out.Payment; err != nil || p.Connector != a.Connector || p.Details.Account != a.Account || p.Amount.Currency != a.Amount.Currency {
		return Outcome{}, err
	}
	return out, nil
}

func ofArrival(tx *store.Tx, a Arrival) (Outcome, error) {
	if a.Payment == "" {
		return Outcome{}, nil
	}
	return load(tx, a.Payment)
}

// received counts an arrival towards its payment, which is paid once all of it
// has come. What is over, and what comes for a payment that waits no longer, is
// held.
func (s *Service) received(tx *store.Tx, cur Outcome, a Arrival) (Outcome, Arrival, error) {
	c := change{p: cur.Payment, a: cur.Attempt, event: "payment.updated"}
	c.p.Details.Received += a.Amount.Minor
	if !c.a.open() {
		out, err := s.write(tx, c, cur)
		return out, a, err
	}
	held, err := heldFor(tx, c.p.ID)
	if err != nil {
		return cur, a, err
	}
	if !holds(held, a.ID) { // this transaction added it, and has not written it yet
		held = append(held, a)
	}
	a = match(tx, &c, held, a)
	out, err := s.write(tx, c, cur)
	return out, a, err
}

func holds(list []Arrival, id ident.ID) bool {
	for _, a := range list {
		if a.ID == id {
			return true
		}
	}
	return false
}

// match pays a payment with what is held for it, oldest first, if that is
// enough. It returns last as it is afterwards.
func match(tx *store.Tx, c *change, held []Arrival, last Arrival) Arrival {
	sum := int64(0)
	for _, a := range held {
		sum += a.Held()
	}
	rest := c.p.Amount.Minor
	if sum < rest {
		return last
	}
	for _, a := range held {
		take := min(rest, a.Held())
		if take == 0 {
			continue
		}
		rest -= take
		a.Matched += take
		saveArrival(tx, a)
		if a.ID == last.ID {
			a.Version++
			last = a
		}
	}
	c.matched = true
	c.approve(connector.Result{}, tx.Now())
	return last
}

// tellArrival writes the event arrival.held when something of an arrival is
// left that a human has to look at: it is for no payment, or for one that does
// not wait for it.
func (s *Service) tellArrival(tx *store.Tx, a Arrival) error {
	if a.Held() == 0 {
		return nil
	}
	cur, err := ofArrival(tx, a)
	if err != nil || cur.Attempt.open() && a.Matched == 0 {
		return err
	}
	return s.Events.Add(tx, event.Event{Object: a.ID, Seq: 1, Type: "arrival.held", Merchant: cur.Payment.Merchant, Data: a.summary(), Subject: a})
}

func (a Arrival) summary() string {
	b, _ := json.Marshal(struct {
		Amount   int64          `json:"amount"`
		Held     int64          `json:"held"`
		Currency money.Currency `json:"currency"`
		Payment  ident.ID       `json:"payment,omitempty"`
	}{a.Amount.Minor, a.Held(), a.Amount.Currency, a.Payment})
	return string(b) // strings and numbers always encode
}

// HeldArrivals lists what came by bank transfer and belongs to nobody yet, oldest
// first, at most 100. What counts towards a payment that still waits for the rest
// is among it.
func (s *Service) HeldArrivals(ctx context.Context, realm ident.ID) (list []Arrival, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = heldArrivals(tx, 100)
		return err
	})
	return list, err
}

// ArrivalsOf lists what came by bank transfer for a payment, oldest first.
func (s *Service) ArrivalsOf(ctx context.Context, realm, payment ident.ID) (list []Arrival, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = arrivalsOf(tx, payment)
		return err
	})
	return list, err
}

// ArrivalsIn is ArrivalsOf inside a transaction.
func ArrivalsIn(tx *store.Tx, payment ident.ID) ([]Arrival, error) { return arrivalsOf(tx, payment) }

// Placement is a human's word about money that came by bank transfer.
type Placement struct {
	Arrival ident.ID
	// Payment gets what it asks for, if it waits for a bank transfer or failed
	// for want of one, and enough is held for it together with this. "" when the
	// money was sent back to its sender at the bank.
	Payment ident.ID
	By      audit.By
}

// Place ends the waiting of what is held of an arrival. The same word said twice
// finds nothing held the second time.
//
// Faults: forbidden.permission, not_found.arrival, conflict.not_held (nothing
// of it is left), not_found.payment, conflict.placement (the payment is not one
// that can be paid with it), conflict.placement.short (with it, not enough has
// come: it stays held, for this payment).
func (s *Service) Place(ctx context.Context, actor access.Actor, d Placement) (Arrival, error) {
	if err := actor.Need(access.Review); err != nil {
		return Arrival{}, err
	}
	var a Arrival
	var soft error
	err := s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) (err error) {
		soft = nil
		if a, err = getArrival(tx, d.Arrival); err != nil {
			return err
		}
		if cur, err := ofArrival(tx, a); err != nil || actor.NeedMerchant(cur.Payment.Merchant) != nil {
			return fault.New("not_found.arrival", "no such money has come")
		}
		if a.Held() == 0 {
			return fault.New("conflict.not_held", "nothing of it waits for a decision")
		}
		if d.Payment == "" {
			err = s.sendBack(tx, &a)
		} else {
			a, soft, err = s.assign(tx, actor, a, d.Payment)
		}
		if err == nil {
			audit.Add(tx, d.By, "arrival.place", a.ID, "ok")
		}
		return err
	})
	if err == nil {
		err = soft
	}
	return a, err
}

// sendBack books that what is held of an arrival has gone back to its sender.
func (s *Service) sendBack(tx *store.Tx, a *Arrival) error {
	back := money.Of(a.Held(), a.Amount.Currency)
	if _, err := ledger.Post(tx, a.deal().SentBack(back)); err != nil {
		return err
	}
	a.Returned += back.Minor
	saveArrival(tx, *a)
	a.Version++
	return nil
}

// assign makes an arrival count towards a payment. soft is said although
// everything was written: the money waits there for more.
func (s *Service) assign(tx *store.Tx, actor access.Actor, a Arrival, payment ident.ID) (out Arrival, soft, err error) {
	cur, err := load(tx, payment)
	if err != nil || actor.NeedMerchant(cur.Payment.Merchant) != nil {
		return a, nil, missing()
	}
	p, own := cur.Payment, cur.Attempt
	fits := own.ID == p.ID && p.Method == method.BankTransfer && p.Connector == a.Connector && p.Amount.Currency == a.Amount.Currency && a.Matched == 0
	if !fits || !own.open() && own.State != Refused {
		return a, nil, fault.New("conflict.placement", "this payment cannot be paid with it")
	}
	a.Payment = p.ID
	held, err := heldFor(tx, p.ID)
	if err != nil {
		return a, nil, err
	}
	if !holds(held, a.ID) {
		held = append(held, a)
	}
	c := change{p: p, a: own, event: "payment.updated"}
	c.p.Details.Received = 0
	for _, other := range held {
		c.p.Details.Received += other.Held()
	}
	if last := match(tx, &c, held, a); last.Matched > 0 {
		c.p.Code = ""
		_, err := s.write(tx, c, cur)
		return last, nil, err
	}
	saveArrival(tx, a)
	a.Version++
	if _, err := s.write(tx, c, cur); err != nil {
		return a, nil, err
	}
	return a, fault.New("conflict.placement.short", "not enough has come for this payment: it is held for it"), nil
}
