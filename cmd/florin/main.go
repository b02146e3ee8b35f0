// Command florin is the whole platform in one binary: a sandbox to develop
// against, the server itself, and the tools of whoever runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/florinpay/florin/app"
)

// version is set by the linker when a release is built.
var version = "development"

type commands struct {
	Dev       devCommand       `cmd:"" help:"Run a sandbox: a test merchant, fake providers, pages and an inbox for webhooks."`
	Serve     serveCommand     `cmd:"" help:"Run florin in production."`
	Client    clientCommand    `cmd:"" help:"Make, change and list the sites and apps that sign readers in (media contract)."`
	Key       keyCommand       `cmd:"" help:"Make, list and revoke access keys, realms and merchants."`
	Entity    entityCommand    `cmd:"" help:"Show and change what an entity (a merchant's profile) may do."`
	Channel   channelCommand   `cmd:"" help:"Terminals and kinds of bills of merchants: add, list, remove."`
	Audit     auditCommand     `cmd:"" help:"Show who did what in an organisation's realm: keys, settings, card data, decisions."`
	Usage     usageCommand     `cmd:"" help:"Show how often keys call, with which software, and what of it is unusual."`
	Surcharge surchargeCommand `cmd:"" help:"Surcharge rules of marketplaces: show, set."`
	Webhook   webhookCommand   `cmd:"" help:"Subscribe servers to events; list, replay and stop deliveries."`
	Migrate   migrateCommand   `cmd:"" help:"Bring the database's schema up to date and stop."`
	Doctor    doctorCommand    `cmd:"" help:"Show every setting, where it came from, and what is wrong."`
	Verify    verifyCommand    `cmd:"" help:"Recompute the books and compare them with what is stored."`
	Bench     benchCommand     `cmd:"" help:"Measure a florin under load, over HTTP, everything durable."`
	Sim       simCommand       `cmd:"" help:"Run the core under seeded faults, against an oracle; no database is touched."`
	Review    reviewCommand    `cmd:"" help:"List and decide what waits for a human: contradictions, risk reviews; list jobs set aside."`
	Settle    settleCommand    `cmd:"" help:"How merchants settle, files of providers and banks, differences, payouts by file."`
	Bank      bankCommand      `cmd:"" help:"Direct debit by bank files: creditors, files out to a folder and in from one."`
	Product   productCommand   `cmd:"" help:"Put products on sale that are taken by the period, list and end them (media contract)."`
	Coupon    couponCommand    `cmd:"" help:"The prices of products: add, list, end."`
	Voucher   voucherCommand   `cmd:"" help:"Vouchers that open prices: add, list, end."`
	Listen    listenCommand    `cmd:"" help:"Print the webhooks that a running sandbox receives, as they come."`
	Version   versionCommand   `cmd:"" help:"Print the version."`
}

type versionCommand struct{}

func (versionCommand) Run() error {
	_, err := fmt.Println("florin", version)
	return err
}

// settings are the flags that most commands share; app.Settings says what each
// is for and what it is without one.
type settings struct {
	Config       string `help:"Configuration file (YAML, one setting a line)." env:"FLORIN_CONFIG" type:"path" placeholder:"FILE"`
	Database     string `help:"A file path (SQLite) or a postgres:// URL." placeholder:"DB"`
	Listen       string `help:"Address to serve on." placeholder:"HOST:PORT"`
	URL          string `name:"url" help:"The public base URL." placeholder:"URL"`
	AdminListen  string `help:"Address for metrics, health and pprof." placeholder:"HOST:PORT"`
	KeyFile      string `help:"The keys that seal card data and sign." placeholder:"FILE"`
	SandboxFile  string `help:"The test provider's own books." placeholder:"FILE"`
	TLSCert      string `name:"tls-cert" help:"Certificate file." placeholder:"FILE"`
	TLSKey       string `name:"tls-key" help:"Key file of the certificate." placeholder:"FILE"`
	LogFormat    string `help:"text or json." placeholder:"FORMAT"`
	LogLevel     string `help:"debug, info, warn or error." placeholder:"LEVEL"`
	Lanes        string `help:"Writer lanes on PostgreSQL." placeholder:"N"`
	Workers      string `help:"Workers for due jobs and deliveries." placeholder:"N"`
	MaxRequests  string `help:"Requests that change something, in hand at a time." placeholder:"N"`
	WebhookLocal string `help:"true lets webhooks go to plain http and local addresses." placeholder:"BOOL"`
	WebhookPorts string `help:"Ports that webhooks may go to." placeholder:"PORTS"`
	SpenseLegacy string `name:"spense-legacy-auth" help:"true lets Spense keys sign in with each call." placeholder:"BOOL"`
	LoginLimit   string `name:"login-limit" help:"Forms and token requests of an address a minute, at the login server." placeholder:"N"`
	AprilLimit   string `name:"april-limit" help:"Calls of an April credential a second." placeholder:"N"`
	SpenseLines  string `name:"spense-machine-readable-transactions" help:"true adds lines T to Spense reports." placeholder:"BOOL"`
	SpenseLimit  string `name:"spense-limit" help:"Calls of a Spense key a minute." placeholder:"N"`
	AppleRoots   string `name:"apple-pay-roots" help:"Apple's root certificate." placeholder:"FILE"`
	AppleKeys    string `name:"apple-pay-keys" help:"Payment processing keys of Apple Pay." placeholder:"LIST"`
	GoogleRoots  string `name:"google-pay-roots" help:"Google's root signing keys." placeholder:"FILE"`
	GoogleFor    string `name:"google-pay-recipient" help:"Whom Google Pay packets are for." placeholder:"NAME"`
	GoogleKeys   string `name:"google-pay-keys" help:"Keys that Google Pay packets are sealed for." placeholder:"LIST"`
	SMTPURL      string `name:"smtp-url" help:"The mail server." placeholder:"URL"`
	MailFrom     string `help:"Who e-mails are from." placeholder:"ADDRESS"`
	SMSURL       string `name:"sms-url" help:"Where SMS are posted to." placeholder:"URL"`
	SMSFrom      string `name:"sms-from" help:"Who SMS are from." placeholder:"NAME"`
	SMSPrefixes  string `name:"sms-prefixes" help:"Countries that SMS go to." placeholder:"LIST"`
	Limits       string `name:"message-limits" help:"Messages to one address and for one merchant, an hour and a day." placeholder:"N,N,N,N"`
	Allowed      string `name:"message-allowed" help:"To whom test realms really send." placeholder:"LIST"`
	Drain        string `name:"drain-seconds" help:"How long requests may take to end." placeholder:"N"`
	Proxies      string `name:"trusted-proxies" help:"Addresses whose X-Forwarded-For is believed." placeholder:"LIST"`
}

// load decides every setting and refuses those that cannot be.
func (s settings) load() (app.Config, error) {
	c, err := s.read()
	if err == nil {
		err = errors.Join(c.Check()...)
	}
	return c, err
}

func (s settings) read() (app.Config, error) {
	flags := map[string]string{}
	for name, v := range map[string]string{
		"database": s.Database, "listen": s.Listen, "url": s.URL, "admin-listen": s.AdminListen, "key-file": s.KeyFile, "sandbox-file": s.SandboxFile,
		"tls-cert": s.TLSCert, "tls-key": s.TLSKey, "log-format": s.LogFormat, "log-level": s.LogLevel, "lanes": s.Lanes, "workers": s.Workers, "max-requests": s.MaxRequests,
		"smtp-url": s.SMTPURL, "mail-from": s.MailFrom, "sms-url": s.SMSURL, "sms-from": s.SMSFrom, "sms-prefixes": s.SMSPrefixes, "message-limits": s.Limits, "message-allowed": s.Allowed,
		"spense-legacy-auth": s.SpenseLegacy, "spense-limit": s.SpenseLimit, "april-limit": s.AprilLimit, "login-limit": s.LoginLimit, "spense-machine-readable-transactions": s.SpenseLines,
		"apple-pay-roots": s.AppleRoots, "apple-pay-keys": s.AppleKeys,
		"google-pay-roots": s.GoogleRoots, "google-pay-recipient": s.GoogleFor, "google-pay-keys": s.GoogleKeys,
		"webhook-local": s.WebhookLocal, "webhook-ports": s.WebhookPorts, "drain-seconds": s.Drain, "trusted-proxies": s.Proxies,
	} {
		if v != "" {
			flags[name] = v
		}
	}
	return app.Load(s.Config, os.LookupEnv, flags)
}

// logger writes to standard error, as Config.Check has found possible.
func logger(c app.Config) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Get("log-level"))); err != nil {
		panic(err) // Check let it through
	}
	o := &slog.HandlerOptions{Level: level}
	if c.Get("log-format") == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, o))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, o))
}

// errFound ends a command with status 1 after it has said what it found.
var errFound = errors.New("")

// What florin exits with, besides 0.
const (
	failed      = 1   // it did not work, or verify or doctor found something wrong
	misused     = 2   // there is no such command or flag
	interrupted = 130 // a second Ctrl+C or SIGTERM: nothing was waited for
)

func main() {
	app.Version = version
	if os.Getenv("GOGC") == "" {
		// A request leaves a lot behind and a florin holds little: collecting
		// less often is a seventh of the processor's time under load.
		debug.SetGCPercent(300)
	}
	var cmd commands
	k := parse(&cmd, os.Args[1:])
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		cancel()
		<-signals
		leave()
		os.Exit(interrupted)
	}()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil {
		if !errors.Is(err, errFound) {
			complain(err)
		}
		os.Exit(failed)
	}
}

// parse reads the command line. Without a command it shows what there is, and
// "help" may stand before a command as well as --help behind it.
func parse(cmd *commands, args []string) *kong.Context {
	exit := func(code int) {
		if code != 0 {
			code = misused
		}
		os.Exit(code)
	}
	p := kong.Must(cmd, kong.Name("florin"), kong.Description("A self-hosted payments platform in one binary."), kong.ShortUsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(exit))
	if len(args) == 0 {
		args = []string{"help"}
	}
	if args[0] == "help" {
		args = append(args[1:], "--help")
	}
	k, err := p.Parse(args)
	p.FatalIfErrorf(err)
	return k
}

// complain prints an error, a line for each one that was joined.
func complain(err error) {
	for _, line := range lines(err.Error()) {
		fmt.Fprintln(os.Stderr, "florin:", line)
	}
}

// lines splits what joined errors say. Some drivers spread one over several
// lines, indented, and repeat themselves.
func lines(text string) (out []string) {
	for line := range strings.Lines(text) {
		text := strings.TrimSpace(line)
		switch end := len(out) - 1; {
		case text == "":
		case end >= 0 && (line[0] == ' ' || line[0] == '\t'):
			if !strings.HasSuffix(out[end], text) {
				out[end] += " " + text
			}
		default:
			out = append(out, strings.Replace(text, "internal: ", "", 1))
		}
	}
	return out
}

// last is what remains to be done when nothing else can be waited for.
var last struct {
	sync.Mutex
	todo []func() error
}

func leave() {
	last.Lock()
	defer last.Unlock()
	for _, f := range last.todo {
		if err := f(); err != nil {
			complain(err)
		}
	}
	last.todo = nil
}

// atLast has f run when the function that defers the result returns, or when
// the process is told a second time to end.
func atLast(f func() error, err *error) func() {
	var once sync.Once
	run := func() (e error) {
		once.Do(func() { e = f() })
		return e
	}
	last.Lock()
	last.todo = append(last.todo, run)
	last.Unlock()
	return func() {
		if e := run(); *err == nil {
			*err = e
		}
	}
}
