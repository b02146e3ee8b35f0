package app

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/paper"
	webcheckout "github.com/florinpay/florin/web/checkout"
)

// invoiceView shows an invoice as a picture to whoever has its address, which
// cannot be guessed (contract sheet media, 7: invoiceHotelUrl).
func (a *App) invoiceView(w http.ResponseWriter, r *http.Request) {
	inv, realm, _, err := a.Invoices.ByKey(r.Context(), chi.URLParam(r, "key"))
	if err != nil {
		a.answered(webcheckout.ShowNowhere(w, r))
		return
	}
	_, m, err := a.Merchants.Get(r.Context(), realm, inv.Profile)
	if err != nil {
		a.Log.Error("invoice not shown", "invoice", inv.ID, "err", err)
		a.answered(webcheckout.ShowUnread(w, r))
		return
	}
	w.Header().Set("Content-Type", "application/pdf")
	w.Header().Set("Content-Disposition", `inline; filename="invoice.pdf"`)
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(invoicePaper(m.Name, inv).Bytes()) // a reader who went away is nobody's fault
}

func invoicePaper(seller string, inv invoice.Invoice) *paper.Document {
	d := paper.New("Invoice " + inv.Number)
	d.Line(18, true, seller)
	d.Gap(12)
	row := func(name, value string) {
		if value != "" {
			d.Row(11, false, []float64{0, 0.35}, name, value)
		}
	}
	row("Invoice", inv.Number)
	row("To", inv.Customer.Title())
	row("Date", string(invoice.DateOf(inv.CreatedAt, invoice.Zone(inv.Details.Zone))))
	row("Due", string(inv.DueOn))
	row("Payment reference", inv.Payable)
	d.Gap(12)
	d.Rule()
	for _, l := range inv.Details.Lines {
		sum, _ := l.Sum()
		total := inv.Amount
		total.Minor = sum
		d.Row(11, false, []float64{0, -1}, l.Description, total.Decimal(2))
	}
	d.Rule()
	d.Row(12, true, []float64{0, -1}, "Total", inv.Amount.Decimal(2)+" "+string(inv.Amount.Currency))
	if left := inv.Left(); left != inv.Amount {
		d.Row(12, true, []float64{0, -1}, "Still due", left.Decimal(2)+" "+string(left.Currency))
	}
	return d
}
