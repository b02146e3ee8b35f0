package app

import (
	"strings"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/paper"
	"github.com/florinpay/florin/web/page"
)

// billWords are what stands on a bill, in the languages of payers: Invoice, Date,
// Due, To pay, Account, Reference, Pay online.
var billWords = map[string][7]string{
	"en": {"Invoice", "Date", "Due", "To pay", "Account", "Reference", "Pay online"},
	"nb": {"Faktura", "Dato", "Forfall", "Å betale", "Konto", "KID", "Betal på nett"},
	"sv": {"Faktura", "Datum", "Förfallodag", "Att betala", "Konto", "OCR/referens", "Betala på nätet"},
	"da": {"Faktura", "Dato", "Forfald", "At betale", "Konto", "Reference", "Betal på nettet"},
	"fi": {"Lasku", "Päiväys", "Eräpäivä", "Maksettava", "Tili", "Viite", "Maksa verkossa"},
	"de": {"Rechnung", "Datum", "Fällig", "Zu zahlen", "Konto", "Referenz", "Online zahlen"},
}

// bill is an invoice on paper, in the customer's language: who asks whom, for
// what, until when, and what a transfer has to name, to which account.
func (a *App) bill(inv invoice.Invoice, m merchant.Merchant, account string) []byte {
	cash := func(minor int64) string {
		return page.Money(page.Language(inv.Details.Locale), money.Of(minor, inv.Amount.Currency))
	}
	w, known := billWords[inv.Details.Locale]
	if !known {
		w = billWords["en"]
	}
	d := paper.New(w[0] + " " + inv.Number)
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
	text(w[0]+" "+inv.Number, w[1]+" "+string(invoice.DateOf(inv.CreatedAt, invoice.Zone(inv.Details.Zone))), w[2]+" "+string(inv.DueOn))
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
	d.Row(12, true, []float64{0, -1}, w[3], cash(inv.Left().Minor))
	d.Gap(10)
	if account != "" {
		text(w[4] + ": " + account)
	}
	text(w[5]+": "+inv.Payable, w[6]+": "+a.Spense.Link(inv))
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
