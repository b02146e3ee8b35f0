package checkout

import (
	"bytes"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/web/page"
)

// The grounds on which a merchant's colour has to be read, of the style sheet:
// the paper by day, a card by night, and what is written on the colour then.
const (
	dayGround   = "#f4f3ee"
	nightGround = "#19201d"
	nightInk    = "#101513"
	readable    = 4.5 // WCAG 2.2, 1.4.3
)

// lookSheet is the style sheet of a look; "" when none of its colours can be
// read, so that the house's own stay.
func lookSheet(colour, night string) string {
	if night == "" {
		night = colour
	}
	var b strings.Builder
	for _, l := range []struct{ scheme, colour, ground, ink, toward string }{
		{"light", colour, dayGround, "#ffffff", "#000000"}, {"dark", night, nightGround, nightInk, "#ffffff"},
	} {
		if l.colour != "" && contrast(l.colour, l.ground) >= readable {
			fmt.Fprintf(&b, "@media (prefers-color-scheme: %s) { :root { --accent: %s; --accent-deep: %s; --on-accent: %s; } }\n",
				l.scheme, l.colour, mix(l.colour, l.toward), l.ink)
		}
	}
	return b.String()
}

// channels are red, green and blue of #rrggbb; black for anything else.
func channels(colour string) (c [3]float64) {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 24)
	if err != nil {
		n = 0
	}
	for i := range c {
		c[i] = float64(n >> (16 - 8*i) & 0xff)
	}
	return c
}

// contrast of two colours, from 1 to 21 (WCAG 2.2, relative luminance).
func contrast(a, b string) float64 {
	light := func(colour string) float64 {
		sum := 0.0
		for i, share := range []float64{0.2126, 0.7152, 0.0722} {
			c := channels(colour)[i] / 255
			if c <= 0.04045 {
				c /= 12.92
			} else {
				c = math.Pow((c+0.055)/1.055, 2.4)
			}
			sum += share * c
		}
		return sum
	}
	x, y := light(a), light(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

// mix is a colour a fifth of the way to another: what a button has under the
// pointer.
func mix(colour, toward string) string {
	from, to := channels(colour), channels(toward)
	out := "#"
	for i := range from {
		out += fmt.Sprintf("%02x", int(math.Round(from[i]+(to[i]-from[i])/5)))
	}
	return out
}

// Look serves the style sheet of the session's look: GET .../look.css.
func (s *Site) Look(w http.ResponseWriter, r *http.Request) {
	sess, ok := s.find(w, r)
	if !ok {
		return
	}
	page.Policy{}.Write(w)
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(lookSheet(sess.Look.Colour, sess.Look.Night)))
}

// Logo serves the session's logo: GET .../logo.
func (s *Site) Logo(w http.ResponseWriter, r *http.Request) {
	sess, ok := s.find(w, r)
	if !ok {
		return
	}
	page.Policy{}.Write(w)
	if len(sess.Look.Logo) == 0 {
		http.Error(w, "not found", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", http.DetectContentType(sess.Look.Logo))
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(sess.Look.Logo))
}

// language is the one that a page of the session is in: the payer's, as far as
// the merchant speaks it.
func (s *Site) language(r *http.Request, sess Session) page.Language {
	lang := page.Asked(r, sess.Locale)
	if only := sess.languages(); len(only) > 0 && !slices.Contains(only, lang) {
		return only[0]
	}
	return lang
}

// languages are those of the look; none for all.
func (s Session) languages() (list []page.Language) {
	for _, l := range s.Look.Languages {
		list = append(list, page.Language(l))
	}
	return list
}

// dressed is a view of a page in the session's look.
func dressed(v page.View, sess Session) page.View {
	v.Only = sess.languages()
	if lookSheet(sess.Look.Colour, sess.Look.Night) != "" {
		v.Sheet = "look.css"
	}
	return v
}
