package fake

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// Config is how a test-mode provider is set up.
type Config struct {
	Name    string          // "" for fake
	Methods []method.Name   // none for all of them
	BaseURL string          // where Pages are served: https://pay.example, without a slash at the end
	Path    string          // the file of the books, "" for memory only
	Keys    []method.Secret // sign callbacks and page addresses: the first signs, all are honoured; at least 16 bytes each

	// Clock is the wall time for pages, which have no question to take a time
	// from. Without it they take the latest moment the account was told.
	Clock func() time.Time
	// Wait is how a slow answer passes time; nil waits in earnest. It returns
	// an error when ctx is done first.
	Wait func(ctx context.Context, d time.Duration) error
	// Script, when set, chooses the fault of each operation ("" for none)
	// before a wish, a card or an amount does.
	Script func(Op) Fault
}

// Provider is the test-mode provider. It is safe for concurrent use.
type Provider struct {
	name    string
	methods []method.Name
	base    string
	keys    []method.Secret
	clock   func() time.Time
	wait    func(ctx context.Context, d time.Duration) error
	script  func(Op) Fault
	books   *Books
}

// New opens the books and starts a provider on them. Faults, in the order
// checked: invalid.config (a key is too short; books in a file without a key,
// so that the next start could not read its own addresses; an unknown method),
// internal (the file cannot be opened or read).
func New(c Config) (*Provider, error) {
	p := &Provider{name: c.Name, methods: c.Methods, base: strings.TrimSuffix(c.BaseURL, "/"), keys: c.Keys, clock: c.Clock, wait: c.Wait,
		script: c.Script, books: &Books{shelf: newShelf()}}
	if p.name == "" {
		p.name = "fake"
	}
	if p.wait == nil {
		p.wait = wait
	}
	if len(p.methods) == 0 {
		p.methods = []method.Name{method.Card, method.Wallet, method.Voucher, method.DirectDebit, method.BankTransfer, method.PayTo,
			method.Terminal}
	}
	for _, m := range p.methods {
		if windows[m] == 0 {
			return nil, fault.New("invalid.config", "the test provider has no method %q", string(m))
		}
	}
	for _, k := range p.keys {
		if len(k.Reveal()) < 16 {
			return nil, fault.New("invalid.config", "a key of the test provider is shorter than 16 bytes")
		}
	}
	if len(p.keys) == 0 {
		if c.Path != "" {
			return nil, fault.New("invalid.config", "books in a file need a key that outlives the process")
		}
		p.keys = []method.Secret{method.Conceal(rand.Text())}
	}
	if c.Path != "" {
		j, err := openJournal(c.Path)
		if err != nil {
			return nil, fault.Wrap(err, "the test provider's books cannot be opened")
		}
		p.books.journal = j
		if err := p.books.do(func(*writing) {}); err != nil {
			return nil, fault.Wrap(err, "the test provider's books cannot be read")
		}
	}
	return p, nil
}

// windows is how long an idempotency key is honoured, in seconds.
var windows = map[method.Name]int{method.Card: 24 * 3600, method.Wallet: 31 * 24 * 3600, method.Voucher: 31 * 24 * 3600,
	method.DirectDebit: 31 * 24 * 3600, method.BankTransfer: 31 * 24 * 3600, method.PayTo: 31 * 24 * 3600, method.Terminal: 24 * 3600}

// returnSeconds is when a refund may be known to have come back: 2, 7, 21 and
// 60 days after it was approved. A wish can make it return as late as it likes.
var returnSeconds = []int{2 * 86400, 7 * 86400, 21 * 86400, 60 * 86400}

// Spec describes the provider; its window is the shortest of its methods'.
func (p *Provider) Spec() connector.Spec {
	window := windows[p.methods[0]]
	for _, m := range p.methods {
		window = min(window, windows[m])
	}
	return connector.Spec{
		Name: p.name, Methods: slices.Clone(p.methods), WindowSeconds: window, SettleSeconds: 30, ReturnSeconds: returnSeconds, TestOnly: true,
		Options: []connector.Option{
			{Name: "path", Help: "File of the test provider's books, shared by the processes of one machine; empty keeps them in memory."},
			{Name: "keys", Help: "Keys that sign callbacks and page addresses, the newest first.", Secret: true},
		},
	}
}

// Books are the provider's own, for reconciliation.
func (p *Provider) Books() *Books { return p.books }

// Close lets go of the file of the books.
func (p *Provider) Close() error { return p.books.Close() }

// String names the provider; nothing of its keys is ever printed.
func (p *Provider) String() string { return "test provider " + p.name }

// GoString is String.
func (p *Provider) GoString() string { return p.String() }

// Format writes String for every verb: fmt would otherwise reach into
// unexported fields past a Secret's own methods.
func (p *Provider) Format(f fmt.State, _ rune) {
	_, _ = io.WriteString(f, p.String()) // fmt keeps no account of a failed write
}

// MarshalText is String, for JSON.
func (p *Provider) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// observe remembers what time it is for an account: test mode may move a
// realm's clock ahead, and the account has to follow.
func (p *Provider) observe(w *writing, account string, at time.Time) {
	a := w.words.of(account)
	w.seen[a] = max(w.seen[a], millis(at))
	if p.clock != nil {
		w.ahead[a] = max(w.ahead[a], millis(at)-millis(p.clock()))
	}
}

// Moved says that the time of owner's accounts, those whose names begin with it
// and a dot, was moved ahead of the clock. What falls due by then happens
// although nobody asks a question. It is not kept: whoever starts a provider on
// books says it again.
func (p *Provider) Moved(owner string, ahead time.Duration) {
	p.books.mu.Lock()
	defer p.books.mu.Unlock()
	if p.books.moved == nil {
		p.books.moved = map[string]int64{}
	}
	p.books.moved[owner] = max(p.books.moved[owner], ahead.Milliseconds())
}

// now is the account's time when the wall clock says wall.
func (b *Books) now(account word, wall time.Time) int64 {
	if wall.IsZero() {
		return b.seen[account]
	}
	owner, _, _ := strings.Cut(b.words.list[account], ".")
	return max(millis(wall)+max(b.ahead[account], b.moved[owner]), b.seen[account])
}

// fault chooses what goes wrong with an operation, if anything. ok is false
// when a fault was wished for that does not exist.
func (p *Provider) fault(op Op, wish string, own Fault) (t Trouble, ok bool) {
	name := own
	if wish != "" {
		name = Fault(wish)
	}
	if p.script != nil {
		if f := p.script(op); f != "" {
			name = f
		}
	}
	if name == "" {
		return Trouble{}, true
	}
	return name.trouble()
}

// pass is the way of every operation: what goes wrong on the way in, the
// effect in the books, what goes wrong on the way out.
func (p *Provider) pass(ctx context.Context, kind connector.Kind, t Trouble, effect func(w *writing) connector.Result) connector.Result {
	if ctx.Err() != nil {
		return unknown("gave up before sending")
	}
	if t.strikes(kind) {
		switch t.Fault {
		case LostRequest:
			return unknown("no answer")
		case ErrorBefore:
			return unknown("500")
		case ProviderDown:
			return connector.Result{State: connector.Refused, Code: noProvider, Provider: "no connection"}
		case TooManyRequests:
			return connector.Result{State: connector.Refused, Code: tooBusy, Provider: "429", Details: map[string]string{"retry_after_seconds": "30"}}
		}
	}
	var r connector.Result
	err := p.books.do(func(w *writing) {
		r = effect(w)
		if t.Fault == DuplicateRequest {
			r = effect(w)
		}
	})
	if err != nil { // it may or may not be in the file
		return unknown("the books failed: " + err.Error())
	}
	if !t.strikes(kind) {
		return r
	}
	return p.answer(ctx, t, r)
}

func (p *Provider) answer(ctx context.Context, t Trouble, r connector.Result) connector.Result {
	switch t.Fault {
	case LostAnswer, LookupDown:
		return unknown("no answer")
	case ErrorAfter:
		return unknown("502")
	case TruncatedAnswer:
		return unknown("the answer broke off")
	case GarbageAnswer:
		return unknown("the answer made no sense")
	case SlowAnswer, CallbackEarly:
		if err := p.wait(ctx, t.wait()); err != nil {
			return unknown("no answer in time")
		}
	case WrongAmount:
		r.Amount.Minor++
	case WrongCurrency:
		other := money.Currency("SEK")
		if r.Amount.Currency == other {
			other = "NOK"
		}
		r.Amount.Currency = other
	}
	return r
}

func unknown(why string) connector.Result {
	return connector.Result{State: connector.Unknown, Provider: why, CheckAfterSeconds: 5}
}

// foul is the answer to a wish for a fault that does not exist.
func foul() connector.Result {
	return connector.Result{State: connector.Refused, Code: noProvider, Provider: "no such fault, see docs/sandbox.md"}
}

func badAttempt(id ident.ID) bool { return !id.Valid() }
