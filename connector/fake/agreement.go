package fake

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// agreement is a payer's promise to be charged again, in the books.
type agreement struct {
	Mandate  ident.ID        `json:"mandate"`
	Account  string          `json:"account"`
	Method   method.Name     `json:"method"`
	Brand    string          `json:"brand"`
	State    connector.State `json:"state"`
	Code     string          `json:"code,omitempty"`
	Maximum  string          `json:"maximum,omitempty"` // decimal text of the major unit
	Currency money.Currency  `json:"currency,omitempty"`
	Phone    string          `json:"phone,omitempty"` // masked
	Shop     string          `json:"shop,omitempty"`
	Return   string          `json:"return,omitempty"`
	At       int64           `json:"at"`
	Ends     int64           `json:"ends,omitempty"` // ms when an active one expires, 0 for never
	Due      int64           `json:"due,omitempty"`  // ms when Then comes, 0 for never
	Then     connector.State `json:"then,omitempty"`
	ThenCode string          `json:"thenCode,omitempty"`
	Mute     int64           `json:"mute,omitempty"` // ms until which questions get no answer
	Chosen   bool            `json:"chosen,omitempty"`
	Fault    Fault           `json:"fault,omitempty"`
}

// agreements are the brands that agreements are made for, and what names one: of
// Vipps an agreement, of Klarna a token, of PayEx a card's, of Nexi a
// subscription, of PayTo an agreement that the payer gives in the bank's app.
// Swish has none.
var agreements = map[string]string{"VIPPS": "agr_", "MOBILEPAY": "agr_", "KLARNA": "krn_", "PAYEX": "pxr_", "NEXI": "nxs_", "PAYTO": "pta_"}

// laterSeconds is how long the provider takes when the payer has chosen that it
// answers later.
const laterSeconds = 60

// deafPhone ends the numbers of payers who refuse PayTo agreements (april sheet,
// section 6.11).
const deafPhone = "99"

// Agree takes in what a payer is asked to agree to. The payer decides on a page;
// of PayTo in the bank's app, which says yes after five seconds, or no for a
// phone that ends in 99.
func (p *Provider) Agree(ctx context.Context, t connector.Terms) connector.Consent {
	f, ok := p.fault(Op{t.Mandate, t.Account, connector.Agreement, t.Maximum, t.At}, t.Simulate["fault"], "")
	if !ok || badAttempt(t.Mandate) {
		return refuse(noProvider)
	}
	f.On = append(slices.Clone(f.On), connector.Agreement) // a fault strikes agreements too
	var c connector.Consent
	r := p.pass(ctx, connector.Agreement, f, func(w *writing) connector.Result {
		p.observe(w, t.Account, t.At)
		n, known := w.agreed[t.Mandate]
		if !known {
			n = len(w.agreements)
			w.agree(n, p.judgeTerms(t, f))
		}
		c = p.consent(w, n)
		return connector.Result{State: connector.Pending}
	})
	if r.State != connector.Pending {
		return connector.Consent{State: r.State, Code: r.Code, Provider: r.Provider, CheckAfterSeconds: r.CheckAfterSeconds}
	}
	return c
}

func refuse(code string) connector.Consent {
	return connector.Consent{State: connector.Refused, Code: code, Provider: "TB-refused"}
}

// judgeTerms decides how an agreement begins.
func (p *Provider) judgeTerms(t connector.Terms, f Trouble) agreement {
	a := agreement{Mandate: t.Mandate, Account: t.Account, Method: t.Method, Brand: t.Brand, State: connector.Pending, Shop: t.Descriptor, Return: t.ReturnURL,
		At: millis(t.At), Phone: maskPhone(t.Phone), Fault: f.name()}
	if !t.ExpiresAt.IsZero() {
		a.Ends = millis(t.ExpiresAt)
	}
	a.Due, a.Then, a.ThenCode = a.At+visitSeconds*1000, connector.Refused, timedOut
	if t.Maximum.Currency != "" {
		a.Maximum, a.Currency = writeMajor(t.Maximum.Minor, max(digitsOf(t.Maximum.Currency), 0)), t.Maximum.Currency
	}
	wished, forcedOne := forced(connector.Request{Simulate: t.Simulate})
	switch {
	case agreements[t.Brand] == "" || !p.knows(t.Method):
		a.become(connector.Refused, noOperation, a.At)
	case t.Maximum.Currency != "" && digitsOf(t.Maximum.Currency) < 0:
		a.become(connector.Refused, badCurrency, a.At)
	case forcedOne && wished.state != connector.Pending:
		a.become(wished.state, wished.code, a.At)
	case t.Brand == "PAYTO" && strings.HasSuffix(t.Phone, deafPhone):
		a.Due, a.Then, a.ThenCode = a.At+5000, connector.Refused, walletLeft
	case t.Brand == "PAYTO" && !forcedOne:
		a.Due, a.Then, a.ThenCode = a.At+5000, connector.Approved, ""
	}
	return a
}

func maskPhone(phone string) string {
	if len(phone) < 6 {
		return ""
	}
	return phone[:3] + strings.Repeat("*", len(phone)-5) + phone[len(phone)-2:]
}

// become changes the state; an active one gets its end.
func (a *agreement) become(s connector.State, code string, at int64) {
	a.State, a.Code, a.Due, a.Then, a.ThenCode, a.Mute = s, code, 0, "", "", 0
	if s == connector.Approved && a.Ends > at {
		a.Due, a.Then = a.Ends, connector.Lapsed
	}
}

// turn lets happen what is due at a moment.
func (w *writing) turnAgreement(n int, at int64) agreement {
	a := w.agreements[n]
	for a.Due > 0 && a.Due <= at {
		a.become(a.Then, a.ThenCode, a.Due)
		w.agree(n, a)
		w.tellAgreement(n, a)
	}
	return a
}

// consent is what the provider says of an agreement.
func (p *Provider) consent(w *writing, n int) connector.Consent {
	a := w.agreements[n]
	c := connector.Consent{State: a.State, Code: a.Code, Provider: "TB-" + string(a.State), Reference: a.reference(n), Phone: a.Phone}
	if a.State == connector.Pending {
		c.CheckAfterSeconds, c.ExpiresAfterSeconds = 60, visitSeconds
		if a.Brand == "PAYTO" {
			c.CheckAfterSeconds = 5
		} else {
			c.Redirect = &connector.Redirect{URL: p.base + Prefix + pageAgreement + "/" + placeToken(p.keys[0].Reveal(), pageAgreement, n), Method: "GET"}
		}
		return c
	}
	if (a.Brand == "PAYEX" || a.Brand == "NEXI") && a.State != connector.Refused {
		c.Card = a.card()
	}
	return c
}

// card is the made-up card that a payer gives to PayEx or Nexi.
func (a agreement) card() *connector.CardFace {
	return &connector.CardFace{Brand: "VISA", Last4: "0091", ExpiryMonth: 8, ExpiryYear: time.UnixMilli(a.At).UTC().Year() + 3}
}

// reference is the provider's name of an agreement.
func (a agreement) reference(n int) string {
	return agreements[a.Brand] + strconv.FormatInt(int64(n)+1, 36) + derive("agreement", charge{Account: a.Account, Attempt: a.Mandate})[:12]
}

// LookupMandate tells how an agreement stands at the moment of the question.
func (p *Provider) LookupMandate(ctx context.Context, q connector.Inquiry) connector.Consent {
	return p.inquire(ctx, q, Lookup, nil)
}

// Revoke ends an agreement for the merchant.
func (p *Provider) Revoke(ctx context.Context, q connector.Inquiry) connector.Consent {
	return p.inquire(ctx, q, Cancelling, func(w *writing, n int, at int64) {
		a := w.agreements[n]
		if a.State == connector.Pending || a.State == connector.Approved || a.State == connector.Suspended {
			a.become(connector.Cancelled, withdrawn, at)
			w.agree(n, a)
		}
	})
}

func (p *Provider) inquire(ctx context.Context, q connector.Inquiry, kind connector.Kind, act func(w *writing, n int, at int64)) connector.Consent {
	silent := connector.Consent{State: connector.Unknown, Provider: "no answer", CheckAfterSeconds: 5}
	if ctx.Err() != nil {
		return silent
	}
	wrong := Fault("")
	if p.script != nil {
		wrong = p.script(Op{q.Mandate, q.Account, kind, money.Amount{}, q.At})
	}
	if wrong == LostRequest {
		return silent
	}
	c := connector.Consent{State: connector.NotFound}
	err := p.books.do(func(w *writing) {
		p.observe(w, q.Account, q.At)
		n, ok := w.agreed[q.Mandate]
		if !ok || w.agreements[n].Account != q.Account {
			return
		}
		at := millis(q.At)
		a := w.turnAgreement(n, at)
		if at < a.Mute {
			c = silent
			return
		}
		if t, _ := a.Fault.trouble(); t.Fault == LookupDown && at < a.At+t.ms() {
			c = silent
			return
		}
		if act != nil {
			act(w, n, at)
		}
		c = p.consent(w, n)
	})
	if err != nil || wrong != "" {
		return silent
	}
	return c
}

// agree writes an agreement at its place and into the journal.
func (w *writing) agree(n int, a agreement) {
	w.putAgreement(n, a)
	if w.journal != nil {
		w.entries = append(w.entries, entry{Agreement: &a})
	}
}

func (b *Books) putAgreement(n int, a agreement) {
	b.seen[b.words.of(a.Account)] = max(b.seen[b.words.of(a.Account)], a.At)
	if n == len(b.agreements) {
		b.agreements = append(b.agreements, a)
		b.agreed[a.Mandate] = n
		return
	}
	b.agreements[n] = a
}

// tellAgreement queues the callback about an agreement that changed by itself, or
// by the payer.
func (w *writing) tellAgreement(n int, a agreement) {
	t, _ := a.Fault.trouble()
	if t.Fault == CallbackLost {
		return
	}
	k := call{Agreement: &n, Kind: connector.Agreement, State: a.State, Code: a.Code, Due: a.At}
	w.call(k)
	if t.Fault == CallbackDuplicate {
		k.ID = w.called
		w.call(k)
		w.call(k)
	}
}

// Settle moves an agreement as the payer or the payer's bank does: approved (also
// out of a suspension), refused, suspended, revoked or expired. Faults:
// not_found.agreement, conflict.agreement (it cannot become that), internal.
func (p *Provider) Settle(account string, mandate ident.ID, to connector.State, at time.Time) error {
	return p.move(account, mandate, at, func(a *agreement) bool {
		open, stands := a.State == connector.Pending, a.State == connector.Approved || a.State == connector.Suspended
		code := ""
		switch {
		case to == connector.Approved && (open || a.State == connector.Suspended):
		case to == connector.Refused && open:
			code = doNotHonour
		case to == connector.Suspended && a.State == connector.Approved:
		case to == connector.Revoked && stands:
			code = fault.DeclinedMandateCancelled
		case to == connector.Lapsed && (open || stands):
			code = fault.DeclinedMandateExpired
		default:
			return false
		}
		a.become(to, code, millis(at))
		return true
	})
}

func (p *Provider) move(account string, mandate ident.ID, at time.Time, act func(a *agreement) bool) error {
	var bad error
	err := p.books.do(func(w *writing) {
		n, ok := w.agreed[mandate]
		if !ok || w.agreements[n].Account != account {
			bad = fault.New("not_found.agreement", "no such agreement")
			return
		}
		p.observe(w, account, at)
		a := w.turnAgreement(n, millis(at))
		if !act(&a) {
			bad = fault.New("conflict.agreement", "the agreement is not one that can become this")
			return
		}
		w.agree(n, a)
		if a.State != connector.Pending {
			w.tellAgreement(n, a)
		}
	})
	return either(bad, err)
}

// Decide does what a payer does on an agreement's page, without a browser: success,
// decline, cancel, later (the provider takes a minute) or silent (and says nothing
// at all in that minute). Faults: not_found.agreement, internal.
func (p *Provider) Decide(account string, mandate ident.ID, choice string, at time.Time) error {
	err := p.move(account, mandate, at, func(a *agreement) bool { return a.decide(choice, millis(at)) })
	if fault.Is(err, "conflict.agreement") { // a click that comes too late or twice changes nothing
		return nil
	}
	return err
}

// decide takes a choice; false when nothing changed that others are told of.
func (a *agreement) decide(choice string, at int64) bool {
	if a.State != connector.Pending || a.Chosen {
		return false
	}
	switch choice {
	case doSuccess:
		a.become(connector.Approved, "", at)
	case doDecline:
		a.become(connector.Refused, doNotHonour, at)
	case doCancel:
		a.become(connector.Refused, walletLeft, at)
	case doLater, doSilent:
		a.Due, a.Then, a.ThenCode = at+laterSeconds*1000, connector.Approved, ""
		if choice == doSilent {
			a.Mute = a.Due
		}
	default:
		return false
	}
	a.Chosen = true
	return true
}

// judgeMandate decides about a charge of an agreement: how the agreement stands
// comes first, then a wish, then the amount, as for a card that is in no table.
func (w *writing) judgeMandate(req connector.Request) verdict {
	for n := range w.agreements {
		if a := w.agreements[n]; a.Account != req.Account || a.reference(n) != req.Mandate {
			continue
		}
		a := w.turnAgreement(n, millis(req.At))
		limit, _ := readMajor(a.Maximum)
		asked, _ := majors.count(req.Amount)
		switch {
		case req.Kind != connector.Debit && req.Kind != connector.Authorise:
			return no(noOperation)
		case a.State == connector.Suspended:
			return no(suspendedCode)
		case a.State == connector.Lapsed:
			return no(fault.DeclinedMandateExpired)
		case a.State != connector.Approved:
			return no(fault.DeclinedMandateCancelled)
		case a.Maximum != "" && (a.Currency != req.Amount.Currency || asked > limit):
			return no(fault.DeclinedLimitExceeded)
		}
		if end, wished := forced(req); wished {
			return end
		}
		return byAmount(req.Amount.Minor)
	}
	return no(fault.DeclinedMandateCancelled)
}

// suspendedCode refuses a charge whose agreement the payer has stopped for a while.
const suspendedCode = fault.DeclinedNotPermitted + ".suspended"

// message is the body of a callback about an agreement.
func (a agreement) message(n int, k call) message {
	m := message{ID: "cb_" + strconv.Itoa(k.ID), Account: a.Account, Attempt: a.Mandate, Kind: k.Kind, Method: a.Method, State: k.State, Code: k.Code,
		Reference: a.reference(n), Amount: "0", Brand: a.Brand, Phone: a.Phone}
	if (a.Brand == "PAYEX" || a.Brand == "NEXI") && a.State != connector.Refused {
		c := a.card()
		m.Last4, m.Expiry = c.Last4, time.Date(c.ExpiryYear, time.Month(c.ExpiryMonth), 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
	}
	return m
}

// consent reads a callback about an agreement.
func (m message) consent(id string) (connector.Notice, error) {
	bad := fault.New("invalid.callback", "the callback cannot be read")
	states := []connector.State{connector.Approved, connector.Pending, connector.Refused, connector.Suspended, connector.Revoked, connector.Cancelled, connector.Lapsed}
	if m.ID != id || !m.Attempt.Valid() || m.Reference == "" || !slices.Contains(states, m.State) {
		return connector.Notice{}, bad
	}
	c := connector.Consent{State: m.State, Code: m.Code, Reference: m.Reference, Phone: m.Phone, Provider: "TB-" + string(m.State)}
	if m.Last4 != "" {
		t, err := time.Parse("2006-01", m.Expiry)
		if err != nil {
			return connector.Notice{}, bad
		}
		c.Card = &connector.CardFace{Brand: "VISA", Last4: m.Last4, ExpiryMonth: int(t.Month()), ExpiryYear: t.Year()}
	}
	return connector.Notice{ID: id, Attempt: m.Attempt, Account: m.Account, Kind: m.Kind, Consent: &c}, nil
}
