// Package method names the ways to pay, as the core, the surfaces and the
// connectors all call them: one file each. It knows no provider.
package method

// Name of a method.
type Name string

// The methods there are.
const (
	Card    Name = "card"    // answers at once, or after 3-D Secure
	Wallet  Name = "wallet"  // sends the payer to the wallet's page and back
	Voucher Name = "voucher" // the payer gets a slip and pays it days later
	// DirectDebit takes money from a bank account; whether it was good is known
	// days later.
	DirectDebit Name = "direct_debit"
	// BankTransfer waits for money that the payer sends, quoting a reference.
	BankTransfer Name = "bank_transfer"
	// PayTo takes money from a bank account at once, under an agreement that the
	// payer has given in the bank's app.
	PayTo Name = "payto"
	// Terminal is a card terminal that the payer stands in front of.
	Terminal Name = "terminal"
)

// Visits says whether the payer is sent to a page of somebody else's and comes
// back from it.
func (n Name) Visits() bool { return n == Wallet || n == Voucher }

// ByBank says whether banks move the money without a card: what they say may
// come, or be taken back, days later.
func (n Name) ByBank() bool { return n == DirectDebit || n == BankTransfer }

// Secret is text that must never be printed, logged or stored in the clear: a
// card number, a CVV, a key. Every way of formatting it yields stars; Reveal
// alone gives the text. The text lies behind a pointer because fmt, given a
// verb that does not fit or a field that is not exported, passes methods by and
// prints what the struct itself holds. So two Secrets are never compared by ==.
type Secret struct{ s *string }

// Conceal makes a Secret.
func Conceal(s string) Secret {
	if s == "" {
		return Secret{}
	}
	return Secret{&s}
}

// Reveal returns the text. Call it only where the text leaves for its one
// rightful reader.
func (s Secret) Reveal() string {
	if s.s == nil {
		return ""
	}
	return *s.s
}

// Empty says whether there is no text.
func (s Secret) Empty() bool { return s.s == nil }

func (s Secret) String() string               { return "***" }
func (s Secret) GoString() string             { return "***" }
func (s Secret) MarshalText() ([]byte, error) { return []byte("***"), nil }
