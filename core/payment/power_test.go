package payment_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
	"github.com/florinpay/florin/store/disk"
	"github.com/florinpay/florin/store/storetest"
)

// TestPowerCuts cuts the power while clients pay, capture, refund and void.
// After each cut everything that was acknowledged is there as it was said to
// be, clients who heard nothing ask again, and once what was open is settled
// the books are right and agree with the provider's. FLORIN_POWER_CUTS says
// how often; a few times without it.
func TestPowerCuts(t *testing.T) {
	o := outages(t, false)
	t.Log(o)
	if o.acknowledged == 0 || o.again == 0 || o.gone == 0 {
		t.Error("the cuts were none")
	}
	for _, what := range o.wrong {
		t.Error(what)
	}
	if o.lost > 0 {
		t.Error("acknowledged payments were lost")
	}
}

// TestPowerCutsNoticed is the same with synchronous=NORMAL underneath, which
// must lose some.
func TestPowerCutsNoticed(t *testing.T) {
	o := outages(t, true)
	t.Log("with synchronous=NORMAL: ", o)
	if o.lost == 0 || len(o.wrong) == 0 {
		t.Error("nothing was lost where something must be")
	}
}

// outage is a world whose power is cut, and the count of what came of it.
type outage struct {
	*world
	disk    *disk.Disk
	chance  *rand.Rand
	keys    *vault.Keys
	errands []*errand // of this disk

	cuts, acknowledged, again, lost int
	open, gone                      int
	took                            time.Duration
	wrong                           []string
}

// errand is what one client wanted done once. It asks for on's payment to be
// captured, refunded or voided; one without is a payment.
type errand struct {
	key   string
	kind  connector.Kind
	minor int64
	fault string
	on    ident.ID

	heard, counted bool // an answer: the attempt and how it stood then
	id             ident.ID
	state          payment.AttemptState
}

func (o *outage) String() string {
	return fmt.Sprintf("%d power cuts in %v, %d acknowledged, %d asked again; %d sectors, lengths and names not flushed, %d of them gone; lost %d, wrong otherwise %d",
		o.cuts, o.took.Round(time.Millisecond), o.acknowledged, o.again, o.open, o.gone, o.lost, len(o.wrong)-o.lost)
}

// outages makes cuts, ten on each disk.
func outages(t *testing.T, weak bool) *outage {
	cuts := 10
	if text := os.Getenv("FLORIN_POWER_CUTS"); text != "" {
		var err error
		if cuts, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	if weak {
		cuts = cuts/5 + 10
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	began := time.Now()
	o := &outage{world: &world{t: t, wall: storetest.NewClock(time.Date(2026, 11, 21, 9, 14, 0, 0, time.UTC))},
		disk: disk.New(t), chance: rand.New(rand.NewPCG(seed, 1))}
	if err := o.up(); err != nil {
		t.Fatal(err)
	}
	o.keys = o.payments.Vault.Keys
	o.house = o.settle("Lind Media", merchant.Settings{})
	o.down()
	first := o.disk.Image()
	if weak {
		o.disk.Weaken()
	}
	for o.cuts < cuts && (weak || len(o.wrong) < 20) || weak && o.lost == 0 && o.cuts < 500 {
		o.disk.Load(first)
		o.provider, o.errands = o.bank(), nil
		for range 10 {
			if !o.live() { // what is lost once stays so
				break
			}
		}
	}
	o.took = time.Since(began)
	return o
}

// up starts a process on the disk.
func (o *outage) up() (err error) {
	if o.db, err = store.Open(context.Background(), store.Options{Database: "/florin.db", VFS: o.disk.Name(), Clock: o.wall.Now, Log: quiet}); err != nil {
		return err
	}
	if o.provider == nil {
		o.provider = o.bank()
	}
	o.begin()
	if o.keys != nil {
		o.payments.Vault.Keys = o.keys
	}
	return nil
}

func (o *outage) down() {
	if err := o.db.Close(); err != nil && !o.dark() {
		o.t.Errorf("close: %v", err)
	}
}

func (o *outage) dark() bool {
	select {
	case <-o.disk.Off():
		return true
	default:
		return false
	}
}

// live is one process from its start to the power cut, and the next one, which
// sets things right. False says that they cannot be.
func (o *outage) live() bool {
	o.disk.CutAt(1 + o.chance.IntN([]int{60, 400, 2500}[o.chance.IntN(3)]))
	if err := o.up(); err == nil {
		o.shop()
		o.down()
	} else if !o.dark() {
		o.t.Fatalf("start: %v", err)
	}
	o.restart()
	if err := o.up(); err != nil {
		o.wrong = append(o.wrong, fmt.Sprintf("after a cut: %v", err))
		return false
	}
	was := len(o.wrong)
	o.judge()
	if len(o.wrong) == was {
		o.tidy()
	}
	if o.chance.IntN(2) == 0 { // the log goes on from here, or starts over
		o.disk.Cut()
	}
	o.down()
	if o.dark() {
		o.restart()
	}
	return len(o.wrong) == was
}

func (o *outage) restart() {
	open, gone := o.disk.Restart(o.chance)
	o.cuts, o.open, o.gone = o.cuts+1, o.open+open, o.gone+gone
}

// shop has three clients pay until the power goes or they have enough.
func (o *outage) shop() {
	var mu sync.Mutex
	var all sync.WaitGroup
	want := func(w errand) *errand {
		mu.Lock()
		o.errands = append(o.errands, &w)
		mu.Unlock()
		o.ask(&w)
		return &w
	}
	for client := range 3 {
		chance := rand.New(rand.NewPCG(o.chance.Uint64(), 1))
		sales := 1 + o.chance.IntN(4)
		all.Go(func() {
			for n := range sales {
				key := fmt.Sprintf("life %d client %d sale %d", o.cuts, client, n)
				sale := errand{key: key, kind: []connector.Kind{connector.Debit, connector.Authorise}[chance.IntN(2)], minor: 10000}
				if chance.IntN(4) == 0 {
					sale.fault = []string{"lost_answer", "lost_request"}[chance.IntN(2)]
				}
				paid := want(sale)
				if o.dark() {
					return
				}
				if !paid.heard || paid.state != payment.Approved {
					continue
				}
				next := errand{key: key + " next", on: paid.id, kind: connector.Refund, minor: 3000}
				if sale.kind == connector.Authorise {
					next.kind = []connector.Kind{connector.Capture, connector.Void}[chance.IntN(2)]
				}
				want(next)
			}
		})
	}
	all.Wait()
}

// ask asks for a wish and notes the answer, if there is one.
func (o *outage) ask(w *errand) (replayed bool) {
	var out payment.Outcome
	var err error
	if w.on == "" {
		order := o.order(w.kind, w.minor)
		order.Idempotency = key(w.key)
		if w.fault != "" {
			order.Simulate = map[string]string{"fault": w.fault}
		}
		out, err = o.payments.Pay(context.Background(), o.actor, order)
	} else {
		op := payment.Operation{Payment: w.on, Idempotency: key(w.key)}
		if w.kind != connector.Void {
			op.Amount = eur(w.minor)
		}
		out, err = operate(o.payments, o.house, w.kind, op)
	}
	if err == nil {
		w.heard, w.id, w.state = true, out.Attempt.ID, out.Attempt.State
	} else if code := fault.Code(err); !o.dark() && code != "unavailable" && code != "unavailable.store" {
		o.t.Logf("%s: %v", w.key, err)
	}
	return out.Replayed
}

// judge looks for what was acknowledged.
func (o *outage) judge() {
	var verdict string
	o.view(func(tx *store.Tx) error {
		_, err := tx.Get([]any{&verdict}, `PRAGMA integrity_check`)
		return err
	})
	if verdict != "ok" {
		o.wrong = append(o.wrong, "integrity check: "+verdict)
		return
	}
	states := map[ident.ID]payment.AttemptState{}
	o.view(func(tx *store.Tx) error {
		return tx.All(`SELECT id, state FROM attempt WHERE realm = $1`, []any{o.realm.ID}, func(scan func(...any) error) error {
			var id ident.ID
			var state payment.AttemptState
			err := scan(&id, &state)
			states[id] = state
			return err
		})
	})
	for _, w := range o.errands {
		if !w.heard {
			continue
		}
		if !w.counted {
			w.counted = true
			o.acknowledged++
		}
		settled := w.state == payment.Approved || w.state == payment.Refused
		if now := states[w.id]; now == "" || settled && now != w.state {
			o.lost++
			o.wrong = append(o.wrong, fmt.Sprintf("%s was acknowledged as %s, and is %q", w.key, w.state, now))
		}
	}
}

// tidy is what happens after a cut: clients ask again, what is open is found,
// asked about and settled, and the books agree.
func (o *outage) tidy() {
	o.recover()
	for _, w := range o.errands {
		if !w.heard {
			o.again++
			if o.ask(w); !w.heard {
				o.wrong = append(o.wrong, w.key+" is not answered")
			}
		}
	}
	o.pass(5*time.Second, nil)
	o.pass(time.Minute, nil)
	for _, w := range o.errands {
		if was := *w; !o.ask(w) || w.id != was.id || w.state != payment.Approved && w.state != payment.Refused {
			o.wrong = append(o.wrong, fmt.Sprintf("%s: attempt %s was %s; asked again, attempt %s is %s", w.key, was.id, was.state, w.id, w.state))
		}
	}
	o.wrong = append(o.wrong, o.world.wrong(o.house)...)
}
