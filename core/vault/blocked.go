package vault

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// BlockedCard is a card that a merchant takes no money from.
type BlockedCard struct {
	ID           ident.ID
	Version      int64
	Merchant     ident.ID
	Customer     ident.ID  // who tried to pay with it, or ""
	Payment      ident.ID  // that it was blocked for
	Face         Face      // its Facts and Email are not kept
	Reason       string    // the fault code, or TooManyDeclines
	BlockedUntil time.Time // zero: for good
	UnblockedAt  time.Time // zero: it is blocked
	Notes        int64     // number of the last note
	CreatedAt    time.Time
}

// BlockedNote is something that happened to a blocked card.
type BlockedNote struct {
	Seq   int64 // 1, 2, 3 ... per card
	What  string
	Actor string
	Text  string
	At    time.Time
}

// What happens to blocked cards (april sheet, section 5.4).
const (
	NoteBlocked   = "Blocked"
	NoteUnblocked = "Unblocked"
	NoteAttempted = "Attempted" // somebody wanted to pay with it
)

// TooManyDeclines is the reason of a card that was declined so often in a day
// that somebody seems to be guessing.
const TooManyDeclines = "too_many_declines"

const (
	declinesADay = 5
	countedFor   = 24 * time.Hour
	blockedFor   = 24 * time.Hour
)

// blocking are the words of an issuer after which a card is not tried again:
// it is not in its holder's hands.
var blocking = []string{fault.DeclinedStolenCard, fault.DeclinedLostCard, fault.DeclinedRetainCard, fault.DeclinedFraudSuspected}

// Decline is a payment by card that was declined.
type Decline struct {
	Merchant ident.ID
	Customer ident.ID
	Payment  ident.ID
	Code     string // a fault code
	Face     Face   // with the card's fingerprint
}

// Declined takes note of a decline, in the transaction in which it is written
// down. A card that its issuer calls stolen, lost, to be retained or suspected
// of fraud is blocked at the merchant for good; one that was declined five
// times within a day, for a day.
func (s *Service) Declined(tx *store.Tx, d Decline) error {
	if d.Face.Fingerprint == "" || !fault.Under(d.Code, fault.Declined) {
		return nil
	}
	reason, until := d.Code, time.Time{}
	if !slices.ContainsFunc(blocking, func(word string) bool { return fault.Under(d.Code, word) }) {
		n, err := countDecline(tx, d, tx.Now().Add(-countedFor))
		if err != nil || n < declinesADay {
			return err
		}
		reason, until = TooManyDeclines, tx.Now().Add(blockedFor)
	}
	known, found, err := blockedCard(tx, d.Merchant, d.Face.Fingerprint)
	switch {
	case err != nil:
		return err
	case found && known.stands(tx.Now()) && (known.BlockedUntil.IsZero() || !until.IsZero()):
		return nil
	case found: // for a day, which is over or becomes for good
		known.BlockedUntil, known.Reason = until, reason
		note(tx, &known, NoteBlocked, "issuer", reason)
		return nil
	}
	b := BlockedCard{ID: tx.NewID(), Version: 1, Merchant: d.Merchant, Customer: d.Customer, Payment: d.Payment, Face: d.Face, Reason: reason,
		BlockedUntil: until, Notes: 1, CreatedAt: tx.Now()}
	addBlocked(tx, b)
	addNote(tx, b.ID, BlockedNote{Seq: 1, What: NoteBlocked, Actor: "issuer", Text: reason, At: tx.Now()})
	return nil
}

// stands says whether the card is blocked at a moment.
func (b BlockedCard) stands(at time.Time) bool {
	return b.UnblockedAt.IsZero() && (b.BlockedUntil.IsZero() || at.Before(b.BlockedUntil))
}

// note adds a note to a card and saves it.
func note(tx *store.Tx, b *BlockedCard, what, actor, text string) {
	b.Notes++
	addNote(tx, b.ID, BlockedNote{Seq: b.Notes, What: what, Actor: actor, Text: text, At: tx.Now()})
	saveBlocked(tx, b)
}

// unblocked says whether a merchant takes money from a card. Faults:
// declined.blocked_card.
func unblocked(tx *store.Tx, merchant ident.ID, fingerprint string) error {
	if fingerprint == "" {
		return nil
	}
	b, found, err := blockedCard(tx, merchant, fingerprint)
	if err == nil && found && b.stands(tx.Now()) {
		err = &refusedCard{fault.New(fault.DeclinedBlockedCard, "the card is blocked"), b.ID}
	}
	return err
}

// refusedCard is the fault of a card that is blocked, and which one it is.
type refusedCard struct {
	error
	card ident.ID
}

func (r *refusedCard) Unwrap() error { return r.error }

// Tried notes on a blocked card that somebody wanted to pay with it, when err
// says so, and gives err back. The transaction that found it out is undone by
// then.
func (s *Service) Tried(ctx context.Context, realm ident.ID, actor string, err error) error {
	var refused *refusedCard
	if !errors.As(err, &refused) {
		return err
	}
	if failed := s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		b, err := getBlocked(tx, refused.card)
		if err == nil {
			note(tx, &b, NoteAttempted, actor, "")
		}
		return err
	}); failed != nil {
		return failed
	}
	return err
}

// Clear says whether a merchant takes money from the card of a number, and
// notes on a blocked one that it was tried. Faults: declined.blocked_card.
func (s *Service) Clear(ctx context.Context, realm, merchant ident.ID, number method.Secret, actor string) error {
	err := s.DB.View(ctx, realm, func(tx *store.Tx) error { return unblocked(tx, merchant, s.Keys.Fingerprint(realm, number)) })
	return s.Tried(ctx, realm, actor, err)
}

// BlockedFilter says which blocked cards of a realm are looked for; what is
// empty does not matter.
type BlockedFilter struct {
	IDs         []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID // that the merchants belong to
	Customers   []ident.ID
	Payments    []ident.ID
	Brands      []string
	Last4       string
	Created     store.Span
	Page        store.Page
}

// Blocked finds cards that are blocked, a page of them, and says how many there
// are in all. Faults: invalid.sort.
func (s *Service) Blocked(ctx context.Context, realm ident.ID, f BlockedFilter) (list []BlockedCard, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchBlocked(tx, f)
		return err
	})
	return list, total, err
}

// NotesOf lists what happened to a blocked card, a page of it, and says how
// much there is in all. Faults: not_found.blocked_card, invalid.sort.
func (s *Service) NotesOf(ctx context.Context, realm, id ident.ID, p store.Page) (b BlockedCard, list []BlockedNote, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if b, err = getBlocked(tx, id); err == nil {
			list, total, err = searchNotes(tx, id, p)
		}
		return err
	})
	return b, list, total, err
}

// SweepBlocked unblocks up to limit cards whose time is up, and forgets
// declines that no longer count. It says how many it did.
func (s *Service) SweepBlocked(ctx context.Context, realm ident.ID, limit int) (done int, err error) {
	err = s.DB.Update(ctx, realm, func(tx *store.Tx) error {
		list, err := overdueBlocked(tx, tx.Now(), limit)
		if err != nil {
			return err
		}
		for i := range list {
			list[i].UnblockedAt = tx.Now()
			note(tx, &list[i], NoteUnblocked, "clock", "")
		}
		n, err := forgetDeclines(tx, tx.Now().Add(-countedFor), limit)
		done = len(list) + int(n)
		return err
	})
	return done, err
}
