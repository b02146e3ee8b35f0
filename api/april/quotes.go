package april

import (
	"context"

	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// surchargeQuote is a quote on the wire (sheet, 3.2).
type surchargeQuote struct {
	UnsurchargedAmount     int64          `json:"unsurchargedAmount"`
	SurchargeAmount        int64          `json:"surchargeAmount"`
	TotalAmount            int64          `json:"totalAmount"`
	PaymentMethod          map[string]any `json:"paymentMethod"`
	Summary                string         `json:"summary"`
	QuoteVerificationToken string         `json:"quoteVerificationToken"`
}

// requirement is what a request says about the surcharge (sheet, 3.2 and 6.3):
// a quote, an amount of its own, or nothing.
type requirement struct {
	token     string // of a quote
	shown     map[string]int64
	specified *int64
}

// readRequirement reads a SurchargeRequirement, tagged or untagged: the two are
// told apart by the name of the one member (sheet, 1.2).
func readRequirement(in object) (r requirement, err error) {
	union, sent := in.object("surchargeRequirement")
	if !sent {
		return r, nil
	}
	name, err := union.only("surchargeQuote", "surchargeAmount", "SurchargeQuoted", "SurchargeSpecified")
	if err != nil {
		return r, err
	}
	if name == "SurchargeQuoted" || name == "SurchargeSpecified" {
		want := map[string]string{"SurchargeQuoted": "surchargeQuote", "SurchargeSpecified": "surchargeAmount"}[name]
		inner, _ := union.object(name)
		if union = inner; !union.has(want) {
			union.not(want, "is needed")
			return r, nil
		}
		name = want
	}
	if name == "surchargeAmount" {
		n, sent := union.integer(name)
		if r.specified = &n; sent && n < 0 {
			union.not(name, "must not be negative")
		}
		return r, nil
	}
	quote, _ := union.object(name)
	r.token, r.shown = quote.textUpToNeeded("quoteVerificationToken", 2048), map[string]int64{}
	for _, name := range []string{"unsurchargedAmount", "surchargeAmount", "totalAmount"} {
		if n, sent := quote.integer(name); sent {
			r.shown[name] = n
		} else if !quote.has(name) {
			quote.not(name, "is needed")
		}
	}
	return r, nil
}

// only is the name of an object's one member, which is one of the names.
func (o object) only(names ...string) (string, error) {
	if len(o.members) == 1 {
		for _, name := range names {
			if o.has(name) {
				return name, nil
			}
		}
	}
	return "", broken(o.path, "must be an object with exactly one of %v", names)
}

// textUpToNeeded reads a text of a length that has to be there.
func (o object) textUpToNeeded(name string, limit int) string {
	s := o.textUpTo(name, limit)
	if s == "" && (o.members[name] == nil || o.members[name] == "") {
		o.not(name, "is needed")
	}
	return s
}

// pricing decides the surcharge of a token while it is made (sheet, 6.3).
func (s *Surface) pricing(c *call, w tokenWish) func(tx *store.Tx, t vault.Token) (vault.Price, error) {
	r := w.price
	if r.token == "" && r.specified == nil {
		return nil
	}
	return func(tx *store.Tx, t vault.Token) (vault.Price, error) {
		means := meansOf(t, w.draft.Packet.Packet)
		if r.specified != nil {
			who := customerType(w.who.customer)
			if who == "" {
				who = surcharge.Consumer
			}
			q, err := s.Surcharges.Specified(tx, ask(*c.acts, means, t.Amount, who, w.fee), *r.specified)
			return vault.Price{Surcharge: q.Surcharge}, err
		}
		q, err := s.Surcharges.Redeem(tx, r.token, surcharge.Use{Merchant: t.Merchant, CustomerType: customerType(w.who.customer), Form: surcharge.InFull,
			Amount: t.Amount, Means: means, Object: t.ID})
		if err == nil && (r.shown["unsurchargedAmount"] != q.Amount.Minor || r.shown["surchargeAmount"] != q.Surcharge.Minor || r.shown["totalAmount"] != q.Total.Minor) {
			err = fault.At("invalid.surcharge_quote", "surchargeQuote", "the surcharge quote says other amounts than it was made with")
		}
		return vault.Price{Surcharge: q.Surcharge, Quote: q.ID}, err
	}
}

func ask(owner merchant.Found, m surcharge.Means, a money.Amount, who surcharge.CustomerType, fee surcharge.Fee) surcharge.Ask {
	return surcharge.Ask{Merchant: owner.ID, Marketplace: owner.Marketplace, CustomerType: who, Form: surcharge.InFull, Amount: a, Means: m, Fee: fee}
}

// fee is what the platform takes of a payment, for rules that pass it on:
// nothing of a merchant that has no plan.
func (s *Surface) fee(ctx context.Context, realm, owner ident.ID, by method.Name, brand, country string, currency money.Currency) (surcharge.Fee, error) {
	plan, err := s.Settlement.Plan(ctx, realm, owner)
	if fault.Is(err, fault.NotFound) {
		return surcharge.Fee{}, nil
	}
	if by == surcharge.ApplePay || by == surcharge.GooglePay { // cards to the platform
		by = method.Card
	}
	var f surcharge.Fee
	f.BasisPoints, f.Fixed, f.TaxBasisPoints = plan.Rate(by, brand, country, currency)
	return f, err
}

// meansOf is what rules look at of what a token pays with.
func meansOf(t vault.Token, packet string) surcharge.Means {
	m := surcharge.Means{Method: t.Method, Source: t.Source, Packet: packet, Last4: t.Face.Last4}
	switch t.Kind {
	case vault.OfApple:
		m.Method = surcharge.ApplePay
	case vault.OfGoogle:
		m.Method = surcharge.GooglePay
	}
	if t.Method == method.Card {
		m.Card = attributesOf(t.Face.Brand, t.Face.BIN, t.Face.Facts)
	}
	return m
}

func attributesOf(brand, bin string, f method.Facts) surcharge.Attributes {
	return surcharge.Attributes{Brand: brand, Funding: surcharge.Funding(f.Funding), Prepaid: f.Prepaid, Country: f.Country, Currency: money.Currency(f.Currency),
		Issuer: f.Issuer, ProductType: f.ProductType, SchemeProduct: f.SchemeProduct, BIN: bin}
}

// quoteSurcharge is CalculateSurcharge.
func (s *Surface) quoteSurcharge(c *call) (any, error) {
	variant, in, err := c.body.variant("PaymentSurchargeRequest", "SurchargeRatesRequest")
	if err != nil {
		return nil, err
	}
	found, err := s.merchantOfPath(c)
	if err != nil {
		return nil, err
	}
	c.acts, c.actor = &found, c.actor.For(found.ID)
	if variant == "SurchargeRatesRequest" {
		return s.rates(c, in)
	}
	p := in.needObject("payment")
	if p.has("form") {
		form, _ := p.object("form")
		if _, _, err := form.variant("PayInFull"); err != nil {
			return nil, err
		}
	} else {
		p.not("form", "is needed")
	}
	who := p.customerType()
	amount := p.needObject("amount")
	minor, sent := amount.integer("amount")
	if !sent && !amount.has("amount") {
		amount.not("amount", "is needed")
	}
	a := money.Of(minor, money.Currency(amount.need("currency")))
	name, how, err := p.needObject("method").variant("ApplePay", "BankTransfer", "Card", "DirectDebit", "GooglePay", "SavedPaymentSource")
	if err != nil {
		return nil, err
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	if err := checkAmount(a); err != nil {
		return nil, err
	}
	m, err := s.quotedMeans(c, name, how)
	if err != nil {
		return nil, err
	}
	fee, err := s.fee(c.r.Context(), c.actor.Realm, c.acts.ID, m.Method, m.Card.Brand, m.Card.Country, a.Currency)
	if err != nil {
		return nil, err
	}
	q, err := s.Surcharges.Quote(c.r.Context(), c.actor, ask(*c.acts, m, a, who, fee))
	if err != nil {
		return nil, err
	}
	return tagged("PaymentSurchargeResponse", map[string]any{"surchargeQuote": surchargeQuote{UnsurchargedAmount: q.Amount.Minor, SurchargeAmount: q.Surcharge.Minor,
		TotalAmount: q.Total.Minor, PaymentMethod: showMeans(m), Summary: q.Summary, QuoteVerificationToken: q.Token}}), nil
}

// customerTypes are the contract's words for types of customers.
var customerTypes = map[string]surcharge.CustomerType{"Consumer": surcharge.Consumer, "Organisation": surcharge.Organisation}

func (o object) customerType() surcharge.CustomerType {
	if o.need("customerType") == "" {
		return ""
	}
	return customerTypes[o.word("customerType", "Consumer", "Organisation")]
}

// showMeans is a PaymentMethod, untagged (sheet, 1.2).
func showMeans(m surcharge.Means) map[string]any {
	if word := bankMethods[m.Method]; word != "" {
		return map[string]any{"methodType": word}
	}
	a := m.Card
	return map[string]any{"cardAttributes": showAttributes(a.Brand, a.BIN, method.Facts{Country: a.Country, Funding: string(a.Funding), Prepaid: a.Prepaid,
		Currency: string(a.Currency), Issuer: a.Issuer, ProductType: a.ProductType, SchemeProduct: a.SchemeProduct})}
}

var bankMethods = map[method.Name]string{surcharge.BankTransfer: "BankTransfer", surcharge.DirectDebit: "DirectDebit", surcharge.PayTo: "PayTo"}

// quotedMeans reads what a quote is asked for.
func (s *Surface) quotedMeans(c *call, name string, in object) (m surcharge.Means, err error) {
	switch name {
	case "BankTransfer":
		return surcharge.Means{Method: surcharge.BankTransfer}, nil
	case "DirectDebit":
		return surcharge.Means{Method: surcharge.DirectDebit}, nil
	case "Card":
		return s.quotedCard(c, in)
	case "SavedPaymentSource":
		return s.quotedSource(c, in)
	}
	m.Method = surcharge.ApplePay
	open, member := s.openApple, "applePay"
	if name == "GooglePay" {
		m.Method, open, member = surcharge.GooglePay, s.openGoogle, "googlePay"
	}
	card, err := open(c, in.needObject(member))
	if err != nil {
		return m, err
	}
	number := card.Number.Reveal()
	m.Packet = card.Packet
	return m, s.attribute(c, &m, number[:6], number[len(number)-4:], method.Detect(number))
}

func (s *Surface) attribute(c *call, m *surcharge.Means, bin, last4, brand string) error {
	facts, err := s.facts(c, bin)
	m.Card, m.Last4 = attributesOf(brand, bin, facts), last4
	return err
}

// quotedCard reads a card by its number, or by the first digits of it.
func (s *Surface) quotedCard(c *call, in object) (surcharge.Means, error) {
	m := surcharge.Means{Method: surcharge.Card}
	name, err := in.only("cardNumber", "bin")
	if err != nil {
		return m, err
	}
	digits := digitsOf(in.need(name))
	if err := in.err(); err != nil {
		return m, err
	}
	if name == "bin" {
		if len(digits) < 6 || len(digits) > 8 || !allDigits(digits) {
			return m, invalid(in.at(name), "must be 6 to 8 digits")
		}
		return m, s.attribute(c, &m, digits[:6], "", method.Detect(digits))
	}
	if !method.Luhn(digits) || method.Detect(digits) == "" {
		return m, fault.At("invalid.card.number", "cardNumber", "this is no card number")
	}
	return m, s.attribute(c, &m, digits[:6], digits[len(digits)-4:], method.Detect(digits))
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

func (s *Surface) quotedSource(c *call, in object) (surcharge.Means, error) {
	text := in.need("paymentSourceId")
	if err := in.err(); err != nil {
		return surcharge.Means{}, err
	}
	src, err := s.usableSource(c, text)
	if err != nil {
		return surcharge.Means{}, err
	}
	m := surcharge.Means{Method: src.Method, Source: src.ID, Last4: src.Last4}
	if src.Method == method.Card {
		m.Card = attributesOf(src.Brand, src.BIN, src.About.Facts)
	}
	return m, nil
}
