package fake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"embed"
	"encoding/hex"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/money"
)

// Prefix is where Pages live below the base URL.
const Prefix = "/sandbox/"

// The pages.
const (
	page3DS       = "3ds"
	pageWallet    = "wallet"
	pageSlip      = "slip"
	pageAgreement = "agreement"
	pageTerminal  = "terminal"
)

//go:embed pages.html style.css
var files embed.FS

var templates = template.Must(template.ParseFS(files, "pages.html"))

// redirect is the way to a charge's page. The bank's page of 3-D Secure is
// entered by a form, as real ones are; the others by a link.
func (p *Provider) redirect(c charge) *connector.Redirect {
	token := p.token(c)
	r := &connector.Redirect{URL: p.base + Prefix + c.Visit.Page + "/" + token, Method: http.MethodGet}
	if c.Visit.Page == page3DS {
		r.Method, r.Parameters = http.MethodPost, []connector.Parameter{{Name: "MD", Value: token}}
	}
	return r
}

// token names a charge in an address that nobody can guess.
func (p *Provider) token(c charge) string {
	return strings.TrimPrefix(c.reference(), referencePrefix) + "-" + mark(p.keys[0].Reveal(), c)
}

func mark(key string, c charge) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte("page\x00" + c.Account + "\x00" + string(c.Attempt) + "\x00" + strconv.Itoa(int(c.N))))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// visited finds the charge of an address.
func (p *Provider) visited(w *writing, page, token string) (charge, bool) {
	reference, given, _ := strings.Cut(token, "-")
	n := numberOf(referencePrefix + reference)
	if n < 0 || int(n) >= len(w.charges) {
		return charge{}, false
	}
	c := w.get(n)
	found := 0
	for _, k := range p.keys {
		found |= subtle.ConstantTimeCompare([]byte(given), []byte(mark(k.Reveal(), c)))
	}
	return c, found == 1 && c.Visit != nil && c.Visit.Page == page
}

// Pages serves what the payer sees: the bank's challenge, the wallet, the
// agreement, the slip; and a cashier's terminal. A GET changes nothing, and a choice made twice is made once.
func (p *Provider) Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+Prefix+"style.css", p.style)
	mux.HandleFunc("GET "+Prefix+pageAgreement+"/{token}", p.showAgreement)
	mux.HandleFunc("POST "+Prefix+pageAgreement+"/{token}", p.chooseAgreement)
	mux.HandleFunc("GET "+Prefix+pageTerminal+"/{token}", p.showTerminal)
	mux.HandleFunc("POST "+Prefix+pageTerminal+"/{token}", p.workTerminal)
	mux.HandleFunc("GET "+Prefix+"{page}/{token}", p.show)
	mux.HandleFunc("POST "+Prefix+"{page}/{token}", p.choose)
	mux.HandleFunc(Prefix, func(w http.ResponseWriter, _ *http.Request) { p.gone(w) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.head(w.Header())
		if strings.HasPrefix(r.URL.Path, Prefix+page3DS+"/") || r.URL.Path == Prefix+"style.css" {
			framed(w.Header())
		}
		mux.ServeHTTP(w, r)
	})
}

// framed lets a page be shown inside others, as shops show an issuer's
// challenge.
func framed(h http.Header) {
	h.Set("Content-Security-Policy", strings.Replace(h.Get("Content-Security-Policy"), "frame-ancestors 'none'", "frame-ancestors https: http:", 1))
	h.Del("X-Frame-Options")
}

// head sets the headers of every answer. Forms may lead anywhere in the end:
// after the choice the browser goes back to the shop, over addresses that this
// page does not know, and browsers hold each of them against form-action.
func (p *Provider) head(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self' https: http:; base-uri 'none'; object-src 'none'; frame-ancestors 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin") // none would take the Origin off the forms too
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	if strings.HasPrefix(p.base, "https://") {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

func (p *Provider) style(w http.ResponseWriter, _ *http.Request) {
	css, err := files.ReadFile("style.css")
	if err != nil { // it is embedded
		panic(err)
	}
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	w.Header().Set("Cache-Control", "max-age=3600")
	send(w, http.StatusOK, css)
}

// view is what a page shows.
type view struct {
	Page, Title, Shop, Amount, Currency, Card, Kind string
	Slip, Until, Return, Notice, Value              string
	Wallet, Phone                                   string
	State                                           connector.State
	Open, Waits, Paid, Off, ByHand                  bool
	Receipts                                        []string
	Style                                           string
}

func (p *Provider) show(w http.ResponseWriter, r *http.Request) {
	var v view
	var found bool
	err := p.books.do(func(b *writing) {
		var c charge
		if c, found = p.visited(b, r.PathValue("page"), r.PathValue("token")); found {
			v = p.view(c, p.moment(b, c))
		}
	})
	p.page(w, v, found, err, http.StatusOK)
}

// choose takes the payer's choice. A form without one is the shop sending the
// payer here, who then sees the page.
func (p *Provider) choose(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		p.gone(w)
		return
	}
	choice := r.PostForm.Get("choice")
	if choice == "" {
		http.Redirect(w, r, p.here(r), http.StatusSeeOther)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		p.page(w, view{}, false, nil, http.StatusForbidden)
		return
	}
	var c charge
	var v view
	var found bool
	var bad error
	err := p.books.do(func(b *writing) {
		if c, found = p.visited(b, r.PathValue("page"), r.PathValue("token")); !found {
			return
		}
		at := p.moment(b, c)
		if c.Visit.Page == pageSlip {
			bad = p.counter(b, c, choice, r.PostForm.Get("amount"), at)
			c = b.get(c.N)
		} else {
			p.decide(b, &c, choice, at)
		}
		v = p.view(c, at)
	})
	switch {
	case err != nil || !found:
		p.page(w, v, found, err, http.StatusOK)
	case bad != nil:
		v.Notice = "The counter did not take that: an amount like " + v.Value + " is needed, and a slip that is still good."
		p.page(w, v, true, nil, http.StatusBadRequest)
	case c.Visit.Page == pageSlip || !c.decided() || v.Return == "":
		http.Redirect(w, r, p.here(r), http.StatusSeeOther)
	default:
		http.Redirect(w, r, v.Return, http.StatusSeeOther)
	}
}

// counter pays a slip with the amount that was typed.
func (p *Provider) counter(w *writing, c charge, choice, typed string, at int64) error {
	n, ok := readMajor(typed)
	if choice != doPay || !ok || strings.Trim(typed, "0123456789.") != "" {
		return fault.New("invalid.amount", "no amount")
	}
	// n counts ten-thousandths; a slip takes whole minor units of its currency.
	grain := power(4 - max(digitsOf(c.Currency), 0))
	if n%grain != 0 {
		return fault.New("invalid.amount", "too many decimals")
	}
	return p.pay(w, c, money.Of(n/grain, c.Currency), at)
}

// here is the address of the page itself, behind whatever proxy it is served.
func (p *Provider) here(r *http.Request) string {
	return p.base + Prefix + r.PathValue("page") + "/" + url.PathEscape(r.PathValue("token"))
}

// moment is the account's time for a page.
func (p *Provider) moment(w *writing, c charge) int64 {
	var wall time.Time
	if p.clock != nil {
		wall = p.clock()
	}
	return w.now(w.words.of(c.Account), wall)
}

func (p *Provider) view(c charge, at int64) view {
	v := view{Page: c.Visit.Page, Shop: c.Visit.Descriptor, Amount: writeMajor(c.money(c.Amount).Minor, max(digitsOf(c.Currency), 0)),
		Currency: string(c.Currency), Card: c.Last4, Kind: kindText[c.Kind], Return: c.Visit.Return, State: c.State, Style: p.base + Prefix + "style.css"}
	if v.Shop == "" {
		v.Shop = c.Account
	}
	v.Value = v.Amount
	if c.Visit.Page == pageWallet {
		v.Wallet = walletName(c.Brand)
	}
	v.Title = map[string]string{page3DS: "Confirm your payment", pageWallet: "Pay with " + walletName(c.Brand), pageSlip: "Pay at the counter"}[c.Visit.Page]
	late := c.Due > 0 && c.Due <= at
	v.Open = c.State == connector.Pending && !c.decided() && !late
	v.Waits = c.State == connector.Pending && c.decided() && !late
	v.Paid = c.State == connector.Approved
	if c.Visit.Page == pageSlip {
		v.Slip = slipNumber(c)
		v.Until = time.UnixMilli(c.At + slipSeconds*1000).UTC().Format("2 January 2006, 15:04 MST")
	}
	return v
}

var kindText = map[connector.Kind]string{connector.Authorise: "Reservation", connector.Debit: "Payment", connector.Verify: "Card check",
	connector.Authenticate: "Authentication"}

// walletNames are those that are not spelled like other words.
var walletNames = map[string]string{"PAYPAL": "PayPal", "MOBILEPAY": "MobilePay", "PAYEX": "PayEx", "APPLEPAY": "Apple Pay", "GOOGLEPAY": "Google Pay"}

func walletName(brand string) string {
	if name := walletNames[brand]; name != "" {
		return name
	}
	name := strings.ToLower(strings.ReplaceAll(brand, "_", " "))
	if name == "" {
		return "the test wallet"
	}
	return strings.ToUpper(name[:1]) + name[1:]
}

func (p *Provider) page(w http.ResponseWriter, v view, found bool, err error, status int) {
	switch {
	case err != nil:
		v, status = view{Page: "broken", Title: "The test bank is closed"}, http.StatusInternalServerError
	case status == http.StatusForbidden:
		v = view{Page: "foreign", Title: "This choice came from elsewhere"}
	case !found:
		p.gone(w)
		return
	}
	v.Style = p.base + Prefix + "style.css"
	p.write(w, status, v)
}

// gone is the answer to every address that leads nowhere: forged ones and
// mistyped ones look alike.
func (p *Provider) gone(w http.ResponseWriter) {
	p.write(w, http.StatusNotFound, view{Page: "gone", Title: "Nothing here", Style: p.base + Prefix + "style.css"})
}

func (p *Provider) write(w http.ResponseWriter, status int, v view) {
	var out bytes.Buffer
	if err := templates.ExecuteTemplate(&out, "page", v); err != nil { // the templates are embedded and tested
		panic(err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	send(w, status, out.Bytes())
}

func send(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // a browser that left needs no answer
}
