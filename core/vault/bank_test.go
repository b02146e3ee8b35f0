package vault

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func account(number string) *method.BankAccount {
	return &method.BankAccount{Region: "au", BankCode: "062000", Number: method.Conceal(number), Holder: "N Berg"}
}

func TestBankAccounts(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		s := newVault(t, db)
		with := func(number string) Draft {
			return Draft{Merchant: "m1", Customer: "c1", Method: method.DirectDebit, Bank: account(number), Active: true}
		}
		src, same, other := keep(t, s, realmA, with("12345678")), keep(t, s, realmA, with("12345678")), keep(t, s, realmA, with("12345670"))
		if src.Brand != "DIRECTDEBIT_AU" || src.BIN != "062000" || src.Last4 != "5678" || src.Holder != "N Berg" {
			t.Errorf("got %+v", src)
		}
		if src.Fingerprint != same.Fingerprint || src.Fingerprint == other.Fingerprint {
			t.Error("fingerprints do not tell accounts apart")
		}
		if bytes.Contains(src.sealed, []byte("12345678")) {
			t.Error("the number lies open")
		}
		if _, err := s.NewKey(ctx, realmA, staff); err != nil {
			t.Fatal(err)
		}
		if n, err := s.Reseal(ctx, realmA, 10); n != 3 || err != nil {
			t.Errorf("resealed %d, %v", n, err)
		}
		update(t, db, realmA, func(tx *store.Tx) error {
			got, err := s.RevealBank(tx, staff, src.ID)
			if err == nil && (got.Number.Reveal() != "12345678" || got.Region != "au" || got.BankCode != "062000" || got.Holder != "N Berg") {
				t.Errorf("got %+v", got)
			}
			return err
		})
		if _, err := reveal(s, realmA, src.ID); !fault.Is(err, "conflict.source_without_card") {
			t.Errorf("a card came out of a bank account: %v", err)
		}
		card := keep(t, s, realmA, draft(true))
		update(t, db, realmA, func(tx *store.Tx) error {
			if _, err := s.RevealBank(tx, staff, card.ID); !fault.Is(err, "conflict.source_without_bank_account") {
				t.Errorf("a bank account came out of a card: %v", err)
			}
			_, err := s.Delete(tx, staff, src.ID)
			return err
		})
		update(t, db, realmA, func(tx *store.Tx) error {
			if _, err := s.RevealBank(tx, staff, src.ID); !fault.Is(err, "conflict.source") {
				t.Errorf("revealed after deletion: %v", err)
			}
			return nil
		})
	})
}

func TestBankAccountsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, db *store.DB) {
		s := newVault(t, db)
		for name, c := range map[string]struct {
			d    Draft
			want string
		}{
			"no account":      {Draft{Merchant: "m1", Method: method.DirectDebit}, "invalid.source"},
			"another method":  {Draft{Merchant: "m1", Method: method.Wallet, Bank: account("12345678")}, "invalid.source"},
			"a card as well":  {Draft{Merchant: "m1", Method: method.DirectDebit, Bank: account("12345678"), Card: draft(true).Card}, "invalid.source"},
			"a wrong account": {Draft{Merchant: "m1", Method: method.DirectDebit, Bank: account("12345678901")}, "invalid.bank_account.number"},
		} {
			err := db.Update(context.Background(), realmA, func(tx *store.Tx) error { _, err := s.Add(tx, staff, c.d); return err })
			if !fault.Is(err, c.want) {
				t.Errorf("%s: got %v, want %s", name, err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "1234567") {
				t.Errorf("%s: the number is in the error", name)
			}
		}
	})
}
