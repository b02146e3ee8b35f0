package spense

import (
	"strings"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/idempotency"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/store"
)

// linkDays is how many days after its due date a payment may still be paid
// (sheet, 9).
const linkDays = 90

// create is M1: a payment is made and put before the payer at once.
func (s *Surface) create(c *call) (any, error) {
	ck := &check{}
	o := readOrder(ck, c.body)
	if err := ck.err(); err != nil {
		return nil, err
	}
	profile, err := s.profileFor(c, o.profile, o.department)
	if err != nil {
		return nil, err
	}
	m, err := s.method(c, o.method, profile.ID)
	if err != nil {
		return nil, err
	}
	d, err := s.draft(c, o, profile, m)
	if err != nil {
		return nil, err
	}
	inv, err := s.make(c, d, m)
	if err != nil {
		return nil, err
	}
	if m.Type == typeTerminal {
		if err := s.pushFirst(c, inv, m); err != nil {
			return nil, err
		}
	}
	return s.created(c, inv), nil
}

// make adds the invoice and presents it in one transaction: there is never one
// that nobody was told of.
func (s *Surface) make(c *call, d invoice.Draft, m methodView) (inv invoice.Invoice, err error) {
	once := func(tx *store.Tx) error {
		var known bool
		if inv, known, err = s.Invoices.AddIn(tx, c.actor, d); err != nil || known {
			return err
		}
		inv, err = s.Invoices.PresentIn(tx, inv, m.at())
		return err
	}
	ctx := c.r.Context()
	if err = s.DB.Update(ctx, c.actor.Realm, once); idempotency.Taken(err) {
		err = s.DB.Update(ctx, c.actor.Realm, once)
	}
	if fault.Is(err, "invalid.text") || fault.Is(err, "invalid.date") {
		err = errRange
	}
	return inv, err
}

// draft turns an order into an invoice.
func (s *Surface) draft(c *call, o order, p merchant.Profile, m methodView) (d invoice.Draft, err error) {
	cur := money.Currency(strings.ToUpper(o.currency))
	if cur == "" {
		cur = currencyOf(c.owner, p)
	}
	if !cur.Known() {
		return d, errCurrency
	}
	gross, cut, ok := o.gross.minor(cur)
	net, cutNet, okNet := o.net.minor(cur)
	if !ok || !okNet || gross.Minor < 1 || net.Minor < 1 {
		return d, errAmount
	}
	cut = cut || cutNet
	details := invoice.Details{Net: net.Minor, Objects: o.objects, Comment: o.comments, Manual: o.manual, ExpireDays: linkDays, Locale: localeOf(c.owner),
		Extra: map[string]string{}}
	for name, value := range map[string]string{extraURL: o.url, extraTerminal: o.terminalURL, extraBy: o.by, extraNumber: o.invoiceNumber} {
		if value != "" {
			details.Extra[name] = value
		}
	}
	sum := int64(0)
	for _, i := range o.items {
		line, rounded, err := i.line(cur)
		if err != nil {
			return d, err
		}
		cut = cut || rounded
		if n, ok := line.Sum(); ok {
			sum += n // a thousand of them fit an int64
		}
		details.Lines = append(details.Lines, line)
	}
	for _, in := range o.instalments {
		a, rounded, ok := in.gross.minor(cur)
		if !ok {
			return d, errAmount
		}
		cut = cut || rounded
		details.Instalments = append(details.Instalments, invoice.Instalment{DueOn: in.due, Amount: a.Minor, Reference: in.reference})
	}
	first := gross.Minor
	if len(details.Instalments) > 0 {
		first = details.Instalments[0].Amount
	}
	details.OneTry = c.test() && first%100 == rejected
	if cut || len(o.items) > 0 && sum != gross.Minor { // noted, not refused (sheet, 2.3 and 5.7)
		s.Log.Info("a payment's figures do not fit each other", "organization", c.owner.ID, "rounded", cut, "lines", sum, "total", gross.Minor)
	}
	scheme := invoice.NoReference
	if m.Type == typeInvoice {
		if scheme = invoice.Scheme(m.channel.Settings.Scheme); scheme == invoice.NoReference {
			scheme = invoice.Mod10
		}
	}
	return invoice.Draft{Idempotency: s.key(c), Profile: p, Number: o.invoiceNumber, Reference: o.reference, Order: o.number, Scheme: scheme,
		Customer: o.customer, Amount: gross, DueOn: o.due, Details: details}, nil
}

// What the contract keeps with an invoice.
const (
	extraURL      = "callback"
	extraTerminal = "terminal callback"
	extraBy       = "created by"
	extraNumber   = "invoice number" // as the merchant gave it
)

// currencyOf is an organisation's own currency: the profile's first, else its
// country's.
func currencyOf(m merchant.Merchant, p merchant.Profile) money.Currency {
	if len(p.Settings.Currencies) > 0 {
		return p.Settings.Currencies[0]
	}
	if c, ok := map[string]money.Currency{"NO": "NOK", "SE": "SEK", "DK": "DKK"}[strings.ToUpper(m.Country)]; ok {
		return c
	}
	return "EUR"
}

// localeOf is the language in which an organisation's customers are written to.
func localeOf(m merchant.Merchant) string {
	if l, ok := map[string]string{"NO": "nb", "SE": "sv", "DK": "da", "FI": "fi", "DE": "de"}[strings.ToUpper(m.Country)]; ok {
		return l
	}
	return "en"
}
