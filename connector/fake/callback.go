package fake

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
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

// The headers of a callback. The signature is v1= and the hex HMAC-SHA-256 of
// id, a dot, the timestamp in seconds, a dot and the raw body; several may
// stand in the header, apart by spaces.
const (
	HeaderID        = "Sandbox-Id"
	HeaderTime      = "Sandbox-Timestamp"
	HeaderSignature = "Sandbox-Signature"
)

// toleranceSeconds is how old, or how far ahead, a callback's time may be.
const toleranceSeconds = 5 * 60

// Callback is a message of the provider that waits to be delivered.
type Callback struct {
	Account string // whose charge it is about; the body says so too, and may lie
	Headers map[string]string
	Body    []byte
	DueAt   time.Time
}

// call is a callback in the queue.
type call struct {
	ID     int             `json:"id"`
	N      int32           `json:"n"`
	Kind   connector.Kind  `json:"kind"`
	State  connector.State `json:"state"`
	Code   string          `json:"code,omitempty"`
	Amount int64           `json:"amount"` // in the grain of the charge's unit
	Due    int64           `json:"due"`    // ms
	Flaw   Fault           `json:"flaw,omitempty"`
	// Agreement is the place of what it is about, if that is no charge.
	Agreement *int `json:"agreement,omitempty"`
}

// message is the body of a callback. The amount is in the method's own unit.
type message struct {
	ID        string          `json:"id"`
	Account   string          `json:"account"`
	Attempt   ident.ID        `json:"attempt"`
	Kind      connector.Kind  `json:"kind"`
	Method    method.Name     `json:"method"`
	State     connector.State `json:"state"`
	Code      string          `json:"code,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Reference string          `json:"reference"`
	Amount    string          `json:"amount"`
	Currency  money.Currency  `json:"currency,omitempty"`
	Risk      string          `json:"risk,omitempty"`
	Auth      string          `json:"auth,omitempty"`
	Brand     string          `json:"brand,omitempty"`
	Quoted    string          `json:"quoted,omitempty"` // of a bank transfer
	Payer     string          `json:"payer,omitempty"`
	Last4     string          `json:"last4,omitempty"` // of the card behind an agreement
	Expiry    string          `json:"expiry,omitempty"`
	Phone     string          `json:"phone,omitempty"`
}

// announce queues the callbacks of an operation that was answered at once: an
// answer needs none, so there are some only if a fault says so.
func (p *Provider) announce(w *writing, c charge, t Trouble) {
	if !t.strikes(c.Kind) || !strings.HasPrefix(string(t.Fault), "callback_") {
		return
	}
	if c.State != connector.Pending {
		w.final(c, t, c.At)
		return
	}
	switch t.Fault {
	case CallbackForged:
		w.call(forgery(c, c.At))
	case CallbackEarly:
		w.call(call{N: c.N, Kind: c.Kind, State: c.State, Amount: c.Amount, Due: c.At})
	}
}

// final queues the callback that tells a charge's settled state, with the flaws
// of its fault.
func (w *writing) final(c charge, t Trouble, at int64) {
	k := call{N: c.N, Kind: c.Kind, State: c.State, Code: c.Code, Amount: c.Amount, Due: at}
	if !t.strikes(c.Kind) {
		t = Trouble{}
	}
	switch t.Fault {
	case CallbackLost:
		return
	case CallbackDuplicate:
		w.call(k)
		k.ID = w.called
		w.call(k)
		w.call(k)
		return
	case CallbackLate:
		k.Due += t.ms()
	case CallbackReordered:
		w.call(k)
		k.State, k.Code, k.Due = connector.Pending, "", k.Due+t.ms()
	case CallbackForged:
		w.call(forgery(c, at))
	case CallbackReplayed, CallbackOtherOwner:
		k.Flaw = t.Fault
	case CallbackWrongAmount:
		a := c.money(c.Amount)
		a.Minor++
		if n, ok := c.unit().count(a); ok {
			k.Amount = n
		}
	}
	w.call(k)
}

func forgery(c charge, at int64) call {
	return call{N: c.N, Kind: c.Kind, State: connector.Approved, Amount: 10 * c.Amount, Due: at, Flaw: CallbackForged}
}

// Callbacks takes the callbacks that are due when the wall clock says now, in
// the order in which they fell due. Whoever takes them delivers them; here they
// are forgotten. What time makes of open charges happens on the way.
func (p *Provider) Callbacks(now time.Time) ([]Callback, error) {
	var out []Callback
	err := p.books.do(func(w *writing) {
		p.catchUp(w, now)
		var places []int
		for i, k := range w.calls {
			if k.Agreement != nil {
				if a := w.agreements[*k.Agreement]; k.Due <= w.now(w.words.of(a.Account), now) {
					places = append(places, i)
					out = append(out, p.post(a.message(*k.Agreement, k), k, now))
				}
				continue
			}
			if account := w.charges[k.N].account; k.Due <= w.now(account, now) {
				places = append(places, i)
				out = append(out, p.letter(w.get(k.N), k, now))
			}
		}
		if len(places) > 0 {
			w.took(places)
		}
	})
	if err != nil {
		return nil, fault.Wrap(err, "the test provider's books cannot be read")
	}
	slices.SortStableFunc(out, func(a, b Callback) int { return a.DueAt.Compare(b.DueAt) })
	return out, nil
}

// catchUp lets everything happen that is due, account by account, in an order
// that does not depend on chance.
func (p *Provider) catchUp(w *writing, now time.Time) {
	accounts := make([]word, 0, len(w.due))
	for a := range w.due {
		accounts = append(accounts, a)
	}
	slices.Sort(accounts)
	for _, a := range accounts {
		agenda, at := w.due[a], w.now(a, now)
		for next, ok := agenda.next(at); ok; next, ok = agenda.next(at) {
			if c := w.get(next.n); c.Due == next.due {
				p.turn(w, &c)
			}
		}
	}
	for n, a := range w.agreements {
		w.turnAgreement(n, w.now(w.words.of(a.Account), now))
	}
}

// letter writes and signs a callback.
func (p *Provider) letter(c charge, k call, now time.Time) Callback {
	m := message{ID: "cb_" + strconv.Itoa(k.ID), Account: c.Account, Attempt: c.Attempt, Kind: k.Kind, Method: c.Method, State: k.State, Code: k.Code,
		Reason: c.Reason, Reference: c.reference(), Amount: c.text(k.Amount), Currency: c.Currency, Auth: c.Auth, Brand: c.Brand}
	if c.Risk && k.State == connector.Approved {
		m.Risk = "review"
	}
	if c.Kind == connector.Transfer {
		m.Attempt, m.Quoted, m.Payer = "", c.Visit.Quote, c.Visit.Payer
	}
	return p.post(m, k, now)
}

// post signs a callback, with the flaws that its fault wants.
func (p *Provider) post(m message, k call, now time.Time) Callback {
	account := m.Account
	key, at := p.keys[0].Reveal(), now
	switch k.Flaw {
	case CallbackForged:
		key = "not the key of this provider"
	case CallbackReplayed:
		at = now.Add(-time.Hour)
	case CallbackOtherOwner:
		m.Account = "not-" + m.Account
	}
	body, err := json.Marshal(m)
	if err != nil { // strings alone: it always encodes
		panic(err)
	}
	stamp := strconv.FormatInt(at.Unix(), 10)
	return Callback{Account: account, Body: body, DueAt: time.UnixMilli(k.Due).UTC(), Headers: map[string]string{
		"Content-Type": "application/json", HeaderID: m.ID, HeaderTime: stamp, HeaderSignature: "v1=" + sign(key, m.ID, stamp, body)}}
}

func sign(key, id, stamp string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(id + "." + stamp + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// ParseNotice checks a callback's signature over the raw body, then reads it.
// Faults: unauthenticated.signature (whatever is wrong with headers, age or
// signature), invalid.callback.
func (p *Provider) ParseNotice(header func(name string) string, body []byte, at time.Time) (connector.Notice, error) {
	id, stamp := header(HeaderID), header(HeaderTime)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	age := at.Unix() - seconds
	genuine := p.genuine(header(HeaderSignature), id, stamp, body)
	if !genuine || err != nil || age > toleranceSeconds || age < -toleranceSeconds || id == "" {
		return connector.Notice{}, fault.New("unauthenticated.signature", "the callback is not signed, or not freshly")
	}
	var m message
	if err := decode(body, &m); err != nil {
		return connector.Notice{}, &fault.Error{Code: "invalid.callback", Msg: "the callback cannot be read", Err: err}
	}
	return m.notice(id)
}

// genuine compares each given signature with each key's, in constant time.
func (p *Provider) genuine(given, id, stamp string, body []byte) bool {
	found := 0
	for n, one := range strings.Fields(given) {
		text, ok := strings.CutPrefix(one, "v1=")
		raw, err := hex.DecodeString(text)
		if !ok || err != nil || n == 8 { // nobody has eight keys
			break
		}
		for _, key := range p.keys {
			want, _ := hex.DecodeString(sign(key.Reveal(), id, stamp, body)) // our own hex
			found |= subtle.ConstantTimeCompare(raw, want)
		}
	}
	return found == 1
}

func (m message) notice(id string) (connector.Notice, error) {
	bad := fault.New("invalid.callback", "the callback cannot be read")
	if m.Kind == connector.Agreement {
		return m.consent(id)
	}
	if m.ID != id || m.Attempt.Valid() == (m.Kind == connector.Transfer) || m.Kind == "" || windows[m.Method] == 0 {
		return connector.Notice{}, bad
	}
	switch m.State {
	case connector.Approved, connector.Pending, connector.Refused:
	default:
		return connector.Notice{}, bad
	}
	c := charge{N: numberOf(m.Reference), Account: m.Account, Attempt: m.Attempt, Kind: m.Kind, Method: m.Method, State: m.State, Code: m.Code,
		Reason: m.Reason, Auth: m.Auth, Brand: m.Brand, Currency: m.Currency, Risk: m.Risk != "", Root: -1}
	n, ok := c.unit().parse(m.Amount)
	if !ok || n < 0 || c.N < 0 || n > 0 && digitsOf(m.Currency) < 0 {
		return connector.Notice{}, bad
	}
	if m.Kind == connector.Capture || m.Kind == connector.Refund || m.Kind == connector.Void || m.Kind == Chargeback || m.Kind == ChargebackReversal {
		c.Root = 0
	}
	c.Amount = n
	r := connector.Result{State: c.State, Code: c.Code, Reference: m.Reference, Amount: c.money(n), Provider: answerCode(c), ThreeDS: threeDS(c), Risk: m.Risk}
	r.AuthCode, r.SchemeRef = marks(c)
	if m.Kind == connector.Transfer {
		r.Arrivals = []connector.Arrival{{Reference: m.Reference, Quoted: m.Quoted, Payer: m.Payer, Amount: r.Amount}}
	}
	return connector.Notice{ID: id, Attempt: m.Attempt, Account: m.Account, Kind: m.Kind, Result: r}, nil
}

// decode reads one JSON object, strictly: nothing unknown, nothing twice and
// nothing after it.
func decode(body []byte, to *message) error {
	if err := once(body); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(to); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("text after the message")
	}
	return nil
}

// once refuses a flat object that names a member twice, in any case.
func once(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return fmt.Errorf("no object")
	}
	seen := map[string]bool{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		text, _ := name.(string)
		if text = strings.ToLower(text); seen[text] {
			return fmt.Errorf("a member twice")
		}
		seen[text] = true
		value, err := d.Token()
		if err != nil {
			return err
		}
		if _, nested := value.(json.Delim); nested {
			return fmt.Errorf("a member that is no text")
		}
	}
	return nil
}
