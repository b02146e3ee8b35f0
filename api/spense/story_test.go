package spense_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/store/storetest"
	"github.com/florinpay/florin/web/browsertest"
)

// TestStory is the contract as one whole: a partner's key lists organisations
// and makes payments, whose links come by SMS and are paid on their pages with
// Vipps, a card, Swish and a transfer; a terminal refuses and another one takes
// the money; all of it is told and signed; bills are paid by transfers that a
// statement brings; a month passes; what the reports say is what the books say,
// the bank has it, and nothing is left unexplained. Then the provider makes its
// five mistakes, and each is found and called by its name.
func TestStory(t *testing.T) {
	b := browsertest.Start(t)
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			s := street{open(t, engine), t, receive(t, 200), b}
			s.plan(t)
			all := s.organizations()
			s.payers(all)
			s.month(all)
			s.mistakes()
			s.verified(t)
		})
	}
}

func (s street) payers(all []organization) {
	s.open(s.byWallet, s.byCard, func() { s.bySwish(all[1]) }, s.byTransfer, s.onTerminals)
	s.signed(all)
}

// month ends the day on which payers came, and goes on to the next month.
func (s street) month(all []organization) {
	t := s.t
	card := s.settle(t)
	bills := []string{s.billed(t), s.billed(t)}
	s.tomorrow()
	s.settle(t, "12490.00,", "100.00,")
	if got := s.ask(t, "POST", "/api/payments/"+card+"/refund", s.token, `{"amount":2490}`); got.status != 200 {
		t.Fatal(got.body)
	}
	s.statement(t, "2026-11-22", s.line("2026-11-22", "12490.00", "NOK", s.payable(t, bills[0]), "Nordlys Transport AS"))
	s.camt(t, "12490.00", s.payable(t, bills[1]))
	for _, id := range bills {
		got := s.ask(t, "GET", "/api/payments/"+id, s.token, "")
		if got.member(t, "paymentStatus") != "SUCCESS" || got.member(t, "paymentMethod") != "bank_transfer" {
			t.Errorf("a bill that was paid: got %s", got.body)
		}
	}
	s.tomorrow()
	s.tomorrow()
	s.advance(t, 30*24*time.Hour)
	s.work(t)
	s.token = s.signIn(t, s.sandbox.Spense.ClientID, s.sandbox.Spense.ClientSecret)
	s.house.partner = s.signIn(t, s.sandbox.Spense.PartnerClientID, s.sandbox.Spense.PartnerClientSecret)
	ours := s.sandbox.Spense.OrganizationID
	s.banked(t, ours, all)
	s.booked(t, ours, 5*1249000+10000-249000, 2*1249000)
	r := s.reconciled(t, morning)
	if r.Unexplained() != 0 || len(r.Differences) != 0 || r.Lines != 8 || r.Matched != r.Lines {
		t.Errorf("got %+v", r)
	}
	if open, err := s.app.Reconcile.Unexplained(t.Context(), s.sandboxRealm(t)); err != nil || len(open) > 0 {
		t.Errorf("lines of the statement that nothing explains: %v (%v)", open, err)
	}
}

// tomorrow lets a day pass, and the bank pay what is on its way.
func (s street) tomorrow() {
	s.t.Helper()
	s.nextDay(s.t)
	for range 5 {
		_, err := s.app.Settlement.Simulate(s.t.Context(), s.sandboxRealm(s.t), ident.ID(s.sandbox.Spense.OrganizationID), settlement.SimulatePaid)
		if fault.Is(err, "conflict.nothing") {
			return
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// mistakes has the provider make each of its mistakes, on a day of its own.
func (s street) mistakes() {
	t, account := s.t, string(s.sandboxRealm(s.t))+".fjord-parts"
	first := morning.AddDate(0, 0, 33)
	want := map[string]string{}
	for i, flaw := range fake.SettlementFlaws {
		day := first.AddDate(0, 0, 2*i)
		if err := s.app.Provider.Spoil(account, day, flaw); err != nil {
			t.Fatal(err)
		}
		want[day.Format(time.DateOnly)] = string(flaw)
		s.settle(t)
		s.settle(t, "12490.00,", "700.00,")
		s.nextDay(t)
		s.settle(t, "12490.00,", "1.00,") // so that the day after has a file too
		s.nextDay(t)
	}
	for range 3 {
		s.nextDay(t)
	}
	found := map[string][]string{}
	for _, d := range s.reconciled(t, first).Differences {
		if d.Label != reconcile.WrongSum { // what a line that is missing, doubled or dearer does to the file
			found[d.At.Format(time.DateOnly)] = append(found[d.At.Format(time.DateOnly)], string(d.Label))
		}
		if d.Label != reconcile.WrongSum && d.Payment == "" {
			t.Errorf("a difference does not say where it is: %+v", d)
		}
	}
	for day, flaw := range want {
		if !slices.Equal(found[day], []string{flaw}) {
			t.Errorf("%s: got %v, want %s", day, found[day], flaw)
		}
	}
	if len(found) != len(want) {
		t.Errorf("got %v", found)
	}
	got := s.ask(t, "GET", reportPath, s.token, `{"from_date":"2026-12-01","to_date":"2027-01-31","test_mode":true}`).body
	for i, lines := range []int{1, 3} { // a report shows what the provider says
		day := first.AddDate(0, 0, 2*i).Format(time.DateOnly)
		if n := strings.Count(got, fmt.Sprintf("\n%s 00:00:00", day)); n != lines {
			t.Errorf("%s: got %d lines, want %d\n%s", day, n, lines, got)
		}
	}
}
