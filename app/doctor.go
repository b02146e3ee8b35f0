package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Finding is one thing that doctor looked at.
type Finding struct {
	What  string
	Wrong bool
}

// Shown is a setting's value as it may be printed: a password in a database
// URL is starred.
func Shown(name, value string) string {
	if name == "database" {
		if u, err := url.Parse(value); err == nil && u.User != nil {
			return u.Redacted()
		}
	}
	if value == "" {
		return "-"
	}
	return value
}

// Examine looks at what florin would start on. It opens the database as a start
// does, so the schema is brought up to date too.
func Examine(ctx context.Context, c Config) []Finding {
	var list []Finding
	look := func(err error, format string, args ...any) {
		f := Finding{What: fmt.Sprintf(format, args...), Wrong: err != nil}
		if err != nil {
			f.What += ": " + err.Error()
		}
		list = append(list, f)
	}
	for _, name := range []string{"lanes", "workers"} {
		_, err := c.Int(name, 1)
		look(err, "%s is a number", name)
	}
	local, err := c.Bool("webhook-local")
	look(err, "webhook-local is true or false")
	if local {
		look(fmt.Errorf("merchants could reach servers of this network"), "webhook-local is on")
	}
	_, _, err = net.SplitHostPort(c.Get("listen"))
	look(err, "listen is an address")
	look(publicURL(c), "url is what payers can reach")
	look(certificate(c), "TLS is all there, or not used")
	look(keyFile(c), "the key file is there and private")
	look(database(ctx, c), "the database is sound and its schema fits")
	return list
}

func publicURL(c Config) error {
	raw := c.Get("url")
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return err
	}
	if u.Host == "" || strings.HasSuffix(raw, "/") || u.Scheme != "https" && u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback() {
		return fmt.Errorf("%q should look like https://pay.example.com", raw)
	}
	return nil
}

func certificate(c Config) error {
	cert, key := c.Get("tls-cert"), c.Get("tls-key")
	if cert == "" && key == "" {
		return nil
	}
	for _, file := range []string{cert, key} {
		if _, err := os.Stat(file); err != nil {
			return err
		}
	}
	return nil
}

func keyFile(c Config) error {
	if _, err := os.Stat(c.Get("key-file")); os.IsNotExist(err) {
		return nil // made at the first start
	}
	_, err := vault.OpenKeys(c.Get("key-file"))
	return err
}

func database(ctx context.Context, c Config) error {
	if file := c.Get("database"); !strings.Contains(file, "://") {
		if _, err := os.Stat(file); os.IsNotExist(err) {
			return nil // made at the first start
		}
	}
	db, err := store.Open(ctx, store.Options{Database: c.Get("database"), Clock: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = (&access.Service{DB: db}).Realms(ctx)
	return err
}
