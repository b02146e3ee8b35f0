// Package paper writes plain documents as PDF: lines of text in Helvetica on A4
// pages, rules between them, and nothing else. It knows the characters of
// Windows-1252; what lies beyond becomes a question mark. The same document is
// always the same bytes. What stands on the page is its callers' business.
package paper

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/text/encoding/charmap"
)

// The page, in points: A4 with its margins.
const (
	width  = 595
	height = 842
	margin = 56
	leap   = 1.45 // from one line to the next, in sizes of the letters
)

// Document is a PDF in the making, written from the top down.
type Document struct {
	title string
	pages []*bytes.Buffer
	y     float64
}

// New begins a document. The title is shown by readers, not on the page.
func New(title string) *Document {
	d := &Document{title: title}
	d.turn()
	return d
}

func (d *Document) turn() {
	d.pages = append(d.pages, &bytes.Buffer{})
	d.y = height - margin
}

func (d *Document) page() *bytes.Buffer { return d.pages[len(d.pages)-1] }

// room moves down by one line of a size, to the next page when this one is full.
func (d *Document) room(size float64) {
	if d.y-size*leap < margin {
		d.turn()
	}
	d.y -= size * leap
}

// Line writes a line of text in a size of points.
func (d *Document) Line(size float64, bold bool, text string) {
	d.room(size)
	d.write(margin, size, bold, text)
}

// Row writes cells side by side: each begins at its share of the page's width
// (0 to 1), or ends there when the share is negative.
func (d *Document) Row(size float64, bold bool, at []float64, cells ...string) {
	d.room(size)
	for i, text := range cells {
		if i == len(at) {
			return
		}
		x := margin + at[i]*(width-2*margin)
		if at[i] < 0 {
			x = margin - at[i]*(width-2*margin) - measure(text, bold)*size
		}
		d.write(x, size, bold, text)
	}
}

// Gap leaves points of the page empty.
func (d *Document) Gap(points float64) { d.y -= points }

// Rule draws a line across the page.
func (d *Document) Rule() {
	d.room(4)
	fmt.Fprintf(d.page(), "%d %.1f m %d %.1f l 0.5 w S\n", margin, d.y, width-margin, d.y)
}

func (d *Document) write(x, size float64, bold bool, text string) {
	font := "F1"
	if bold {
		font = "F2"
	}
	fmt.Fprintf(d.page(), "BT /%s %.1f Tf %.1f %.1f Td (%s) Tj ET\n", font, size, x, d.y, escape(encode(text)))
}

// encode puts text into Windows-1252.
func encode(text string) []byte {
	out := make([]byte, 0, len(text))
	for _, r := range text {
		b, ok := charmap.Windows1252.EncodeRune(r)
		if !ok || b < ' ' {
			b = '?'
		}
		out = append(out, b)
	}
	return out
}

// escape makes bytes the inside of a PDF string.
func escape(text []byte) string {
	return strings.NewReplacer(`\`, `\\`, `(`, `\(`, `)`, `\)`).Replace(string(text))
}

// Bytes is the finished document.
func (d *Document) Bytes() []byte {
	var out bytes.Buffer
	var at []int
	object := func(text string) {
		at = append(at, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", len(at), text)
	}
	out.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	kids := make([]string, len(d.pages))
	for i := range d.pages {
		kids[i] = fmt.Sprintf("%d 0 R", 6+2*i)
	}
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Join(kids, " "), len(kids)))
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>")
	object("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>")
	object(fmt.Sprintf("<< /Title (%s) /Producer (florin) >>", escape(encode(d.title))))
	for i, page := range d.pages {
		object(fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>",
			width, height, 7+2*i))
		object(fmt.Sprintf("<< /Length %d >>\nstream\n%sendstream", page.Len(), page.String()))
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(at)+1)
	for _, place := range at {
		fmt.Fprintf(&out, "%010d 00000 n \n", place)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(at)+1, table)
	return out.Bytes()
}

// measure is how wide text is in the size 1. Numbers stand at the right edge of
// their column, so digits are exact; other letters are near enough.
func measure(text string, bold bool) (w float64) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(".,:;!|'iIjlt ", r):
			w += 0.278
		case r == '-':
			w += 0.333
		case r >= 'A' && r <= 'Z':
			w += 0.68
		default:
			w += 0.556
		}
		if bold && r >= 'a' && r <= 'z' {
			w += 0.03
		}
	}
	return w
}
