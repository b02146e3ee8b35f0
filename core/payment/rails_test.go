package payment_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
)

// rail is one story of a payment that banks carry, told in a realm of its own.
type rail struct {
	*world
	out   payment.Outcome
	err   error
	said  []string // what was done and what came of it
	heard []string // what came of the provider's callbacks
}

const railsPreface = `# What becomes of payments that banks carry: direct debits and bank transfers.
# Made by TestRails; -update writes it anew. Each block is one payment of 100.00
# EUR, asked for on a Saturday morning.
#
#   answer    what the caller heard: the payment's state, the attempt's
#   then      what was done and what time made happen, in order
#   callbacks what came of each callback of the provider
#   payment   the payment in the end
#   events    all events about it, in order
#   held      what came by bank transfer and belongs to nobody
#   books     our ledger in the end; an account that never moved has no line
#   provider  the provider's own lines about it
#   agree     whether both books tell the same, or a human has been asked
`

// TestRails plays every story, checks that the books add up and agree with the
// provider's own, and holds what became of it to testdata/rails.txt.
func TestRails(t *testing.T) {
	const file = "testdata/rails.txt"
	each(t, func(w *world) {
		var text strings.Builder
		text.WriteString(railsPreface)
		for _, story := range railStories {
			w.house = w.settle(story.name, merchant.Settings{})
			r := &rail{world: w}
			story.play(r)
			text.WriteString(r.tell(story.name))
		}
		if *update && !w.t.Failed() {
			if err := os.WriteFile(file, []byte(text.String()), 0o644); err != nil {
				w.t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			w.t.Fatal(err)
		}
		if text.String() != string(want) {
			w.t.Errorf("%s differs: run with -update and read the change\n%s", file, firstDifference(text.String(), string(want)))
		}
	})
}

var railStories = []struct {
	name string
	play func(r *rail)
}{
	{"direct debit that clears", func(r *rail) { r.debit("12345678", ""); r.days(1, 1, 1, 1) }},
	{"direct debit that is not honoured", func(r *rail) { r.debit("12340000", ""); r.days(4) }},
	{"direct debit taken back after it cleared", func(r *rail) { r.debit("12345678", fake.DishonourLater); r.days(4, 4) }},
	{"direct debit taken back after a part was refunded", func(r *rail) {
		r.debit("12345678", fake.DishonourLater)
		r.days(4)
		r.refund(3000, "")
		r.days(4)
		r.refund(1000, "")
	}},
	{"direct debit taken back, the callback lost", func(r *rail) {
		r.debit("12345678", fake.DishonourLater)
		r.days(4)
		r.deaf = true
		r.days(4)
		r.deaf = false
		r.days(4)
	}},
	{"direct debit whose answer is lost", func(r *rail) { r.debit("12345678", fake.LostAnswer); r.days(4) }},
	{"direct debit that never arrives", func(r *rail) { r.debit("12345678", fake.LostRequest); r.days(4) }},
	{"direct debit withdrawn in time", func(r *rail) { r.debit("12345678", ""); r.cancel(); r.cancel(); r.days(4) }},
	{"direct debit withdrawn too late", func(r *rail) { r.debit("12345678", ""); r.days(1); r.cancel(); r.days(4); r.cancel() }},
	{"direct debit through a stored account", func(r *rail) { r.stored(); r.days(4) }},
	{"transfer, exact", func(r *rail) { r.transfer(""); r.send(10000, ""); r.days(1) }},
	{"direct debit refunded", func(r *rail) { r.debit("12345678", ""); r.days(4); r.refund(3000, ""); r.days(1, 4) }},
	{"direct debit, the refund comes back", func(r *rail) {
		r.debit("12345678", "")
		r.days(4)
		r.refund(3000, fake.RefundFailsLater)
		r.days(5, 2)
		r.refund(10000, "")
		r.days(5)
	}},
	{"transfer, refunded", func(r *rail) { r.transfer(""); r.send(10000, ""); r.refund(3000, ""); r.days(1, 4) }},
	{"transfer, the refund fails at last", func(r *rail) {
		r.transfer("")
		r.send(10000, "")
		r.refund(10000, fake.RefundFailsAtLast)
		r.refund(1, "")
		r.days(2)
		r.refund(10000, "")
		r.days(5)
	}},
	{"transfer, short", func(r *rail) { r.transfer(""); r.send(6000, ""); r.days(15) }},
	{"transfer, short, then the rest", func(r *rail) { r.transfer(""); r.send(6000, ""); r.days(2); r.send(4000, ""); r.days(1) }},
	{"transfer, over", func(r *rail) { r.transfer(""); r.send(12500, ""); r.days(1) }},
	{"transfer, over, the rest sent back", func(r *rail) { r.transfer(""); r.send(12500, ""); r.sendBack() }},
	{"transfer, twice", func(r *rail) { r.transfer(""); r.send(10000, ""); r.send(10000, ""); r.days(1) }},
	{"transfer, to a wrong reference", func(r *rail) { r.transfer(""); r.send(10000, "INVOICE 17"); r.days(1) }},
	{"transfer, to a wrong reference, given to its payment", func(r *rail) { r.transfer(""); r.send(10000, "INVOICE 17"); r.place(); r.days(1) }},
	{"transfer, short to a wrong reference, given to its payment", func(r *rail) {
		r.transfer("")
		r.send(4000, "INVOICE 17")
		r.place()
		r.send(6000, "")
		r.tellBank()
	}},
	{"transfer that never comes", func(r *rail) { r.transfer(""); r.days(13, 2) }},
	{"transfer that comes too late", func(r *rail) { r.transfer(""); r.days(15); r.send(10000, ""); r.days(1) }},
	{"transfer that comes too late, given to its payment", func(r *rail) { r.transfer(""); r.days(15); r.send(10000, ""); r.place() }},
	{"transfer whose callback is lost", func(r *rail) { r.transfer(fake.CallbackLost); r.send(10000, ""); r.days(1) }},
	{"transfer whose callback comes three times", func(r *rail) { r.transfer(fake.CallbackDuplicate); r.send(10000, ""); r.days(1) }},
	{"transfer whose request's answer is lost", func(r *rail) { r.transfer(fake.LostAnswer); r.send(10000, ""); r.days(1) }},
	{"transfer withdrawn", func(r *rail) { r.transfer(""); r.cancel(); r.send(10000, ""); r.days(1) }},
	{"transfer withdrawn when a part has come", func(r *rail) { r.transfer(""); r.send(1000, ""); r.cancel(); r.send(9000, "") }},
}

// operator may decide about money that nobody owns.
func (h house) operator() access.Actor {
	a := h.actor
	a.May = append([]access.Permission{access.Review}, a.May...)
	return a
}

func (h house) debitOrder(number string) payment.Order {
	o := h.order(connector.Debit, 10000)
	o.Method, o.Brand, o.Card = method.DirectDebit, "DIRECTDEBIT_AU", nil
	o.Bank = &connector.BankAccount{Region: "au", BankCode: "062000", Number: method.Conceal(number), Holder: "N Berg"}
	return o
}

func (h house) transferOrder() payment.Order {
	o := h.order(connector.Debit, 10000)
	o.Method, o.Brand, o.Card = method.BankTransfer, "BANKTRANSFER", nil
	return o
}

func (r *rail) pay(o payment.Order, f fake.Fault) {
	o.Simulate = map[string]string{"fault": string(f)}
	r.out, r.err = r.payments.Pay(context.Background(), r.actor, o)
	if r.err != nil {
		r.t.Fatalf("pay: %v", r.err)
	}
	r.letters(r.hear)
}

func (r *rail) debit(number string, f fake.Fault) { r.pay(r.debitOrder(number), f) }
func (r *rail) transfer(f fake.Fault)             { r.pay(r.transferOrder(), f) }

// stored pays with an account that an earlier debit has kept.
func (r *rail) stored() {
	first := r.debitOrder("12345678")
	first.Keep = true
	kept := r.world.pay(first).Payment
	r.pass(4*24*time.Hour, nil)
	o := r.debitOrder("")
	o.Method, o.Brand, o.Bank, o.Source = "", "", nil, kept.Source
	r.pay(o, "")
}

func (r *rail) hear(cb fake.Callback, err error) {
	if cb.Account == r.account() {
		r.heard = append(r.heard, said(err))
	}
}

func (r *rail) note(format string, args ...any) {
	r.said = append(r.said, fmt.Sprintf(format, args...))
}

func (r *rail) days(steps ...int) {
	for _, n := range steps {
		was := r.get(r.out.Payment.ID).State
		r.world.pass(time.Duration(n)*24*time.Hour, r.hear)
		if now := r.get(r.out.Payment.ID).State; now != was {
			r.note("%d d: %s", n, now)
		} else {
			r.note("%d d", n)
		}
	}
}

func (r *rail) cancel() {
	out, err := r.payments.Cancel(context.Background(), r.actor, r.out.Payment.ID)
	r.note("withdraw: %s, %s", said(err), out.Payment.State)
	r.work(r.hear)
}

func (r *rail) refund(minor int64, f fake.Fault) {
	op := payment.Operation{Payment: r.out.Payment.ID, Amount: eur(minor), Simulate: map[string]string{"fault": string(f)}}
	out, err := r.payments.Refund(context.Background(), r.actor, op)
	r.note("refund %s: %s", major(minor), said(err))
	if err == nil {
		r.said[len(r.said)-1] += ", " + string(out.Attempt.State)
	}
	r.work(r.hear)
}

// send lets money come for the payment's reference, or for another.
func (r *rail) send(minor int64, quoted string) {
	if quoted == "" {
		quoted = "ref " + r.reference()
	}
	if err := r.provider.Send(fake.Sending{Account: r.account(), Quoted: quoted, Payer: "N BERG", Amount: eur(minor), At: r.now()}); err != nil {
		r.t.Fatal(err)
	}
	r.work(r.hear)
	r.note("%s comes: %s", major(minor), r.get(r.out.Payment.ID).State)
}

// reference is what the payer has to quote. If our answer was lost the payer has
// not been told it, but the provider knows.
func (r *rail) reference() string {
	if p := r.get(r.out.Payment.ID).Details.Payee; p != nil {
		return p.Reference
	}
	at := r.now()
	q := connector.Question{Attempt: r.out.Payment.ID, Account: r.account(), At: at}
	return r.provider.Lookup(context.Background(), q).Payee.Reference
}

func (r *rail) held() []payment.Arrival {
	list, err := r.payments.HeldArrivals(context.Background(), r.realm.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

// place gives what is held to the story's payment.
func (r *rail) place() {
	for _, a := range r.held() {
		got, err := r.payments.Place(context.Background(), r.operator(), payment.Placement{Arrival: a.ID, Payment: r.out.Payment.ID})
		r.note("give to it: %s, %s held", said(err), major(got.Held()))
		if err == nil {
			r.tellBank()
		}
	}
	r.work(r.hear)
}

// tellBank says at the provider with what the story's payment was paid, as
// whoever decided has to do there.
func (r *rail) tellBank() {
	list, err := r.payments.ArrivalsOf(context.Background(), r.realm.ID, r.out.Payment.ID)
	var references []string
	for _, a := range list {
		references = append(references, a.Reference)
	}
	if err == nil {
		err = r.provider.Assign(r.account(), r.out.Payment.ID, references, r.now())
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rail) sendBack() {
	for _, a := range r.held() {
		if err := r.provider.SendBack(r.account(), a.Reference, r.now()); err != nil {
			r.t.Fatal(err)
		}
		for range 2 {
			_, err := r.payments.Place(context.Background(), r.operator(), payment.Placement{Arrival: a.ID})
			r.note("send back: %s", said(err))
		}
	}
}

func (r *rail) tell(name string) string {
	p := r.get(r.out.Payment.ID)
	agree := "yes"
	if p.State == payment.Review {
		agree = "a human is asked"
	}
	for _, wrong := range r.wrong(r.house) {
		r.t.Errorf("%s: %s", name, wrong)
		agree = "NO"
	}
	var b strings.Builder
	line := func(word, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-9s %s\n", word, text)
		}
	}
	fmt.Fprintf(&b, "\n== %s\n", name)
	line("answer", fmt.Sprintf("%s, attempt %s", r.out.Payment.State, r.out.Attempt.State))
	line("then", strings.Join(r.said, "; "))
	line("callbacks", strings.Join(r.heard, ", "))
	if p.Details.Received != 0 {
		line("received", major(p.Details.Received))
	}
	if p.Details.Returned != 0 {
		line("returned", major(p.Details.Returned))
	}
	line("payment", standing(p)+code(p.Code))
	line("events", r.types(p.ID))
	for _, a := range r.held() {
		whose := "nobody's"
		if a.Payment == p.ID {
			whose = "for it"
		}
		line("held", fmt.Sprintf("%s of %s, %s", major(a.Held()), major(a.Amount.Minor), whose))
	}
	for _, s := range r.standings(r.house) {
		who, _, _ := strings.Cut(string(s.Account), "/")
		line("books", fmt.Sprintf("%-8s pending %s posted %s", who, major(s.Pending.Minor), major(s.Posted.Minor)))
	}
	for _, entry := range r.lines(p.ID) {
		line("provider", entry)
	}
	line("agree", agree)
	return b.String()
}

// TestBankOrders refuses what cannot be asked of a bank, and changes nothing.
func TestBankOrders(t *testing.T) {
	each(t, func(w *world) {
		for name, tt := range map[string]struct {
			change func(o *payment.Order)
			want   string
		}{
			"a wrong account":      {func(o *payment.Order) { *o = w.debitOrder("1") }, "invalid.bank_account.number"},
			"a debit from nowhere": {func(o *payment.Order) { *o = w.debitOrder("12345678"); o.Bank = nil }, "invalid.method.not_set_up"},
			"a card with account":  {func(o *payment.Order) { o.Bank = w.debitOrder("12345678").Bank }, "invalid.method.not_set_up"},
			"no reference":         {func(o *payment.Order) { *o = w.transferOrder(); o.Quote = "INVOICE17" }, "invalid.quote"},
		} {
			o := w.order(connector.Debit, 10000)
			tt.change(&o)
			if _, err := w.payments.Pay(context.Background(), w.actor, o); fault.Code(err) != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
		o := w.transferOrder()
		o.Quote = method.Reference("given out before")
		if got := w.pay(o).Payment.Details.Payee; got == nil || got.Reference != o.Quote {
			t.Errorf("the payer has to quote %+v, want %s", got, o.Quote)
		}
		if _, err := w.payments.Pay(context.Background(), w.actor, o); fault.Code(err) != "conflict.quote" {
			t.Errorf("one reference for two payments: %v", err)
		}
		if list, err := w.payments.List(context.Background(), w.actor, "", 10); err != nil || len(list) != 1 {
			t.Errorf("%d payments, %v", len(list), err)
		}
		w.sound()
	})
}

// TestPlaceRefuses: money goes to no payment that cannot be paid with it, and
// nobody places what they may not see.
func TestPlaceRefuses(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		card, waits := w.paid(connector.Debit, 10000).Payment, w.pay(w.transferOrder()).Payment
		if err := w.provider.Send(fake.Sending{Account: w.account(), Quoted: "?", Payer: "N", Amount: eur(5000), At: w.now()}); err != nil {
			t.Fatal(err)
		}
		w.work(nil)
		held, err := w.payments.HeldArrivals(ctx, w.realm.ID)
		if err != nil || len(held) != 1 {
			t.Fatalf("%d held, %v", len(held), err)
		}
		other := w.settle("Another", merchant.Settings{})
		reader := w.actor
		reader.May = []access.Permission{access.Read}
		operator := w.operator()
		for name, tt := range map[string]struct {
			actor access.Actor
			d     payment.Placement
			want  string
		}{
			"a reader":        {reader, payment.Placement{Arrival: held[0].ID}, "forbidden.permission"},
			"another realm":   {other.operator(), payment.Placement{Arrival: held[0].ID}, "not_found.arrival"},
			"no such arrival": {operator, payment.Placement{Arrival: card.ID}, "not_found.arrival"},
			"no such payment": {operator, payment.Placement{Arrival: held[0].ID, Payment: held[0].ID}, "not_found.payment"},
			"a card payment":  {operator, payment.Placement{Arrival: held[0].ID, Payment: card.ID}, "conflict.placement"},
			"too little":      {operator, payment.Placement{Arrival: held[0].ID, Payment: waits.ID}, "conflict.placement.short"},
		} {
			if _, err := w.payments.Place(ctx, tt.actor, tt.d); fault.Code(err) != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
		w.sound()
	})
}
