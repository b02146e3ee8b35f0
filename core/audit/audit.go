// Package audit is the trail of who touched what must not be touched
// unnoticed: card data, keys, settings. Entries are written in the transaction
// of the act they tell of, numbered without gap per realm and chained by hash,
// so that a changed, dropped or slipped-in entry shows (Verify).
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// By is who acts: the key or the staff member, and where from (a surface and
// a client address, a job's name).
type By struct {
	Actor  string
	Origin string
}

// Entry is one line of the trail. It never holds the data that was touched.
type Entry struct {
	Seq     int64 // 1, 2, 3 ... per realm
	At      time.Time
	By      By
	Action  string // a noun, a dot, a verb: source.reveal
	Object  ident.ID
	Outcome string // ok, or the code of the fault
	Hash    string
}

// Add writes an entry with the transaction. It is chained when the batch
// commits, so many entries of one moment cost one read of the chain's head.
func Add(tx *store.Tx, by By, action string, object ident.ID, outcome string) {
	tx.Gather(gatherer, Entry{At: tx.Now(), By: by, Action: action, Object: object, Outcome: outcome})
}

var gatherer = &store.Gatherer{Name: "audit", Flush: chain}

// chain numbers and chains the entries of a realm and batch.
func chain(tx *store.Tx, items []any) error {
	h, err := takeHead(tx)
	if err != nil {
		return err
	}
	for _, item := range items {
		e := item.(Entry)
		h.seq++
		e.Seq = h.seq
		h.hash = digest(tx.Realm(), h.hash, e)
		e.Hash = h.hash
		addEntry(tx, e)
	}
	saveHead(tx, h)
	return nil
}

// digest is the SHA-256, in hex, of the hash before and of the entry's text.
// Quoting keeps the fields apart whatever they hold.
func digest(realm ident.ID, before string, e Entry) string {
	text := fmt.Sprintf("%s %q %d %d %q %q %q %q %q", before, realm, e.Seq, e.At.UnixMilli(), e.By.Actor, e.By.Origin, e.Action, e.Object, e.Outcome)
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// List returns up to limit entries before number below (0: the newest), newest
// first.
func List(ctx context.Context, db *store.DB, realm ident.ID, below int64, limit int) (entries []Entry, err error) {
	err = db.View(ctx, realm, func(tx *store.Tx) error {
		entries, err = entriesBelow(tx, below, limit)
		return err
	})
	return entries, err
}

// Verify walks the realm's trail in pages and returns the first thing that is
// wrong in words, or "". An entry cut off the end shows against the head row;
// whoever can rewrite the whole trail and its head can only be caught by a
// copy of the head's hash kept elsewhere.
func Verify(ctx context.Context, db *store.DB, realm ident.ID) (wrong string, err error) {
	err = db.Snapshot(ctx, realm, func(tx *store.Tx) error {
		wrong, err = verify(tx)
		return err
	})
	return wrong, err
}

const page = 1000

func verify(tx *store.Tx) (string, error) {
	seq, hash := int64(0), ""
	for {
		entries, err := entriesAbove(tx, seq, page)
		if err != nil {
			return "", err
		}
		for _, e := range entries {
			if e.Seq != seq+1 {
				return fmt.Sprintf("entry %d is missing", seq+1), nil
			}
			if digest(tx.Realm(), hash, e) != e.Hash {
				return fmt.Sprintf("entry %d was changed", e.Seq), nil
			}
			seq, hash = e.Seq, e.Hash
		}
		if len(entries) < page {
			break
		}
	}
	h, err := getHead(tx)
	if err == nil && (h.seq != seq || h.hash != hash) {
		return fmt.Sprintf("the trail ends at entry %d, but its head says %d", seq, h.seq), nil
	}
	return "", err
}
