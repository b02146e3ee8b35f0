package checkout

import (
	"net/url"
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
)

// debitView is the form of a direct debit.
type debitView struct {
	Code         string // DIRECTDEBIT_NO
	Bank, Branch bool   // whether accounts of the region need them
}

// debitOf is the form for the first brand of direct debit among codes.
func debitOf(codes []string) *debitView {
	for _, code := range codes {
		if region := method.DebitRegion(code); region != "" {
			bank, branch := method.AccountCodes(region)
			return &debitView{code, bank > 0, branch > 0}
		}
	}
	return nil
}

// readDebit reads the account of a direct debit. Whether it is one the Desk
// decides.
func readDebit(region string, values url.Values) (*connector.BankAccount, typed) {
	plain := func(name string) string { return strings.Map(dropSpace, values.Get(name)) }
	a := &connector.BankAccount{Region: region, BankCode: plain("bank"), BranchCode: plain("branch"), Number: method.Conceal(strings.ReplaceAll(plain("account"), ".", "")),
		Holder: strings.TrimSpace(values.Get("owner"))}
	return a, typed{Bank: a.BankCode, Branch: a.BranchCode, Owner: a.Holder}
}

// Payee is where a bank transfer goes, as the page shows it.
type Payee struct {
	Holder, Account, Reference string
}

// PayeeOf is the payee of a payment by bank transfer.
func PayeeOf(p *connector.Payee) *Payee {
	if p == nil {
		return nil
	}
	var parts []string
	for _, part := range []string{p.BankCode, p.BranchCode, p.Number} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return &Payee{p.Holder, strings.Join(parts, " "), p.Reference}
}

// debitProblems are what the core says of an account.
var debitProblems = []struct {
	code    string
	problem Problem
}{
	{"invalid.bank_account.bank_code", BankInvalid}, {"invalid.bank_account.branch_code", BranchInvalid}, {"invalid.bank_account.number", AccountInvalid},
	{"invalid.bank_account.holder", OwnerInvalid},
}

func debitProblem(err error) Problem {
	for _, p := range debitProblems {
		if fault.Is(err, p.code) {
			return p.problem
		}
	}
	return ""
}
