package settlement

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/paper"
)

// PDF is an invoice on paper.
func (b Billed) PDF() []byte {
	d := paper.New("Invoice " + b.Reference)
	d.Line(18, true, "Invoice "+b.Reference)
	d.Gap(8)
	for _, text := range addressOf(b.To) {
		d.Line(10, false, text)
	}
	d.Gap(8)
	label := []float64{0, 0.25}
	d.Row(10, false, label, "Period", b.From+" to "+b.Invoice.To)
	d.Row(10, false, label, "Issued", b.IssuedOn)
	d.Row(10, false, label, "Due", b.DueOn)
	d.Row(10, false, label, "State", string(b.State))
	d.Gap(12)
	at := []float64{0, -0.45, -0.62, -0.82, -1}
	d.Row(10, true, at, "Fees", "Count", "Each, fixed", "Tax", "Fee with tax")
	d.Rule()
	for _, it := range b.Items {
		what := itemNames[it.Kind]
		if it.Method != "" {
			what += ", " + string(it.Method)
		}
		d.Row(10, false, at, what, strconv.FormatInt(it.Count, 10), b.shown(it.Unit), b.shown(it.Tax), b.shown(it.Fee))
	}
	d.Rule()
	d.Row(10, false, at, "Tax in it", "", "", "", b.shown(b.Tax))
	d.Row(11, true, at, "Total "+string(b.Currency), "", "", "", b.shown(b.Amount))
	d.Row(10, false, at, "Paid", "", "", "", b.shown(b.Paid))
	d.Row(11, true, at, "To pay", "", "", "", b.shown(b.Amount-b.Paid))
	d.Gap(16)
	d.Line(9, false, fmt.Sprintf("Name %s with your payment.", b.Reference))
	return d.Bytes()
}

// addressOf is whom an invoice is for, a line each.
func addressOf(m merchant.Merchant) (lines []string) {
	a := m.Business.Address
	for _, parts := range [][]string{{m.Name}, {a.Unit, a.StreetNumber, a.StreetName, a.StreetType}, {a.Postcode, a.Suburb, a.City, a.State}, {a.Country}, {m.Business.TaxID}} {
		if text := strings.Join(strings.Fields(strings.Join(parts, " ")), " "); text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}

var itemNames = map[Kind]string{Payment: "Payments", Refund: "Refunds", DisputeFee: "Disputes", DisputeReversal: "Disputes won", PayoutFee: "Payouts by hand"}

func (b Billed) shown(minor int64) string {
	digits, _ := b.Currency.Exponent() // a stored currency is known
	return money.Of(minor, b.Currency).Decimal(digits)
}
