package vault

import (
	"context"

	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store"
)

// Service keeps sources. Methods that take a transaction are part of what the
// caller does in it; the others run one of their own.
type Service struct {
	DB   *store.DB
	Keys *Keys
	Log  *event.Log

	ring  keyring
	codes codes
}

// Add keeps a source, pending unless the draft says otherwise, and seals its
// number. An active one writes the event source.created; a pending one waits
// with that until Activate.
// Faults: invalid.source, those of method.BankAccount.Check, invalid.card.
func (s *Service) Add(tx *store.Tx, by audit.By, d Draft) (Source, error) {
	if err := d.check(); err != nil {
		return Source{}, err
	}
	now := tx.Now()
	src := Source{ID: tx.NewID(), Version: 1, Merchant: d.Merchant, Customer: d.Customer, Method: d.Method, Brand: d.Card.Brand,
		Holder: d.Card.Holder, ExpiryMonth: d.Card.ExpiryMonth, ExpiryYear: d.Card.ExpiryYear, SchemeRef: d.SchemeRef,
		State: Pending, CreatedAt: now, ExpiresAt: now.AddDate(0, 0, pendingDays), Keeping: d.Keeping}
	if number := d.Card.Number; !number.Empty() {
		n := number.Reveal()
		src.BIN, src.Last4 = n[:6], n[len(n)-4:]
		src.Fingerprint = s.Keys.Fingerprint(tx.Realm(), number)
		sealed, err := s.Seal(tx, "card", src.ID, []byte(n))
		if err != nil {
			return Source{}, err
		}
		src.sealed, src.KeyVersion = sealed.Bytes, sealed.Version
	}
	if d.Bank != nil {
		if err := s.sealBank(tx, &src, *d.Bank); err != nil {
			return Source{}, err
		}
	}
	if d.Active {
		s.open(tx, &src)
		if err := s.tell(tx, &src, "source.created"); err != nil {
			return Source{}, err
		}
	}
	addSource(tx, src)
	audit.Add(tx, by, "source.add", src.ID, "ok")
	return src, nil
}

// open makes src usable and gives it its full life.
func (s *Service) open(tx *store.Tx, src *Source) {
	src.State = Active
	src.ExpiresAt = life(src.ExpiryMonth, src.ExpiryYear, tx.Now(), keepMonths)
}

// Activate makes a pending source usable and remembers the scheme's reference
// of the payment that proved it, if there is one. On an active source it only
// does the latter. Writes the event source.created.
// Faults: not_found.source, conflict.source (deleted).
func (s *Service) Activate(tx *store.Tx, by audit.By, id ident.ID, schemeRef string) (Source, error) {
	src, err := live(tx, id)
	if err != nil {
		return Source{}, err
	}
	if src.State == Active && (schemeRef == "" || schemeRef == src.SchemeRef) {
		return src, nil
	}
	if schemeRef != "" {
		src.SchemeRef = schemeRef
	}
	if src.State == Pending {
		s.open(tx, &src)
		if err := s.tell(tx, &src, "source.created"); err != nil {
			return Source{}, err
		}
		audit.Add(tx, by, "source.activate", id, "ok")
	}
	saveSource(tx, &src)
	return src, nil
}

// Extend lengthens an active source's life to 24 months after the card's
// expiry. A repeat changes nothing. Writes the event source.extended.
// Faults: not_found.source, conflict.source (deleted, pending).
func (s *Service) Extend(tx *store.Tx, by audit.By, id ident.ID) (Source, error) {
	src, err := live(tx, id)
	if err != nil {
		return Source{}, err
	}
	if src.State != Active {
		return Source{}, fault.New("conflict.source", "the payment source is not active yet")
	}
	until := life(src.ExpiryMonth, src.ExpiryYear, src.CreatedAt, extendMonths)
	if !until.After(src.ExpiresAt) {
		return src, nil
	}
	src.ExpiresAt = until
	if err := s.tell(tx, &src, "source.extended"); err != nil {
		return Source{}, err
	}
	saveSource(tx, &src)
	audit.Add(tx, by, "source.extend", id, "ok")
	return src, nil
}

// Delete wipes the sealed number and the holder's name and closes the source
// for good. The rest of the row stays, for the payments that name it. A source
// that was active writes the event source.deleted.
// Faults: not_found.source, conflict.source (deleted already).
func (s *Service) Delete(tx *store.Tx, by audit.By, id ident.ID) (Source, error) {
	src, err := live(tx, id)
	if err != nil {
		return Source{}, err
	}
	return src, s.wipe(tx, by, &src)
}

func (s *Service) wipe(tx *store.Tx, by audit.By, src *Source) error {
	wasActive := src.State == Active
	src.State, src.sealed, src.KeyVersion, src.Holder, src.Fingerprint = Deleted, nil, 0, "", ""
	if wasActive {
		if err := s.tell(tx, src, "source.deleted"); err != nil {
			return err
		}
	}
	saveSource(tx, src)
	audit.Add(tx, by, "source.delete", src.ID, "ok")
	return nil
}

// Reveal opens a source's card for the one who sends it to a provider, and
// writes that into the audit trail.
// Faults: not_found.source, conflict.source (deleted, or its time is up),
// conflict.source_without_card, internal.
func (s *Service) Reveal(tx *store.Tx, by audit.By, id ident.ID) (Card, error) {
	src, err := live(tx, id)
	if err != nil {
		return Card{}, err
	}
	if !tx.Now().Before(src.ExpiresAt) {
		return Card{}, fault.New("conflict.source", "the payment source's time is up")
	}
	if len(src.sealed) == 0 || src.purpose() != "card" {
		return Card{}, fault.New("conflict.source_without_card", "the payment source holds no card")
	}
	plain, err := s.Open(tx, "card", src.ID, Sealed{Version: src.KeyVersion, Bytes: src.sealed})
	if err != nil {
		return Card{}, err
	}
	audit.Add(tx, by, "source.reveal", id, "ok")
	return Card{Number: method.Conceal(string(plain)), Holder: src.Holder, ExpiryMonth: src.ExpiryMonth, ExpiryYear: src.ExpiryYear, Brand: src.Brand}, nil
}

// Find reads a source inside a transaction. Faults: not_found.source.
func Find(tx *store.Tx, id ident.ID) (Source, error) { return getSource(tx, id) }

// Get reads a source, deleted ones too. Faults: not_found.source.
func (s *Service) Get(ctx context.Context, realm, id ident.ID) (src Source, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		src, err = getSource(tx, id)
		return err
	})
	return src, err
}

// Of lists a customer's active sources, newest first, up to limit.
func (s *Service) Of(ctx context.Context, realm, customer ident.ID, limit int) (list []Source, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, err = sourcesOf(tx, customer, limit)
		return err
	})
	return list, err
}

// live reads a source that is not deleted.
func live(tx *store.Tx, id ident.ID) (Source, error) {
	src, err := getSource(tx, id)
	if err == nil && src.State == Deleted {
		err = fault.New("conflict.source", "the payment source is deleted")
	}
	return src, err
}

// tell writes an event about src, numbered after the last one.
func (s *Service) tell(tx *store.Tx, src *Source, what string) error {
	src.Events++
	return s.Log.Add(tx, event.Event{Object: src.ID, Seq: src.Events, Type: what, Merchant: src.Merchant, Subject: *src})
}
