package sim

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// World is one installation, the people around it, and its luck.
type World struct {
	plan   Plan
	ctx    context.Context
	luck   *chance
	wall   time.Time
	latest time.Time     // how far time may pass for now, zero for any
	spent  time.Duration // how far the clocks were moved on purpose

	at    int  // the step
	depth int  // how many operations are inside of each other
	calm  bool // nothing goes wrong in this step
	quiet bool // nothing goes wrong any more

	db       *store.DB
	keys     *vault.Keys
	provider *fake.Provider
	nodes    []*node

	// Where the process dies and where a commit fails, counted in boundaries
	// from here; 0 for nowhere.
	dieIn, failIn int
	claiming      bool      // a node chooses deliveries: no other may meanwhile, on this one thread
	asking        []*answer // whose wish is being carried out, innermost last

	houses    []*house
	receivers []*receiver
	letters   []*letter
	underway  []request
	silent    bool // the provider's own luck is not asked
	faults    map[ident.ID]fake.Fault

	wishes   []*wish
	keyed    map[string]*answer
	named    map[string]ident.ID // by house and reference, where one is used once
	sales    []*sale
	byID     map[ident.ID]*sale
	owner    map[ident.ID]*sale // by attempt
	sessions []*visit
	touched  []*sale

	book      *Result
	violation *Violation
	digest    digest
}

// house is one merchant in a realm of its own.
type house struct {
	n       int
	realm   access.Realm
	actor   access.Actor
	profile merchant.Profile
}

func (h *house) account() string { return string(h.realm.ID) + "." + h.profile.Code }

func newWorld(ctx context.Context, p Plan) (*World, error) {
	w := &World{plan: p, ctx: ctx, luck: newChance(), wall: epoch, quiet: true, faults: map[ident.ID]fake.Fault{}, keyed: map[string]*answer{},
		named: map[string]ident.ID{}, byID: map[ident.ID]*sale{}, owner: map[ident.ID]*sale{}, digest: sha256.New()}
	w.book = &Result{Seed: p.Seed, Sometimes: map[string]int64{}}
	w.luck.step(p.Seed, -1)
	var err error
	if w.keys, err = vault.EphemeralKeys(); err != nil {
		return nil, err
	}
	w.provider, err = fake.New(fake.Config{BaseURL: "https://pay.example", Clock: w.clock, Wait: w.wait, Script: w.script,
		Keys: []method.Secret{method.Conceal("the key of a made-up provider")}})
	if err != nil {
		return nil, err
	}
	w.db, err = store.Open(ctx, store.Options{Database: ":memory:", Inline: true, Twice: p.Seed%8 == 7, Clock: w.clock, Boundary: w.boundary,
		IDs: ident.NewSource([5]byte{'s', 'i', 'm'}, 0), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, err
	}
	if err := w.furnish(); err != nil {
		return nil, errors.Join(err, w.db.Close())
	}
	w.quiet = false
	return w, nil
}

// settings of the houses: the second one uses each reference once, the third
// has short times.
var settings = []merchant.Settings{
	{ThreeDS: true},
	{UniqueReference: true, HoldDays: 3},
	{HoldDays: 2, RefundDays: 30, SessionMinutes: 10, PendingMinutes: 10},
}

// furnish makes the houses and those who hear of their payments.
func (w *World) furnish() error {
	w.nodes = []*node{w.newNode()}
	n := w.nodes[0]
	for i, set := range settings {
		h := &house{n: i}
		var err error
		name := fmt.Sprintf("House %d", i)
		if h.realm, err = n.access.AddRealm(w.ctx, name, access.Test); err != nil {
			return err
		}
		m, err := n.merchants.Add(w.ctx, h.realm.ID, audit.By{Actor: "sim"}, merchant.Merchant{Code: "M1", Name: name})
		if err != nil {
			return err
		}
		h.profile, err = n.merchants.AddProfile(w.ctx, h.realm.ID, audit.By{Actor: "sim"}, merchant.Profile{Merchant: m.ID, Code: fmt.Sprintf("SH%06d", i), Name: name, Settings: set})
		if err != nil {
			return err
		}
		may := append([]access.Permission{access.Credit}, access.Everything...)
		h.actor = access.Actor{Realm: h.realm.ID, Environment: access.Test, Kind: "gateway", May: may, Merchants: []ident.ID{m.ID}}
		w.houses = append(w.houses, h)
		if err := w.subscribe(n, h, fmt.Sprintf("https://shop%d.example/hook", i), i == 2); err != nil {
			return err
		}
	}
	if err := w.subscribe(n, w.houses[0], "https://books.example/hook", true); err != nil {
		return err
	}
	w.nodes = append(w.nodes, w.newNode())
	return n.jobs.Every(w.ctx, "payment.recover")
}

func (w *World) subscribe(n *node, h *house, url string, unordered bool) error {
	e, secrets, err := n.webhooks.Subscribe(w.ctx, h.realm.ID, audit.By{Actor: "sim", Origin: "sim"}, webhook.Wish{URL: url, Contract: "sim", Unordered: unordered})
	w.receivers = append(w.receivers, &receiver{house: h, endpoint: e, secret: secrets.Signing, bodies: map[ident.ID]string{}, took: map[ident.ID]bool{},
		tried: map[ident.ID]int64{}, done: map[ident.ID]int64{}})
	return err
}

func (w *World) clock() time.Time { return w.wall }

// node is any of the installation's processes.
func (w *World) node() *node { return among(w.luck.ties, w.nodes) }

// begin sets the luck of a step: where the process dies in it, if it does, and
// where a commit fails.
func (w *World) begin(n int, calm bool) {
	w.at, w.calm, w.depth, w.dieIn, w.failIn, w.latest = n, calm, 0, 0, 0, time.Time{}
	w.luck.step(w.plan.Seed, n)
	w.pass(time.Duration(w.luck.latency.IntN(2500)) * time.Millisecond)
	if !calm && w.luck.faults.in(150) {
		w.dieIn = 1 + w.luck.faults.IntN(9)
	}
	if !calm && w.luck.faults.in(180) {
		w.failIn = 1 + w.luck.faults.IntN(6)
	}
}

// reboot starts all processes anew, on what was committed.
func (w *World) reboot() {
	w.quiet, w.depth, w.claiming, w.asking, w.dieIn, w.failIn, w.latest = true, 0, false, nil, 0, 0, time.Time{}
	w.nodes = []*node{w.newNode(), w.newNode()}
	for _, h := range w.houses {
		err := w.db.View(w.ctx, h.realm.ID, func(tx *store.Tx) error {
			w.provider.Moved(string(h.realm.ID), tx.Now().Sub(w.wall))
			return nil
		})
		if err != nil {
			w.object("start", "a realm's clock cannot be read: %v", err)
		}
	}
	if err := w.nodes[0].jobs.Every(w.ctx, "payment.recover"); err != nil {
		w.object("start", "%v", err)
	}
	w.quiet = false
	w.say("the processes start anew")
	w.examine()
}

// boundary is a side of a commit.
func (w *World) boundary(b store.Boundary) error {
	if w.peace() {
		return nil
	}
	side := "before"
	if b == store.After {
		side = "after"
	}
	w.mayDie(side + " a commit")
	if w.failIn > 0 {
		if w.failIn--; w.failIn == 0 {
			w.wrong("commit failed, " + side)
			w.say("the answer to the commit: an error, %s it", side)
			return errors.New("made up")
		}
	}
	if b == store.After {
		w.interleave(40)
	}
	return nil
}

// peace says that nothing goes wrong and nobody interferes.
func (w *World) peace() bool { return w.quiet || w.calm }

// mayDie ends the process here, if this is where its luck ends.
func (w *World) mayDie(where string) {
	if w.peace() || w.dieIn == 0 {
		return
	}
	if w.dieIn--; w.dieIn == 0 {
		w.wrong("crash " + where)
		w.say("the processes die %s", where)
		w.die()
	}
}

const deepest = 3

// interleave lets others act here, in n of thousand cases.
func (w *World) interleave(n int) {
	if w.peace() || w.depth >= deepest || !w.luck.ties.in(n) {
		return
	}
	w.seen("interleaved")
	w.depth++
	for range 1 + w.luck.ties.IntN(2) {
		w.act()
	}
	w.depth--
}

// promptly keeps what runs inside of fn short of a moment: a request whose
// sender has looked at the clock leaves before that, or "never seen" could never
// be proof.
func (w *World) promptly(latest time.Time, fn func()) {
	before := w.latest
	if before.IsZero() || latest.Before(before) {
		w.latest = latest
	}
	fn()
	w.latest = before
}

// pass lets time pass, and requests that are under way arrive in it.
func (w *World) pass(d time.Duration) {
	end := w.wall.Add(d)
	if !w.latest.IsZero() && end.After(w.latest) {
		end = w.latest
	}
	if end.Before(w.wall) {
		return
	}
	for len(w.underway) > 0 && !w.underway[0].due.After(end) {
		r := w.underway[0]
		w.underway = w.underway[1:]
		if w.wall.Before(r.due) {
			w.wall = r.due
		}
		w.say("a late request arrives: %s", short(r.attempt))
		w.silent = true
		r.arrive()
		w.silent = false
	}
	w.wall = end
}

// short is as much of an id as a reader of a trace needs.
func short(id ident.ID) string {
	if len(id) < ident.Length {
		return string(id)
	}
	return string(id[:8]) + ".." + string(id[len(id)-5:])
}
