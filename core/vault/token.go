package vault

import (
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// TokenKind is what a payment token was made of.
type TokenKind string

// The kinds of payment tokens (april sheet, section 5.5).
const (
	OfCard     TokenKind = "card"      // a card that was typed
	OfSource   TokenKind = "source"    // a payment source that is kept
	OfApple    TokenKind = "applepay"  // an Apple Pay packet, opened
	OfGoogle   TokenKind = "googlepay" // a Google Pay packet, opened
	OfAccount  TokenKind = "account"   // a bank account that may be debited
	OfTransfer TokenKind = "transfer"  // the payer sends money and quotes a reference
)

// TokenState of a payment token:
//
//	open ──Use──> used
//	  └──time───> expired
//
// What was sealed with an open token is wiped when it is used, and when its
// time is up.
type TokenState string

const (
	TokenOpen    TokenState = "open"
	TokenUsed    TokenState = "used"
	TokenExpired TokenState = "expired"
)

// How long a token can be used (april sheet, section 6.2).
const (
	tokenLife    = time.Hour
	transferLife = 14 * 24 * time.Hour
)

// Token pays once, within its time, one order of one merchant of exactly
// Amount. It holds what may be shown; the card itself is sealed with it.
type Token struct {
	ID         ident.ID
	Version    int64
	Merchant   ident.ID
	Customer   ident.ID // or ""
	Delegate   ident.ID // who acted for the customer, or ""
	Kind       TokenKind
	Method     method.Name
	Source     ident.ID     // of OfSource
	Amount     money.Amount // of the order, before the surcharge
	Surcharge  money.Amount // charged on top of it; zero without one
	Quote      ident.ID     // the surcharge quote that was used up for it, or ""
	Unattended bool         // the merchant's server made it of a source: no payer is there to be challenged
	Keep       bool         // the card becomes a payment source if it pays
	Face       Face
	Reference  string // that the payer quotes, of OfTransfer
	State      TokenState
	UsedBy     ident.ID // the order that it paid, or ""
	UsedAt     time.Time
	ExpiresAt  time.Time
	CreatedAt  time.Time

	sealed     []byte
	keyVersion int64
}

// Face is what may be shown of what a token pays with.
type Face struct {
	Brand       string       `json:"brand,omitempty"`
	BIN         string       `json:"bin,omitempty"`
	Last4       string       `json:"last4,omitempty"` // of the card, or of the bank account
	ExpiryMonth int          `json:"month,omitempty"`
	ExpiryYear  int          `json:"year,omitempty"`
	Facts       method.Facts `json:"facts,omitzero"`
	Fingerprint string       `json:"fingerprint,omitempty"`
	Bank        *BankFace    `json:"bank,omitempty"`
	Email       string       `json:"email,omitempty"` // of the payer, for what a debit has to announce
}

// BankFace is what may be shown of a bank account, beside its Last4.
type BankFace struct {
	Region     string `json:"region"`
	BankCode   string `json:"bankCode,omitempty"`
	BranchCode string `json:"branchCode,omitempty"`
	Name       string `json:"name,omitempty"` // of the bank
	Holder     string `json:"holder"`
}

// transferBrand is the brand of bank transfers.
const transferBrand = "BANKTRANSFER"

// TokenUse is what a token is to pay.
type TokenUse struct {
	Merchant ident.ID
	Customer ident.ID     // of the order, "" when it has none
	Amount   money.Amount // of the order, before the surcharge
	Order    ident.ID     // which uses the token up
	Cards    bool         // only a card or a wallet will do
}

// Means is what a token turns into when it pays: of Card, Source and Bank
// one is set, or none for a bank transfer, where the payer sends Total and
// quotes Token.Reference. payment.Order.With takes it over.
type Means struct {
	Token Token
	Total money.Amount // what is charged: the amount and the surcharge

	// Card is the one that was typed, or that a wallet's packet held. Its CVV
	// is empty when the payer gave none, and also when this process does not
	// know it any more: it is kept in memory only, never written down, so a
	// restart loses it, and another node never had it. The card was looked at
	// when the token was made; a CVV that is missing now is no fault.
	Card    *connector.Card
	ThreeDS *connector.ThreeDS // of a wallet's card on a device: its cryptogram

	Source ident.ID      // a kept card, or a mandate to debit an account
	CVV    method.Secret // typed along with Source, or empty, as above

	Bank *method.BankAccount // to be debited once
}

// fits judges a use. Faults, in the order checked: not_found.payment_token,
// conflict.payment_token.used, conflict.payment_token.expired,
// invalid.payment_token.amount, invalid.payment_token.customer,
// invalid.payment_token.method. Source: april sheet, section 6.2.
func (t Token) fits(u TokenUse, now time.Time) error {
	switch {
	case t.Merchant != u.Merchant:
		return noToken()
	case t.State == TokenUsed:
		return fault.At("conflict.payment_token.used", "token", "the payment token was used before")
	case t.State == TokenExpired || !now.Before(t.ExpiresAt):
		return fault.At("conflict.payment_token.expired", "token", "the payment token has expired")
	case t.Amount != u.Amount:
		return fault.At("invalid.payment_token.amount", "amount", "the payment token is for another amount or currency")
	case t.Customer != "" && u.Customer != "" && t.Customer != u.Customer:
		return fault.At("invalid.payment_token.customer", "customer", "the payment token is another customer's")
	case u.Cards && !t.OfACard():
		return fault.At("invalid.payment_token.method", "token", "the payment token does not pay by card")
	}
	return nil
}

// OfACard says whether a card stands behind the token.
func (t Token) OfACard() bool { return t.Method == method.Card }

func noToken() error { return fault.New("not_found.payment_token", "no such payment token") }
