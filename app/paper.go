package app

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"

	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/web/page"
)

// paper is an invoice as a PDF: plain lines of text on as many pages as it
// takes, in a font that every reader has.
func (a *App) paper(inv invoice.Invoice, m merchant.Merchant) []byte {
	cash := func(minor int64) string {
		return page.Money(page.Language(inv.Details.Locale), money.Of(minor, inv.Amount.Currency))
	}
	lines := []string{m.Name, "", "Invoice " + inv.Number, "Date " + string(invoice.DateOf(inv.CreatedAt, invoice.Zone(inv.Details.Zone))), "Due " + string(inv.DueOn), "",
		inv.Customer.Title(), inv.Customer.Address.Street, strings.TrimSpace(inv.Customer.Address.Postcode + " " + inv.Customer.Address.City), ""}
	for _, l := range inv.Details.Lines {
		if sum, ok := l.Sum(); ok && l.Kind != invoice.Subtotal {
			lines = append(lines, fmt.Sprintf("%s   %s", cash(sum), l.Description))
		}
	}
	for _, o := range inv.Details.Objects {
		lines = append(lines, strings.Join(strings.Fields(o.Plate+" "+o.Brand+" "+o.Model+" "+o.VIN), " "))
	}
	lines = append(lines, "", "To pay: "+cash(inv.Left().Minor), "Reference: "+inv.Payable, "Pay online: "+a.Spense.Link(inv), "")
	return typeset(append(lines, strings.Split(inv.Details.Comment, "\n")...))
}

// What a page of A4 holds.
const (
	paperLines = 50
	paperWidth = 90 // characters; what is longer goes on in the next line
)

// typeset writes lines as a PDF 1.7 document.
func typeset(lines []string) []byte {
	var wrapped []string
	for _, l := range lines {
		r := []rune(l)
		for ; len(r) > paperWidth; r = r[paperWidth:] {
			wrapped = append(wrapped, string(r[:paperWidth]))
		}
		wrapped = append(wrapped, string(r))
	}
	var pages [][]string
	for ; len(wrapped) > paperLines; wrapped = wrapped[paperLines:] {
		pages = append(pages, wrapped[:paperLines])
	}
	pages = append(pages, wrapped)
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	var offsets []int
	object := func(body string) {
		offsets = append(offsets, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(offsets), body)
	}
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", 4+2*i)
	}
	object("<</Type/Catalog/Pages 2 0 R>>")
	object(fmt.Sprintf("<</Type/Pages/Kids[%s]/Count %d>>", strings.Join(kids, " "), len(pages)))
	object("<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>")
	for i, p := range pages {
		var text strings.Builder
		text.WriteString("BT /F1 11 Tf 14 TL 56 786 Td\n")
		for _, l := range p {
			fmt.Fprintf(&text, "(%s) '\n", winAnsi(l))
		}
		text.WriteString("ET")
		object(fmt.Sprintf("<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents %d 0 R>>", 5+2*i))
		object(fmt.Sprintf("<</Length %d>>\nstream\n%s\nendstream", text.Len(), text.String()))
	}
	start := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&out, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&out, "trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return out.Bytes()
}

// winAnsi is a text in the font's own encoding, its brackets and backslashes
// escaped; what the font lacks is a question mark.
func winAnsi(s string) string {
	var b strings.Builder
	for _, r := range strings.ReplaceAll(s, "\u00a0", " ") {
		c, ok := charmap.Windows1252.EncodeRune(r)
		switch {
		case !ok || r < ' ':
			c = '?'
		case r == '(' || r == ')' || r == '\\':
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}
