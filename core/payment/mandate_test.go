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
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
)

// agreed is one story of an agreement to charge again, in a realm of its own.
type agreed struct {
	*world
	out   mandate.Outcome
	until time.Duration // how long it is to last; 0 for ever
	fault fake.Fault    // of charges
	said  []string
}

const mandatesPreface = `# What becomes of payers' agreements to be charged again, and of charges.
# Made by TestMandates; -update writes it anew. Each block is one agreement, for
# charges of at most 50.00 EUR.
#
#   answer   what the caller heard: the agreement's state
#   then     what was done and what time made happen, in order
#   mandate  how it stands in the end
#   events   all events about it, in order
#   books    our ledger in the end
`

// TestMandates plays every story and holds what became of it to
// testdata/mandates.txt.
func TestMandates(t *testing.T) {
	const file = "testdata/mandates.txt"
	each(t, func(w *world) {
		var text strings.Builder
		text.WriteString(mandatesPreface)
		for _, story := range mandateStories {
			w.house = w.settle(story.name, merchant.Settings{})
			a := &agreed{world: w}
			story.play(a)
			text.WriteString(a.tell(story.name))
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

var mandateStories = []struct {
	name string
	play func(a *agreed)
}{
	{"Vipps, agreed and charged", func(a *agreed) { a.agree("VIPPS", ""); a.decide("success"); a.charge(1990); a.charge(1990) }},
	{"Klarna, the payer cancels", func(a *agreed) { a.agree("KLARNA", ""); a.decide("cancel") }},
	{"Nexi, it fails", func(a *agreed) { a.agree("NEXI", ""); a.decide("decline") }},
	{"PayEx, no answer, then yes", func(a *agreed) {
		a.agree("PAYEX", "")
		a.decide("silent")
		a.look()
		a.pass(2 * time.Minute)
		a.charge(1990)
	}},
	{"PayEx, an answer a minute later", func(a *agreed) { a.agree("PAYEX", ""); a.decide("later"); a.look(); a.pass(2 * time.Minute) }},
	{"PayTo, by phone", func(a *agreed) { a.agree("PAYTO", ""); a.pass(10 * time.Second); a.charge(1990) }},
	{"PayTo, by a phone that refuses", func(a *agreed) { a.agree("PAYTO +61401234599", ""); a.pass(10 * time.Second) }},
	{"Swish has none", func(a *agreed) { a.agree("SWISH", "") }},
	{"nobody decides", func(a *agreed) { a.agree("VIPPS", ""); a.pass(31 * time.Minute) }},
	{"the answer is lost", func(a *agreed) { a.agree("VIPPS", fake.LostAnswer); a.pass(10 * time.Second); a.decide("success") }},
	{"the request is lost", func(a *agreed) { a.agree("VIPPS", fake.LostRequest); a.pass(2 * time.Minute) }},
	{"the callback is lost", func(a *agreed) { a.agree("VIPPS", fake.CallbackLost); a.decide("success"); a.pass(time.Hour) }},
	{"the callback comes three times", func(a *agreed) { a.agree("VIPPS", fake.CallbackDuplicate); a.decide("success") }},
	{"cancelled by the merchant", func(a *agreed) { a.active(); a.cancel(); a.cancel(); a.charge(1990) }},
	{"cancelled while the payer decides", func(a *agreed) { a.agree("VIPPS", ""); a.cancel(); a.decide("success") }},
	{"cancelled, the provider silent at first", func(a *agreed) {
		a.active()
		a.mute = fake.LostRequest
		a.cancel()
		a.charge(1990)
		a.mute = ""
		a.pass(time.Minute)
	}},
	{"revoked by the payer, told by callback", func(a *agreed) { a.active(); a.settle(connector.Revoked); a.charge(1990) }},
	{"revoked by the payer, told by a charge", func(a *agreed) {
		a.active()
		a.deaf = true
		a.settle(connector.Revoked)
		a.deaf = false
		a.charge(1990)
		a.charge(1990)
	}},
	{"suspended and taken up again", func(a *agreed) {
		a.active()
		a.settle(connector.Suspended)
		a.charge(1990)
		a.settle(connector.Approved)
		a.charge(1990)
	}},
	{"it runs out", func(a *agreed) {
		a.until = 48 * time.Hour
		a.active()
		a.charge(1990)
		a.pass(49 * time.Hour)
		a.charge(1990)
	}},
	{"a soft refusal, then another try", func(a *agreed) { a.active(); a.charge(1955); a.charge(1990) }},
	{"too much at once", func(a *agreed) { a.active(); a.charge(5001) }},
	{"a charge whose answer is lost", func(a *agreed) { a.active(); a.fault = fake.LostAnswer; a.charge(1990); a.pass(time.Minute) }},
}

func (a *agreed) agree(brand string, f fake.Fault) {
	brand, phone, _ := strings.Cut(brand, " ")
	w := mandate.Wish{Idempotency: idempotency.Key{Surface: "gateway"}, Profile: a.profile, Customer: "65a000000000000000000077", Brand: brand, Phone: phone,
		Maximum: eur(5000), Details: mandate.Details{ReturnURL: "https://shop.example/back"}, Simulate: map[string]string{"fault": string(f)}}
	if a.until > 0 {
		w.Until = a.now().Add(a.until)
	}
	var err error
	a.out, err = a.mandates.Agree(context.Background(), a.actor, w)
	if err != nil {
		a.t.Fatal(err)
	}
	a.work(nil)
}

func (a *agreed) active() { a.agree("VIPPS", ""); a.decide("success"); a.said = nil }

func (a *agreed) note(format string, args ...any) {
	a.said = append(a.said, fmt.Sprintf(format, args...))
}

func (a *agreed) mandate() mandate.Mandate {
	m, err := a.mandates.Get(context.Background(), a.actor, a.out.Mandate.ID)
	if err != nil {
		a.t.Fatal(err)
	}
	return m
}

func (a *agreed) standing() string {
	m := a.mandate()
	return string(m.State) + code(m.Code)
}

func (a *agreed) decide(choice string) {
	if err := a.provider.Decide(a.account(), a.out.Mandate.ID, choice, a.now()); err != nil {
		a.t.Fatal(err)
	}
	a.work(nil)
	a.note("%s: %s", choice, a.standing())
}

func (a *agreed) look() {
	if _, err := a.mandates.Look(context.Background(), a.realm.ID, a.out.Mandate.ID); err != nil {
		a.t.Fatal(err)
	}
	a.note("back: %s", a.standing())
}

func (a *agreed) pass(d time.Duration) {
	a.world.pass(d, nil)
	a.note("%s: %s", short(d), a.standing())
}

func (a *agreed) cancel() {
	_, err := a.mandates.Cancel(context.Background(), a.actor, audit.By{Actor: "test"}, a.out.Mandate.ID)
	a.note("end it: %s, %s", said(err), a.standing())
}

func (a *agreed) settle(to connector.State) {
	if err := a.provider.Settle(a.account(), a.out.Mandate.ID, to, a.now()); err != nil {
		a.t.Fatal(err)
	}
	a.work(nil)
	a.note("the payer: %s", a.standing())
}

func (a *agreed) charge(minor int64) {
	o := a.order(connector.Debit, minor)
	o.Method, o.Brand, o.Card, o.Mandate = "", "", nil, a.out.Mandate.ID
	o.Simulate = map[string]string{"fault": string(a.fault)}
	out, err := a.payments.Pay(context.Background(), a.actor, o)
	if err != nil {
		a.note("charge %s: %s", major(minor), said(err))
		return
	}
	how := ""
	if out.Payment.Code != "" && fault.Soft(out.Payment.Code) {
		how = ", may be tried again"
	}
	a.note("charge %s: %s%s%s", major(minor), out.Payment.State, code(out.Payment.Code), how)
}

func (a *agreed) tell(name string) string {
	m := a.mandate()
	for _, wrong := range a.wrong(a.house) {
		a.t.Errorf("%s: %s", name, wrong)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n== %s\nanswer   %s%s\n", name, a.out.Mandate.State, code(a.out.Mandate.Code))
	if len(a.said) > 0 {
		fmt.Fprintf(&b, "then     %s\n", strings.Join(a.said, "; "))
	}
	face := ""
	if c := m.Details.Card; c != nil {
		face = fmt.Sprintf(", card %s %02d/%d", c.Last4, c.ExpiryMonth, c.ExpiryYear)
	}
	if m.Details.Phone != "" {
		face += ", phone " + m.Details.Phone
	}
	fmt.Fprintf(&b, "mandate  %s%s%s\n", m.State, code(m.Code), face)
	var events []string
	for i, e := range a.events(m.ID) {
		if e.Seq != int64(i+1) {
			a.t.Errorf("%s: event %d has number %d", name, i+1, e.Seq)
		}
		events = append(events, strings.TrimPrefix(e.Type, "mandate."))
	}
	fmt.Fprintf(&b, "events   %s\n", strings.Join(events, " "))
	for _, s := range a.standings(a.house) {
		who, _, _ := strings.Cut(string(s.Account), "/")
		fmt.Fprintf(&b, "books    %-8s pending %s posted %s\n", who, major(s.Pending.Minor), major(s.Posted.Minor))
	}
	return b.String()
}

// TestMandateOrders refuses what cannot be agreed or charged, and says the same
// wish twice.
func TestMandateOrders(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		wish := mandate.Wish{Idempotency: key("agree 1"), Profile: w.profile, Brand: "VIPPS", Details: mandate.Details{ReturnURL: "https://shop.example"}}
		for name, tt := range map[string]struct {
			change func(m *mandate.Wish)
			want   string
		}{
			"no brand":         {func(m *mandate.Wish) { m.Brand = "NOBODY" }, "invalid.method.not_set_up"},
			"not set up":       {func(m *mandate.Wish) { m.Profile.Settings.Brands = []string{"VISA"} }, "invalid.method.not_set_up"},
			"nothing at most":  {func(m *mandate.Wish) { m.Maximum = eur(0) }, "invalid.amount"},
			"no currency":      {func(m *mandate.Wish) { m.Maximum = money.Of(1, "QQQ") }, "invalid.currency"},
			"over already":     {func(m *mandate.Wish) { m.Until = w.now() }, "invalid.expiry"},
			"nowhere to go to": {func(m *mandate.Wish) { m.Details.ReturnURL = "" }, "invalid.return_url.missing"},
		} {
			bad := wish
			tt.change(&bad)
			if _, err := w.mandates.Agree(ctx, w.actor, bad); fault.Code(err) != tt.want {
				t.Errorf("%s: got %v, want %s", name, err, tt.want)
			}
		}
		first, err := w.mandates.Agree(ctx, w.actor, wish)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := w.mandates.Agree(ctx, w.actor, wish); err != nil || !again.Replayed || again.Mandate.ID != first.Mandate.ID {
			t.Errorf("said twice: %+v, %v", again, err)
		}
		wish.Idempotency.Fingerprint = "other"
		if _, err := w.mandates.Agree(ctx, w.actor, wish); fault.Code(err) != "conflict.idempotency" {
			t.Errorf("the key used for another wish: %v", err)
		}
		o := w.order(connector.Debit, 1990)
		o.Mandate = first.Mandate.ID
		if _, err := w.payments.Pay(ctx, w.actor, o); fault.Code(err) != "conflict.mandate" {
			t.Errorf("charged while it is pending: %v", err)
		}
		other := w.settle("Another", merchant.Settings{})
		if _, err := w.mandates.Get(ctx, other.actor, first.Mandate.ID); fault.Code(err) != "not_found.mandate" {
			t.Errorf("another realm sees it: %v", err)
		}
		if _, err := w.mandates.Cancel(ctx, other.actor, audit.By{}, first.Mandate.ID); fault.Code(err) != "not_found.mandate" {
			t.Errorf("another realm ends it: %v", err)
		}
		o.Profile = other.profile
		if _, err := w.payments.Pay(ctx, other.actor, o); fault.Code(err) != "not_found.mandate" {
			t.Errorf("another realm charges it: %v", err)
		}
		if list, err := w.payments.List(ctx, w.actor, "", 10); err != nil || len(list) != 0 {
			t.Errorf("%d payments, %v", len(list), err)
		}
	})
}

// A process is stopped between the commit of an agreement's intent and its
// request for so long that somebody else is told "never seen", and takes it for
// proof: nobody is asked to agree any more.
func TestAnAgreementStoppedBeforeItIsAskedFor(t *testing.T) {
	each(t, func(w *world) {
		a := &agreed{world: w}
		w.mandates.ReturnURL = func(_, mandate ident.ID) string {
			w.pass(time.Minute, nil)
			if err := w.mandates.Orphans().Recover(context.Background(), w.wall.Now()); err != nil {
				w.t.Fatal(err)
			}
			w.pass(time.Hour, nil)
			return "https://pay.example/back/" + string(mandate)
		}
		a.agree("VIPPS", "")
		if got := a.standing(); got != "refused (unavailable.provider)" {
			w.t.Errorf("got %s", got)
		}
		if err := w.provider.Decide(a.account(), a.out.Mandate.ID, "success", w.now()); err == nil {
			w.t.Error("the payer is asked")
		}
	})
}
