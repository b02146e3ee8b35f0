package sim

import (
	"context"
	"slices"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/money"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/store"
)

// act is one thing that somebody does.
func (w *World) act() {
	switch n := w.luck.load.IntN(1000); {
	case n < 190:
		w.order()
	case n < 310:
		w.operate(connector.Capture)
	case n < 430:
		w.operate(connector.Refund)
	case n < 500:
		w.operate(connector.Void)
	case n < 590:
		w.repeat()
	case n < 615:
		w.invite()
	case n < 670:
		w.form()
	case n < 740:
		w.visitPage()
	case n < 765:
		w.look()
	case n < 840:
		w.callback(1 + w.luck.ties.IntN(2))
	case n < 900:
		w.work(1 + w.luck.ties.IntN(3))
	case n < 950:
		w.deliver(1 + w.luck.ties.IntN(4))
	default:
		w.outside(n - 950)
	}
}

// outside is what happens beyond anybody's request, n below 50.
func (w *World) outside(n int) {
	switch {
	case n < 24:
		w.idle()
	case n < 28:
		w.bank()
	case n < 33:
		w.decide()
	case n < 38:
		r := among(w.luck.load, w.receivers)
		r.down = !r.down && !w.peace()
		w.say("%s is down: %v", r.endpoint.URL, r.down)
	case n < 41:
		w.travel()
	case w.peace() || w.depth > 0:
	case n < 43:
		w.wrong("restart")
		w.reboot()
	default:
		w.jump()
	}
}

// letter is a callback in the network, which carries it until it is taken.
type letter struct {
	fake.Callback
	at   time.Time // when it was signed
	gone bool
	said int       // how often it was refused
	next time.Time // when it is sent again
}

// stubborn is how often a provider sends again what is not taken, after growing
// pauses: the last ones are hours apart.
const stubborn = 16

func (l *letter) again(now time.Time) bool {
	l.next = now.Add(min(time.Second<<l.said, 6*time.Hour))
	l.said++
	return l.said < stubborn
}

// callback carries letters of the provider to our door, not always in order,
// some of them twice. One that is not taken is sent again, as providers do for
// days.
func (w *World) callback(most int) (busy bool) {
	list, err := w.provider.Callbacks(w.wall)
	if err != nil {
		w.object("provider", "%v", err)
	}
	for _, cb := range list {
		w.letters = append(w.letters, &letter{Callback: cb, at: w.wall})
	}
	if w.quiet {
		for _, l := range w.ready() {
			w.carryLetter(l)
			busy = busy || l.gone
		}
		return busy
	}
	for range most {
		list := w.ready()
		if len(list) == 0 {
			break
		}
		w.carryLetter(among(w.luck.ties, list))
		busy = true
	}
	return busy
}

// ready are the letters that may be carried now.
func (w *World) ready() (list []*letter) {
	for _, l := range w.letters {
		if !w.wall.Before(l.next) {
			list = append(list, l)
		}
	}
	return list
}

func (w *World) carryLetter(l *letter) {
	n, ctx := w.pick()
	w.did("callback")
	notice, err := w.provider.ParseNotice(func(name string) string { return l.Headers[name] }, l.Body, l.at)
	if err == nil {
		w.say("callback %s about %s: %s %s", notice.ID, short(notice.Attempt), notice.Kind, notice.Result.State)
		w.touch(notice.Attempt)
		w.asking = append(w.asking, nil)
		_, err = n.payments.Noticed(ctx, ident.ID(l.Account[:ident.Length]), "fake", notice)
		w.asking = w.asking[:len(w.asking)-1]
	}
	switch {
	case err == nil && !w.peace() && w.luck.faults.in(250):
		w.wrong("callback again")
		return
	case stored(err), fault.Is(err, fault.Unavailable):
		return
	case fault.Is(err, fault.Internal):
		w.object("fault", "a callback hears %v", err)
	case err != nil:
		w.seen("callback refused " + fault.Code(err))
		w.say("callback %s about %s refused: %v", l.Headers[fake.HeaderID], short(notice.Attempt), err)
		if fault.Is(err, fault.Conflict) && l.again(w.wall) {
			return
		}
	}
	l.gone = true
	kept := w.letters[:0:0]
	for _, other := range w.letters {
		if !other.gone {
			kept = append(kept, other)
		}
	}
	w.letters = kept
}

// work has a process do jobs that are due.
func (w *World) work(most int) (busy bool) {
	n, ctx := w.pick()
	list, err := n.jobs.Claim(ctx, most)
	if err != nil && w.quiet {
		w.object("end", "jobs cannot be claimed: %v", err)
	}
	for _, j := range list {
		w.did("job " + j.Kind)
		w.say("job %s %s, try %d", j.Kind, short(j.Object), j.Tries)
		w.touch(j.Object)
		w.asking = append(w.asking, nil)
		n.jobs.Run(ctx, j)
		w.asking = w.asking[:len(w.asking)-1]
	}
	return len(list) > 0
}

// The pauses in which nothing happens. All of a run's together stay below the
// life of an idempotency key, of a message, and of a hold at the provider.
var pauses = []time.Duration{time.Second, 5 * time.Second, 10 * time.Second, 40 * time.Second, 40 * time.Second, 2 * time.Minute, 6 * time.Minute,
	12 * time.Minute, 35 * time.Minute, time.Hour, 3 * time.Hour, 13 * time.Hour, 26 * time.Hour, 50 * time.Hour}

const longest = 20 * 24 * time.Hour

func (w *World) affords(d time.Duration) bool {
	if w.spent+d > longest {
		return false
	}
	w.spent += d
	return true
}

func (w *World) idle() {
	d := among(w.luck.latency, pauses)
	if !w.affords(d) {
		d = time.Second
	}
	w.pass(d)
	w.did("time passes")
	w.say("%v later", d)
}

// jump sets the machine's clock: ahead, or back. What is under way arrives
// before: a jump makes nothing take longer.
func (w *World) jump() {
	for len(w.underway) > 0 {
		w.pass(time.Second)
	}
	d := among(w.luck.latency, pauses)
	if w.luck.latency.in(300) {
		d = -min(d, 30*time.Minute)
		w.wrong("clock set back")
	} else {
		if !w.affords(d) {
			return
		}
		w.wrong("clock set ahead")
	}
	w.wall = w.wall.Add(d)
	w.say("the clock is set by %v", d)
}

// travel moves a test realm's clock, as its owner may.
func (w *World) travel() {
	if !w.latest.IsZero() {
		return
	}
	for len(w.underway) > 0 {
		w.pass(time.Second)
	}
	h := w.houses[2]
	d := among(w.luck.latency, pauses)
	if !w.affords(d) {
		return
	}
	n, ctx := w.pick()
	now, err := n.access.Advance(ctx, h.realm.ID, d)
	w.did("time travel")
	w.say("house %d travels %v: %v", h.n, d, err)
	if err == nil {
		w.provider.Moved(string(h.realm.ID), now.Sub(w.wall))
	}
}

// bank has a payer's bank take money back, or give it up again.
func (w *World) bank() {
	s, ok := recent(w.luck.load, w.sales)
	giveUp := w.luck.load.in(400)
	if i := slices.IndexFunc(w.sales, func(s *sale) bool { return s.state.Disputed > 0 }); giveUp && i >= 0 {
		s = w.sales[i]
	}
	if !ok || s.minor < 1 {
		return
	}
	w.did("bank")
	a := money.Of(1+int64(w.luck.load.IntN(int(s.minor))), s.currency.code)
	var err error
	if !giveUp {
		err = w.provider.Dispute(s.house.account(), s.id, a, "000.100.222", w.now(s.house))
	} else {
		a.Minor = max(1, min(a.Minor, s.state.Disputed))
		err = w.provider.Represent(s.house.account(), s.id, a, w.now(s.house))
	}
	w.say("the bank of %s: %v, gives it up %v: %v", short(s.id), a, giveUp, err)
}

// decide has a person decide on a payment that risk holds.
func (w *World) decide() {
	n, ctx := w.pick()
	h := among(w.luck.load, w.houses)
	list, err := n.payments.InReview(ctx, h.realm.ID)
	if err != nil {
		w.object("fault", "%v", err)
	}
	for _, p := range list {
		if p.Risk == payment.RiskReview {
			accept := w.luck.load.in(400)
			_, err := n.payments.DecideRisk(ctx, h.realm.ID, p.ID, accept)
			w.did("risk decision")
			w.say("risk of %s decided: accepted %v %v", short(p.ID), accept, err)
			w.touch(p.ID)
			return
		}
	}
}

// now is a house's time.
func (w *World) now(h *house) (at time.Time) {
	err := w.db.View(context.Background(), h.realm.ID, func(tx *store.Tx) error {
		at = tx.Now()
		return nil
	})
	if err != nil {
		w.object("fault", "%v", err)
	}
	return at
}
