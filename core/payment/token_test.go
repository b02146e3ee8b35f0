package payment_test

import (
	"context"
	"testing"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

// token makes a payment token of a typed card with a surcharge of 7.
func (w *world) token(number string, minor int64) vault.Token {
	w.t.Helper()
	made, err := w.payments.Vault.Tokenise(context.Background(), w.actor, audit.By{Origin: "test"}, vault.TokenDraft{Merchant: w.profile.Merchant, Customer: "c1",
		Kind: vault.OfCard, Amount: eur(minor), CVV: method.Conceal("123"), Card: vault.Card{Number: method.Conceal(number), ExpiryMonth: 8, ExpiryYear: 2030},
		Price: func(*store.Tx, vault.Token) (vault.Price, error) { return vault.Price{Surcharge: eur(7)}, nil }})
	if err != nil {
		w.t.Fatal(err)
	}
	return made
}

func (w *world) with(made vault.Token, minor int64, order ident.ID) payment.Order {
	return payment.Order{Idempotency: idempotency.Key{Surface: "april"}, Profile: w.profile, Kind: connector.Debit,
		Tender: &payment.Tender{Token: made.ID, For: vault.TokenUse{Merchant: w.profile.Merchant, Amount: eur(minor), Order: order, Cards: true}}}
}

func TestPayingWithAToken(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		made := w.token("4200000000000000", 9200)
		if _, err := w.payments.Pay(ctx, w.actor, w.with(made, 9201, "o1")); fault.Code(err) != "invalid.payment_token.amount" {
			t.Errorf("another amount: got %v", err)
		}
		out := w.pay(w.with(made, 9200, "o1"))
		p := out.Payment
		if p.State != payment.Captured || p.Amount != eur(9207) || p.Brand != "VISA" || p.Customer != "c1" || p.Details.Token != made.ID || p.Details.Card.Last4 != "0000" {
			t.Errorf("got %+v", p)
		}
		if _, err := w.payments.Pay(ctx, w.actor, w.with(made, 9200, "o2")); fault.Code(err) != "conflict.payment_token.used" {
			t.Errorf("again: got %v", err)
		}
		// What is declined has used its token up too.
		made = w.token("4111111111111111", 9255)
		if p := w.pay(w.with(made, 9255, "o3")).Payment; p.State != payment.Captured { // with the surcharge the amount ends in 62
			t.Errorf("got %s %s", p.State, p.Code)
		}
		made = w.token("4111111111111111", 9248)
		if p := w.pay(w.with(made, 9248, "o4")).Payment; p.State != payment.Failed || p.Code != fault.DeclinedInsufficientFunds {
			t.Errorf("got %s %s", p.State, p.Code)
		}
		if _, err := w.payments.Pay(ctx, w.actor, w.with(made, 9248, "o4")); fault.Code(err) != "conflict.payment_token.used" {
			t.Errorf("after a decline: got %v", err)
		}
		if got := storetest.Rows(t, w.db, "payment"); got["payment"] != 3 {
			t.Errorf("got %d payments, want 3", got["payment"])
		}
	})
}

// TestATokenWhoseCodeIsLost: a process that does not know the security code
// pays without.
func TestATokenWhoseCodeIsLost(t *testing.T) {
	each(t, func(w *world) {
		made := w.token("4200000000000000", 100)
		keys := w.payments.Vault.Keys
		w.payments.Vault = &vault.Service{DB: w.db, Keys: keys, Log: w.payments.Events} // after a restart
		if p := w.pay(w.with(made, 100, "o1")).Payment; p.State != payment.Captured || p.Amount != eur(107) {
			t.Errorf("got %s %s", p.State, p.Code)
		}
	})
}

// TestATokenOfASource pays as the merchant's server does without the payer, and
// makes a source of a card that is to be kept.
func TestATokenOfASource(t *testing.T) {
	each(t, func(w *world) {
		ctx := context.Background()
		by := audit.By{Origin: "test"}
		first, err := w.payments.Vault.Tokenise(ctx, w.actor, by, vault.TokenDraft{Merchant: w.profile.Merchant, Customer: "c1", Kind: vault.OfCard, Keep: true, Amount: eur(100),
			Card: vault.Card{Number: method.Conceal("4200000000000000"), ExpiryMonth: 8, ExpiryYear: 2030}})
		if err != nil {
			t.Fatal(err)
		}
		p := w.pay(w.with(first, 100, "o1")).Payment
		if p.Source == "" {
			t.Fatalf("nothing was kept: %+v", p)
		}
		second, err := w.payments.Vault.Tokenise(ctx, w.actor, by, vault.TokenDraft{Merchant: w.profile.Merchant, Kind: vault.OfSource, Source: p.Source, Amount: eur(100), Unattended: true})
		if err != nil {
			t.Fatal(err)
		}
		got := w.pay(w.with(second, 100, "o2")).Payment
		if got.State != payment.Captured || got.Source != p.Source || got.Customer != "c1" || got.Details.Series == nil || got.Details.Series.Initiator != "MIT" || got.Amount != money.Of(100, "EUR") {
			t.Errorf("got %+v", got)
		}
	})
}

// TestTokensOfBanks pay by debit and by transfer.
func TestTokensOfBanks(t *testing.T) {
	each(t, func(w *world) {
		ctx, by := context.Background(), audit.By{Origin: "test"}
		aud := money.Of(9900, "AUD")
		for kind, draft := range map[method.Name]vault.TokenDraft{
			method.DirectDebit:  {Kind: vault.OfAccount, Email: "n@example.com", Bank: method.BankAccount{Region: "au", BankCode: "062000", Number: method.Conceal("12345678"), Holder: "N Berg"}},
			method.BankTransfer: {Kind: vault.OfTransfer},
		} {
			draft.Merchant, draft.Amount = w.profile.Merchant, aud
			made, err := w.payments.Vault.Tokenise(ctx, w.actor, by, draft)
			if err != nil {
				t.Fatal(err)
			}
			o := w.with(made, 0, ident.ID("order of "+kind))
			o.Tender.For.Amount, o.Tender.For.Cards = aud, false
			p := w.pay(o).Payment
			if p.Method != kind || p.State != payment.Pending || p.Amount != aud {
				t.Errorf("%s: got %+v", kind, p)
			}
		}
	})
}
