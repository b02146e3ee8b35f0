package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/store/storetest"
)

// TestKill kills florin at random moments while clients pay, capture, refund
// and reverse, and lets them ask again under the same keys, as clients do.
// FLORIN_KILLS says how often; 8 times without it.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for attempts whose process died")
	}
	kills := 8
	if text := os.Getenv("FLORIN_KILLS"); text != "" {
		var err error
		if kills, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			t.Parallel() // most of the time is waiting
			killing(t, engine, kills)
		})
	}
}

func killing(t *testing.T, engine string, kills int) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	var h *house
	if engine == "sqlite" {
		h = furnish(t, "", "test")
	} else {
		h = furnish(t, storetest.Database(t, engine), "test")
	}
	s := &storm{t: t, house: h, chance: rand.New(rand.NewPCG(seed, 1))}
	s.listen = unused(t)
	h.base = "http://" + s.listen
	h.client = &http.Client{Timeout: 50 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	p, _ := s.up()
	var clients sync.WaitGroup
	for n := range 6 {
		clients.Go(func() { s.shop(n, rand.New(rand.NewPCG(seed, uint64(n)+2))) })
	}
	var recoveries []time.Duration
	for n := range kills {
		if n%5 == 4 { // also while it is recovering from the last one
			p.signal(syscall.SIGKILL)
			<-p.ended
			p = s.begin()
			time.Sleep(time.Duration(s.chance.IntN(120)) * time.Millisecond)
		} else {
			before := s.acknowledged.Load()
			until(t, "load", func() bool { return s.acknowledged.Load() > before })
			time.Sleep(time.Duration(s.chance.IntN(900)) * time.Millisecond)
		}
		p.signal(syscall.SIGKILL)
		<-p.ended
		var took time.Duration
		p, took = s.up()
		recoveries = append(recoveries, took)
	}
	s.closing.Store(true)
	clients.Wait()
	s.settle()
	slices.Sort(recoveries)
	t.Logf("%s: %d kills, %d wishes, %d acknowledged at once, %d after asking again; answers a kill interrupted: %d; from start to ready: median %v, longest %v",
		engine, kills+kills/5, len(s.wishes), len(s.wishes)-int(s.repeated.Load()), s.repeated.Load(), s.broken.Load(),
		recoveries[len(recoveries)/2].Round(time.Millisecond), recoveries[len(recoveries)-1].Round(time.Millisecond))
	s.judge()
	p.stop()
	s.reconcile()
	if r := h.run(t, "verify"); r.code != 0 {
		t.Errorf("verify: %+v", r)
	} else {
		t.Log(strings.TrimSpace(r.out))
	}
}

// storm is a florin under load that is killed over and over.
type storm struct {
	t *testing.T
	*house
	listen  string
	chance  *rand.Rand
	closing atomic.Bool

	acknowledged, broken, repeated, errors atomic.Int64

	mu     sync.Mutex
	wishes []*wish
}

// wish is one thing that a client wants done once.
type wish struct {
	key, path string
	pairs     []string
	first     answer // what was acknowledged
}

// wrong is an error; a thousand of them say no more than twenty.
func (s *storm) wrong(format string, args ...any) {
	s.t.Helper()
	switch n := s.errors.Add(1); {
	case n <= 20:
		s.t.Errorf(format, args...)
	case n == 21:
		s.t.Error("and more")
	}
}

func unused(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (s *storm) begin() *process {
	return start(s.t, s.dir, append([]string{"serve", "--listen", s.listen, "--log-level", "error"}, s.args...)...)
}

// up starts florin and waits until it says that it is ready.
func (s *storm) up() (*process, time.Duration) {
	began := time.Now()
	p := s.begin()
	until(s.t, "a ready florin", func() bool {
		select {
		case <-p.ended:
			s.t.Fatalf("florin does not start again:\n%s", p.err)
		default:
		}
		res, err := http.Get(s.base + "/readyz")
		if err != nil {
			return false
		}
		res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return p, time.Since(began)
}

// shop is one client: sale after sale, until it is told to close.
func (s *storm) shop(n int, chance *rand.Rand) {
	for i := 0; !s.closing.Load(); i++ {
		amount := 1000 + chance.IntN(9000)*100 // ends in 00: nothing of it is a sign to the provider
		key := fmt.Sprintf("client-%d-sale-%d", n, i)
		kind := []string{"DB", "PA"}[chance.IntN(2)]
		pay := append(slices.Clone(card), "paymentType="+kind, "currency=EUR", "amount="+euros(amount))
		if chance.IntN(8) == 0 {
			pay = append(pay, "customParameters[florin_fault]="+[]string{"lost_answer", "lost_request", "slow_answer:1", "error_after"}[chance.IntN(4)])
		}
		paid := s.ask(key, "/v3/payments", pay...)
		if class(paid.Result.Code) != "yes" {
			continue
		}
		path := "/v3/payments/" + paid.ID
		if kind == "PA" {
			switch chance.IntN(4) {
			case 0:
				s.ask(key+"-reversal", path, "paymentType=RV")
				continue
			case 1:
				s.ask(key+"-part", path, "paymentType=CP", "currency=EUR", "amount="+euros(amount/2))
				s.ask(key+"-rest", path, "paymentType=CP", "currency=EUR", "amount="+euros(amount-amount/2))
			default:
				s.ask(key+"-capture", path, "paymentType=CP", "currency=EUR", "amount="+euros(amount))
			}
		}
		for range chance.IntN(3) {
			s.ask(fmt.Sprintf("%s-refund-%d", key, chance.Int()), path, "paymentType=RF", "currency=EUR", "amount="+euros(amount/4))
		}
	}
}

func euros(minor int) string { return fmt.Sprintf("%d.%02d", minor/100, minor%100) }

// class is what a code says to a client: yes, no, wait (not known yet), or
// again (nothing was done).
func class(code string) string {
	switch {
	case strings.HasPrefix(code, "000.000."), strings.HasPrefix(code, "000.100.1"), strings.HasPrefix(code, "000.3"), strings.HasPrefix(code, "000.6"):
		return "yes"
	case strings.HasPrefix(code, "000.200"):
		return "wait"
	}
	return "no"
}

// ask asks until there is an answer, always under the same key.
func (s *storm) ask(key, path string, pairs ...string) answer {
	w := &wish{key: key, path: path, pairs: pairs}
	for deadline := time.Now().Add(2 * patience); ; time.Sleep(20 * time.Millisecond) {
		a, err := s.desk.ask(key, path, pairs...)
		if err == nil && a.Status < 500 && a.Status != 429 {
			w.first = a
			break
		}
		if err != nil {
			s.broken.Add(1)
		}
		if time.Now().After(deadline) {
			s.wrong("%s was never answered: %v, %s", key, err, a.Raw)
			return answer{}
		}
		w.first.Replayed = true
	}
	if w.first.Replayed {
		s.repeated.Add(1)
	}
	s.acknowledged.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wishes = append(s.wishes, w)
	return w.first
}

// settle waits until nothing is open: attempts whose process died are found
// after half a minute, and then looked up at the provider.
func (s *storm) settle() {
	began := time.Now()
	until := began.Add(3 * patience)
	for _, w := range s.wishes {
		for w.first.ID != "" {
			a, err := s.read("/v3/payments/" + w.first.ID)
			if err == nil && a.Status == 200 && class(a.Result.Code) != "wait" {
				break
			}
			if time.Now().After(until) {
				s.wrong("%s is still open: %v, %s", w.key, err, a.Raw)
				break
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	s.t.Logf("settled after %v", time.Since(began).Round(time.Second))
}

// judge asks every wish once more. What was acknowledged is still so, under
// the same id; two wishes never share one.
func (s *storm) judge() {
	owner := map[string]string{}
	count, no := map[string]int{}, map[string]int{}
	for _, w := range s.wishes {
		a, err := s.desk.ask(w.key, w.path, w.pairs...)
		count[class(w.first.Result.Code)]++
		if class(w.first.Result.Code) == "no" {
			_, step, _ := strings.Cut(w.key, "-sale-")
			_, step, _ = strings.Cut(step, "-")
			no[strings.TrimRight(step, "0123456789")+" "+w.first.Result.Code]++
		}
		if w.first.ID == "" {
			s.wrong("%s was not written down: %s", w.key, w.first.Raw)
			continue
		}
		if err != nil || a.ID != w.first.ID || !a.Replayed {
			s.wrong("%s: acknowledged as %s, now %v %s", w.key, w.first.ID, err, a.Raw)
		}
		if other := owner[a.ID]; other != "" {
			s.wrong("%s and %s share %s", other, w.key, a.ID)
		}
		owner[a.ID] = w.key
		now, err := s.read("/v3/payments/" + w.first.ID)
		if err != nil || now.ID != w.first.ID {
			s.wrong("%s: acknowledged, now %v %s", w.key, err, now.Raw)
		}
		if was, is := class(w.first.Result.Code), class(now.Result.Code); was != "wait" && was != is {
			s.wrong("%s: acknowledged %s, now %s", w.key, w.first.Result.Code, now.Result.Code)
		}
	}
	s.t.Logf("acknowledged with: %v %v", count, no)
	if count["yes"] == 0 || count["wait"] == 0 {
		s.t.Error("the load was no load")
	}
}

// reconcile compares our attempts with the provider's own books, one by one.
func (s *storm) reconcile() {
	provider, err := fake.New(fake.Config{Path: filepath.Join(s.dir, "books"), Keys: []method.Secret{method.Conceal("sixteen bytes or more")}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer provider.Close()
	entries, err := provider.Books().Entries()
	if err != nil {
		s.t.Fatal(err)
	}
	theirs := map[string]fake.Entry{}
	for _, e := range entries {
		id := string(e.Attempt)
		if _, twice := theirs[id]; twice || e.Bank {
			s.wrong("the provider has %s twice, or by itself: %+v", id, e)
		}
		theirs[id] = e
	}
	ours := attempts(s.t, s.database)
	named := map[string]*wish{}
	for _, w := range s.wishes {
		if len(w.first.ID) > 24 {
			named[w.first.ID[:24]] = w
		}
	}
	var moved int64
	for id, a := range ours {
		e, known := theirs[id]
		delete(theirs, id)
		if named[id] == nil {
			s.wrong("attempt %s was made for nobody: %+v", id, a)
		}
		took := known && e.State == connector.Approved
		if (a.state == "approved") != took || !took && a.state != "refused" {
			s.wrong("attempt %s is %s here; there it is %q (%v)", id, a.state, e.State, known)
		}
		if took && a.kind != string(connector.Void) && (e.Money.Minor != a.amount || string(e.Money.Currency) != a.currency) {
			s.wrong("attempt %s is %d %s here, %v there", id, a.amount, a.currency, e.Money)
		}
		if took {
			moved += e.Money.Minor
		}
	}
	for id, e := range theirs {
		s.wrong("the provider has done what we know nothing of: %s %+v", id, e)
	}
	s.totals(provider)
	s.t.Logf("%d attempts here, %d at the provider, %d.%02d EUR agreed on", len(ours), len(entries), moved/100, moved%100)
}

// totals: what the provider says it took in and gave back is what we say.
func (s *storm) totals(provider *fake.Provider) {
	list, err := provider.Books().Totals()
	if err != nil || len(list) != 1 {
		s.t.Fatalf("totals: %+v, %v", list, err)
	}
	minor := func(text string) int64 {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			s.t.Fatalf("%q: %v", text, err)
		}
		return n
	}
	captured, refunded := paid(s.t, s.database)
	if got, want := captured-refunded, minor(list[0].Captured)-minor(list[0].Refunded); got != want {
		s.wrong("we hold %d, the provider says %d (%+v)", got, want, list[0])
	}
}

// TestKillWhileStarting is the smallest one: a florin that is killed before it
// was ever ready leaves nothing that keeps the next from starting.
func TestKillWhileStarting(t *testing.T) {
	for _, after := range []time.Duration{0, 5, 10, 20, 40, 80, 160} {
		dir := t.TempDir()
		p := start(t, dir, "serve", "--listen", "127.0.0.1:0")
		ctx, cancel := context.WithTimeout(t.Context(), after*time.Millisecond)
		<-ctx.Done()
		cancel()
		p.signal(syscall.SIGKILL)
		<-p.ended
		next := start(t, dir, "serve", "--listen", "127.0.0.1:0")
		next.said(next.err, "msg=serving address=")
		next.stop()
		if r := florin(t, dir, "verify"); r.code != 0 {
			t.Errorf("killed after %d ms: %+v", after, r)
		}
	}
}
