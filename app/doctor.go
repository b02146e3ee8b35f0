package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/florinpay/florin/core/vault"
	"github.com/florinpay/florin/store"
)

// Finding is one thing that doctor looked at.
type Finding struct {
	What  string
	Wrong bool
}

// Shown is a setting's value as it may be printed: what an URL says of user and
// password is starred, and so is all of an URL that cannot be read.
func Shown(name, value string) string {
	if value == "" {
		return "-"
	}
	if !slices.Contains([]string{"database", "smtp-url", "sms-url"}, name) || !strings.Contains(value, "://") {
		return value
	}
	u, err := url.Parse(value)
	if err != nil {
		scheme, _, _ := strings.Cut(value, "://")
		return scheme + "://***"
	}
	if _, set := u.User.Password(); !set && name == "sms-url" && u.User != nil {
		u.User = url.User(stars) // a bearer token
	} else if set {
		u.User = url.UserPassword(u.User.Username(), stars)
	}
	q := u.Query()
	for _, name := range []string{"password", "sslpassword"} {
		if q.Has(name) {
			q.Set(name, stars)
			u.RawQuery = q.Encode()
		}
	}
	return strings.ReplaceAll(u.String(), url.QueryEscape(stars), stars)
}

const stars = "***"

// Examine looks at what florin would start on and changes nothing.
func Examine(ctx context.Context, c Config) []Finding {
	var list []Finding
	look := func(err error, format string, args ...any) {
		f := Finding{What: fmt.Sprintf(format, args...), Wrong: err != nil}
		if err != nil {
			f.What += ": " + err.Error()
		}
		list = append(list, f)
	}
	for _, err := range c.Check() {
		list = append(list, Finding{err.Error(), true})
	}
	if len(list) == 0 {
		look(nil, "every setting is as it has to be")
	}
	if local, err := c.Bool("webhook-local"); err == nil && local {
		look(errors.New("merchants could reach servers of this network"), "webhook-local is on")
	}
	for _, way := range [][2]string{{"smtp-url", "e-mail"}, {"sms-url", "SMS"}} {
		if c.Get(way[0]) == "" {
			look(nil, "%s is not set: live realms send no %s", way[0], way[1])
		}
	}
	look(keyFile(c), "the key file is there and private, or will be made")
	if forms["database"].fits(c.Get("database")) {
		what, err := database(ctx, c)
		look(err, "%s", what)
	}
	return list
}

func keyFile(c Config) error {
	if _, err := os.Stat(c.Get("key-file")); os.IsNotExist(err) {
		return nil // made at the first start
	}
	_, err := vault.OpenKeys(c.Get("key-file"))
	return err
}

// database says how the database is, without bringing its schema up to date.
func database(ctx context.Context, c Config) (what string, err error) {
	if file := c.Get("database"); !strings.Contains(file, "://") {
		if _, err := os.Stat(file); os.IsNotExist(err) {
			return "there is no database yet; the first start makes it", nil
		}
	}
	missing, err := store.Missing(ctx, store.Options{Database: c.Get("database"), Log: slog.New(slog.DiscardHandler)})
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return "the database is in use by a florin that is running", nil
	case err != nil:
		return "the database is sound and its schema fits", err
	case len(missing) > 0:
		return "the database is sound; the next start, or florin migrate, applies " + strings.Join(missing, ", "), nil
	}
	return "the database is sound and its schema is up to date", nil
}
