package gallery

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/web/checkout"
)

// now is the moment at which all made-up data was made up.
var now = time.Date(2026, time.November, 21, 11, 24, 0, 0, time.UTC)

// session is a session that waits for its payer; with changes it becomes any other.
func session(changes ...func(*checkout.Session)) checkout.Session {
	s := checkout.Session{
		Key: "8C0D5B1E77F24A36A9C4E2D10B3F6A95.node01", Merchant: "Fjell & Hav", Amount: money.Of(124900, "NOK"), Reference: "order-99017",
		Brands: []string{"PAYPAL", "KLARNA_PAYMENTS_PAYNOW", "VISA", "MASTER", "AMEX"}, State: checkout.Open, Attempt: "1", TestMode: true, OfferKeep: true,
		ReturnURL: "https://shop.example/done?id=8C0D5B1E", Now: now, ExpiresAt: now.Add(27 * time.Minute),
	}
	for _, change := range changes {
		change(&s)
	}
	return s
}

func state(to checkout.State) func(*checkout.Session) {
	return func(s *checkout.Session) { s.State, s.TestMode = to, false }
}

func stored(s *checkout.Session) {
	s.Stored = []checkout.StoredCard{{ID: "a1", Brand: "VISA", Last4: "0091", Month: 8, Year: 2029}, {ID: "a2", Brand: "MASTER", Last4: "0007", Month: 1, Year: 2028},
		{ID: "a3", Brand: "AMEX", Last4: "7770", Month: 2, Year: 2025}}
}

// looks are what a page in a merchant's colours loads.
func looks() map[string]http.HandlerFunc {
	site := &checkout.Site{Desk: desk(session(branded))}
	return map[string]http.HandlerFunc{"look.css": site.Look, "logo": site.Logo}
}

func branded(s *checkout.Session) {
	s.Look = merchant.Look{Logo: mark(), Colour: "#7a0b4a", Night: "#ffb3d9", Languages: []string{"nb", "en"}}
}

// mark is a small picture that may pass for a logo, drawn once.
var mark = sync.OnceValue(func() []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 220, 64))
	for y := range 64 {
		for x := range 220 {
			if wave := 32 + int(20*math.Sin(float64(x)/18)); y > wave-7 && y < wave+7 {
				m.Set(x, y, color.NRGBA{R: 200, G: 60, B: 140, A: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		return nil // a picture in memory is always encoded
	}
	return b.Bytes()
})

// debitMistakes is a direct debit whose form was filled in badly.
func debitMistakes(s checkout.Session) http.HandlerFunc {
	d := desk(s)
	d.Pay = func(context.Context, string, checkout.PayForm) (checkout.Outcome, error) {
		return checkout.Outcome{Problems: []checkout.Problem{checkout.BankInvalid}}, nil
	}
	return posted(&checkout.Site{Desk: d}, "brand=DIRECTDEBIT_SE&bank=12&account=123456&owner=Nora+Lind")
}

// surcharged asks for what a card costs more.
func surcharged(s checkout.Session) http.HandlerFunc {
	d := desk(s)
	d.Pay = func(context.Context, string, checkout.PayForm) (checkout.Outcome, error) {
		return checkout.Outcome{Offer: &checkout.Offer{Key: "o", Surcharge: money.Of(1404, s.Amount.Currency), Total: money.Of(s.Amount.Minor+1404, s.Amount.Currency),
			Summary: "1.1% + 0.30 for Visa credit", Brand: "VISA", Last4: "4242"}}, nil
	}
	return posted(&checkout.Site{Desk: d}, "brand=VISA")
}

func resume(post bool) func(*checkout.Session) {
	return func(s *checkout.Session) {
		s.Resume = &connector.Redirect{URL: "https://bank.example/acs", Method: "GET"}
		if post {
			s.Resume.Method, s.Resume.Parameters = "POST", []connector.Parameter{{Name: "creq", Value: "eyJ0"}}
		}
	}
}

func checkoutEntries() []Entry {
	long := func(s *checkout.Session) {
		s.Merchant = "Donaudampfschifffahrtsgesellschaftskapitänsmützenversand Österreich GmbH & Co. KG"
		s.Amount, s.Reference = money.Of(99999999999, "EUR"), strings.Repeat("reference-", 12)
		s.Brands = []string{"VISA", "MASTER", "AMEX", "MAESTRO", "JCB", "DISCOVER", "DINERS", "UNIONPAY", "CARTEBANCAIRE", "DANKORT", "BOLETO", "OXXO", "SWISH", "VIPPS", "APPLEPAY", "GOOGLEPAY"}
	}
	paid := func(s *checkout.Session) {
		s.PaidAt, s.PaidWith, s.PaidLast4 = now, "VISA", "0091"
	}
	return []Entry{
		{"pay", "Pay: wallets and card", at(session())},
		{"pay-card", "Pay: card alone, live", at(session(func(s *checkout.Session) {
			s.TestMode, s.OfferKeep, s.Brands = false, false, []string{"VISA", "MASTER"}
		}))},
		{"pay-stored", "Pay: stored cards", at(session(stored))},
		{"pay-bank", "Pay: wallets, card, transfer and direct debit, in a merchant's colours", at(session(branded, func(s *checkout.Session) {
			s.Brands = []string{"VIPPS", "SWISH", "VISA", "MASTER", "BANKTRANSFER", "DIRECTDEBIT_NO"}
		}))},
		{"pay-debit", "Pay: mistakes in a direct debit", debitMistakes(session(func(s *checkout.Session) { s.Brands = []string{"DIRECTDEBIT_SE", "BANKTRANSFER"} }))},
		{"transfer", "Where the transfer goes", at(session(branded, state(checkout.Pending), func(s *checkout.Session) {
			s.Payee = &checkout.Payee{Holder: "Fjell & Hav AS", Account: "8601 11 17947", Reference: "7QK2MZ4T9X"}
		}))},
		{"debit", "A direct debit is on its way", at(session(state(checkout.Pending), func(s *checkout.Session) { s.PaidWith = "DIRECTDEBIT_NO" }))},
		{"pay-voucher", "Pay: a slip", at(session(func(s *checkout.Session) {
			s.Brands = []string{"VISA", "BOLETO", "OXXO"}
			s.Amount = money.Of(15990, "BRL")
		}))},
		{"pay-long", "Pay: long names, a large amount, every brand", at(session(long))},
		{"pay-link", "Pay: by a link, open for weeks", at(session(func(s *checkout.Session) {
			s.About, s.ExpiresAt, s.TestMode = "Kite repair: new spars, two panels sewn, lines checked", now.Add(20*24*time.Hour), false
		}))},
		{"pay-offer", "Pay: the card costs a surcharge", surcharged(session(func(s *checkout.Session) { s.About = "Kite repair" }))},
		{"pay-surcharges", "Pay: some ways cost a surcharge", at(session(func(s *checkout.Session) {
			s.Surcharges, s.Brands = true, []string{"VISA", "MASTER", "BANKTRANSFER"}
		}))},
		{"paid-surcharge", "Paid with a surcharge", at(session(state(checkout.Paid), paid, func(s *checkout.Session) { s.Surcharge = money.Of(1404, s.Amount.Currency) }))},
		{"pay-errors", "Pay: mistakes in the form", post(session(), "holder=Nora+Lind&number=4200000000000001&expiry=13%2F20&cvv=1")},
		{"pay-declined", "Pay: declined, another try", at(session(func(s *checkout.Session) { s.Failure, s.Attempt = "declined.do_not_honour", "2" }))},
		{"pay-unavailable", "Pay: the provider cannot be reached", unavailable(session())},
		{"store", "Save a card", at(session(func(s *checkout.Session) { s.RegistrationOnly, s.Amount = true, money.Amount{} }))},
		{"resume", "Back from the bank too early", at(session(state(checkout.Paying), resume(true)))},
		{"waiting", "The bank is being asked", at(session(state(checkout.Paying)))},
		{"pending", "A slip that is not paid yet", at(session(state(checkout.Pending), resume(false)))},
		{"paid", "Paid", at(session(state(checkout.Paid), paid))},
		{"stored", "Card saved", at(session(state(checkout.Paid), func(s *checkout.Session) { s.RegistrationOnly = true }))},
		{"failed", "Failed for good", at(session(state(checkout.Failed), func(s *checkout.Session) { s.Failure = "declined.authentication_failed" }))},
		{"expired", "Expired", at(session(state(checkout.Expired)))},
		{"cancelled", "Called off by the merchant", at(session(state(checkout.Cancelled)))},
		{"not-found", "No such page", missing},
		{"frame", "The form inside a shop's page", frame(session(), "")},
		{"frame-plain", "The same, plain", frame(session(stored), "&style=plain&cvv=0")},
	}
}

// desk always finds the same session.
func desk(s checkout.Session) checkout.Desk {
	return checkout.Desk{
		Find: func(context.Context, string) (checkout.Session, error) { return s, nil },
		Pay: func(context.Context, string, checkout.PayForm) (checkout.Outcome, error) {
			return checkout.Outcome{}, nil
		},
		Cancel: func(context.Context, string) (string, error) { return s.ReturnURL, nil },
	}
}

func at(s checkout.Session) http.HandlerFunc {
	site := &checkout.Site{Desk: desk(s)}
	return site.Page
}

// post shows what a form with this body is answered with, or, when a browser
// posts one itself, what that is answered with.
func post(s checkout.Session, body string) http.HandlerFunc {
	return posted(&checkout.Site{Desk: desk(s)}, body)
}

func posted(site *checkout.Site, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			site.Pay(w, r)
			return
		}
		p, err := http.NewRequestWithContext(r.Context(), http.MethodPost, r.URL.String(), strings.NewReader(body))
		if err != nil {
			report(w, err)
			return
		}
		p.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		p.Header.Set("Accept-Language", r.Header.Get("Accept-Language"))
		site.Pay(okay{w}, p)
	}
}

// okay answers 200 whatever the page answers, so that a browser's console
// stays empty while a page for a mistake is only looked at.
type okay struct{ http.ResponseWriter }

func (o okay) WriteHeader(int) { o.ResponseWriter.WriteHeader(http.StatusOK) }

func unavailable(s checkout.Session) http.HandlerFunc {
	d := desk(s)
	d.Pay = func(context.Context, string, checkout.PayForm) (checkout.Outcome, error) {
		return checkout.Outcome{}, fault.New("unavailable.provider", "made up")
	}
	return posted(&checkout.Site{Desk: d}, "brand=PAYPAL")
}

func missing(w http.ResponseWriter, r *http.Request) {
	d := desk(checkout.Session{})
	d.Find = func(context.Context, string) (checkout.Session, error) {
		return checkout.Session{}, fault.New("not_found.session", "made up")
	}
	(&checkout.Site{Desk: d}).Page(okay{w}, r)
}

// frame shows the framed form as a page of its own.
func frame(s checkout.Session, query string) http.HandlerFunc {
	site := &checkout.Site{Desk: desk(s)}
	return func(w http.ResponseWriter, r *http.Request) {
		inner := r.Clone(r.Context())
		inner.URL.Path = "/v3/checkouts/" + s.Key + "/frame"
		inner.URL.RawQuery += query
		site.Page(w, inner)
	}
}
