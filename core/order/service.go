package order

import (
	"context"
	"encoding/json"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// Service is what callers may ask about orders.
type Service struct {
	DB     *store.DB
	Events *event.Log
	// Invite writes to the payer of an order with a link, in the transaction that
	// makes the order, and says what was taken: an e-mail, an SMS. Nil: nobody is
	// written to.
	Invite func(tx *store.Tx, o Order) (email, sms bool, err error)
}

// Create makes an order. Of o, what says who is to pay what is taken: its id,
// state and times are not, but for ExpiresAt.
// Faults: forbidden.permission, not_found.merchant, invalid.order,
// invalid.amount, invalid.currency, invalid.expiry (it is over already), and
// those of Invite.
func (s *Service) Create(ctx context.Context, actor access.Actor, o Order) (out Order, err error) {
	if err := permitted(actor, access.Pay, o.Merchant); err != nil {
		return Order{}, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		out, err = s.Add(tx, o)
		return err
	})
	return out, err
}

// Add makes an order in the caller's transaction, which has decided who may.
// Faults: those of Create but for the first two.
func (s *Service) Add(tx *store.Tx, o Order) (Order, error) {
	if err := o.check(); err != nil {
		return Order{}, err
	}
	now := tx.Now()
	if o.Over(now) {
		return Order{}, fault.At("invalid.expiry", "expiresAt", "an order cannot end before it is made")
	}
	o.ID, o.Version, o.Seq, o.State, o.CreatedAt, o.UpdatedAt = tx.NewID(), 1, 1, Created, now, now
	if o.Type == "" {
		o.Type = Online
	}
	if !o.ExpiresAt.IsZero() {
		job.Add(tx, "order.expire", o.ID, o.ExpiresAt)
	}
	if err := s.invite(tx, &o); err != nil {
		return Order{}, err
	}
	if err := addOrder(tx, o); err != nil {
		return Order{}, err
	}
	return o, s.tell(tx, o, "order.created")
}

// permitted: an actor without a say over the merchant sees as little of it as of
// one that does not exist.
func permitted(actor access.Actor, need access.Permission, merchant ident.ID) error {
	if err := actor.Need(need); err != nil {
		return err
	}
	return actor.NeedMerchant(merchant)
}

// tell writes the event that an order's last change is; its number is in Seq.
func (s *Service) tell(tx *store.Tx, o Order, typ string) error {
	data, err := json.Marshal(struct {
		State    State          `json:"state"`
		Payment  ident.ID       `json:"payment,omitempty"`
		Amount   int64          `json:"amount"`
		Currency money.Currency `json:"currency"`
	}{o.State, o.Payment, o.Amount.Minor, o.Amount.Currency})
	if err != nil {
		return fault.Wrap(err, "an order's event")
	}
	return s.Events.Add(tx, event.Event{Object: o.ID, Seq: o.Seq, Type: typ, Merchant: o.Merchant, Data: string(data), Subject: o})
}

// Find finds an order of the realm; the caller judges who may see it.
// Faults: not_found.order.
func (s *Service) Find(ctx context.Context, realm, id ident.ID) (o Order, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		o, err = getOrder(tx, id)
		return err
	})
	return o, err
}

// Payable says whether an order can be paid now, and shows it. It is only a
// look: Claim decides. Faults: not_found.order, conflict.order.paid,
// conflict.order.cancelled, conflict.order.busy, conflict.order.expired.
func (s *Service) Payable(ctx context.Context, realm, id ident.ID) (o Order, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		if o, err = getOrder(tx, id); err != nil {
			return err
		}
		return o.payable(tx.Now())
	})
	return o, err
}

// In finds orders by their ids in the caller's transaction, which has decided
// who may see them. What does not exist is left out.
func In(tx *store.Tx, ids ...ident.ID) (map[ident.ID]Order, error) { return byIDs(tx, ids) }

// Filter says which orders of a realm are looked for; what is nil or empty does
// not matter. The caller has narrowed Merchants to those that may be seen.
type Filter struct {
	IDs         []ident.ID
	Merchants   []ident.ID
	Marketplace ident.ID
	Customers   []ident.ID
	References  []string
	Email       string
	Types       []Type
	States      []State
	Amount      *int64
	Created     store.Span
	Page        store.Page
}

// Search finds orders, a page of them, and says how many there are in all. An
// order whose time is over counts as expired only once its job has said so.
// Faults: invalid.sort.
func (s *Service) Search(ctx context.Context, realm ident.ID, f Filter) (list []Order, total int64, err error) {
	err = s.DB.View(ctx, realm, func(tx *store.Tx) error {
		list, total, err = searchOrders(tx, f)
		return err
	})
	return list, total, err
}

// Rename gives an order another reference; payments that were made keep the one
// they were made under. Faults: forbidden.permission, invalid.order,
// not_found.order.
func (s *Service) Rename(ctx context.Context, actor access.Actor, id ident.ID, reference string) (Order, error) {
	if reference == "" {
		return Order{}, fault.At("invalid.order", "reference", "an order needs a reference")
	}
	return s.change(ctx, actor, access.Pay, id, func(tx *store.Tx, o *Order) (string, error) {
		if o.Reference == reference {
			return "", nil
		}
		o.Reference = reference
		return "order.updated", nil
	})
}

// Cancel ends an order that is not paid. A second call changes nothing.
// Faults: forbidden.permission, not_found.order, conflict.order.paid,
// conflict.order.busy (a payment is under way, or holds the money: void it),
// conflict.order.expired.
func (s *Service) Cancel(ctx context.Context, actor access.Actor, id ident.ID) (Order, error) {
	return s.change(ctx, actor, access.Pay, id, func(tx *store.Tx, o *Order) (string, error) {
		if o.State == Cancelled {
			return "", nil
		}
		if err := o.payable(tx.Now()); err != nil {
			return "", err
		}
		o.State = Cancelled
		return "order.cancelled", nil
	})
}

// change does something to an order, and tells the event that do names; none
// when do has changed nothing.
func (s *Service) change(ctx context.Context, actor access.Actor, need access.Permission, id ident.ID, do func(tx *store.Tx, o *Order) (string, error)) (o Order, err error) {
	if err := actor.Need(need); err != nil {
		return Order{}, err
	}
	err = s.DB.Update(ctx, actor.Realm, func(tx *store.Tx) error {
		if o, err = getOrder(tx, id); err != nil {
			return err
		}
		if actor.NeedMerchant(o.Merchant) != nil {
			return missing()
		}
		typ, err := do(tx, &o)
		if err != nil || typ == "" {
			return err
		}
		return s.save(tx, &o, typ)
	})
	return o, err
}

// save writes a changed order over the version it was read at, and the event.
func (s *Service) save(tx *store.Tx, o *Order, typ string) error {
	o.UpdatedAt = tx.Now()
	o.Seq++
	if err := saveOrder(tx, *o); err != nil {
		return err
	}
	o.Version++
	return s.tell(tx, *o, typ)
}
