package gateway

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/florinpay/florin/core/ident"
)

// The contract's ids are 32 lower-case hex digits (sheet, section 8), the
// core's 24. The eight digits more are a check over kind and id: a mistyped id
// and a token passed where a payment is meant are unknown at once.

// idKind says what an id names on the wire.
type idKind string

const (
	paymentID idKind = "payment" // payments, captures, refunds, reversals
	tokenID   idKind = "registration"
)

func (k idKind) check(id ident.ID) string {
	sum := sha256.Sum256([]byte(string(k) + "\x00" + string(id)))
	return hex.EncodeToString(sum[:4])
}

// wire writes a core id as the contract shows it, "" for none.
func (k idKind) wire(id ident.ID) string {
	if id == "" {
		return ""
	}
	return string(id) + k.check(id)
}

// parse reads an id of the wire; false for everything that is not one of ours.
func (k idKind) parse(s string) (ident.ID, bool) {
	if len(s) != 32 {
		return "", false
	}
	id := ident.ID(s[:ident.Length])
	return id, id.Valid() && s[ident.Length:] == k.check(id)
}

// trace is the last part of an ndc: 32 hex digits that follow from what the
// answer is about, so that a repeated answer is the same.
func trace(about string) string {
	sum := sha256.Sum256([]byte("ndc\x00" + about))
	return hex.EncodeToString(sum[:16])
}

// shortID is the readable number at the head of a descriptor: dddd.dddd.dddd.
func shortID(id ident.ID) string {
	sum := sha256.Sum256([]byte("short\x00" + string(id)))
	b := make([]byte, 0, 14)
	for i := range 12 {
		if i == 4 || i == 8 {
			b = append(b, '.')
		}
		b = append(b, '0'+sum[i]%10)
	}
	return string(b)
}
