package method

import (
	"strings"

	"github.com/florinpay/florin/core/fault"
)

// BankAccount is a payer's account at a bank, to be debited directly. Number
// alone is secret: the codes name a bank and its branch, not the payer.
type BankAccount struct {
	// Region is the way of naming accounts: au, nz, hk, hkusd, sg, no or se.
	Region string
	// BankCode is the BSB in Australia, the clearing number in Sweden, and
	// empty in New Zealand and Norway, whose account numbers have it all.
	BankCode   string
	BranchCode string // Hong Kong and Singapore
	Number     Secret // digits
	Holder     string
}

// A form is how many digits the parts of a region's account have.
type form struct {
	bank, branch      int
	shortest, longest int // of the number
}

var forms = map[string]form{
	"au": {6, 0, 2, 10}, "nz": {0, 0, 15, 16}, "hk": {3, 3, 4, 12}, "hkusd": {3, 3, 4, 12}, "sg": {4, 3, 4, 14},
	"no": {0, 0, 11, 11}, "se": {4, 0, 5, 10},
}

const debitPrefix = "DIRECTDEBIT_"

// DebitBrand is the brand of a direct debit from accounts of a region, such as
// DIRECTDEBIT_AU, or "" for a region that is none.
func DebitBrand(region string) string {
	if _, ok := forms[region]; !ok {
		return ""
	}
	return debitPrefix + strings.ToUpper(region)
}

// DebitRegion is the region of a direct debit's brand, or "".
func DebitRegion(brand string) string {
	region, ok := strings.CutPrefix(brand, debitPrefix)
	region = strings.ToLower(region)
	if _, known := forms[region]; !ok || !known {
		return ""
	}
	return region
}

// AccountCodes say how many digits the codes of a bank and a branch have in a
// region; 0 where accounts have no such code.
func AccountCodes(region string) (bank, branch int) { return forms[region].bank, forms[region].branch }

// Check finds what is wrong with a bank account without asking its bank.
//
// Faults, in the order checked: invalid.bank_account.region (no such way of
// naming accounts), invalid.bank_account.bank_code,
// invalid.bank_account.branch_code, invalid.bank_account.number (each: not as
// many digits as the region has), invalid.bank_account.holder (empty, or longer
// than 140 characters). Source: april sheet, section 3.
func (a BankAccount) Check() error {
	f, ok := forms[a.Region]
	number := a.Number.Reveal()
	switch {
	case !ok:
		return fault.At("invalid.bank_account.region", "region", "there is no such way of naming accounts")
	case len(a.BankCode) != f.bank || !number09(a.BankCode):
		return fault.At("invalid.bank_account.bank_code", "bankCode", "a bank of this region is named by %d digits", f.bank)
	case len(a.BranchCode) != f.branch || !number09(a.BranchCode):
		return fault.At("invalid.bank_account.branch_code", "branchCode", "a branch of this region is named by %d digits", f.branch)
	case len(number) < f.shortest || len(number) > f.longest || !number09(number):
		return fault.At("invalid.bank_account.number", "number", "an account of this region has %d to %d digits", f.shortest, f.longest)
	case strings.TrimSpace(a.Holder) == "" || len([]rune(a.Holder)) > 140:
		return fault.At("invalid.bank_account.holder", "holder", "an account has a holder, of at most 140 characters")
	}
	return nil
}

// Last4 is what may be shown of the number: its last four digits, fewer of a
// number so short that they would be more than half of it.
func (a BankAccount) Last4() string {
	n := a.Number.Reveal()
	return n[len(n)-min(4, len(n)/2):]
}

// SplitCodes takes apart a bank's and a branch's code that stand in one text.
func SplitCodes(region, codes string) (bank, branch string) {
	n := min(forms[region].bank, len(codes))
	return codes[:n], codes[n:]
}
