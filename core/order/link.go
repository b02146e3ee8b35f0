package order

import (
	"context"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/store"
)

// Link is how an order is put before a payer who is not at the merchant's
// checkout: by the address of a page of ours. The address itself is not kept;
// who knows the order's id and our key can make it again.
type Link struct {
	Email     string `json:"email,omitempty"` // where the link goes, or ""
	Phone     string `json:"phone,omitempty"` // in E.164 form, or ""
	SendEmail bool   `json:"sendEmail,omitempty"`
	SendSMS   bool   `json:"sendSms,omitempty"`
	SentEmail bool   `json:"sentEmail,omitempty"` // the message was taken
	SentSMS   bool   `json:"sentSms,omitempty"`
	Redirect  string `json:"redirect,omitempty"` // the merchant's page that the payer goes on to, or ""
}

// Line is a line of an invoice (april sheet, 3.6). Amounts are minor units of
// the order's currency; like items, lines need not add up to the order.
type Line struct {
	Description string `json:"description,omitempty"`
	Category    string `json:"category,omitempty"`
	UnitPrice   string `json:"unitPrice,omitempty"` // as it came
	Count       int64  `json:"count,omitempty"`
	Fee         int64  `json:"fee,omitempty"`
	Tax         int64  `json:"tax,omitempty"`
	Total       int64  `json:"total,omitempty"`
}

// Linked says whether the order is paid on a page of ours.
func (o Order) Linked() bool { return o.Details.Link != nil }

// invite puts a new order before its payer, if it is to be and anybody can.
func (s *Service) invite(tx *store.Tx, o *Order) error {
	if s.Invite == nil || !o.Linked() || !o.Details.Link.SendEmail && !o.Details.Link.SendSMS {
		return nil
	}
	link := *o.Details.Link // the caller's own must not change when this runs again
	var err error
	link.SentEmail, link.SentSMS, err = s.Invite(tx, *o)
	o.Details.Link = &link
	return err
}

// Resend puts an order before its payer once more, wherever the merchant has
// said that the payer can be written to. Faults: forbidden.permission,
// not_found.order, conflict.order.unlinked (there is no link, or nowhere to send
// it), those of payable, those of Invite.
func (s *Service) Resend(ctx context.Context, actor access.Actor, id ident.ID) (Order, error) {
	return s.change(ctx, actor, access.Pay, id, func(tx *store.Tx, o *Order) (string, error) {
		if !o.Linked() || o.Details.Link.Email == "" && o.Details.Link.Phone == "" {
			return "", fault.New("conflict.order.unlinked", "the order has no link that could be sent to anybody")
		}
		if err := o.payable(tx.Now()); err != nil {
			return "", err
		}
		link := *o.Details.Link
		link.SendEmail, link.SendSMS = link.Email != "", link.Phone != ""
		o.Details.Link = &link
		return "order.updated", s.invite(tx, o)
	})
}
