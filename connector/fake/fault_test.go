package fake

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// expectation is what a fault of the catalogue does to a debit of 10.50, and
// to its refund where refunds are what it strikes.
type expectation struct {
	refund bool            // the fault strikes a refund of 5.00 on a sound debit
	state  connector.State // of the answer
	code   string
	amount money.Amount // that the answer names; zero: the right one, or none
	lines  int          // of the attempt in the books
	booked string       // amount in the books, "" for 1050
	soon   connector.State
	late   connector.State // Lookup after the fault's time
	// callbacks as "state amount", with ! for one that has to be refused
	callbacks []string
	after     []string // those that come after the fault's time
}

const (
	approved = connector.Approved
	refused  = connector.Refused
	pending  = connector.Pending
	unsure   = connector.Unknown
	missing  = connector.NotFound
)

var expectations = map[Fault]expectation{
	LostRequest:         {state: unsure, soon: missing, late: missing},
	LostAnswer:          {state: unsure, lines: 1, soon: approved, late: approved},
	SlowAnswer:          {state: approved, lines: 1, soon: approved, late: approved},
	DuplicateRequest:    {state: approved, lines: 1, soon: approved, late: approved},
	TruncatedAnswer:     {state: unsure, lines: 1, soon: approved, late: approved},
	GarbageAnswer:       {state: unsure, lines: 1, soon: approved, late: approved},
	WrongAmount:         {state: approved, amount: money.Of(1051, "EUR"), lines: 1, soon: approved, late: approved},
	WrongCurrency:       {state: approved, amount: money.Of(1050, "SEK"), lines: 1, soon: approved, late: approved},
	OtherAmount:         {state: approved, amount: money.Of(1049, "EUR"), lines: 1, booked: "1049", soon: approved, late: approved},
	ProviderDown:        {state: refused, code: noProvider, soon: missing, late: missing},
	TooManyRequests:     {state: refused, code: tooBusy, soon: missing, late: missing},
	ErrorBefore:         {state: unsure, soon: missing, late: missing},
	ErrorAfter:          {state: unsure, lines: 1, soon: approved, late: approved},
	LookupDown:          {state: unsure, lines: 1, soon: unsure, late: approved},
	PartialCapture:      {state: approved, amount: money.Of(525, "EUR"), lines: 1, booked: "525", soon: approved, late: approved},
	RefundFailsLater:    {refund: true, state: approved, lines: 1, booked: "500", soon: approved, late: refused, after: []string{"refused 500"}},
	RefundFailsAtLast:   {refund: true, state: pending, lines: 1, booked: "500", soon: pending, late: refused, after: []string{"refused 500"}},
	ChargebackLater:     {state: approved, lines: 1, soon: approved, late: approved, after: []string{"chargeback approved 1050"}},
	LateSuccess:         {state: refused, code: timedOut, lines: 1, soon: refused, late: approved, after: []string{"approved 1050"}},
	CallbackDuplicate:   {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"approved 1050", "approved 1050", "approved 1050"}},
	CallbackLate:        {state: approved, lines: 1, soon: approved, late: approved, after: []string{"approved 1050"}},
	CallbackReordered:   {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"approved 1050"}, after: []string{"pending 1050"}},
	CallbackForged:      {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"! approved 10500", "approved 1050"}},
	CallbackReplayed:    {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"! approved 1050"}},
	CallbackWrongAmount: {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"approved 1051"}},
	CallbackOtherOwner:  {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"other account approved 1050"}},
	CallbackLost:        {state: approved, lines: 1, soon: approved, late: approved},
	CallbackEarly:       {state: approved, lines: 1, soon: approved, late: approved, callbacks: []string{"approved 1050"}},
}

// TestFaults brings every fault of the catalogue by its card and by a wish.
func TestFaults(t *testing.T) {
	for _, f := range Catalogue {
		want, ok := expectations[f.Fault]
		if !ok {
			t.Errorf("%s has no test", f.Fault)
			continue
		}
		for _, way := range []string{"card", "wish", "script"} {
			t.Run(string(f.Fault)+"/"+way, func(t *testing.T) { strike(t, f, want, way) })
		}
	}
}

func strike(t *testing.T, f Trouble, want expectation, way string) {
	var waited time.Duration
	target := newID()
	c := Config{Wait: func(_ context.Context, d time.Duration) error { waited += d; return nil }}
	if way == "script" {
		c.Script = func(op Op) Fault {
			if op.Attempt == target && op.Kind != Lookup {
				return f.Fault
			}
			return ""
		}
	}
	p := open(t, c)
	r := bring(t, p, f, want, way, target)
	if r.State != want.state || r.Code != want.code {
		t.Errorf("the answer is %s %q, want %s %q", r.State, r.Code, want.state, want.code)
	}
	if slow := f.Fault == SlowAnswer || f.Fault == CallbackEarly; slow != (waited == f.wait() && waited > 0) {
		t.Errorf("the answer took %v", waited)
	}
	right := money.Of(1050, "EUR")
	if want.refund {
		right.Minor = 500
	}
	if named := want.amount; named != (money.Amount{}) {
		if r.Amount != named {
			t.Errorf("the answer names %v, want %v", r.Amount, named)
		}
	} else if r.Amount != right && r.Amount != (money.Amount{}) {
		t.Errorf("the answer names %v, want %v", r.Amount, right)
	}
	want.booksHold(t, p, target)
	if got := heard(t, p, noon); fmt.Sprint(got) != fmt.Sprint(want.callbacks) {
		t.Errorf("callbacks %q, want %q", got, want.callbacks)
	}
	look := func(at time.Time) connector.Result {
		return p.Lookup(context.Background(), connector.Question{Attempt: target, Account: shop, At: at})
	}
	if got := look(noon); got.State != want.soon {
		t.Errorf("Lookup says %s, want %s", got.State, want.soon)
	}
	later := noon.Add(f.wait())
	if got := heard(t, p, later); fmt.Sprint(got) != fmt.Sprint(want.after) {
		t.Errorf("callbacks later %q, want %q", got, want.after)
	}
	got := look(later)
	if got.State != want.late {
		t.Errorf("Lookup later says %s, want %s", got.State, want.late)
	}
	if f.Fault == OtherAmount || f.Fault == PartialCapture {
		right = want.amount // it really did something else, and says so again
	}
	if want.late == approved && got.Amount != right {
		t.Errorf("Lookup names %v, want %v", got.Amount, right)
	}
}

// booksHold checks how often the attempt is in the books, and with what amount.
func (want expectation) booksHold(t *testing.T, p *Provider, target ident.ID) {
	t.Helper()
	booked := want.booked
	if booked == "" {
		booked = "1050"
	}
	lines := 0
	for _, e := range entries(t, p) {
		if e.Attempt == target && !e.Bank {
			lines++
			if e.Amount != booked {
				t.Errorf("the books say %s, want %s", e.Amount, booked)
			}
		}
	}
	if lines != want.lines {
		t.Errorf("%d lines in the books, want %d", lines, want.lines)
	}
}

// bring sends the operation that the fault strikes.
func bring(t *testing.T, p *Provider, f Trouble, want expectation, way string, target ident.ID) connector.Result {
	t.Helper()
	number, wishes := visa, map[string]string(nil)
	switch way {
	case "card":
		number = f.Number()
	case "wish":
		wishes = map[string]string{"fault": string(f.Fault)}
	}
	req := cardRequest(number, connector.Debit, money.Of(1050, "EUR"))
	if !want.refund {
		req.Attempt, req.Simulate = target, wishes
		return p.Authorise(context.Background(), req)
	}
	if r := p.Authorise(context.Background(), req); r.State != approved {
		t.Fatalf("the debit is %s", r.State)
	}
	return p.Refund(context.Background(), connector.Operation{Attempt: target, Original: req.Attempt, Account: shop, Amount: money.Of(500, "EUR"),
		At: noon, Simulate: wishes})
}

// heard takes the callbacks and writes each as one line.
func heard(t *testing.T, p *Provider, at time.Time) (out []string) {
	t.Helper()
	for _, c := range callbacks(t, p, at) {
		n, err := p.ParseNotice(func(h string) string { return c.Headers[h] }, c.Body, at)
		if fault.Is(err, "unauthenticated.signature") {
			var m message
			if err := json.Unmarshal(c.Body, &m); err != nil {
				t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("! %s %s", m.State, m.Amount))
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%s %d", n.Result.State, n.Result.Amount.Minor)
		if n.Kind == Chargeback {
			line = "chargeback " + line
		}
		if n.Account != shop {
			line = "other account " + line
		}
		out = append(out, line)
	}
	return out
}

// TestFaultCards holds the catalogue's numbers together: Luhn-valid, each its
// own, none of them a card that does something else.
func TestFaultCards(t *testing.T) {
	seen := map[string]Fault{}
	for _, f := range Catalogue {
		n := f.Number()
		if !luhn(n) || len(n) != 16 || !strings.HasPrefix(n, "420000") {
			t.Errorf("%s: %s is no card of our range", f.Fault, n)
		}
		if other, taken := seen[n]; taken {
			t.Errorf("%s and %s share a card", f.Fault, other)
		}
		if _, listed := cards[n]; listed {
			t.Errorf("%s is a test card of its own", n)
		}
		seen[n] = f.Fault
	}
}

// TestFaultOnOperations brings faults that strike anything to captures and
// voids, by a wish on the operation; the authorisation stays sound.
func TestFaultOnOperations(t *testing.T) {
	for _, tt := range []struct {
		fault Fault
		want  connector.State
		truth connector.State
	}{{LostAnswer, unsure, approved}, {LostRequest, unsure, missing}, {ProviderDown, refused, missing}, {ErrorAfter, unsure, approved}} {
		p := open(t, Config{})
		req := cardRequest(visa, connector.Authorise, money.Of(1000, "EUR"))
		p.Authorise(context.Background(), req)
		op := connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(400, "EUR"), At: noon,
			Simulate: map[string]string{"fault": string(tt.fault)}}
		if r := p.Capture(context.Background(), op); r.State != tt.want {
			t.Errorf("%s: the capture is %s, want %s", tt.fault, r.State, tt.want)
		}
		if r := p.Lookup(context.Background(), connector.Question{Attempt: op.Attempt, Account: shop, At: noon}); r.State != tt.truth {
			t.Errorf("%s: Lookup says %s, want %s", tt.fault, r.State, tt.truth)
		}
	}
}

// TestFaultCardWaits: a card whose fault strikes captures leaves the
// authorisation alone, and strikes each of its captures.
func TestFaultCardWaits(t *testing.T) {
	p := open(t, Config{})
	partial, _ := PartialCapture.trouble()
	req := cardRequest(partial.Number(), connector.Authorise, money.Of(1000, "EUR"))
	if r := p.Authorise(context.Background(), req); r.State != approved || r.Amount.Minor != 1000 {
		t.Fatalf("the authorisation is %s of %v", r.State, r.Amount)
	}
	op := connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(400, "EUR"), At: noon}
	if r := p.Capture(context.Background(), op); r.State != approved || r.Amount.Minor != 200 {
		t.Errorf("the capture is %s of %v, want approved of 200", r.State, r.Amount)
	}
}

// TestFailedRefundGivesBack: money of a refund that came back can be refunded
// again.
func TestFailedRefundGivesBack(t *testing.T) {
	p := open(t, Config{})
	req := cardRequest(visa, connector.Debit, money.Of(1000, "EUR"))
	p.Authorise(context.Background(), req)
	back := func(at time.Time, f Fault) connector.Result {
		return p.Refund(context.Background(), connector.Operation{Attempt: newID(), Original: req.Attempt, Account: shop, Amount: money.Of(1000, "EUR"),
			At: at, Simulate: map[string]string{"fault": string(f)}})
	}
	if r := back(noon, "refund_fails_later:3600"); r.State != approved {
		t.Fatalf("the refund is %s", r.State)
	}
	if r := back(noon.Add(time.Minute), ""); r.State != refused {
		t.Errorf("a second refund meanwhile is %s, want refused", r.State)
	}
	if got := heard(t, p, noon.Add(time.Hour)); fmt.Sprint(got) != "[refused 1000]" {
		t.Errorf("callbacks %q", got)
	}
	if r := back(noon.Add(time.Hour), ""); r.State != approved {
		t.Errorf("a refund after the first came back is %s, want approved", r.State)
	}
}

func TestSlowAnswerHeedsTheDeadline(t *testing.T) {
	p := open(t, Config{Wait: func(ctx context.Context, d time.Duration) error {
		if d != 30*time.Second {
			t.Errorf("it takes %v, want 30 s", d)
		}
		return errors.New("the caller left")
	}})
	req := cardRequest(visa, connector.Debit, money.Of(1000, "EUR"))
	req.Simulate = map[string]string{"fault": "slow_answer:30"}
	if r := p.Authorise(context.Background(), req); r.State != unsure {
		t.Errorf("it is %s, want unknown", r.State)
	}
	if r := p.Lookup(context.Background(), connector.Question{Attempt: req.Attempt, Account: shop, At: noon}); r.State != approved {
		t.Errorf("Lookup says %s, want approved", r.State)
	}
}

func TestUnknownFault(t *testing.T) {
	p := open(t, Config{})
	for _, name := range []string{"no_such", "slow_answer:x", "slow_answer:-1", "slow_answer:99999999999"} {
		req := cardRequest(visa, connector.Debit, money.Of(1000, "EUR"))
		req.Simulate = map[string]string{"fault": name}
		if r := p.Authorise(context.Background(), req); r.State != refused || r.Code != noProvider {
			t.Errorf("%s: %s %s, want refused", name, r.State, r.Code)
		}
	}
	if n := len(entries(t, p)); n != 0 {
		t.Errorf("%d entries in the books", n)
	}
}

// TestScriptedLookup: a script can take Lookup away.
func TestScriptedLookup(t *testing.T) {
	down := true
	p := open(t, Config{Script: func(op Op) Fault {
		if op.Kind == Lookup && down {
			return ProviderDown
		}
		return ""
	}})
	q := connector.Question{Attempt: newID(), Account: shop, At: noon}
	if r := p.Lookup(context.Background(), q); r.State != unsure {
		t.Errorf("it is %s, want unknown", r.State)
	}
	down = false
	if r := p.Lookup(context.Background(), q); r.State != missing {
		t.Errorf("it is %s, want not_found", r.State)
	}
}
