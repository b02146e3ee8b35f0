package sim

import (
	"strings"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/payment"
)

// The ways that states may go, one change at a time (core/payment/payment.go).
// Nothing leaves review but by a person's hand.
var (
	paymentEdges = edges(`processing: pending unknown authorised captured verified credited failed review
		pending: authorised captured verified credited failed review
		unknown: pending authorised captured verified credited failed review
		authorised: captured voided expired review
		captured: voided review
		verified: review
		credited: failed review
		voided: captured review
		expired: review
		failed: review
		review:`)
	attemptEdges = edges(`sent: approved refused pending unknown review
		pending: approved refused review
		unknown: approved refused pending review
		refused: late_success
		approved: failed_late
		review:
		late_success:
		failed_late:`)
)

// edges reads a graph and answers what can be reached from where.
func edges(text string) map[string]map[string]bool {
	next := map[string][]string{}
	for line := range strings.Lines(text) {
		from, to, _ := strings.Cut(strings.TrimSpace(line), ":")
		next[from] = strings.Fields(to)
	}
	reach := map[string]map[string]bool{}
	for from := range next {
		reach[from] = map[string]bool{from: true}
		for todo := []string{from}; len(todo) > 0; todo = todo[1:] {
			for _, to := range next[todo[0]] {
				if !reach[from][to] {
					reach[from][to] = true
					todo = append(todo, to)
				}
			}
		}
	}
	return reach
}

func reaches[S ~string](graph map[string]map[string]bool, from, to S) bool {
	return graph[string(from)][string(to)]
}

// examine checks what the step has touched.
func (w *World) examine() {
	list := w.touched
	w.touched = nil
	for _, s := range list {
		w.check(s)
	}
	if s, ok := recent(w.luck.ties, w.sales); ok {
		w.check(s)
	}
}

// check reads a payment and compares it with itself, with how it was, and with
// the provider's books.
func (w *World) check(s *sale) {
	n, ctx := w.pick()
	out, err := n.payments.Get(ctx, s.house.actor, s.id)
	if err != nil {
		w.object("rows", "payment %s cannot be read: %v", s.id, err)
	}
	list, err := n.payments.Attempts(ctx, s.house.realm.ID, s.id)
	if err != nil {
		w.object("rows", "attempts of %s cannot be read: %v", s.id, err)
	}
	p := out.Payment
	w.rows(p, list)
	if p.State == payment.Voided && p.Capturing > 0 { // what comes of the capture may contradict it
		w.object("states", "payment %s is voided while a capture of %d is not answered", p.ID, p.Capturing)
	}
	if was := s.state; was.ID != "" {
		if !reaches(paymentEdges, was.State, p.State) {
			w.object("states", "payment %s goes from %s to %s", p.ID, was.State, p.State)
		}
		if p.Version < was.Version || p.Seq < was.Seq {
			w.object("states", "payment %s goes back from version %d, event %d to %d, %d", p.ID, was.Version, was.Seq, p.Version, p.Seq)
		}
		if was.State != p.State {
			w.seen("payment " + string(was.State) + " > " + string(p.State))
		}
	}
	s.state, s.from = p, w.visitOf(s, p)
	s.attempts = s.attempts[:0]
	for _, a := range list {
		s.attempts = append(s.attempts, a.ID)
		w.owner[a.ID] = s
		was, known := s.states[a.ID]
		if known && !reaches(attemptEdges, was.State, a.State) {
			w.object("states", "attempt %s of %s goes from %s to %s", a.ID, p.ID, was.State, a.State)
		}
		if known && was.State != a.State {
			w.seen("attempt " + string(was.State) + " > " + string(a.State))
		}
		if !known && (a.Kind == payment.Chargeback || a.Kind == payment.ChargebackReversal) {
			w.seen("booked " + string(a.Kind))
		}
		if a.ProviderCode == "not sent" && was.ProviderCode != a.ProviderCode {
			w.seen("too late to send")
		}
		s.states[a.ID] = a
		w.compare(s.house, a)
	}
	w.once(s.from)
}

// visitOf finds the checkout of a payment whose payer never heard of it.
func (w *World) visitOf(s *sale, p payment.Payment) *visit {
	if s.from != nil || p.Session == "" {
		return s.from
	}
	for _, v := range w.sessions {
		if v.id == p.Session {
			v.paid = append(v.paid, s)
			return v
		}
	}
	return nil
}

// sums are what the attempts of a payment come to.
type sums struct{ captured, capturing, refunded, refunding, voided, voiding, disputed int64 }

func (s *sums) add(p payment.Payment, a payment.Attempt) {
	n := a.Amount.Minor
	kind := a.Kind
	if kind == connector.Void && (p.Kind == connector.Debit || a.Original != p.ID) {
		kind = connector.Refund // a void that takes captured money back
	}
	done, asked := map[connector.Kind]*int64{connector.Capture: &s.captured, connector.Debit: &s.captured, connector.Refund: &s.refunded, connector.Void: &s.voided,
		payment.Chargeback: &s.disputed}, map[connector.Kind]*int64{connector.Capture: &s.capturing, connector.Refund: &s.refunding, connector.Void: &s.voiding}
	switch a.State {
	case payment.Approved:
		if to := done[kind]; to != nil {
			*to += n
		}
		if kind == payment.ChargebackReversal {
			s.disputed -= n
		}
	case payment.Sent, payment.AttemptPending, payment.AttemptUnknown, payment.AttemptReview:
		if to := asked[kind]; to != nil {
			*to += n
		}
	}
}

// rows: what a payment's row says is what its attempts come to, and no more
// than there is (P1, P2, P3, P5).
func (w *World) rows(p payment.Payment, list []payment.Attempt) {
	var got sums
	final := p.Details.Final != ""
	for _, a := range list {
		got.add(p, a)
		if a.Amount.Minor < 0 || a.Amount.Minor == 0 && a.State != payment.Refused && p.Kind != connector.Verify {
			w.object("amount", "attempt %s of %s is about %d", a.ID, p.ID, a.Amount.Minor)
		}
		if a.State != payment.Refused && a.Amount.Currency != p.Amount.Currency {
			w.object("amount", "attempt %s is in %s, its payment in %s", a.ID, a.Amount.Currency, p.Amount.Currency)
		}
	}
	want := sums{p.Captured, p.Capturing, p.Refunded, p.Refunding, p.Voided, p.Voiding, p.Disputed}
	if final || p.State == payment.Expired || p.Voided > got.voided { // released without an attempt
		got.voided = max(got.voided, p.Voided)
	}
	if got != want {
		w.object("sums", "payment %s says %+v, its attempts %+v", p.ID, want, got)
	}
	for _, n := range []int64{p.Captured, p.Capturing, p.Refunded, p.Refunding, p.Voided, p.Voiding, p.Disputed, p.Amount.Minor} {
		if n < 0 {
			w.object("sums", "payment %s is below nothing: %+v", p.ID, want)
		}
	}
	if taken := p.Captured + p.Capturing + p.Voided + p.Voiding; p.Kind == connector.Authorise && taken > p.Amount.Minor {
		w.object("over-capture", "payment %s of %d: %+v", p.ID, p.Amount.Minor, want)
	}
	if p.Refunded+p.Refunding > p.Captured {
		w.object("over-refund", "payment %s: %+v", p.ID, want)
	}
}

// compare holds an attempt against the provider's own books.
func (w *World) compare(h *house, a payment.Attempt) {
	switch a.Kind {
	case payment.Chargeback, payment.ChargebackReversal:
		return
	}
	if a.State != payment.Approved && a.State != payment.Refused {
		return
	}
	e, found, err := w.provider.Books().Entry(h.account(), a.ID)
	if err != nil {
		w.object("provider", "%v", err)
	}
	s := w.owner[a.ID]
	slip := s != nil && s.method == method.Voucher && e.Reference != a.ProviderRef // paid by another visit at the counter
	switch {
	case a.State == payment.Approved && !found:
		w.object("truth", "%s %s is approved here, and the provider has never heard of it", a.Kind, a.ID)
	case a.State == payment.Approved && e.State != connector.Approved && !(e.State == connector.Refused && w.comesBack(a)):
		w.object("truth", "%s %s is approved here, and %s by the provider", a.Kind, a.ID, e.State)
	case a.State == payment.Approved && !slip && e.Money != a.Amount && e.Money.Minor+a.Amount.Minor != 0:
		w.object("truth", "%s %s is about %v here, and about %v to the provider", a.Kind, a.ID, a.Amount, e.Money)
	case a.State == payment.Refused && found && e.State != connector.Refused && w.faults[a.ID] != fake.LateSuccess:
		w.object("truth", "%s %s is refused here, and %s by the provider", a.Kind, a.ID, e.State)
	}
}

// comesBack says whether the bank may still send this refund or credit back.
func (w *World) comesBack(a payment.Attempt) bool {
	return a.Kind == connector.Refund || a.Kind == connector.Credit || a.Kind == connector.Void
}

// once: no checkout is paid twice. What went through late, after a refusal, is
// under review and does not count.
func (w *World) once(v *visit) {
	if v == nil || len(v.paid) < 2 {
		return
	}
	var paid []ident.ID
	for _, s := range v.paid {
		e, found, err := w.provider.Books().Entry(s.house.account(), s.id)
		if err != nil {
			w.object("provider", "%v", err)
		}
		if found && e.State == connector.Approved && w.faults[s.id] != fake.LateSuccess {
			paid = append(paid, s.id)
		}
	}
	if len(paid) > 1 {
		w.object("paid twice", "the payer of checkout %s has paid %v", v.id, paid)
	}
}

// meant compares what a client wrote with what arrived at the provider.
func (w *World) meant(x *wish, p payment.Payment) {
	if x.kind == connector.Verify || x.on != "" {
		return
	}
	if p.Amount.Minor != x.minor || p.Amount.Currency != x.currency.code {
		w.object("money", "a client asked for %s %s, and payment %s is about %d minor units of %s", x.currency.text(x.minor), x.currency.code, p.ID, p.Amount.Minor, p.Amount.Currency)
	}
	e, found, err := w.provider.Books().Entry(x.house.account(), p.ID)
	if err != nil {
		w.object("provider", "%v", err)
	}
	if found && x.method == method.Wallet && p.Method == method.Wallet && w.faults[p.ID] != fake.OtherAmount && w.faults[p.ID] != fake.PartialCapture && e.Amount != x.currency.text(x.minor) {
		w.object("money", "a client asked for %s %s, and the wallet has %s", x.currency.text(x.minor), x.currency.code, e.Amount)
	}
}
