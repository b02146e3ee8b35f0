package connectortest

import (
	"context"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
)

// agreements makes, repeats, charges and ends agreements to charge again.
func agreements(t *testing.T, s *suite) {
	m, ok := s.Connector.(connector.Mandater)
	if !ok || s.Terms == nil {
		t.Skip("no agreements")
	}
	ctx := context.Background()
	terms := s.Terms()
	terms.Mandate, terms.At = s.id(), s.At
	ask := func(account string) connector.Inquiry {
		return connector.Inquiry{Mandate: terms.Mandate, Account: account, At: s.At}
	}
	if c := m.LookupMandate(ctx, ask(terms.Account)); c.State != connector.NotFound {
		t.Errorf("an agreement nobody asked for is %s, want not_found", c.State)
	}
	if c := m.Revoke(ctx, ask(terms.Account)); c.State != connector.NotFound {
		t.Errorf("and ended it is %s, want not_found", c.State)
	}
	first, again := m.Agree(ctx, terms), m.Agree(ctx, terms)
	if first.State != connector.Pending && first.State != connector.Approved || first.Reference == "" || again.State != first.State || again.Reference != first.Reference {
		t.Fatalf("it is %+v, repeated %+v", first, again)
	}
	if c := m.LookupMandate(ctx, ask(terms.Account+"x")); c.State != connector.NotFound {
		t.Errorf("another account hears %s of it, want not_found", c.State)
	}
	if first.State == connector.Pending {
		if r := s.charge(terms, first.Reference); r.State != connector.Refused {
			t.Errorf("charged before the payer's yes it is %s, want refused", r.State)
		}
		s.Consent(t, terms, s.At)
	}
	stands := m.LookupMandate(ctx, ask(terms.Account))
	if stands.State != connector.Approved || stands.Reference != first.Reference {
		t.Fatalf("after the payer's yes Lookup says %+v", stands)
	}
	if r := s.charge(terms, stands.Reference); r.State != connector.Approved || r.Amount != eur(1050) {
		t.Errorf("charged it is %s (%s) of %v", r.State, r.Code, r.Amount)
	}
	other := terms
	other.Account += "x"
	if r := s.charge(other, stands.Reference); r.State != connector.Refused {
		t.Errorf("charged by another account it is %s, want refused", r.State)
	}
	for range 2 {
		if c := m.Revoke(ctx, ask(terms.Account)); c.State != connector.Cancelled {
			t.Errorf("ended by the merchant it is %s, want cancelled", c.State)
		}
	}
	if r := s.charge(terms, stands.Reference); r.State != connector.Refused || r.Code == "" {
		t.Errorf("charged after its end it is %s %q, want refused and why", r.State, r.Code)
	}
}

// lostAgreement asks with an answer that gets lost, and without patience.
func lostAgreement(t *testing.T, s *suite) {
	m, ok := s.Connector.(connector.Mandater)
	if !ok || s.Terms == nil || s.LostTerms == nil {
		t.Skip("no agreements, or no answer is ever lost")
	}
	terms := s.Terms()
	terms.Mandate, terms.At = s.id(), s.At
	if c := m.Agree(context.Background(), s.LostTerms(terms)); c.State != connector.Unknown {
		t.Fatalf("without an answer it is %s, want unknown", c.State)
	}
	told := m.LookupMandate(context.Background(), connector.Inquiry{Mandate: terms.Mandate, Account: terms.Account, At: s.At})
	if again := m.Agree(context.Background(), terms); told.State != connector.Pending && told.State != connector.Approved || again.Reference != told.Reference {
		t.Errorf("Lookup says %+v, sent again it is %+v", told, again)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	terms.Mandate = s.id()
	if c := m.Agree(ctx, terms); c.State != connector.Unknown {
		t.Errorf("without patience it is %s, want unknown", c.State)
	}
	if c := m.LookupMandate(context.Background(), connector.Inquiry{Mandate: terms.Mandate, Account: terms.Account, At: s.At.Add(time.Second)}); c.State == connector.Refused {
		t.Errorf("and then Lookup says %s", c.State)
	}
}

// charge charges an agreement once.
func (s *suite) charge(terms connector.Terms, reference string) connector.Result {
	return s.Authorise(context.Background(), connector.Request{Attempt: s.id(), Account: terms.Account, Kind: connector.Debit, Amount: eur(1050), Method: terms.Method,
		Brand: terms.Brand, Mandate: reference, MIT: true, At: s.At})
}
