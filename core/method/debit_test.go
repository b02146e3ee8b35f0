package method

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/core/fault"
)

func TestBankAccount(t *testing.T) {
	good := func(change func(a *BankAccount)) BankAccount {
		a := BankAccount{Region: "au", BankCode: "062000", Number: Conceal("12345678"), Holder: "N Berg"}
		change(&a)
		return a
	}
	for _, c := range []struct {
		name   string
		change func(a *BankAccount)
		want   string
	}{
		{"good", func(a *BankAccount) {}, ""},
		{"no region", func(a *BankAccount) { a.Region = "" }, "invalid.bank_account.region"},
		{"capitals", func(a *BankAccount) { a.Region = "AU" }, "invalid.bank_account.region"},
		{"short BSB", func(a *BankAccount) { a.BankCode = "06200" }, "invalid.bank_account.bank_code"},
		{"letters in the BSB", func(a *BankAccount) { a.BankCode = "06200x" }, "invalid.bank_account.bank_code"},
		{"a branch of its own", func(a *BankAccount) { a.BranchCode = "001" }, "invalid.bank_account.branch_code"},
		{"one digit", func(a *BankAccount) { a.Number = Conceal("1") }, "invalid.bank_account.number"},
		{"no number", func(a *BankAccount) { a.Number = Secret{} }, "invalid.bank_account.number"},
		{"full-width digits", func(a *BankAccount) { a.Number = Conceal("１２３") }, "invalid.bank_account.number"},
		{"eleven digits", func(a *BankAccount) { a.Number = Conceal("12345678901") }, "invalid.bank_account.number"},
		{"no holder", func(a *BankAccount) { a.Holder = " " }, "invalid.bank_account.holder"},
		{"a long holder", func(a *BankAccount) { a.Holder = strings.Repeat("ø", 141) }, "invalid.bank_account.holder"},
		{"Norway", func(a *BankAccount) { *a = BankAccount{Region: "no", Number: Conceal("86011117947"), Holder: "N"} }, ""},
		{"Singapore", func(a *BankAccount) {
			*a = BankAccount{Region: "sg", BankCode: "7171", BranchCode: "001", Number: Conceal("1234"), Holder: "N"}
		}, ""},
	} {
		a := good(c.change)
		if got := fault.Code(a.Check()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	for number, want := range map[string]string{"12345678": "5678", "123456": "456", "12": "2", "": ""} {
		if got := (BankAccount{Number: Conceal(number)}).Last4(); got != want {
			t.Errorf("%q: got %q, want %q", number, got, want)
		}
	}
}

func TestDebitBrand(t *testing.T) {
	for region := range forms {
		brand := DebitBrand(region)
		if got := OfBrand(brand); got != DirectDebit {
			t.Errorf("%s: got method %q", brand, got)
		}
		if got := DebitRegion(brand); got != region {
			t.Errorf("%s: got region %q, want %q", brand, got, region)
		}
	}
	if DebitBrand("sepa") != "" || DebitRegion("DIRECTDEBIT_SEPA") != "" || DebitRegion("VISA") != "" {
		t.Error("a region that is none has a brand")
	}
}
