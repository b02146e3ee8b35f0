package order

import "github.com/florinpay/florin/store"

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
