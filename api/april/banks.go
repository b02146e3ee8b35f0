package april

import (
	"regexp"

	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/money"
)

// bankAccount is an account as the contract shows it (sheet, 3 and 3.4).
type bankAccount struct {
	AccountID   string         `json:"accountId"`
	AccountName string         `json:"accountName"`
	BankName    string         `json:"bankName,omitempty"`
	Identifier  map[string]any `json:"identifier"`
	Currency    money.Currency `json:"currency"`
	Country     string         `json:"country"`
	IsPrimary   bool           `json:"isPrimary"`
}

// part is one text of an account's identifier and its form.
type part struct {
	name string
	form *regexp.Regexp
	what string
}

// identifier is one way of naming a bank account: a variant of
// BankAccountIdentifier. A part that it does not have has no name.
type identifier struct {
	variant              string
	region               merchant.Region
	country              string
	currency             money.Currency // the only one of its accounts, "" for any
	usual                string         // that payers' accounts are in
	bank, branch, number part
}

func digits(name, form, what string) part {
	return part{name, regexp.MustCompile(`^` + form + `$`), what}
}

// identifiers are the five ways. A New Zealand number has everything in it.
var identifiers = []identifier{
	{"AuBankAccountIdentifier", merchant.Australia, "AU", "", "AUD", digits("bsb", `[0-9]{6}`, "6 digits"), part{}, digits("accountNumber", `[0-9]{2,10}`, "2 to 10 digits")},
	{"HkBankAccountIdentifier", merchant.HongKong, "HK", "", "HKD", digits("bankCode", `[0-9]{3}`, "3 digits"), digits("branchCode", `[0-9]{3}`, "3 digits"), digits("accountNumber", `[0-9]{4,12}`, "4 to 12 digits")},
	{"HkUsdBankAccountIdentifier", merchant.HongKongUSD, "HK", "USD", "USD", digits("bankCode", `[0-9]{3}`, "3 digits"), digits("branchCode", `[0-9]{3}`, "3 digits"), digits("accountNumber", `[0-9]{4,12}`, "4 to 12 digits")},
	{"NzBankAccountIdentifier", merchant.NewZealand, "NZ", "", "NZD", part{}, part{}, digits("accountNumber", `[0-9]{2}-?[0-9]{4}-?[0-9]{7}-?[0-9]{2,3}`, "15 or 16 digits")},
	{"SgBankAccountIdentifier", merchant.Singapore, "SG", "", "SGD", digits("bankCode", `[0-9]{4}`, "4 digits"), digits("branchCode", `[0-9]{3}`, "3 digits"), digits("accountNumber", `[0-9]{4,14}`, "4 to 14 digits")},
}

func (p part) read(in object) string {
	if p.name == "" {
		return ""
	}
	return in.needLike(p.name, p.form, p.what)
}

// readAccount reads a BankAccount. What it says is gathered in in; a wrong
// union is an error at once.
func readAccount(in object) (a merchant.BankAccount, err error) {
	a.Holder, a.Bank, a.Currency = in.need("accountName"), in.text("bankName"), in.currency("currency")
	union := in.needObject("identifier")
	if !in.has("identifier") {
		return a, nil
	}
	names := make([]string, len(identifiers))
	for i, way := range identifiers {
		names[i] = way.variant
	}
	variant, parts, err := union.variant(names...)
	if err != nil {
		return a, err
	}
	for _, way := range identifiers {
		if way.variant != variant {
			continue
		}
		a.Region, a.BankCode, a.BranchCode, a.Number = way.region, way.bank.read(parts), way.branch.read(parts), way.number.read(parts)
		if way.currency != "" && a.Currency != way.currency {
			in.not("currency", "must be %s for such an account", way.currency)
		}
	}
	return a, nil
}

func showAccount(a merchant.BankAccount) bankAccount {
	out := bankAccount{AccountID: accountID.wire(a.ID), AccountName: a.Holder, BankName: a.Bank, Currency: a.Currency, IsPrimary: a.Main}
	for _, way := range identifiers {
		if way.region != a.Region {
			continue
		}
		parts := map[string]string{way.number.name: a.Number}
		if way.bank.name != "" {
			parts[way.bank.name] = a.BankCode
		}
		if way.branch.name != "" {
			parts[way.branch.name] = a.BranchCode
		}
		out.Country, out.Identifier = way.country, tagged(way.variant, parts)
	}
	return out
}
