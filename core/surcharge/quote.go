package surcharge

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"time"

	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// Quote is a surcharge that holds until it expires or is used.
type Quote struct {
	ID           ident.ID
	Merchant     ident.ID
	Rule         ident.ID // that decided, or ""
	CustomerType CustomerType
	Form         Form
	Amount       money.Amount // before the surcharge
	Surcharge    money.Amount
	Total        money.Amount
	Summary      string // empty when the quote was read from a token
	ExpiresAt    time.Time
	Token        string
}

// claims are the payload of a token. What is in them, whoever holds the token
// may read: ids, amounts, a keyed hash.
type claims struct {
	Version      int            `json:"v"`
	ID           ident.ID       `json:"id"`
	Merchant     ident.ID       `json:"merchantId"`
	Rule         ident.ID       `json:"rule,omitempty"`
	CustomerType CustomerType   `json:"customerType"`
	Form         Form           `json:"form"`
	Amount       int64          `json:"unsurchargedAmount"`
	Surcharge    int64          `json:"surchargeAmount"`
	Currency     money.Currency `json:"currency"`
	Bound        bond           `json:"bound"`
	BINLength    int            `json:"binLength,omitempty"`
	Means        string         `json:"methodFingerprint"`
	Expires      int64          `json:"exp"` // milliseconds
}

const (
	tokenVersion = 1
	tokenLength  = 2048
)

var encoding = base64.RawURLEncoding.Strict()

// bond is by what a quote knows the means it was made for.
type bond string

// The closest one that the asker's knowledge allows is taken: a quote for the
// first digits of a card holds for every card that begins so.
const (
	bySource bond = "source"
	byPacket bond = "packet"
	byNumber bond = "number" // its first six digits and last four
	byBIN    bond = "bin"
	byMethod bond = "method"
)

func (m Means) bond() bond {
	switch {
	case m.Source != "":
		return bySource
	case m.Packet != "":
		return byPacket
	case len(m.Card.BIN) >= 6 && m.Last4 != "":
		return byNumber
	case m.Card.BIN != "":
		return byBIN
	}
	return byMethod
}

// fingerprint is a keyed hash of what m is by a bond, "" when m does not say.
// The attributes that rules look at are in it: what is known of the card when
// it pays must be what the price was made of.
func (m Means) fingerprint(key []byte, b bond, binLength int) string {
	var who []string
	switch b {
	case bySource:
		who = []string{string(m.Source)}
	case byPacket:
		who = []string{m.Packet}
	case byNumber:
		if len(m.Card.BIN) < 6 {
			return ""
		}
		who = []string{m.Card.BIN[:6], m.Last4}
	case byBIN:
		if binLength < 1 || len(m.Card.BIN) < binLength {
			return ""
		}
		who = []string{m.Card.BIN[:binLength]}
	case byMethod:
	default:
		return ""
	}
	for _, s := range who {
		if s == "" {
			return ""
		}
	}
	prepaid := ""
	if m.Card.Prepaid != nil {
		prepaid = "no"
		if *m.Card.Prepaid {
			prepaid = "yes"
		}
	}
	c := m.Card
	all := append([]string{"means", string(b), string(m.Method), c.Brand, string(c.Funding), prepaid, c.Country, string(c.Currency), c.Issuer,
		c.ProductType, c.SchemeProduct}, who...)
	text, err := json.Marshal(all) // quoted, so no two lists give one text
	if err != nil {
		return ""
	}
	return hex.EncodeToString(sum(key, "", text)[:16])
}

// sum is the HMAC-SHA-256 of a text in a realm.
func sum(key []byte, realm ident.ID, text []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("florin.quote.1\x00" + string(realm) + "\x00"))
	mac.Write(text)
	return mac.Sum(nil)
}

// sign makes the token of a quote: base64url(payload) "." base64url(HMAC). The
// realm is in the HMAC and not in the payload, so a token of test mode is
// nothing but noise in live mode.
func (q *Quote) sign(key []byte, realm ident.ID, m Means) error {
	c := claims{Version: tokenVersion, ID: q.ID, Merchant: q.Merchant, Rule: q.Rule, CustomerType: q.CustomerType, Form: q.Form,
		Amount: q.Amount.Minor, Surcharge: q.Surcharge.Minor, Currency: q.Amount.Currency, Bound: m.bond(), Expires: clock.Millis(q.ExpiresAt)}
	if c.Bound == byBIN {
		c.BINLength = len(m.Card.BIN)
	}
	c.Means = m.fingerprint(key, c.Bound, c.BINLength)
	text, err := json.Marshal(c)
	if err != nil {
		return fault.Wrap(err, "writing a quote")
	}
	q.Token = encoding.EncodeToString(text) + "." + encoding.EncodeToString(sum(key, realm, text))
	return nil
}

// read opens a token that this installation made for the realm.
// Faults: invalid.surcharge_quote.
func read(key []byte, realm ident.ID, token string) (c claims, err error) {
	head, tail, _ := strings.Cut(token, ".")
	text, err1 := encoding.DecodeString(head)
	mac, err2 := encoding.DecodeString(tail)
	if len(token) > tokenLength || err1 != nil || err2 != nil || !hmac.Equal(mac, sum(key, realm, text)) {
		return claims{}, notOurs()
	}
	if token != encoding.EncodeToString(text)+"."+encoding.EncodeToString(mac) { // a line break inside, which the decoder skips
		return claims{}, notOurs()
	}
	if err := json.Unmarshal(text, &c); err != nil || c.Version != tokenVersion {
		return claims{}, notOurs()
	}
	return c, nil
}

func notOurs() error {
	return fault.At("invalid.surcharge_quote", "token", "this is no surcharge quote of ours")
}

// Use is the payment that a quote is used for, as it is known when it pays.
type Use struct {
	Merchant     ident.ID
	CustomerType CustomerType // "" when that is not known, and then not compared
	Form         Form
	Amount       money.Amount // before the surcharge
	Means        Means
	Object       ident.ID // what the quote is used up by: a payment token, a payment
}

// fits compares a quote with its use, in the order in which Redeem names them.
func (c claims) fits(key []byte, u Use, now time.Time) error {
	other := func(param, what string) error {
		return fault.At("invalid.surcharge_quote", param, "the surcharge quote is for another %s", what)
	}
	switch {
	case !now.Before(clock.FromMillis(c.Expires)):
		return fault.At("invalid.surcharge_quote.expired", "token", "the surcharge quote has expired; ask for a new one")
	case c.Merchant != u.Merchant:
		return other("merchant", "merchant")
	case c.Currency != u.Amount.Currency:
		return other("currency", "currency")
	case c.Amount != u.Amount.Minor:
		return other("amount", "amount")
	case u.CustomerType != "" && c.CustomerType != u.CustomerType:
		return other("customerType", "type of customer")
	case c.Form != u.Form:
		return other("form", "form of payment")
	}
	got := u.Means.fingerprint(key, c.Bound, c.BINLength)
	if got == "" || !hmac.Equal([]byte(got), []byte(c.Means)) {
		return other("method", "method or card")
	}
	return nil
}

// quote is what the claims say.
func (c claims) quote(token string) (Quote, error) {
	q := Quote{ID: c.ID, Merchant: c.Merchant, Rule: c.Rule, CustomerType: c.CustomerType, Form: c.Form, Amount: money.Of(c.Amount, c.Currency),
		Surcharge: money.Of(c.Surcharge, c.Currency), ExpiresAt: clock.FromMillis(c.Expires), Token: token}
	var err error
	q.Total, err = q.Amount.Add(q.Surcharge)
	return q, err
}
