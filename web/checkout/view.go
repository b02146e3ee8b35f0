package checkout

import (
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/web/page"
)

// payView is the page with the form.
type payView struct {
	Session
	Cards    []Brand
	Wallets  []Brand
	Vouchers []Brand
	Debit    *debitView
	Transfer bool // by bank
	Stored   []storedView
	Typed    typed
	Wrong    []Problem
	Notice   string // key of a text
	CVV      bool
	Detect   bool // show the brand while it is typed
	Tests    []TestCard
	Minutes  int       // until the page expires, when that is soon
	Until    time.Time // when it expires, when that is later
	Return   template.URL
	Frame    *Frame
}

type storedView struct {
	StoredCard
	Brand   Brand
	Expires string // 08/34
	Expired bool
	Chosen  bool
}

// Problem is the first thing wrong with a field, or "".
func (v payView) Problem(field string) Problem {
	for _, p := range v.Wrong {
		if p.Field() == field {
			return p
		}
	}
	return ""
}

// NewCard says whether the new card, not a stored one, is chosen at first.
func (v payView) NewCard() bool {
	return !slices.ContainsFunc(v.Stored, func(s storedView) bool { return s.Chosen })
}

// CardNames are the brands of cards that are taken, for a sentence.
func (v payView) CardNames() string {
	var names []string
	for _, b := range v.Cards {
		names = append(names, b.Name)
	}
	return strings.Join(names, ", ")
}

// Codes are the brands of cards for the script.
func (v payView) Codes() string {
	var codes []string
	for _, b := range v.Cards {
		codes = append(codes, b.Code)
	}
	return strings.Join(codes, " ")
}

func newPayView(s Session, t typed, wrong []Problem, frame *Frame) payView {
	codes := s.Brands
	if frame != nil && len(frame.Brands) > 0 {
		codes = nil
		for _, code := range frame.Brands {
			if slices.Contains(s.Brands, code) {
				codes = append(codes, code)
			}
		}
	}
	v := payView{Session: s, Typed: t, Wrong: wrong, CVV: true, Detect: true, Frame: frame, Return: page.Link(s.ReturnURL)}
	v.Cards, v.Wallets, v.Vouchers = byMethod(codes)
	if frame != nil {
		// A merchant may leave the security code out, but what the card needs is asked for after all.
		v.CVV, v.Detect = frame.CVV || v.Problem("cvv") != "", frame.Detect
	}
	if s.RegistrationOnly {
		v.Wallets, v.Vouchers = nil, nil
	} else {
		v.Debit, v.Transfer = debitOf(codes), slices.Contains(codes, "BANKTRANSFER")
		v.Stored = storedViews(s, t, len(wrong) > 0)
	}
	if s.Failure != "" && len(wrong) == 0 {
		v.Notice = failureText(s.Failure)
	}
	if s.TestMode && len(v.Cards) > 0 && frame == nil {
		v.Tests = TestCards
	}
	if left := s.ExpiresAt.Sub(s.Now); left > soon {
		v.Until = s.ExpiresAt
	} else if left > 0 {
		v.Minutes = int((left + time.Minute - 1) / time.Minute)
	}
	return v
}

// offerView asks whether the payer agrees to a surcharge.
type offerView struct {
	payView
	Offer Offer
	Brand Brand
}

func newOfferView(s Session, o Offer) offerView {
	return offerView{newPayView(s, typed{}, nil, nil), o, brandOf(o.Brand)}
}

// soon is what is counted in minutes.
const soon = 3 * time.Hour

func storedViews(s Session, t typed, again bool) []storedView {
	var out []storedView
	for _, c := range s.Stored {
		gone := method.Typed{Month: c.Month, Year: c.Year}.Expired(s.Now)
		out = append(out, storedView{c, brandOf(c.Brand), twoDigits(c.Month) + "/" + twoDigits(c.Year%100), gone, again && c.ID == t.Stored && !gone})
	}
	if !again {
		for i := range out {
			if !out[i].Expired {
				out[i].Chosen = true
				break
			}
		}
	}
	return out
}

func twoDigits(n int) string { return string([]byte{byte('0' + n/10%10), byte('0' + n%10)}) }

// failureText names the text for a try that failed. There are few on purpose:
// a page that tells "no funds" from "no such card" tells it to a thief with a
// list of numbers as well.
func failureText(code string) string {
	for _, f := range []struct{ code, text string }{
		{"declined.challenge_cancelled", "failed.cancelled"},
		{"declined.cancelled", "failed.cancelled"}, // at a wallet
		{"declined.challenge_technical", "failed.authentication"},
		{"declined.authentication", "failed.authentication"},
		{"declined.timed_out", "failed.time"},
		{fault.Unavailable, "failed.unavailable"},
	} {
		if strings.HasPrefix(code, f.code) {
			return f.text
		}
	}
	return "failed.declined"
}

// goView sends the browser on to a bank or wallet.
type goView struct {
	Session
	Post       bool
	Address    template.URL
	Parameters []connector.Parameter
	Auto       bool // by itself
}

// newGoView turns a redirect into a link or a form; ok is false when its
// address is not one that a browser may be sent to.
func newGoView(s Session, auto bool) (v goView, ok bool) {
	if s.Resume == nil {
		return v, false
	}
	v = goView{Session: s, Auto: auto, Post: strings.EqualFold(s.Resume.Method, "POST"), Parameters: s.Resume.Parameters}
	address := s.Resume.URL
	if page.Origin(address) == "" {
		return v, false
	}
	if !v.Post && len(v.Parameters) > 0 {
		u, err := url.Parse(address)
		if err != nil {
			return v, false
		}
		q := u.Query()
		for _, p := range v.Parameters {
			q.Add(p.Name, p.Value)
		}
		u.RawQuery = q.Encode()
		address = u.String()
	}
	v.Address = page.Link(address)
	return v, v.Address != ""
}

// resultView says how it ended.
type resultView struct {
	Session
	Result  string // paid, stored, pending, failed, expired, waiting, resume
	Sign    string
	Text    string // key of the sentence below
	Return  template.URL
	Brand   Brand
	Resume  *goView
	Reload  int // seconds after which the script looks again, or 0
	Cancels bool
}

func newResultView(s Session) resultView {
	v := resultView{Session: s, Return: page.Link(s.ReturnURL), Result: string(s.State), Text: "result." + string(s.State) + ".text"}
	if s.PaidWith != "" {
		v.Brand = brandOf(s.PaidWith)
	}
	switch s.State {
	case Paid:
		if s.RegistrationOnly {
			v.Result, v.Text = "stored", "result.stored.text"
		}
	case Pending:
		v.Sign = "sign-clock"
		switch {
		case s.Payee != nil:
			v.Result, v.Text = "transfer", "result.transfer.text"
		case method.DebitRegion(s.PaidWith) != "":
			v.Result, v.Text = "debit", "result.debit.text"
		}
		if g, ok := newGoView(s, false); ok {
			v.Resume = &g
		}
	case Paying:
		v.Sign = "sign-wait"
		v.Result, v.Text, v.Reload = "waiting", "result.waiting.text", 4
		if g, ok := newGoView(s, false); ok {
			v.Result, v.Text, v.Resume, v.Reload = "resume", "result.resume.text", &g, 0
			v.Sign = "sign-clock"
		}
	case Cancelled:
		v.Sign = "sign-stop"
	case Failed:
		v.Sign = "sign-stop"
		v.Text = failureText(s.Failure)
	default:
		v.Result, v.Text, v.Sign = "expired", "result.expired.text", "sign-clock"
	}
	return v
}
