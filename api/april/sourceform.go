package april

import (
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
)

// paymentSource is a source as the contract shows it (sheet, 3.5).
type paymentSource struct {
	PaymentSourceID    string         `json:"paymentSourceId"`
	CustomerID         string         `json:"customerId,omitempty"`
	MerchantID         string         `json:"merchantId"`
	CustomerDelegateID string         `json:"customerDelegateId,omitempty"`
	SourceMethod       map[string]any `json:"sourceMethod"`
	UsageScope         string         `json:"usageScope,omitempty"`
	LegacyResp         *legacySource  `json:"legacyResp,omitempty"`
	CreatedAt          *string        `json:"createdAt"`
	UpdatedAt          *string        `json:"updatedAt"`
}

type legacySource struct {
	CardPaymentSourceID string `json:"cardPaymentSourceId"`
}

type cardMethod struct {
	Country        string `json:"country"`
	Brand          string `json:"brand"`
	Funding        string `json:"funding"`
	Issuer         string `json:"issuer,omitempty"`
	Last4          string `json:"last4"`
	CardBIN        string `json:"cardBin"`
	ExpMonth       int    `json:"expMonth"`
	ExpYear        int    `json:"expYear"`
	CardHolderName string `json:"cardHolderName,omitempty"`
}

// usageScopes are the contract's words for scopes.
var usageScopes = map[string]vault.Scope{"ScopeOrganisation": vault.ByOrganisation, "ScopeDelegate": vault.ByDelegate, "ScopeBilling": vault.ByBilling}

func scopeWord(s vault.Scope) string {
	for word, own := range usageScopes {
		if own == s {
			return word
		}
	}
	return ""
}

func showSource(s vault.Source) paymentSource {
	out := paymentSource{PaymentSourceID: sourceID.wire(s.ID), CustomerID: customerID.wire(s.Customer), MerchantID: merchantID.wire(s.Merchant),
		CustomerDelegateID: delegateID.wire(s.Delegate), UsageScope: scopeWord(s.Scope), CreatedAt: stamp(s.CreatedAt), UpdatedAt: changed(s.CreatedAt, s.UpdatedAt)}
	if s.Method == method.DirectDebit {
		out.SourceMethod = tagged("DirectDebitMethodResp", map[string]any{"bankAccount": maskedAccount(bankOf(s), s.Last4)})
		return out
	}
	facts := s.About.Facts
	out.SourceMethod = tagged("CardMethodResp", cardMethod{Country: facts.Country, Brand: cardBrands[s.Brand], Funding: otherwise(facts.Funding, "unknown"),
		Issuer: facts.Issuer, Last4: s.Last4, CardBIN: s.BIN, ExpMonth: s.ExpiryMonth, ExpYear: s.ExpiryYear, CardHolderName: s.Holder})
	return out
}

// bankOf is the bank account of a source that is one.
func bankOf(s vault.Source) vault.BankFace {
	b := vault.BankFace{Region: method.DebitRegion(s.Brand), Name: s.About.Bank, Holder: s.Holder}
	b.BankCode, b.BranchCode = method.SplitCodes(b.Region, s.BIN)
	return b
}

// payerAccount is a payer's bank account on the wire (sheet, 3).
type payerAccount struct {
	AccountName string         `json:"accountName"`
	BankName    string         `json:"bankName,omitempty"`
	Identifier  map[string]any `json:"identifier"`
	Currency    string         `json:"currency"`
}

// maskedAccount shows of an account number what may be shown.
func maskedAccount(b vault.BankFace, last4 string) payerAccount { return wholeAccount(b, "****"+last4) }

func wholeAccount(b vault.BankFace, number string) payerAccount {
	way := wayOf(merchant.Region(b.Region))
	parts := map[string]string{way.number.name: number}
	if way.bank.name != "" {
		parts[way.bank.name] = b.BankCode
	}
	if way.branch.name != "" {
		parts[way.branch.name] = b.BranchCode
	}
	currency := string(way.currency)
	if currency == "" {
		currency = way.usual
	}
	return payerAccount{AccountName: b.Holder, BankName: b.Name, Identifier: tagged(way.variant, parts), Currency: currency}
}

// readPayerAccount reads the BankAccount of a payer, to be debited.
func readPayerAccount(in object) (method.BankAccount, string, error) {
	a, err := readAccount(in)
	if err == nil && in.err() == nil {
		if way := wayOf(a.Region); string(a.Currency) != way.usual && a.Currency != way.currency {
			in.not("currency", "must be that of the account's country")
		}
	}
	number := digitsOf(a.Number)
	return method.BankAccount{Region: string(a.Region), BankCode: a.BankCode, BranchCode: a.BranchCode, Number: method.Conceal(number), Holder: a.Holder}, a.Bank, err
}

func wayOf(r merchant.Region) identifier {
	for _, way := range identifiers {
		if way.region == r {
			return way
		}
	}
	return identifier{}
}
