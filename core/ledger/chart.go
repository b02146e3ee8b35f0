package ledger

import (
	"strings"

	"github.com/florinpay/florin/core/ident"
)

// Account is a name in the chart of accounts, such as "fees" or
// "merchant/6560a1b2c3d4e5f601234567". Each account has a row per currency.
type Account string

// Nature is what kind of account it is, which says on which side it normally
// stands: assets and expenses on the debit side, the others on the credit side.
type Nature string

const (
	Asset     Nature = "asset"
	Liability Nature = "liability"
	Income    Nature = "income"
	Expense   Nature = "expense"
)

// Class is a line of the chart: all accounts that share the word before the
// slash. Per names what follows the slash, or is empty for a single account.
type Class struct {
	Name   string
	Per    string
	Nature Nature
	Means  string
}

// Chart lists every class of account there is, in the order of docs/ledger.md.
var Chart = []Class{
	{"provider", "connector", Asset, "what a provider owes us: money it has collected and not yet paid over"},
	{"bank", "", Asset, "money in our own bank account"},
	{"dispute", "merchant", Asset, "money a provider took back whose dispute is not decided"},
	{"receivable", "merchant", Asset, "fees that a merchant is invoiced for and has not paid yet"},
	{"merchant", "merchant", Liability, "what we owe a merchant"},
	{"outside", "way", Asset, "money that merchants have received themselves, told to us"},
	{"direct", "merchant", Liability, "what a merchant has received itself; never paid out"},
	{"tax", "country", Liability, "tax on our fees that we owe a country"},
	{"suspense", "connector", Liability, "money that came to or left a provider and that we cannot explain yet"},
	{"exchange", "", Liability, "the middle of a conversion between two currencies"},
	{"fees", "", Income, "what merchants pay us"},
	{"cost", "connector", Expense, "what a provider charges us"},
	{"rounding", "", Expense, "the remainder of a division"},
}

var classes = func() map[string]*Class {
	m := make(map[string]*Class, len(Chart))
	for i := range Chart {
		m[Chart[i].Name] = &Chart[i]
	}
	return m
}()

// class returns the line of the chart that a belongs to, or nil.
func (a Account) class() *Class {
	name, rest, slash := strings.Cut(string(a), "/")
	c := classes[name]
	if c == nil || slash != (c.Per != "") || len(a) > maxWord {
		return nil
	}
	if slash && !word(rest) {
		return nil
	}
	return c
}

// normal returns +1 for an account that normally stands on the debit side and
// -1 for one that normally stands on the credit side.
func (a Account) normal() int64 {
	if c := a.class(); c != nil && (c.Nature == Liability || c.Nature == Income) {
		return -1
	}
	return 1
}

// The accounts without a name of their own.
const (
	Bank     Account = "bank"
	Exchange Account = "exchange"
	Fees     Account = "fees"
	Rounding Account = "rounding"
)

// Provider is what the provider behind connector owes us.
func Provider(connector string) Account { return Account("provider/" + connector) }

// Merchant is what we owe merchant.
func Merchant(merchant ident.ID) Account { return Account("merchant/" + string(merchant)) }

// Dispute is what merchant's open disputes hold.
func Dispute(merchant ident.ID) Account { return Account("dispute/" + string(merchant)) }

// Outside is money that merchants have received themselves in a way, cash for
// example, that we had no part in.
func Outside(way string) Account { return Account("outside/" + way) }

// Direct is what merchant has received itself.
func Direct(merchant ident.ID) Account { return Account("direct/" + string(merchant)) }

// Suspense is money at connector's provider that waits for review.
func Suspense(connector string) Account { return Account("suspense/" + connector) }

// Cost is what the provider behind connector charges us.
func Cost(connector string) Account { return Account("cost/" + connector) }
