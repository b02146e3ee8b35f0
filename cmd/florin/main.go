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
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/florinpay/florin/app"
)

// version is set by the linker when a release is built.
var version = "development"

type commands struct {
	Dev     devCommand     `cmd:"" help:"Run a sandbox: a test merchant, fake providers, pages and an inbox for webhooks."`
	Serve   serveCommand   `cmd:"" help:"Run florin in production."`
	Key     keyCommand     `cmd:"" help:"Make, list and revoke access keys, realms and merchants."`
	Entity  entityCommand  `cmd:"" help:"Show and change what an entity (a merchant's profile) may do."`
	Webhook webhookCommand `cmd:"" help:"Subscribe servers to events; list, replay and stop deliveries."`
	Migrate migrateCommand `cmd:"" help:"Bring the database's schema up to date and stop."`
	Doctor  doctorCommand  `cmd:"" help:"Show every setting, where it came from, and what is wrong."`
	Verify  verifyCommand  `cmd:"" help:"Recompute the books and compare them with what is stored."`
	Bench   benchCommand   `cmd:"" help:"Measure a florin under load, over HTTP, everything durable."`
	Listen  listenCommand  `cmd:"" help:"Print the webhooks that a running sandbox receives, as they come."`
	Version versionCommand `cmd:"" help:"Print the version."`
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
	WebhookLocal string `help:"true lets webhooks go to plain http and local addresses." placeholder:"BOOL"`
	WebhookPorts string `help:"Ports that webhooks may go to." placeholder:"PORTS"`
	Drain        string `name:"drain-seconds" help:"How long requests may take to end." placeholder:"N"`
	Proxies      string `name:"trusted-proxies" help:"Addresses whose X-Forwarded-For is believed." placeholder:"LIST"`
}

func (s settings) load() (app.Config, error) {
	flags := map[string]string{}
	for name, v := range map[string]string{
		"database": s.Database, "listen": s.Listen, "url": s.URL, "admin-listen": s.AdminListen, "key-file": s.KeyFile, "sandbox-file": s.SandboxFile,
		"tls-cert": s.TLSCert, "tls-key": s.TLSKey, "log-format": s.LogFormat, "log-level": s.LogLevel, "lanes": s.Lanes, "workers": s.Workers,
		"webhook-local": s.WebhookLocal, "webhook-ports": s.WebhookPorts, "drain-seconds": s.Drain, "trusted-proxies": s.Proxies,
	} {
		if v != "" {
			flags[name] = v
		}
	}
	return app.Load(s.Config, os.LookupEnv, flags)
}

func logger(c app.Config) (*slog.Logger, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Get("log-level"))); err != nil {
		return nil, fmt.Errorf("log-level is %q: debug, info, warn or error is needed", c.Get("log-level"))
	}
	o := &slog.HandlerOptions{Level: level}
	switch c.Get("log-format") {
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, o)), nil
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, o)), nil
	}
	return nil, fmt.Errorf("log-format is %q: text or json is needed", c.Get("log-format"))
}

// errFound ends a command with status 1 after it has said what it found.
var errFound = errors.New("")

func main() {
	app.Version = version
	var cmd commands
	k := kong.Parse(&cmd, kong.Name("florin"), kong.Description("A self-hosted payments platform in one binary."), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k.BindTo(ctx, (*context.Context)(nil))
	if err := k.Run(); err != nil {
		if !errors.Is(err, errFound) {
			fmt.Fprintln(os.Stderr, "florin:", err)
		}
		stop()
		os.Exit(1)
	}
}
