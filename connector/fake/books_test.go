package fake

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/money"
)

// TestUnits counts the same money in each unit, and back.
func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		amount              money.Amount
		cents, major, mills string // "-" cannot be counted
	}{
		{money.Of(1050, "EUR"), "1050", "10.50", "10500"},
		{money.Of(5, "EUR"), "5", "0.05", "50"},
		{money.Of(1050, "JPY"), "1050", "1050", "1050000"},
		{money.Of(1050, "ISK"), "1050", "1050", "1050000"},
		{money.Of(1050, "KWD"), "1050", "1.050", "1050"},
		{money.Of(10501, "CLF"), "10501", "1.0501", "-"},
		{money.Of(1050, "HUF"), "1050", "10.50", "10500"},
		{money.Of(-1050, "EUR"), "-1050", "-10.50", "-10500"},
		{money.Of(1, "XAU"), "-", "-", "-"},
		{money.Of(1, "EURO"), "-", "-", "-"},
	} {
		for i, u := range []unit{cents, majors, mills} {
			want := []string{tt.cents, tt.major, tt.mills}[i]
			n, ok := u.count(tt.amount)
			if !ok {
				if want != "-" {
					t.Errorf("%v cannot be counted in %s, want %s", tt.amount, u.name, want)
				}
				continue
			}
			if got := u.text(n, tt.amount.Currency); got != want {
				t.Errorf("%v in %s is %s, want %s", tt.amount, u.name, got, want)
			}
			if got := u.back(n, tt.amount.Currency); got != tt.amount {
				t.Errorf("%v in %s comes back as %v", tt.amount, u.name, got)
			}
			if read, ok := u.parse(want); !ok || read != n {
				t.Errorf("%q in %s reads as %d, want %d", want, u.name, read, n)
			}
		}
	}
	for _, s := range []string{"", ".", "1.00001", "1e3", "9999999999999999999", "1.2.3"} {
		if n, ok := readMajor(s); ok && s != "" && s != "." {
			t.Errorf("%q reads as %d", s, n)
		}
	}
}

// TestPacking holds what memory keeps against what it was given.
func TestPacking(t *testing.T) {
	var w words
	for _, c := range []charge{
		{Root: -1, Attempt: newID(), Account: shop, Kind: connector.Debit, Method: method.Card, Brand: "VISA", State: approved, Currency: "EUR",
			Amount: 1, Captured: 2, Voided: 3, Refunded: 4, Disputed: 5, BIN: "012345", Last4: "0007", Auth: "Y", Risk: true, At: 6},
		{N: 1, Root: 0, Attempt: newID(), Account: shop, Kind: Chargeback, Method: method.Wallet, State: refused, Code: doNotHonour, Reason: "000.100.222",
			Bank: true, Fault: "lost_answer:0", At: 6, Due: 7, Turn: turn{Chargeback, refused, timedOut}, Visit: &visit{Page: pageSlip}},
	} {
		p := pack(&w, &c)
		if got := p.unpack(&w, c.N); !reflect.DeepEqual(got, c) {
			t.Errorf("packed and unpacked:\n%+v, want\n%+v", got, c)
		}
	}
}

// TestMemory keeps a charge small: a sandbox runs for weeks and benchmarks
// make millions.
func TestMemory(t *testing.T) {
	const n = 100_000
	p := open(t, Config{})
	ids := make([]ident.ID, n)
	for i := range ids {
		ids[i] = newID()
	}
	heap := func() uint64 {
		runtime.GC() // twice: what the first one unreaches, the second takes
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	req := cardRequest(visa, connector.Debit, money.Of(1050, "EUR"))
	for _, id := range ids {
		req.Attempt = id
		if r := p.Authorise(context.Background(), req); r.State != approved {
			t.Fatal(r)
		}
	}
	each := (heap() - before) / n
	t.Logf("%d bytes per charge", each)
	if each > 300 {
		t.Errorf("%d bytes per charge, want at most 300", each)
	}
	runtime.KeepAlive(p)
	runtime.KeepAlive(ids)
}

// TestAnyOperations runs random operations, with faults, on a few charges, and
// holds the books' sums to their limits after each. At the end a second reader
// of the journal has to believe the same.
func TestAnyOperations(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 1))
		path := filepath.Join(t.TempDir(), "books")
		c := Config{Path: path, Wait: func(context.Context, time.Duration) error { return nil }, Script: func(Op) Fault {
			if random.IntN(3) > 0 {
				return ""
			}
			return Catalogue[random.IntN(len(Catalogue))].Fault
		}}
		p := open(t, c)
		var firsts []connector.Request
		at := noon
		for range 60 {
			at = at.Add(time.Duration(random.IntN(20_000)) * time.Second)
			switch n := random.IntN(10); {
			case n < 3 || len(firsts) == 0:
				kind := []connector.Kind{connector.Authorise, connector.Debit}[random.IntN(2)]
				req := cardRequest(visa, kind, money.Of(1+random.Int64N(1000), "EUR"))
				req.At = at
				p.Authorise(context.Background(), req)
				firsts = append(firsts, req)
			case n < 9:
				first := firsts[random.IntN(len(firsts))]
				op := connector.Operation{Attempt: newID(), Original: first.Attempt, Account: shop, Amount: money.Of(random.Int64N(600), "EUR"),
					Final: random.IntN(5) == 0, At: at}
				[]func(context.Context, connector.Operation) connector.Result{p.Capture, p.Refund, p.Void}[random.IntN(3)](context.Background(), op)
			default:
				callbacks(t, p, at)
			}
			sound(t, p)
		}
		other := open(t, Config{Path: path})
		if got, want := fmt.Sprint(entries(t, other)), fmt.Sprint(entries(t, p)); got != want {
			t.Fatalf("seed %d: the journal says\n%s\nmemory says\n%s", seed, got, want)
		}
		if got, want := totals(t, other), totals(t, p); got != want {
			t.Fatalf("seed %d: totals %s, want %s", seed, got, want)
		}
	}
}

func totals(t *testing.T, p *Provider) string {
	t.Helper()
	list, err := p.Books().Totals()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%+v", list)
}

// sound holds each root charge against the operations on it.
func sound(t *testing.T, p *Provider) {
	t.Helper()
	err := p.Books().do(func(w *writing) {
		type sums struct{ captured, refunded, disputed int64 }
		by := map[int32]*sums{}
		for n := range w.charges {
			c := w.get(int32(n))
			if c.Root < 0 {
				by[c.N] = &sums{}
			} else if c.State == approved || c.State == pending {
				s := by[c.Root]
				switch root := w.get(c.Root); {
				case c.Kind == connector.Capture:
					s.captured += c.Amount
				case c.Kind == connector.Refund, c.Kind == connector.Void && root.Kind == connector.Debit:
					s.refunded += c.Amount
				case c.Kind == Chargeback:
					s.disputed += c.Amount
				}
			}
		}
		for n, s := range by {
			c := w.get(n)
			if c.Kind == connector.Debit && c.State == approved {
				s.captured = c.Amount
			}
			if c.Captured != s.captured || c.Refunded != s.refunded || c.Disputed != s.disputed {
				t.Fatalf("%+v, its operations sum up to %+v", c, *s)
			}
			if c.Captured+c.Voided > c.Amount || c.Refunded+c.Disputed > c.Captured || c.Voided < 0 || c.Refunded < 0 {
				t.Fatalf("beyond its limits: %+v", c)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTotals(t *testing.T) {
	p := open(t, Config{})
	ctx := context.Background()
	hold := cardRequest(visa, connector.Authorise, money.Of(1000, "EUR"))
	p.Authorise(ctx, hold)
	p.Capture(ctx, connector.Operation{Attempt: newID(), Original: hold.Attempt, Account: shop, Amount: money.Of(600, "EUR"), At: noon})
	p.Refund(ctx, connector.Operation{Attempt: newID(), Original: hold.Attempt, Account: shop, Amount: money.Of(100, "EUR"), At: noon})
	p.Authorise(ctx, cardRequest(visa, connector.Credit, money.Of(50, "EUR")))
	buy := walletRequest(connector.Debit, money.Of(1050, "KWD"))
	accept(p)(t, buy, p.Authorise(ctx, buy), noon)
	p.Authorise(ctx, walletRequest(connector.Debit, money.Of(9, "KWD"))) // never approved
	want := "[{Account:LM000117 Method:card Currency:EUR Unit:minor units Held:400 Captured:600 Refunded:100 Disputed:0 Credited:50} " +
		"{Account:LM000117 Method:wallet Currency:KWD Unit:major units, decimal text Held:0.000 Captured:1.050 Refunded:0.000 Disputed:0.000 Credited:0.000}]"
	if got := totals(t, p); got != want {
		t.Errorf("totals\n%s, want\n%s", got, want)
	}
	e := entries(t, p)
	if e[1].Original != hold.Attempt || e[0].Original != "" || e[0].BIN != "420000" || e[0].Last4 != "0000" || e[1].Money != money.Of(600, "EUR") {
		t.Errorf("entries %+v", e[:2])
	}
}

// TestHolds: a hold is good for 30 days, a debit can be voided on its day.
func TestHolds(t *testing.T) {
	p := open(t, Config{})
	ctx := context.Background()
	hold := cardRequest(visa, connector.Authorise, money.Of(1000, "EUR"))
	p.Authorise(ctx, hold)
	debit := cardRequest(visa, connector.Debit, money.Of(1000, "EUR"))
	p.Authorise(ctx, debit)
	op := func(original ident.ID, n int64, at time.Time) connector.Operation {
		return connector.Operation{Attempt: newID(), Original: original, Account: shop, Amount: money.Of(n, "EUR"), At: at}
	}
	if r := p.Capture(ctx, op(hold.Attempt, 1, noon.Add(30*24*time.Hour+time.Second))); r.State != refused || r.Code != holdOver {
		t.Errorf("a capture after 30 days is %s %s", r.State, r.Code)
	}
	if r := p.Capture(ctx, op(hold.Attempt, 1, noon.Add(30*24*time.Hour))); r.State != approved {
		t.Errorf("a capture on the last day is %s %s", r.State, r.Code)
	}
	if r := p.Void(ctx, op(debit.Attempt, 1000, noon.Add(12*time.Hour))); r.State != refused || r.Code != wrongState {
		t.Errorf("a void after midnight is %s %s", r.State, r.Code)
	}
	if r := p.Void(ctx, op(debit.Attempt, 0, noon.Add(12*time.Hour-time.Second))); r.State != approved || r.Amount.Minor != 1000 {
		t.Errorf("a void before midnight is %s of %v", r.State, r.Amount)
	}
	if r := p.Refund(ctx, op(debit.Attempt, 1, noon)); r.State != refused {
		t.Errorf("a refund after the void is %s", r.State)
	}
	free := op(hold.Attempt, 0, noon)
	free.Amount = money.Amount{}
	if r := p.Void(ctx, free); r.State != approved || r.Amount != money.Of(999, "EUR") {
		t.Errorf("a void without an amount is %s of %v", r.State, r.Amount)
	}
}

func TestConfig(t *testing.T) {
	for name, c := range map[string]Config{
		"a short key":    {Keys: []method.Secret{method.Conceal("short")}},
		"no key":         {Path: filepath.Join(t.TempDir(), "books")},
		"unknown method": {Methods: []method.Name{"gold"}},
		"no folder":      {Path: filepath.Join(t.TempDir(), "no", "books"), Keys: []method.Secret{testKey}},
	} {
		if p, err := New(c); err == nil {
			t.Errorf("%s: it started: %v", name, p)
		} else if strings.Contains(err.Error(), "short\"") {
			t.Errorf("%s: the fault shows the key", name)
		}
	}
	p, err := New(Config{})
	if err != nil || p.Spec().Name != "fake" {
		t.Errorf("without any config: %v", err)
	}
}

func BenchmarkDebit(b *testing.B) {
	for _, where := range []string{"memory", "file"} {
		b.Run(where, func(b *testing.B) {
			c := Config{Keys: []method.Secret{testKey}}
			if where == "file" {
				c.Path = filepath.Join(b.TempDir(), "books")
			}
			p, err := New(c)
			if err != nil {
				b.Fatal(err)
			}
			req := cardRequest(visa, connector.Debit, money.Of(1050, "EUR"))
			for b.Loop() {
				req.Attempt = newID()
				p.Authorise(context.Background(), req)
			}
		})
	}
}
