package april

import (
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/core/vault"
)

// tokenWish is a payment token that is asked for.
type tokenWish struct {
	draft   vault.TokenDraft
	who     holder
	answer  string // the variant that it comes back as
	account method.BankAccount
	price   requirement
	method  method.Name
	brand   string
	fee     surcharge.Fee // of the platform, for a surcharge that the merchant works out
}

// looseAmount reads money that has to be there; whether it is positive and its
// currency known is the core's to say, in the contract's words for that.
func (o object) looseAmount(name string) money.Amount {
	in := o.needObject(name)
	minor, sent := in.integer("minorCurrencyUnits")
	if o.has(name) && !sent && !in.has("minorCurrencyUnits") {
		in.not("minorCurrencyUnits", "is needed")
	}
	currency := money.Currency("")
	if o.has(name) {
		currency = money.Currency(in.need("currency"))
	}
	return money.Of(minor, currency)
}

// tokenVariants are the ways of making a token, and who reads each.
var tokenVariants = map[string]func(s *Surface, c *call, in object, w *tokenWish) error{
	"CreateApplePayToken":           (*Surface).wishApple,
	"CreateBankAccountToken":        (*Surface).wishAccount,
	"CreateBankTransferToken":       (*Surface).wishTransfer,
	"CreateCardToken":               (*Surface).wishCard,
	"CreateGooglePayToken":          (*Surface).wishGoogle,
	"CreateSavedPaymentSourceToken": (*Surface).wishSource,
}

// addToken is CreatePaymentToken.
func (s *Surface) addToken(c *call) (any, error) {
	variant, in, err := c.body.variant("CreateApplePayToken", "CreateBankAccountToken", "CreateBankTransferToken", "CreateCardToken", "CreateGooglePayToken",
		"CreateSavedPaymentSourceToken")
	if err != nil {
		return nil, err
	}
	w := tokenWish{draft: vault.TokenDraft{Merchant: c.acts.ID, Amount: in.looseAmount("amount")}}
	if w.price, err = readRequirement(in); err != nil {
		return nil, err
	}
	said := ""
	if variant == "CreateCardToken" {
		said = in.text("customerId")
	}
	if err := in.err(); err != nil {
		return nil, err
	}
	if err := checkAmount(w.draft.Amount); err != nil {
		return nil, err
	}
	if w.who, err = s.holder(c, said); err != nil {
		return nil, err
	}
	w.draft.Customer, w.draft.Delegate = w.who.customer.ID, w.who.delegate
	if err := tokenVariants[variant](s, c, in, &w); err != nil {
		return nil, err
	}
	if w.price.specified != nil {
		if w.fee, err = s.fee(c.r.Context(), c.actor.Realm, c.acts.ID, w.method, w.brand, w.draft.Facts.Country, w.draft.Amount.Currency); err != nil {
			return nil, err
		}
	}
	w.draft.Price = s.pricing(c, w)
	t, err := s.Vault.Tokenise(c.r.Context(), c.actor, c.by(), w.draft)
	if err != nil {
		return nil, err
	}
	return tagged(w.answer, w.show(t)), nil
}

// checkAmount judges what a token or quote is for (sheet, 5.5).
func checkAmount(a money.Amount) error {
	switch {
	case !a.Currency.Known():
		return fault.At("invalid.currency", "currency", "no currency that can be paid in")
	case a.Minor < 1 || a.Minor > money.Max:
		return fault.At("invalid.amount", "amount", "the amount must be positive, and at most %d", money.Max)
	}
	return nil
}

func (s *Surface) wishCard(c *call, in object, w *tokenWish) error {
	card, cvv, bad := typedCard(in.needObject("card"), "cvc")
	w.draft.Keep = in.truth("saveCard", false)
	if w.draft.Keep && w.who.customer.ID == "" {
		in.not("saveCard", "a card is saved for a customer, and nobody says for whom")
	}
	if err := in.err(); err != nil {
		return err
	}
	if bad != nil {
		return bad
	}
	w.answer, w.draft.Kind, w.draft.Card, w.draft.CVV = "CardToken", vault.OfCard, card, cvv
	return s.describe(c, w, card.Number)
}

// describe finds what is known of the card behind a token.
func (s *Surface) describe(c *call, w *tokenWish, number method.Secret) error {
	facts, err := s.facts(c, number.Reveal())
	w.draft.Facts, w.method, w.brand = facts, method.Card, method.Detect(number.Reveal())
	return err
}

// facts are what is known of a card by the first digits of its number.
func (s *Surface) facts(c *call, digits string) (method.Facts, error) {
	profile, err := s.Merchants.Outlet(c.r.Context(), c.actor.Realm, c.acts.ID)
	if err != nil {
		return method.Facts{}, err
	}
	return s.Payments.Describe(c.r.Context(), c.actor.Environment, profile, digits), nil
}

func (s *Surface) wishSource(c *call, in object, w *tokenWish) error {
	text := in.need("paymentSourceId")
	cvv := method.Conceal(in.like("cardCvc", codeForm, "3 or 4 digits"))
	if err := in.err(); err != nil {
		return err
	}
	src, err := s.usableSource(c, text)
	if err != nil {
		return err
	}
	if w.who.customer.ID != "" && !src.PayableBy(w.who.customer.ID, w.who.delegate) && src.Customer != "" {
		return errNoSource
	}
	if w.who.customer.ID == "" && src.Customer != "" {
		if w.who.customer, err = s.Customers.Get(c.r.Context(), c.actor.Realm, src.Customer); err != nil {
			return err
		}
	}
	w.answer, w.draft.Kind, w.draft.Source, w.draft.CVV, w.draft.Unattended = "SavedPaymentSourceToken", vault.OfSource, src.ID, cvv, c.ours() && cvv.Empty()
	w.draft.Facts, w.method, w.brand = src.About.Facts, src.Method, src.Brand
	return nil
}

// usableSource finds a source that the caller may pay with. A public key, which
// anybody has, does not pay with what is a customer's (sheet, 2.1).
func (s *Surface) usableSource(c *call, text string) (vault.Source, error) {
	src, err := s.maySource(c, text)
	switch {
	case err != nil:
		return src, err
	case c.kind == PublicKey && (src.Customer != "" || src.Scope == vault.ByBilling):
		return src, fault.New("forbidden.source", "a public key does not pay with a customer's source")
	}
	if src.Method == method.Card && src.About.Facts == (method.Facts{}) { // kept through another contract
		src.About.Facts, err = s.facts(c, src.BIN)
	}
	return src, err
}

func (s *Surface) wishApple(c *call, in object, w *tokenWish) (err error) {
	w.answer, w.draft.Kind = "NetworkToken", vault.OfApple
	if w.draft.Packet, err = s.openApple(c, in.needObject("applePay")); err != nil {
		return err
	}
	return s.describe(c, w, w.draft.Packet.Number)
}

func (s *Surface) wishGoogle(c *call, in object, w *tokenWish) (err error) {
	w.answer, w.draft.Kind = "NetworkToken", vault.OfGoogle
	if w.draft.Packet, err = s.openGoogle(c, in.needObject("googlePay")); err != nil {
		return err
	}
	return s.describe(c, w, w.draft.Packet.Number)
}

func (s *Surface) wishAccount(_ *call, in object, w *tokenWish) (err error) {
	bank := in.needObject("bankAccount")
	w.draft.Email = in.needLike("emailAddress", emailForm, emailWhat)
	if !in.truth("agreementAccepted", false) {
		in.not("agreementAccepted", "the payer has to agree to be debited")
	}
	if w.account, w.draft.BankName, err = readPayerAccount(bank); err != nil {
		return err
	}
	if err := in.err(); err != nil {
		return err
	}
	if currency := money.Currency(bank.text("currency")); currency != w.draft.Amount.Currency {
		return fault.At("invalid.currency", "currency", "the account is in another currency than the amount")
	}
	w.answer, w.draft.Kind, w.draft.Bank = "BankAccountToken", vault.OfAccount, w.account
	w.method, w.brand = method.DirectDebit, method.DebitBrand(w.account.Region)
	return nil
}

func (s *Surface) wishTransfer(_ *call, in object, w *tokenWish) error {
	w.answer, w.draft.Kind, w.method = "BankTransferToken", vault.OfTransfer, method.BankTransfer
	return in.err()
}

// customerType is whose quote a payment may use; "" when nobody says who pays.
func customerType(c customer.Customer) surcharge.CustomerType {
	switch c.Kind {
	case customer.Consumer:
		return surcharge.Consumer
	case customer.Organisation:
		return surcharge.Organisation
	}
	return ""
}
