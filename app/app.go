// Package app puts florin together: it opens the store, hands each service
// what it needs, and turns the contracts and pages into one HTTP handler. It
// owns the configuration and the workers; it decides nothing about payments.
package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/gateway"
	"github.com/florinpay/florin/api/media"
	"github.com/florinpay/florin/api/spense"
	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/connector"
	"github.com/florinpay/florin/connector/all"
	"github.com/florinpay/florin/connector/fake"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/checkout"
	"github.com/florinpay/florin/core/clock"
	"github.com/florinpay/florin/core/customer"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/job"
	"github.com/florinpay/florin/core/login"
	"github.com/florinpay/florin/core/mandate"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/notify"
	"github.com/florinpay/florin/core/order"
	"github.com/florinpay/florin/core/payment"
	"github.com/florinpay/florin/core/reconcile"
	"github.com/florinpay/florin/core/settlement"
	"github.com/florinpay/florin/core/surcharge"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
	webcheckout "github.com/florinpay/florin/web/checkout"
	weblogin "github.com/florinpay/florin/web/login"
)

// App is a florin that is put together.
type App struct {
	Config  Config
	BaseURL string
	Log     *slog.Logger
	DB      *store.DB

	Keys       *vault.Keys
	Access     *access.Service
	Merchants  *merchant.Service
	Customers  *customer.Service
	Surcharges *surcharge.Service
	Vault      *vault.Service
	Payments   *payment.Service
	Mandates   *mandate.Service
	Orders     *order.Service
	Settlement *settlement.Service
	Reconcile  *reconcile.Service
	Invoices   *invoice.Service
	Checkouts  *checkout.Service
	Webhooks   *webhook.Service
	Notify     *notify.Service
	Jobs       *job.Queue
	Login      *login.Service
	Gateway    *gateway.Surface
	Media      *media.Surface
	SignIn     *weblogin.Site
	April      *april.Surface
	Spense     *spense.Surface
	Provider   *fake.Provider
	Billing

	now        clock.Clock
	packets    *wallet.Sandbox
	ids        *ident.Source
	metrics    *metrics
	inbox      *inbox
	workers    int
	logins     *wire.Limiter // of addresses at the login server
	sandboxKey ident.ID
	leaving    chan struct{} // closed when serving ends: nobody waits for news any longer
}

// Parts are what a caller may lay down instead of the usual.
type Parts struct {
	Random io.Reader   // crypto/rand.Reader when nil
	Keys   *vault.Keys // the key file when nil
	Clock  clock.Clock // time.Now when nil
	// SandboxKey is the id of the key that Furnish makes; a new one when empty.
	// With it and a Random that repeats, the token is the same each time.
	SandboxKey ident.ID
}

// Open puts florin together on the configured database.
func Open(ctx context.Context, c Config, baseURL string, log *slog.Logger, parts Parts) (*App, error) {
	a := &App{Config: c, BaseURL: baseURL, Log: log, Keys: parts.Keys, now: parts.Clock, inbox: &inbox{}, leaving: make(chan struct{}), sandboxKey: parts.SandboxKey}
	if a.now == nil {
		a.now = time.Now
	}
	random := parts.Random
	if random == nil {
		random = rand.Reader
	}
	var err error
	if a.Keys == nil {
		if a.Keys, err = vault.OpenKeys(c.Get("key-file")); err != nil {
			return nil, fmt.Errorf("key-file (from %s): %w", c["key-file"].Origin, err)
		}
	}
	if a.workers, err = c.Int("workers", 1); err != nil {
		return nil, err
	}
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	if err := a.wire(random); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	if err := a.check(ctx); err != nil {
		return nil, errors.Join(err, a.DB.Close())
	}
	return a, nil
}

// openStore draws where ids start from real chance, whatever the seed: a sandbox
// that lasts would make an id twice when it starts again within a second.
func (a *App) openStore(ctx context.Context) error {
	lanes, err := a.Config.Int("lanes", 1)
	if err != nil {
		return err
	}
	var seed [8]byte
	_, _ = rand.Read(seed[:]) // it never fails
	a.ids = ident.NewSource([5]byte(seed[:5]), uint32(seed[5])<<16|uint32(seed[6])<<8|uint32(seed[7]))
	a.DB, err = store.Open(ctx, store.Options{Database: a.Config.Get("database"), Clock: a.now, IDs: a.ids, Lanes: lanes, Log: a.Log})
	if err != nil {
		return fmt.Errorf("database (from %s): %w", a.Config["database"].Origin, err)
	}
	return nil
}

// wire is the one screen on which everything meets.
func (a *App) wire(random io.Reader) error {
	guard, err := a.guard()
	if err != nil {
		return err
	}
	room, err := a.Config.Int("max-requests", 1)
	if err != nil {
		return err
	}
	node := hex.EncodeToString(a.Keys.Pepper("node"))[:4]
	events := &event.Log{}
	a.Provider, err = fake.New(fake.Config{BaseURL: a.BaseURL, Path: a.sandboxFile(), Clock: a.now,
		Keys: []method.Secret{method.Conceal(string(a.Keys.Pepper("fake callbacks")))}})
	if err != nil {
		return err
	}
	connectors := map[string]connector.Connector{}
	for _, c := range all.All(all.Config{Fake: a.Provider}) {
		connectors[c.Spec().Name] = c
	}
	a.Access = &access.Service{DB: a.DB, Pepper: a.Keys.Pepper("api keys"), Random: random, Clock: a.now}
	a.Merchants = &merchant.Service{DB: a.DB, Clock: a.now}
	a.Customers = &customer.Service{DB: a.DB}
	a.Surcharges = &surcharge.Service{DB: a.DB, Key: a.Keys.Pepper("surcharge quote")}
	packets, err := a.wallets()
	if err != nil {
		return err
	}
	a.Vault = &vault.Service{DB: a.DB, Keys: a.Keys, Log: events}
	a.Payments = &payment.Service{DB: a.DB, Events: events, Vault: a.Vault, Connectors: connectors, Log: a.Log,
		Environment: a.Access.Environment, ReturnURL: a.returnURL}
	a.Invoices = &invoice.Service{DB: a.DB, Events: events, Payments: a.Payments, Random: random, Log: a.Log, Environment: a.Access.Environment}
	a.Orders = &order.Service{DB: a.DB, Events: events, Invite: a.invite}
	a.Payments.Gates = []payment.Gate{a.Invoices.Claim, a.Orders.Claim}
	a.Checkouts = &checkout.Service{DB: a.DB, Access: a.Access, Payments: a.Payments, Merchants: a.Merchants, Random: random, Node: "node" + node}
	a.Webhooks = &webhook.Service{DB: a.DB, Vault: a.Vault, Events: events, Sender: webhook.NewSender(guard, nil), Clock: a.now, Random: random}
	a.Jobs = &job.Queue{DB: a.DB, Clock: a.now, Log: a.Log}
	a.Payments.Register(a.Jobs, a.now)
	a.wireMandates(events, connectors)
	a.settle(events, connectors)
	a.Invoices.Register(a.Jobs)
	if a.Notify, err = a.newNotify(events); err != nil {
		return err
	}
	a.Notify.Register(a.Jobs)
	a.Login = &login.Service{DB: a.DB, Notify: a.Notify, Pepper: a.Keys.Pepper("login"), Random: random, Clock: a.now}
	a.Orders.Register(a.Jobs)
	a.Jobs.Handle("app.tend", a.tend)
	a.Gateway = &gateway.Surface{Access: a.Access, Merchants: a.Merchants, Customers: a.Customers, Payments: a.Payments, Checkouts: a.Checkouts,
		Vault: a.Vault, Clock: a.now, Log: a.Log, BaseURL: a.BaseURL, Build: buildNumber(), Pepper: a.Keys.Pepper("gateway fingerprints"),
		Integrity: webcheckout.WidgetIntegrity(), Door: wire.NewDoor(room)}
	limit, err := a.Config.Int("april-limit", 0)
	if err != nil {
		return err
	}
	a.April = &april.Surface{DB: a.DB, Access: a.Access, Merchants: a.Merchants, Customers: a.Customers, Orders: a.Orders,
		Payments: a.Payments, Webhooks: a.Webhooks, Settlement: a.Settlement, Surcharges: a.Surcharges, Wallets: packets, ChallengeURL: a.challengeURL,
		Vault: a.Vault, Clock: a.now, Log: a.Log, BaseURL: a.BaseURL, Answers: a.answers(april.Contract), Seed: a.Keys.Pepper("april signatures"), Links: a.Keys.Pepper("april links"), Door: a.Gateway.Door,
		Limiter: wire.NewLimiter(limit, time.Second, a.now)}
	a.SignIn = &weblogin.Site{Login: a.Login, Secure: strings.HasPrefix(a.BaseURL, "https://"), Log: a.Log}
	if a.Spense, err = a.newSpense(a.Gateway.Door); err != nil {
		return err
	}
	a.Media = &media.Surface{DB: a.DB, Login: a.Login, Merchants: a.Merchants, Clock: a.now, Log: a.Log, BaseURL: a.BaseURL, Door: a.Gateway.Door}
	a.metrics = newMetrics()
	a.listen(events)
	return a.wireBilling(events, random)
}

// answers are those that a contract keeps.
func (a *App) answers(contract string) wire.Answers {
	return wire.Answers{DB: a.DB, Vault: a.Vault, Log: a.Log, Surface: contract, Pepper: a.Keys.Pepper(contract + " fingerprints")}
}

// listen says who acts on events, and in which order.
func (a *App) listen(events *event.Log) {
	events.Listen(a.Orders.OnEvent)
	events.Listen(a.Checkouts.OnEvent)
	events.Listen(a.Invoices.OnEvent)
	events.Listen(a.tellPayers)
	events.Listen(a.Spense.OnEvent)
	events.Listen(a.countDeclines)
	a.wireFollowing(events)
	events.Listen(a.tellMerchants)
	events.Listen(a.metrics.count)
}

// tellMerchants owes each event to those who want to hear of it, in the
// event's transaction.
func (a *App) tellMerchants(tx *store.Tx, e event.Event) error {
	var target webhook.Target
	if out, ok := e.Subject.(payment.Outcome); ok && out.Payment.Details.NotifyURL != "" {
		target = webhook.Target{URL: out.Payment.Details.NotifyURL, Contract: gateway.Contract}
	}
	if target.URL == "" {
		var err error
		if target, err = a.Spense.Target(tx, e); err != nil {
			return err
		}
	}
	return a.Webhooks.Fan(tx, e, func(contract string) (webhook.Message, error) {
		switch contract {
		case gateway.Contract:
			return a.Gateway.Message(tx, e)
		case spense.Contract:
			return a.Spense.Message(e)
		case april.Contract:
			return a.April.Message(tx, e)
		case media.Contract:
			return a.Media.Message(tx, e)
		}
		return webhook.Message{}, nil
	}, target)
}

// check refuses to start on data that does not belong to our keys.
func (a *App) check(ctx context.Context) error {
	if err := a.Vault.Check(ctx); err != nil {
		hint := ""
		if beside := a.Config.keyBeside(); beside != "" && beside != a.Config.Get("key-file") {
			hint = " (florin dev has made one beside it: try --key-file " + beside + ")"
		}
		return fmt.Errorf("the key file does not fit the database%s: %w", hint, err)
	}
	return errors.Join(a.follow(ctx), a.Jobs.Every(ctx, "payment.recover"), a.Jobs.Every(ctx, "mandate.recover"), a.Jobs.Every(ctx, "app.tend"),
		a.Jobs.Every(ctx, reconcile.FetchJob))
}

// guard says where webhooks may go.
func (a *App) guard() (webhook.Guard, error) {
	var g webhook.Guard
	local, err := a.Config.Bool("webhook-local")
	if err != nil {
		return g, err
	}
	if local {
		g.Plain = true
		g.Allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	}
	for _, text := range a.Config.List("webhook-ports") {
		if text == "*" {
			g.AnyPort = true
			continue
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || port == 0 {
			return g, fmt.Errorf("webhook-ports: %q is no port", text)
		}
		g.Ports = append(g.Ports, uint16(port))
	}
	return g, nil
}

// sandboxFile is where the test provider keeps its own books: beside the
// SQLite file, unless said otherwise. A database in memory has books in memory.
func (a *App) sandboxFile() string {
	if file := a.Config.Get("sandbox-file"); file != "" {
		return file
	}
	switch database := a.Config.Get("database"); {
	case database == ":memory:":
		return ""
	case strings.Contains(database, "://"):
		return "florin.sandbox.journal"
	default:
		return strings.TrimSuffix(database, filepath.Ext(database)) + ".sandbox.journal"
	}
}

// Close lets go of the database and the test provider's books.
func (a *App) Close() error { return errors.Join(a.DB.Close(), a.Provider.Close(), a.Bank.Close()) }

// buildNumber names this binary as the gateway contract does: 40 hex digits
// of the program itself and the moment it was built.
func buildNumber() string {
	sum, built := sha256.Sum256([]byte(Version)), time.Unix(0, 0)
	if exe, err := os.Executable(); err == nil {
		if info, err := os.Stat(exe); err == nil {
			built = info.ModTime()
			sum = sha256.Sum256([]byte(Version + built.UTC().String() + strconv.FormatInt(info.Size(), 10)))
		}
	}
	return hex.EncodeToString(sum[:20]) + "@" + built.UTC().Format("2006-01-02 15:04:05") + " +0000"
}

// Version is set when a release is built.
var Version = "development"
