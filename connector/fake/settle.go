package fake

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
)

// flow is money that came in or went out: a charge that was approved, or one
// that was approved before and is not any longer (back).
type flow struct {
	at   int64
	n    int32
	back bool
}

// signs say which way the money of an approved operation goes. A void is here
// for a debit that is taken back on its day.
var signs = map[connector.Kind]int64{connector.Debit: 1, connector.Capture: 1, connector.Refund: -1, connector.Void: -1, connector.Credit: -1,
	Chargeback: -1, ChargebackReversal: 1}

// track notes what a charge's change of state moves.
func (b *Books) track(c *charge, before connector.State) {
	now, was := c.State == connector.Approved, before == connector.Approved
	if now == was || signs[c.Kind] == 0 || c.Kind == connector.Void && (c.Root < 0 || b.get(c.Root).Kind != connector.Debit) {
		return
	}
	at := c.Done
	if at == 0 {
		at = c.At
	}
	account := b.words.of(c.Account)
	b.flows[account] = append(b.flows[account], flow{at, c.N, was})
}

// lineKinds is what a flow is called in a file, and what it is called back.
var lineKinds = map[connector.Kind][2]connector.LineKind{
	connector.Debit:    {connector.LinePayment, connector.LinePaymentReturn},
	connector.Capture:  {connector.LinePayment, connector.LinePaymentReturn},
	connector.Refund:   {connector.LineRefund, connector.LineRefundReturn},
	connector.Void:     {connector.LineRefund, connector.LineRefundReturn},
	connector.Credit:   {connector.LineCredit, connector.LineRefundReturn},
	Chargeback:         {connector.LineChargeback, connector.LineChargebackReversal},
	ChargebackReversal: {connector.LineChargebackReversal, connector.LineChargeback},
}

// What the test provider keeps of a payment, in basis points, and of a
// chargeback, in major units; and how long after the end of a day (UTC) it pays
// (spense sheet, 11, and docs/sandbox.md).
const (
	price           = 75
	chargebackPrice = 15
	paidAfter       = 3 * time.Hour
)

// SettlementFlaw is a mistake that the test provider makes in a file, to see
// whether it is found.
type SettlementFlaw string

// The flaws.
const (
	MissingLine   SettlementFlaw = "missing_line"   // the first line is left out; the sums have it
	DoubleLine    SettlementFlaw = "double_line"    // the first line stands twice
	FeeDrift      SettlementFlaw = "fee_drift"      // the first payment costs one minor unit more
	OtherCurrency SettlementFlaw = "wrong_currency" // the first line is in another currency
	CutOffShift   SettlementFlaw = "cut_off_shift"  // the last line of the day stands in the next day's file
)

// SettlementFlaws are all of them.
var SettlementFlaws = []SettlementFlaw{MissingLine, DoubleLine, FeeDrift, OtherCurrency, CutOffShift}

// Spoil has the provider make a mistake in the files of an account about a day.
// It is not kept beyond the process. Faults: invalid.flaw.
func (p *Provider) Spoil(account string, day time.Time, flaw SettlementFlaw) error {
	if !slices.Contains(SettlementFlaws, flaw) {
		return fault.At("invalid.flaw", "flaw", "no such mistake, see docs/sandbox.md")
	}
	p.books.mu.Lock()
	defer p.books.mu.Unlock()
	if p.books.flaws == nil {
		p.books.flaws = map[string]SettlementFlaw{}
	}
	p.books.flaws[account+" "+day.UTC().Format(time.DateOnly)] = flaw
	return nil
}

// SettlementName is how reports call the test provider.
func (p *Provider) SettlementName() (display, code string) { return "Fake PSP", "FAKE" }

// Settlements makes the files of an account: one for each day (UTC) that is over
// and in which something moved, and each currency, made and paid at 03:00 of the
// day after.
func (p *Provider) Settlements(_ context.Context, q connector.SettlementQuestion) (files []connector.SettlementFile, err error) {
	err = p.books.do(func(w *writing) {
		p.observe(w, q.Account, q.At)
		account := w.words.of(q.Account)
		w.happen(p, account, millis(q.At))
		for _, s := range w.statements(q.Account, w.flows[account]) {
			if s.paid <= millis(q.At) && s.paid >= millis(q.From) {
				files = append(files, connector.SettlementFile{Name: "settlement-" + s.reference + "-" + string(s.currency) + ".csv", Text: s.write()})
			}
		}
	})
	return files, err
}

// happen lets what was to happen to an account's charges by a moment happen.
func (w *writing) happen(p *Provider, account word, at int64) {
	a := w.due[account]
	if a == nil {
		return
	}
	for {
		next, ok := a.next(at)
		if !ok {
			return
		}
		if c := w.get(next.n); c.Due == next.due {
			p.turn(w, &c)
		}
	}
}

// statement is a file in the making.
type statement struct {
	account   string
	currency  money.Currency
	reference string
	day, paid int64 // ms
	lines     []statementLine
	gross     int64 // of the books, minor units
	fees      int64
}

type statementLine struct {
	kind      connector.LineKind
	reference string
	attempt   ident.ID
	at        int64
	currency  money.Currency
	gross     int64
	fee       int64
}

// statements puts an account's flows into files, the oldest first.
func (b *Books) statements(account string, flows []flow) []*statement {
	type key struct {
		day      int64
		currency money.Currency
	}
	all := map[key]*statement{}
	ordered := slices.Clone(flows)
	slices.SortStableFunc(ordered, func(a, b flow) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n)) })
	for _, f := range ordered {
		c := b.get(f.n)
		day := f.at / dayMillis
		if b.shifted(account, ordered, f) {
			day++
		}
		k := key{day, c.Currency}
		if all[k] == nil {
			all[k] = newStatement(account, c.Currency, day)
		}
		all[k].take(c, f)
	}
	list := slices.Collect(maps.Values(all))
	slices.SortFunc(list, func(a, b *statement) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.currency, b.currency))
	})
	for _, s := range list {
		s.spoil(b.flaws[account+" "+time.UnixMilli(s.day).UTC().Format(time.DateOnly)])
	}
	return list
}

// shifted says whether a flow is the last of a day whose last one is booked late.
func (b *Books) shifted(account string, ordered []flow, f flow) bool {
	if b.flaws[account+" "+time.UnixMilli(f.at).UTC().Format(time.DateOnly)] != CutOffShift {
		return false
	}
	last := f
	for _, other := range ordered {
		if other.at/dayMillis == f.at/dayMillis {
			last = other
		}
	}
	return last == f
}

func newStatement(account string, c money.Currency, day int64) *statement {
	h := fnv.New32a()
	_, _ = io.WriteString(h, account+string(c)) // a hash never fails to write
	paid := (day+1)*dayMillis + paidAfter.Milliseconds()
	return &statement{account: account, currency: c, day: day * dayMillis, paid: paid,
		reference: fmt.Sprintf("%08d-%s", h.Sum32()%100_000_000, time.UnixMilli(paid).UTC().Format("20060102"))}
}

// take enters a flow: what it moves, and what the provider keeps of it.
func (s *statement) take(c charge, f flow) {
	n := c.money(c.Amount).Minor * signs[c.Kind]
	kind := lineKinds[c.Kind][0]
	if f.back {
		n, kind = -n, lineKinds[c.Kind][1]
	}
	l := statementLine{kind: kind, reference: c.reference(), attempt: c.Attempt, at: f.at, currency: c.Currency, gross: n}
	switch kind {
	case connector.LinePayment:
		l.fee = (n*price + 5000) / 10000
	case connector.LineChargeback:
		l.fee = chargebackPrice * power(max(digitsOf(c.Currency), 0))
	}
	s.lines = append(s.lines, l)
	s.gross, s.fees = s.gross+l.gross, s.fees+l.fee
}

// spoil makes the mistake that was asked for. The sums stay those of the books.
func (s *statement) spoil(f SettlementFlaw) {
	first := &s.lines[0]
	switch f {
	case MissingLine:
		s.lines = s.lines[1:]
	case DoubleLine:
		s.lines = slices.Insert(s.lines, 1, *first)
	case FeeDrift:
		first.fee++
	case OtherCurrency:
		if first.currency = "SEK"; s.currency == "SEK" {
			first.currency = "NOK"
		}
	}
}

func (s *statement) write() []byte {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	text := func(n int64, c money.Currency) string { return writeMajor(n, max(digitsOf(c), 0)) }
	rows := [][]string{{"H", "1", s.account, s.reference, strconv.FormatInt(s.paid/dayMillis, 10), string(s.currency), stampOf(s.day), stampOf(s.day + dayMillis), stampOf(s.paid)}}
	for _, l := range s.lines {
		rows = append(rows, []string{"L", string(l.kind), l.reference, string(l.attempt), stampOf(l.at), string(l.currency), text(l.gross, l.currency), text(l.fee, l.currency)})
	}
	rows = append(rows, []string{"T", strconv.Itoa(len(s.lines)), text(s.gross, s.currency), text(s.fees, s.currency), text(s.gross-s.fees, s.currency)})
	_ = w.WriteAll(rows) // into memory, which takes everything
	return out.Bytes()
}

// settlementNotes is the part of docs/sandbox.md about the files.
func settlementNotes() string {
	var b strings.Builder
	b.WriteString(`
## Settlement files

For each account, day (UTC) and currency in which something moved there is a
file, made and paid at 03:00 of the day after: CSV with a line H (version, account,
reference, report, currency, from, to, paid at), lines L (kind, reference,
attempt, when, currency, gross, fee) and a line T (lines, gross, fees, payout).
They are made of the money that moved in the provider's own books.

`)
	fmt.Fprintf(&b, "Of a payment the provider keeps %d basis points, rounded half up, and of a chargeback %d of the\nmajor unit. On demand it makes a mistake in the files of an account\nand day:\n\n| mistake | the file |\n| --- | --- |\n", price, chargebackPrice)
	for _, f := range SettlementFlaws {
		fmt.Fprintf(&b, "| `%s` | %s |\n", f, flawTexts[f])
	}
	return b.String()
}

var flawTexts = map[SettlementFlaw]string{
	MissingLine:   "lacks its first line; the sums have it",
	DoubleLine:    "has its first line twice; the sums have it once",
	FeeDrift:      "names one minor unit more as the first fee",
	OtherCurrency: "has its first line in another currency",
	CutOffShift:   "lacks the last line of the day, which stands in the next day's file",
}

func stampOf(ms int64) string { return time.UnixMilli(ms).UTC().Format(time.RFC3339Nano) }
