package app

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/florinpay/florin/core/notify"
)

// form is what a setting has to look like: fits says whether it does, want
// names it for people.
type form struct {
	fits func(text string) bool
	want string
}

var forms = map[string]form{
	"database":        {isDatabase, "a file path, :memory: or a postgres:// URL"},
	"listen":          {isAddress, "an address such as 127.0.0.1:8080"},
	"url":             {isBaseURL, "an address such as https://pay.example.com (no slash at the end; plain http for this machine alone)"},
	"admin-listen":    {orNone(isAddress), "an address such as 127.0.0.1:9090"},
	"key-file":        {func(text string) bool { return text != "" }, "a file path"},
	"log-format":      {oneOf("text", "json"), "text or json"},
	"log-level":       {isLevel, "debug, info, warn or error"},
	"lanes":           {isNumber(1), "a whole number of at least 1"},
	"workers":         {isNumber(1), "a whole number of at least 1"},
	"max-requests":    {isNumber(1), "a whole number of at least 1"},
	"webhook-local":   {isBool, "true or false"},
	"webhook-ports":   {eachOf(func(text string) bool { return text == "*" || isPort(text) }), "ports separated by commas, such as 443,8443, or * for all"},
	"login-limit":     {isNumber(0), "a whole number of at least 0"},
	"smtp-url":        {orNone(isMailServer), "an address such as smtps://user:password@mail.example.com:465"},
	"sms-url":         {orNone(isSMSGate), "an address such as https://user:password@sms.example.com/send (plain http for this machine alone)"},
	"sms-prefixes":    {eachOf(isPrefix), "country codes separated by commas, such as +47,+46"},
	"message-limits":  {isLimits, "four numbers: to one address an hour and a day, for one merchant an hour and a day, such as 10,30,1000,10000"},
	"message-allowed": {eachOf(isDestination), "addresses, domains and numbers separated by commas, such as ola@example.com,@example.org,+4790000001"},
	"trusted-proxies": {eachOf(isNetwork), "addresses or networks separated by commas, such as 10.0.0.0/8"},
	"drain-seconds":   {isNumber(0), "a whole number of at least 0"},
}

// Check looks at every setting before anything is opened. Each error names the
// setting, what it is and where that came from.
func (c Config) Check() (wrong []error) {
	for _, s := range Settings {
		if f, ok := forms[s.Name]; ok && !f.fits(c.Get(s.Name)) {
			wrong = append(wrong, c.wrong(s.Name, f.want+" is needed"))
		}
	}
	if c.Get("smtp-url") != "" {
		if _, err := readMailServer("smtp://localhost", c.Get("mail-from")); err != nil {
			wrong = append(wrong, c.wrong("mail-from", "smtp-url is set, and an address such as Lind Media <no-reply@pay.example.com> is needed with it"))
		}
	}
	if err := c.certificate(); err != nil {
		wrong = append(wrong, err)
	}
	return wrong
}

func (c Config) wrong(name, why string) error {
	return fmt.Errorf("%s is %q (from %s): %s", name, Shown(name, c.Get(name)), c[name].Origin, why)
}

// certificate: half of a certificate would mean to serve without TLS what was
// meant to be served with it.
func (c Config) certificate() error {
	cert, key := c.Get("tls-cert"), c.Get("tls-key")
	switch {
	case cert == "" && key == "":
		return nil
	case key == "":
		return c.wrong("tls-cert", "tls-key is needed with it")
	case cert == "":
		return c.wrong("tls-key", "tls-cert is needed with it")
	}
	if _, err := tls.LoadX509KeyPair(cert, key); err != nil {
		return errors.Join(c.wrong("tls-cert", "with tls-key "+key+" it does not make a certificate: "+err.Error()))
	}
	return nil
}

func isDatabase(text string) bool {
	if !strings.Contains(text, "://") {
		return text != ""
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql")
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	return err == nil && (port == "0" || isPort(port))
}

func isPort(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && n > 0
}

func isBaseURL(text string) bool {
	if text == "" {
		return true
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" || strings.HasSuffix(text, "/") {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || net.ParseIP(u.Hostname()).IsLoopback())
}

func isMailServer(text string) bool {
	_, err := readMailServer(text, "no-reply@example.com")
	return err == nil
}

func isSMSGate(text string) bool {
	_, err := readSMSGate(text, "", nil)
	return err == nil
}

func isPrefix(text string) bool {
	digits, ok := strings.CutPrefix(text, "+")
	return ok && digits != "" && len(digits) <= 8 && strings.Trim(digits, "0123456789") == ""
}

func isLimits(text string) bool {
	_, err := readLimits(text)
	return err == nil
}

func isDestination(text string) bool {
	_, noAddress := notify.Address(text)
	_, noDomain := notify.Address("x" + text)
	_, noPhone := notify.Phone(text)
	return noAddress == nil || noDomain == nil && strings.HasPrefix(text, "@") || noPhone == nil
}

func isLevel(text string) bool {
	var level slog.Level
	return level.UnmarshalText([]byte(text)) == nil
}

func isBool(text string) bool {
	_, err := strconv.ParseBool(text)
	return err == nil
}

func isNetwork(text string) bool {
	_, notAddress := netip.ParseAddr(text)
	_, notNetwork := netip.ParsePrefix(text)
	return notAddress == nil || notNetwork == nil
}

func isNumber(least int) func(string) bool {
	return func(text string) bool {
		n, err := strconv.Atoi(text)
		return err == nil && n >= least
	}
}

func oneOf(words ...string) func(string) bool {
	return func(text string) bool { return slices.Contains(words, text) }
}

func orNone(fits func(string) bool) func(string) bool {
	return func(text string) bool { return text == "" || fits(text) }
}

func eachOf(fits func(string) bool) func(string) bool {
	return func(text string) bool {
		return !slices.ContainsFunc(items(text), func(item string) bool { return !fits(item) })
	}
}
