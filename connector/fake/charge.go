package fake

import (
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Kinds of entries that no question of ours starts: the payer's bank does.
const (
	Chargeback         connector.Kind = "chargeback"
	ChargebackReversal connector.Kind = "chargeback_reversal"
)

// charge is one entry of the books: an operation that the provider took in.
// Amounts are counted in the grain of the method's unit.
type charge struct {
	N        int32
	Root     int32 // the charge it operates on, or -1
	Attempt  ident.ID
	Account  string
	Kind     connector.Kind
	Method   method.Name
	Brand    string
	State    connector.State
	Code     string // why refused
	Reason   string // of a chargeback, in the provider's own code
	Currency money.Currency
	Amount   int64
	Captured int64
	Voided   int64
	Refunded int64
	Disputed int64
	BIN      string
	Last4    string
	Auth     string // 3-D Secure: Y A N U R, notEnrolled, or none ran
	Risk     bool
	Bank     bool // started by the payer or a bank, not by a question
	Fault    Fault
	At       int64 // ms
	Done     int64 // ms when it got the state that it is being given, 0 for At
	Due      int64 // ms when Turn happens, 0 for never
	Turn     turn
	Visit    *visit
}

// turn is what becomes of a charge when its Due moment comes.
type turn struct {
	Kind  connector.Kind  `json:"k,omitempty"` // chargeback: a new entry; else the charge's own state changes
	State connector.State `json:"s,omitempty"`
	Code  string          `json:"c,omitempty"`
}

// visit is a page that the payer is sent to.
type visit struct {
	Page       string `json:"page,omitempty"` // 3ds, wallet or slip; none for a bank transfer
	Return     string `json:"return,omitempty"`
	Descriptor string `json:"text,omitempty"`
	Then       turn   `json:"then"` // what a yes of the payer leads to
	Seconds    int    `json:"seconds,omitempty"`
	Next       *turn  `json:"next,omitempty"`   // if Then is pending: what becomes of it after Seconds
	Quote      string `json:"quote,omitempty"`  // of a bank transfer: the reference that is waited for, or that came
	Payer      string `json:"payer,omitempty"`  // who sent it
	Chosen     bool   `json:"chosen,omitempty"` // the payer has decided, and the wallet takes its time
	Mute       int64  `json:"mute,omitempty"`   // ms until which questions get no answer
}

// notEnrolled stands in Auth for a card that takes no part in 3-D Secure.
const notEnrolled = "E"

func (c *charge) unit() *unit {
	switch c.Method {
	case method.Wallet, method.BankTransfer:
		return &majors
	case method.Voucher:
		return &mills
	}
	return &cents
}

func (c *charge) money(n int64) money.Amount {
	if c.Currency == "" {
		return money.Amount{}
	}
	return c.unit().back(n, c.Currency)
}

func (c *charge) text(n int64) string { return c.unit().text(n, c.Currency) }

// open is what an authorisation still holds.
func (c *charge) open() int64 {
	if c.Kind != connector.Authorise || c.State != connector.Approved {
		return 0
	}
	return c.Amount - c.Captured - c.Voided
}

// refundable is what may still be given back.
func (c *charge) refundable() int64 { return c.Captured - c.Refunded - c.Disputed }

// become changes the state, and what follows from it.
func (c *charge) become(state connector.State, code string) {
	c.State, c.Code = state, code
	c.Due, c.Turn = 0, turn{}
	if state == connector.Approved && c.Kind == connector.Debit {
		c.Captured = c.Amount
	}
}

const referencePrefix = "tb_"

// reference is the provider's id of the charge.
func (c *charge) reference() string { return referencePrefix + strconv.FormatInt(int64(c.N)+1, 36) }

// numberOf reads a reference back, or -1.
func numberOf(reference string) int32 {
	s, ok := strings.CutPrefix(reference, referencePrefix)
	n, err := strconv.ParseInt(s, 36, 32)
	if !ok || err != nil || n < 1 {
		return -1
	}
	return int32(n - 1)
}

func millis(t time.Time) int64 { return t.UnixMilli() }
