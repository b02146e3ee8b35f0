package fake

import (
	"strconv"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// packed is a charge as it lies in memory. A sandbox that runs for weeks, and
// a benchmark, hold millions of them: about 150 bytes each instead of 500.
type packed struct {
	attempt                                           [12]byte
	root                                              int32
	account, kind, method, brand, state, code, reason word
	auth, fault, turnKind, turnState, turnCode        word
	currency                                          word
	bin                                               uint32
	last4                                             uint16
	flags                                             uint8
	amount, captured, voided, refunded, disputed      int64
	at, due                                           int64
	visit                                             *visit
}

const (
	flagRisk = 1 << iota
	flagBank
)

// word is the number of a text that many charges share.
type word uint32

// words gives each text one number.
type words struct {
	list  []string
	index map[string]word
}

func (w *words) of(s string) word {
	if n, ok := w.index[s]; ok {
		return n
	}
	if w.index == nil {
		w.index = map[string]word{}
	}
	n := word(len(w.list))
	w.list = append(w.list, s)
	w.index[s] = n
	return n
}

func pack(w *words, c *charge) packed {
	p := packed{
		root: c.Root, account: w.of(c.Account), kind: w.of(string(c.Kind)), method: w.of(string(c.Method)), brand: w.of(c.Brand),
		state: w.of(string(c.State)), code: w.of(c.Code), reason: w.of(c.Reason), auth: w.of(c.Auth), fault: w.of(string(c.Fault)),
		turnKind: w.of(string(c.Turn.Kind)), turnState: w.of(string(c.Turn.State)), turnCode: w.of(c.Turn.Code),
		currency: w.of(string(c.Currency)), amount: c.Amount, captured: c.Captured, voided: c.Voided, refunded: c.Refunded,
		disputed: c.Disputed, at: c.At, due: c.Due, visit: c.Visit,
	}
	copy(p.attempt[:], c.Attempt.Bytes())
	if n, err := strconv.ParseUint("1"+c.BIN, 10, 32); err == nil { // the leading 1 keeps leading zeros
		p.bin = uint32(n)
	}
	if n, err := strconv.ParseUint("1"+c.Last4, 10, 16); err == nil {
		p.last4 = uint16(n)
	}
	if c.Risk {
		p.flags |= flagRisk
	}
	if c.Bank {
		p.flags |= flagBank
	}
	return p
}

func (p *packed) unpack(w *words, n int32) charge {
	c := charge{
		N: n, Root: p.root, Attempt: attemptOf(p.attempt), Account: w.list[p.account], Kind: connector.Kind(w.list[p.kind]),
		Method: method.Name(w.list[p.method]), Brand: w.list[p.brand], State: connector.State(w.list[p.state]), Code: w.list[p.code],
		Reason: w.list[p.reason], Auth: w.list[p.auth], Fault: Fault(w.list[p.fault]), Currency: money.Currency(w.list[p.currency]),
		Amount: p.amount, Captured: p.captured, Voided: p.voided, Refunded: p.refunded, Disputed: p.disputed, At: p.at, Due: p.due,
		Turn: turn{connector.Kind(w.list[p.turnKind]), connector.State(w.list[p.turnState]), w.list[p.turnCode]},
		Risk: p.flags&flagRisk != 0, Bank: p.flags&flagBank != 0, Visit: p.visit,
	}
	if p.bin > 0 {
		c.BIN = strconv.FormatUint(uint64(p.bin), 10)[1:]
	}
	if p.last4 > 0 {
		c.Last4 = strconv.FormatUint(uint64(p.last4), 10)[1:]
	}
	return c
}

func attemptOf(raw [12]byte) ident.ID {
	const digits = "0123456789abcdef"
	var out [ident.Length]byte
	for i, b := range raw {
		out[2*i], out[2*i+1] = digits[b>>4], digits[b&15]
	}
	return ident.ID(out[:])
}
