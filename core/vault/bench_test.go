package vault

import (
	"testing"

	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/storetest"
)

func BenchmarkSealAndOpen(b *testing.B) {
	keys, err := EphemeralKeys()
	if err != nil {
		b.Fatal(err)
	}
	s := &Service{DB: storetest.Open(b, "sqlite", nil), Keys: keys}
	err = s.DB.Update(b.Context(), realmA, func(tx *store.Tx) error {
		_, err := s.Seal(tx, "card", "source-1", []byte(number))
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	err = s.DB.View(b.Context(), realmA, func(tx *store.Tx) error {
		for b.Loop() {
			sealed, err := s.Seal(tx, "card", "source-1", []byte(number))
			if err != nil {
				return err
			}
			if _, err := s.Open(tx, "card", "source-1", sealed); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkFingerprint(b *testing.B) {
	keys, err := EphemeralKeys()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		keys.Fingerprint(realmA, method.Conceal(number))
	}
}
