package fake

import (
	"context"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/connectortest"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

const (
	shop  = "LM000117"
	visa  = "4200000000000000"
	odd16 = "4111111111111111" // in no table
)

var (
	testKey = method.Conceal("a key for tests only, 32 bytes..")
	source  = ident.NewSource([5]byte{'f', 'a', 'k', 'e'}, 0)
)

func newID() ident.ID { return source.New(noon) }

func open(t *testing.T, c Config) *Provider {
	t.Helper()
	c.BaseURL = "https://pay.example"
	if c.Keys == nil {
		c.Keys = []method.Secret{testKey}
	}
	p, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// cardRequest is a request of the shop with a card.
func cardRequest(number string, kind connector.Kind, amount money.Amount) connector.Request {
	return connector.Request{Attempt: newID(), Account: shop, Kind: kind, Amount: amount, Method: method.Card, Brand: "VISA", At: noon,
		ReturnURL: "https://shop.example/back?order=7", Card: &connector.Card{Number: method.Conceal(number), CVV: method.Conceal("739"),
			Holder: "Nora Lind", ExpiryMonth: 8, ExpiryYear: 2029, Brand: "VISA"}}
}

func walletRequest(kind connector.Kind, amount money.Amount) connector.Request {
	return connector.Request{Attempt: newID(), Account: shop, Kind: kind, Amount: amount, Method: method.Wallet, Brand: "PAYPAL", At: noon,
		ReturnURL: "https://shop.example/back?order=7"}
}

func voucherRequest(amount money.Amount) connector.Request {
	r := walletRequest(connector.Debit, amount)
	r.Method, r.Brand = method.Voucher, "OXXO"
	return r
}

func debitRequest(amount money.Amount) connector.Request {
	return connector.Request{Attempt: newID(), Account: shop, Kind: connector.Debit, Amount: amount, Method: method.DirectDebit, Brand: "DIRECTDEBIT_AU", At: noon,
		Bank: &connector.BankAccount{Region: "au", BankCode: "012345", Number: method.Conceal("98765432"), Holder: "Nora Lind"}}
}

func terminalRequest(amount money.Amount) connector.Request {
	return connector.Request{Attempt: newID(), Account: shop, Kind: connector.Debit, Amount: amount, Method: method.Terminal, Brand: "TERMINAL", At: noon,
		Terminal: "till 1"}
}

func transferRequest(amount money.Amount) connector.Request {
	id := newID()
	return connector.Request{Attempt: id, Account: shop, Kind: connector.Debit, Amount: amount, Method: method.BankTransfer, Brand: "BANKTRANSFER", At: noon,
		Quote: method.Reference(string(id))}
}

// agreed lets the suite make agreements of a brand, with books of a wallet.
func agreed(k *connectortest.Kit, brand string, name method.Name) {
	k.Written = map[money.Amount]string{money.Of(1050, "JPY"): "1050", money.Of(1050, "EUR"): "10.50", money.Of(1050, "KWD"): "1.050"}
	k.Terms = func() connector.Terms {
		return connector.Terms{Account: shop, Method: name, Brand: brand, ReturnURL: "https://shop.example/back", Descriptor: "Lind Media"}
	}
	k.LostTerms = func(t connector.Terms) connector.Terms {
		t.Simulate = map[string]string{"fault": string(LostAnswer)}
		return t
	}
}

func wish(m map[string]string, name, value string) map[string]string {
	out := map[string]string{name: value}
	maps.Copy(out, m)
	return out
}

// kit wires the suite to a provider.
func kit(p *Provider) connectortest.Kit {
	faulty := func(f Fault) func(connector.Request) connector.Request {
		return func(r connector.Request) connector.Request {
			r.Simulate = wish(r.Simulate, "fault", string(f))
			return r
		}
	}
	return connectortest.Kit{
		At: noon, Forgets: true, Kinds: []connector.Kind{connector.Authorise, connector.Debit},
		Secrets: []string{testKey.Reveal(), "4200000000000042", visa, "739"},
		Lost:    faulty(LostAnswer), Vanished: faulty(LostRequest), Slow: faulty("slow_answer:60"),
		LostOperation: func(op connector.Operation) connector.Operation {
			op.Simulate = map[string]string{"fault": string(LostAnswer)}
			return op
		},
		Books: func(t *testing.T) (out []connectortest.Line) {
			for _, e := range entries(t, p) {
				if e.Bank { // no operation of ours
					continue
				}
				out = append(out, connectortest.Line{Attempt: e.Attempt, Kind: e.Kind, State: e.State, Amount: e.Amount, Currency: e.Currency})
			}
			return out
		},
		Notices: func(t *testing.T, req connector.Request, at time.Time) (out []connectortest.Notice) {
			req.Simulate = wish(req.Simulate, "fault", string(CallbackReordered)) // a final answer has a callback too, then
			if r := p.Authorise(context.Background(), req); r.State == connector.Pending {
				accept(p)(t, req, r, at)
			}
			for _, c := range callbacks(t, p, at) {
				out = append(out, connectortest.Notice{Headers: c.Headers, Body: c.Body})
			}
			return out
		},
	}
}

// accept is the payer's yes: by the address of the page, or at the counter.
func accept(p *Provider) func(*testing.T, connector.Request, connector.Result, time.Time) {
	return func(t *testing.T, req connector.Request, r connector.Result, at time.Time) {
		t.Helper()
		switch {
		case req.Method == method.DirectDebit:
			if err := p.Clear(req.Account, req.Attempt, at); err != nil {
				t.Fatal(err)
			}
			return
		case req.Method == method.Terminal:
			if err := p.Choose(req.Account, req.Attempt, doSuccess, at); err != nil {
				t.Fatal(err)
			}
			return
		case r.Payee != nil:
			if err := p.Send(Sending{Quoted: r.Payee.Reference, Payer: "N LIND", Amount: r.Amount, At: at}); err != nil {
				t.Fatal(err)
			}
			return
		}
		if slip := r.Details["slip"]; slip != "" {
			if err := p.Pay(slip, r.Amount, at); err != nil {
				t.Fatal(err)
			}
			return
		}
		if w := submit(p, r, "choice=success"); w.Code != 303 {
			t.Fatalf("the page answers %d: %s", w.Code, w.Body)
		}
	}
}

func entries(t *testing.T, p *Provider) []Entry {
	t.Helper()
	list, err := p.Books().Entries()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func callbacks(t *testing.T, p *Provider, at time.Time) []Callback {
	t.Helper()
	list, err := p.Callbacks(at)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestSuite(t *testing.T) {
	file := func(t *testing.T) Config { return Config{Path: filepath.Join(t.TempDir(), "books")} }
	memory := func(*testing.T) Config { return Config{} }
	for _, profile := range []struct {
		name   string
		config func(*testing.T) Config
		method method.Name
		adapt  func(*connectortest.Kit)
	}{
		{"card", memory, method.Card, nil},
		{"card, books in a file", file, method.Card, nil},
		{"card, challenged", memory, method.Card, func(k *connectortest.Kit) {
			k.Request = func(kind connector.Kind, a money.Amount) connector.Request {
				r := cardRequest("4200000000000042", kind, a)
				r.Use3DS = true
				return r
			}
		}},
		{"wallet", memory, method.Wallet, func(k *connectortest.Kit) {
			k.Request = walletRequest
			k.Written = map[money.Amount]string{money.Of(1050, "JPY"): "1050", money.Of(1050, "EUR"): "10.50", money.Of(5, "EUR"): "0.05",
				money.Of(1050, "KWD"): "1.050", money.Of(10501, "CLF"): "1.0501"}
		}},
		{"terminal, books in a file", file, method.Terminal, func(k *connectortest.Kit) {
			k.Kinds = []connector.Kind{connector.Debit}
			k.Request = func(_ connector.Kind, a money.Amount) connector.Request { return terminalRequest(a) }
			k.Terminal = "till 1"
		}},
		{"Vipps, agreed", memory, method.Wallet, func(k *connectortest.Kit) { k.Request = walletRequest; agreed(k, "VIPPS", method.Wallet) }},
		{"PayEx, agreed, books in a file", file, method.Wallet, func(k *connectortest.Kit) { k.Request = walletRequest; agreed(k, "PAYEX", method.Wallet) }},
		{"voucher, books in a file", file, method.Voucher, func(k *connectortest.Kit) {
			k.Kinds = []connector.Kind{connector.Debit}
			k.Request = func(_ connector.Kind, a money.Amount) connector.Request { return voucherRequest(a) }
			k.Written = map[money.Amount]string{money.Of(1050, "JPY"): "1050000", money.Of(1050, "EUR"): "10500", money.Of(1050, "KWD"): "1050"}
		}},
		{"direct debit", memory, method.DirectDebit, func(k *connectortest.Kit) {
			k.Kinds, k.SlowRefunds = []connector.Kind{connector.Debit}, true
			k.Request = func(_ connector.Kind, a money.Amount) connector.Request { return debitRequest(a) }
			k.Secrets = append(k.Secrets, "98765432")
			k.Late = func(_ *testing.T, _ connector.Request, at time.Time) time.Time { return at.Add(24 * time.Hour) }
		}},
		{"bank transfer, books in a file", file, method.BankTransfer, func(k *connectortest.Kit) {
			k.Kinds, k.SlowRefunds = []connector.Kind{connector.Debit}, true
			k.Request = func(_ connector.Kind, a money.Amount) connector.Request { return transferRequest(a) }
			k.Written = map[money.Amount]string{money.Of(1050, "JPY"): "1050", money.Of(1050, "EUR"): "10.50", money.Of(1050, "KWD"): "1.050"}
		}},
	} {
		t.Run(profile.name, func(t *testing.T) {
			connectortest.Run(t, func(t *testing.T) (connector.Connector, connectortest.Kit) {
				c := profile.config(t)
				c.Name, c.Methods = "fake-"+string(profile.method), []method.Name{profile.method}
				p := open(t, c)
				k := kit(p)
				k.Accept = accept(p)
				k.Request = func(kind connector.Kind, a money.Amount) connector.Request { return cardRequest(visa, kind, a) }
				k.Written = map[money.Amount]string{money.Of(1050, "JPY"): "1050", money.Of(1050, "EUR"): "1050", money.Of(1050, "KWD"): "1050"}
				k.Consent = func(t *testing.T, terms connector.Terms, at time.Time) {
					if err := p.Decide(terms.Account, terms.Mandate, doSuccess, at); err != nil {
						t.Fatal(err)
					}
				}
				if profile.adapt != nil {
					profile.adapt(&k)
				}
				return p, k
			})
		})
	}
}
