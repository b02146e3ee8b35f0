package app

import (
	"strings"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/paper"
	"github.com/florinpay/florin/web/page"
)

// bill is an invoice on paper: who asks whom, for what, until when, and what a
// transfer has to name, to which account. Words stand in English; amounts as the customer reads
// them.
func (a *App) bill(inv invoice.Invoice, m merchant.Merchant, account string) []byte {
	cash := func(minor int64) string {
		return page.Money(page.Language(inv.Details.Locale), money.Of(minor, inv.Amount.Currency))
	}
	d := paper.New("Invoice " + inv.Number)
	d.Line(16, true, m.Name)
	d.Gap(10)
	text := func(lines ...string) {
		for _, l := range lines {
			if l = strings.TrimSpace(l); l != "" {
				d.Line(10, false, short(l))
			}
		}
	}
	to := inv.Customer.Address
	text(inv.Customer.Title(), to.CareOf, to.Street, to.Second, to.Postcode+" "+to.City, to.Country)
	d.Gap(10)
	text("Invoice "+inv.Number, "Date "+string(invoice.DateOf(inv.CreatedAt, invoice.Zone(inv.Details.Zone))), "Due "+string(inv.DueOn))
	for _, o := range inv.Details.Objects {
		text(strings.Join(strings.Fields(o.Plate+" "+o.Brand+" "+o.Model+" "+o.Year+" "+o.VIN), " "))
	}
	d.Rule()
	for _, l := range inv.Details.Lines {
		if sum, ok := l.Sum(); ok {
			amount := cash(sum)
			if l.Kind == invoice.Subtotal {
				amount = ""
			}
			d.Row(10, l.Kind == invoice.Subtotal, []float64{0, -1}, short(l.Description), amount)
		}
	}
	d.Rule()
	d.Row(12, true, []float64{0, -1}, "To pay", cash(inv.Left().Minor))
	d.Gap(10)
	if account != "" {
		text("Account: " + account)
	}
	text("Reference: "+inv.Payable, "Pay online: "+a.Spense.Link(inv))
	text(strings.Split(inv.Details.Comment, "\n")...)
	return d.Bytes()
}

// short keeps a line on the page.
func short(s string) string {
	if r := []rune(s); len(r) > 80 {
		return string(r[:79]) + "…"
	}
	return s
}
