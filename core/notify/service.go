package notify

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Carrier hands a parcel over and returns the carrier's own name for it, if it
// has one. A fault under declined means that the parcel will never be taken;
// any other error that it may be taken later.
type Carrier func(ctx context.Context, p Parcel) (reference string, err error)

// Service takes, keeps and delivers messages.
type Service struct {
	DB     *store.DB
	Events *event.Log
	Vault  *vault.Service

	Email    Carrier  // nil: this installation sends no e-mail
	SMS      Carrier  // nil: it sends no SMS
	Allowed  []string // addresses, @domains and numbers to which test realms really send
	Prefixes []string // of numbers that an SMS may go to: +47; none means all
	Limits   Limits

	Money func(locale string, a money.Amount) string
	Date  func(locale string, t time.Time) string
}

// Limits are how many messages may be sent. Messages that are held in a test
// realm may be ten times as many.
type Limits struct {
	AddressHour, AddressDay   int64 // to one address or number, within one realm
	MerchantHour, MerchantDay int64 // on behalf of one merchant
}

// Usual are the limits unless the operator sets others.
var Usual = Limits{AddressHour: 10, AddressDay: 30, MerchantHour: 1000, MerchantDay: 10000}

const (
	deliverJob = "notify.deliver"
	purpose    = "message" // for which the vault seals
	life       = 24 * time.Hour
)

// Register hands the job of this package to the queue.
func (s *Service) Register(q *job.Queue) { q.Handle(deliverJob, s.deliver) }

// Send takes a message in the caller's transaction: with it the message is
// there and will be delivered, or neither. Faults, in the order checked:
// invalid.channel, invalid.address, invalid.phone, forbidden.country (not a
// number that this installation writes to), unavailable.channel (a live realm,
// and no carrier is set up), invalid.template, invalid.words, invalid.link,
// invalid.subject, invalid.text, invalid.attachment, limited.address,
// limited.merchant.
func (s *Service) Send(tx *store.Tx, d Draft) (Message, error) {
	to, err := destination(d.Channel, d.To)
	if err != nil {
		return Message{}, err
	}
	env, err := access.EnvironmentIn(tx)
	if err != nil {
		return Message{}, err
	}
	held := env == access.Test && !s.allows(to)
	if err := s.open(d.Channel, to, held); err != nil {
		return Message{}, err
	}
	c, err := s.compose(d)
	if err != nil {
		return Message{}, err
	}
	if err := s.count(tx, to, d.Merchant, held); err != nil {
		return Message{}, err
	}
	m := Message{Realm: tx.Realm(), ID: tx.NewID(), Version: 1, Merchant: d.Merchant, Object: d.Object, Channel: d.Channel, To: to, Template: d.Template,
		Locale: Locale(d.Locale), State: Queued, CreatedAt: tx.Now(), UpdatedAt: tx.Now(), Until: d.Until}
	if m.Until.IsZero() {
		m.Until = tx.Now().Add(life)
	}
	if held {
		m.State = Held
	}
	if err := s.seal(tx, &m, c); err != nil {
		return Message{}, err
	}
	if m.State == Queued {
		job.Add(tx, deliverJob, m.ID, tx.Now())
	}
	m.Events++
	addMessage(tx, m)
	return m, s.tell(tx, m)
}

// allows says whether a test realm really sends to an address or number.
func (s *Service) allows(to string) bool {
	return slices.ContainsFunc(s.Allowed, func(a string) bool {
		return strings.EqualFold(a, to) || strings.HasPrefix(a, "@") && strings.HasSuffix(strings.ToLower(to), strings.ToLower(a))
	})
}

// open says whether the way to an address or number is open.
func (s *Service) open(ch Channel, to string, held bool) error {
	reaches := func(prefix string) bool { return strings.HasPrefix(to, prefix) }
	if ch == SMS && len(s.Prefixes) > 0 && !slices.ContainsFunc(s.Prefixes, reaches) {
		return fault.At("forbidden.country", "to", "no SMS is sent to numbers of this country")
	}
	if !held && s.carrier(ch) == nil {
		return fault.New("unavailable.channel", "this installation sends no %s", ch)
	}
	return nil
}

func (s *Service) carrier(ch Channel) Carrier {
	if ch == SMS {
		return s.SMS
	}
	return s.Email
}

// count adds the message to the counts of its address and its merchant.
func (s *Service) count(tx *store.Tx, to string, merchant ident.ID, held bool) error {
	l, factor := s.Limits, int64(1)
	if l == (Limits{}) {
		l = Usual
	}
	if held {
		factor = 10
	}
	for _, c := range []struct {
		code, scope, text string
		per               time.Duration
		limit             int64
	}{
		{"limited.address", "to " + strings.ToLower(to), "this address or number", time.Hour, l.AddressHour},
		{"limited.address", "to " + strings.ToLower(to), "this address or number", 24 * time.Hour, l.AddressDay},
		{"limited.merchant", "for " + string(merchant), "this merchant", time.Hour, l.MerchantHour},
		{"limited.merchant", "for " + string(merchant), "this merchant", 24 * time.Hour, l.MerchantDay},
	} {
		n, err := addCount(tx, fmt.Sprintf("%s %s", c.scope, c.per), tx.Now().Truncate(c.per))
		if err != nil {
			return err
		}
		if n > c.limit*factor {
			return fault.New(c.code, "%s gets no more messages for now: %d in %s are the most", c.text, c.limit*factor, c.per)
		}
	}
	return nil
}

func (s *Service) seal(tx *store.Tx, m *Message, c Content) error {
	plain, err := json.Marshal(c)
	if err != nil {
		return fault.Wrap(err, "a message's content")
	}
	sealed, err := s.Vault.Seal(tx, purpose, m.ID, plain)
	m.sealed, m.keyVersion = sealed.Bytes, sealed.Version
	return err
}

// content opens what a message says; nothing when it is forgotten.
func (s *Service) content(tx *store.Tx, m Message) (c Content, err error) {
	if len(m.sealed) == 0 {
		return c, nil
	}
	plain, err := s.Vault.Open(tx, purpose, m.ID, vault.Sealed{Version: m.keyVersion, Bytes: m.sealed})
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	return c, err
}

// tell writes what became of a message, without saying to whom it went.
func (s *Service) tell(tx *store.Tx, m Message) error {
	return s.Events.Add(tx, event.Event{Object: m.ID, Seq: m.Events, Type: "message." + string(m.State), Merchant: m.Merchant,
		Data: fmt.Sprintf(`{"channel":%q,"template":%q,"object":%q}`, m.Channel, m.Template, m.Object), Subject: m})
}

// Kept is a message with what it says.
type Kept struct {
	Message
	Content
}

// Filter says which messages are looked for; what is empty does not matter.
type Filter struct {
	Merchant ident.ID
	Object   ident.ID
	To       string
	Below    ident.ID // older than this one
}

// List finds messages, newest first, at most limit.
func (s *Service) List(ctx context.Context, realm ident.ID, f Filter, limit int) (list []Kept, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		found, err := findMessages(tx, f, limit)
		if err != nil {
			return err
		}
		list = nil
		for _, m := range found {
			c, err := s.content(tx, m)
			if err != nil {
				return err
			}
			list = append(list, Kept{m, c})
		}
		return nil
	})
	return list, err
}

// Get finds a message. Faults: not_found.message.
func (s *Service) Get(ctx context.Context, realm, id ident.ID) (k Kept, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if k.Message, err = getMessage(tx, id); err != nil {
			return err
		}
		k.Content, err = s.content(tx, k.Message)
		return err
	})
	return k, err
}
