package app

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Setting describes one setting: how it is called on the command line
// (--name), in the environment (FLORIN_NAME, dashes as underscores) and in
// the configuration file (name: value), what it is without any of them, and
// what it is for.
type Setting struct {
	Name    string
	Default string
	Help    string
}

// Settings are all there are, in the order in which doctor prints them.
var Settings = []Setting{
	{"database", "./florin.db", "a file path (SQLite) or a postgres:// URL"},
	{"listen", "127.0.0.1:8080", "address to serve on"},
	{"url", "", "the public base URL, as payers and merchants see it; default: http(s)://<listen>"},
	{"admin-listen", "", "address for metrics, health and pprof; empty: none"},
	{"key-file", "./florin.key", "the keys that seal card data and sign; made with mode 0600 at the first start; where there is none, that of florin dev beside the database"},
	{"sandbox-file", "", "the test provider's own books; default: beside the SQLite file, or ./florin.sandbox.journal"},
	{"tls-cert", "", "certificate file; with tls-key, serve HTTPS"},
	{"tls-key", "", "key file of the certificate"},
	{"log-format", "text", "text or json"},
	{"log-level", "info", "debug, info, warn or error"},
	{"lanes", "2", "writer lanes on PostgreSQL"},
	{"workers", "8", "workers for due jobs and webhook deliveries"},
	{"max-requests", "1000", "requests that change something, in hand at a time; more are turned away with 503"},
	{"webhook-local", "false", "let webhooks go to plain http and to local addresses (never in production)"},
	{"webhook-ports", "443", "ports that webhooks may go to, separated by commas; * for all (never in production)"},
	{"spense-legacy-auth", "false", "let keys of the Spense contract sign in with each call, as before February 2024"},
	{"april-limit", "100", "calls that a credential of the April contract may make in a second; 0: any number"},
	{"spense-machine-readable-transactions", "false", "add a line T for each transaction to machine-readable settlement reports of the Spense contract"},
	{"spense-limit", "0", "calls that a key of the Spense contract may make for an organisation in a minute; 0: any number"},
	{"login-limit", "300", "forms and token requests that one address may send the login server in a minute; 0: any number"},
	{"smtp-url", "", "the mail server: smtps://user:password@host:465, or smtp:// with STARTTLS; empty: no e-mail is sent"},
	{"mail-from", "", "who e-mails are from: Lind Media <no-reply@pay.example.com>"},
	{"sms-url", "", "where SMS are posted to: https://user:password@host/path; empty: none is sent"},
	{"sms-from", "", "who SMS are from; empty: the merchant's name"},
	{"sms-prefixes", "", "countries that SMS go to: +47,+46; empty: all"},
	{"message-limits", "10,30,1000,10000", "messages to one address or number an hour and a day, for one merchant an hour and a day"},
	{"message-allowed", "", "addresses, @domains and numbers to which test realms really send; all else is held"},
	{"trusted-proxies", "", "addresses whose X-Forwarded-For is believed, separated by commas"},
	{"apple-pay-roots", "", "PEM file of the Apple Root CA - G3; without it no live Apple Pay packet is taken"},
	{"apple-pay-keys", "", "payment processing keys of Apple Pay: merchant=file, separated by commas"},
	{"google-pay-roots", "", "JSON file of Google's root signing keys; without it no live Google Pay packet is taken"},
	{"google-pay-recipient", "", "whom Google Pay packets are for: gateway:name or merchant:number"},
	{"google-pay-keys", "", "files of the keys that Google Pay packets are sealed for, separated by commas"},
	{"drain-seconds", "20", "how long requests may take to end after SIGTERM"},
}

// Value is a setting's value and where it came from: flag, environment,
// file or default.
type Value struct {
	Text   string
	Origin string
}

// Config is a value for every setting.
type Config map[string]Value

// Load decides every setting: flags before environment before file before
// default. A file with a name that is no setting is refused.
func Load(file string, env func(string) (string, bool), flags map[string]string) (Config, error) {
	fromFile, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	c := Config{}
	for _, s := range Settings {
		variable := "FLORIN_" + strings.ToUpper(strings.ReplaceAll(s.Name, "-", "_"))
		v := Value{s.Default, "default"}
		if text, ok := fromFile[s.Name]; ok {
			v = Value{text, "file " + file}
		}
		if text, ok := env(variable); ok {
			v = Value{text, "environment " + variable}
		}
		if text, ok := flags[s.Name]; ok {
			v = Value{text, "flag --" + s.Name}
		}
		c[s.Name] = v
	}
	if beside := c.keyBeside(); beside != "" && c["key-file"].Origin == "default" && !exists(c.Get("key-file")) {
		c["key-file"] = Value{beside, "beside the database"}
	}
	return c, nil
}

// keyBeside is the key file that florin dev has made beside an SQLite file, or
// "".
func (c Config) keyBeside() string {
	file := c.Get("database") + ".key"
	if strings.Contains(file, "://") || !exists(file) {
		return ""
	}
	return file
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

func readConfig(file string) (map[string]string, error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	nodes := map[string]yaml.Node{}
	if err := yaml.Unmarshal(b, &nodes); err != nil {
		return nil, fmt.Errorf("configuration file %s: %w", file, err)
	}
	out := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(nodes)) {
		if !slices.ContainsFunc(Settings, func(s Setting) bool { return s.Name == name }) {
			return nil, fmt.Errorf("configuration file %s, line %d: there is no setting %q", file, nodes[name].Line, name)
		}
		if nodes[name].Kind != yaml.ScalarNode {
			return nil, fmt.Errorf("configuration file %s, line %d: %s is one text, number or true/false; lists are separated by commas", file, nodes[name].Line, name)
		}
		out[name] = nodes[name].Value
	}
	return out, nil
}

// Get is the text of a setting.
func (c Config) Get(name string) string { return c[name].Text }

// Int is a setting that is a number of at least least.
func (c Config) Int(name string, least int) (int, error) {
	n, err := strconv.Atoi(c.Get(name))
	if err != nil || n < least {
		return 0, fmt.Errorf("%s is %q (from %s): a number of at least %d is needed", name, c.Get(name), c[name].Origin, least)
	}
	return n, nil
}

// Bool is a setting that is true or false.
func (c Config) Bool(name string) (bool, error) {
	v, err := strconv.ParseBool(c.Get(name))
	if err != nil {
		return false, fmt.Errorf("%s is %q (from %s): true or false is needed", name, c.Get(name), c[name].Origin)
	}
	return v, nil
}

// List is a setting that is a list separated by commas.
func (c Config) List(name string) []string {
	return items(c.Get(name))
}

func items(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
}

// With returns the configuration with one setting laid down by the program.
func (c Config) With(name, text string) Config {
	out := Config{}
	for k, v := range c {
		out[k] = v
	}
	out[name] = Value{text, "program"}
	return out
}
