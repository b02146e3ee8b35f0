package april

import (
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
)

// paymentToken is a token as the answer to its making shows it (sheet, 5.5).
type paymentToken struct {
	PaymentTokenID      string           `json:"paymentTokenId"`
	PaymentSourceID     string           `json:"paymentSourceId,omitempty"`
	Amount              currencyAmount   `json:"amount"`
	SurchargeAmount     int64            `json:"surchargeAmount"`
	CardAttributes      *cardAttributes  `json:"cardAttributes,omitempty"`
	Last4               string           `json:"last4,omitempty"`
	EmailAddress        string           `json:"emailAddress,omitempty"`
	AgreementAccepted   bool             `json:"agreementAccepted,omitempty"`
	BankAccount         *payerAccount    `json:"bankAccount,omitempty"`
	BankTransferDetails *transferDetails `json:"bankTransferDetails,omitempty"`
	ExpiresAt           *string          `json:"expiresAt"`
}

// transferDetails are where the payer sends money. The account is known once
// the order is paid with the token: its provider names it.
type transferDetails struct {
	Reference         string `json:"reference"`
	BankAccountNumber string `json:"bankAccountNumber,omitempty"`
	BankAccountBSB    string `json:"bankAccountBsb,omitempty"`
	PayID             string `json:"payId,omitempty"`
}

func (w tokenWish) show(t vault.Token) paymentToken {
	out := paymentToken{PaymentTokenID: tokenID.wire(t.ID), PaymentSourceID: sourceID.wire(t.Source), Amount: amountOf(t.Amount), SurchargeAmount: t.Surcharge.Minor,
		ExpiresAt: stamp(t.ExpiresAt)}
	switch t.Kind {
	case vault.OfAccount:
		account := wholeAccount(*t.Face.Bank, w.account.Number.Reveal())
		out.EmailAddress, out.AgreementAccepted, out.BankAccount = t.Face.Email, true, &account
	case vault.OfTransfer:
		out.BankTransferDetails = &transferDetails{Reference: t.Reference}
	case vault.OfSource:
	default:
		attributes := showAttributes(t.Face.Brand, t.Face.BIN, t.Face.Facts)
		out.CardAttributes, out.Last4 = &attributes, t.Face.Last4
	}
	return out
}

// tokenDetails is a token that is asked about (sheet, 5.5).
type tokenDetails struct {
	PaymentTokenID  string         `json:"paymentTokenId"`
	PaymentSourceID string         `json:"paymentSourceId,omitempty"`
	Amount          currencyAmount `json:"amount"`
	SurchargeAmount int64          `json:"surchargeAmount"`
	PayType         string         `json:"payType"`
	Method          map[string]any `json:"method"`
	Status          string         `json:"status"` // ours: open, used, expired
	ExpiresAt       *string        `json:"expiresAt"`
}

type cardDetails struct {
	CardAttributes cardAttributes `json:"cardAttributes"`
	Last4          string         `json:"last4"`
	ExpMonth       int            `json:"expMonth"`
	ExpYear        int            `json:"expYear"`
}

type debitDetails struct {
	BankAccount  payerAccount `json:"bankAccount"`
	EmailAddress string       `json:"emailAddress,omitempty"`
}

// getToken is QueryPaymentToken. Customers see their own; a public key, which
// anybody has, sees those of nobody in particular, and no e-mail address.
func (s *Surface) getToken(c *call) (any, error) {
	id, ok := tokenID.parse(c.id)
	if !ok {
		return nil, errNoToken
	}
	t, err := s.Vault.Token(c.r.Context(), c.actor.Realm, id)
	if err != nil {
		return nil, err
	}
	if _, err := s.mayMerchant(c, t.Merchant); fault.Is(err, fault.NotFound) || c.kind == PublicKey && t.Source != "" ||
		c.customer != "" && t.Customer != c.customer {
		return nil, errNoToken
	} else if err != nil {
		return nil, err
	}
	out := tokenDetails{PaymentTokenID: tokenID.wire(t.ID), PaymentSourceID: sourceID.wire(t.Source), Amount: amountOf(t.Amount), SurchargeAmount: t.Surcharge.Minor,
		PayType: "payinfull", Status: string(t.State), ExpiresAt: stamp(t.ExpiresAt)}
	if out.Method, err = s.tokenMethod(c, t); err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Surface) tokenMethod(c *call, t vault.Token) (map[string]any, error) {
	f := t.Face
	switch {
	case t.Kind == vault.OfTransfer:
		return tagged("BankTransferTokenDetails", transferDetails{Reference: t.Reference}), nil
	case t.Method == method.DirectDebit:
		out := debitDetails{EmailAddress: f.Email}
		if c.kind == PublicKey {
			out.EmailAddress = ""
		}
		if f.Bank != nil {
			out.BankAccount = maskedAccount(*f.Bank, f.Last4)
			return tagged("DirectDebitTokenDetails", out), nil
		}
		src, err := s.Vault.Get(c.r.Context(), c.actor.Realm, t.Source)
		out.EmailAddress, out.BankAccount = src.About.Email, maskedAccount(bankOf(src), src.Last4)
		return tagged("DirectDebitTokenDetails", out), err
	}
	out := cardDetails{showAttributes(f.Brand, f.BIN, f.Facts), f.Last4, f.ExpiryMonth, f.ExpiryYear}
	if t.Kind == vault.OfApple || t.Kind == vault.OfGoogle {
		return tagged("NetworkTokenDetails", out), nil
	}
	return tagged("CardTokenDetails", out), nil
}

var errNoToken = fault.New("not_found.payment_token", "no such payment token")
