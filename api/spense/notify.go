package spense

import (
	"crypto/sha256"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/event"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/invoice"
	"github.com/florinpay/florin/core/merchant"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/webhook"
	"github.com/florinpay/florin/store"
)

// Manner is how the contract's webhooks travel (sheet, 6.1): 25 retries by its
// table, and a signature that an unaware receiver does not see.
var Manner = webhook.Manner{Ladder: retries(), Unordered: true, Headers: func(event ident.ID, at time.Time, body []byte, sign func(string) string) map[string]string {
	id, unix := uuidOf(event), fmt.Sprint(at.Unix())
	return map[string]string{"X-Webhook-Id": id, "X-Webhook-Timestamp": unix, "X-Webhook-Signature": "v1=" + sign(id+"."+unix+"."+string(body)),
		"User-Agent": "florin-webhooks/1"}
}}

// retries are five pauses each of 5, 15, 30 and 60 minutes and of a day.
func retries() (list []time.Duration) {
	for _, pause := range []time.Duration{5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 24 * time.Hour} {
		list = append(list, slices.Repeat([]time.Duration{pause}, 5)...)
	}
	return list
}

// uuidOf is a UUID (RFC 9562, version 8) that belongs to an event for ever.
func uuidOf(event ident.ID) string {
	sum := sha256.Sum256([]byte("spense webhook " + event))
	b := sum[:16]
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// updateView is W1 (sheet, 6.2).
type updateView struct {
	ID         string          `json:"id"`
	Status     Status          `json:"paymentStatus"`
	Method     *string         `json:"paymentMethod"`
	Instalment *instalmentView `json:"installmentUpdate"`
}

// Target is where an event is told, if the payment named an address that may
// be told. What may not is left out without a word (sheet, 6.1); the operator
// sees it in the list of unlisted hosts.
func (s *Surface) Target(tx *store.Tx, e event.Event) (webhook.Target, error) {
	c, ok := e.Subject.(invoice.Change)
	if !ok || c.Is.Surface != Contract {
		return webhook.Target{}, nil
	}
	to := ""
	switch {
	case failedOnTerminal(e, c):
		to = c.Is.Details.Extra[extraTerminal]
	case tells(e, c):
		to = c.Is.Details.Extra[extraURL]
	}
	if to == "" {
		return webhook.Target{}, nil
	}
	p, err := merchant.ProfileIn(tx, c.Is.Profile)
	if err != nil {
		return webhook.Target{}, err
	}
	env, err := access.EnvironmentIn(tx)
	if err != nil {
		return webhook.Target{}, err
	}
	if !listed(to, p.Settings.NotifyHosts, env == access.Test) || s.Allowed(to) != nil {
		return webhook.Target{Unlisted: serverOf(to)}, nil
	}
	return webhook.Target{URL: to, Contract: Contract}, nil
}

// tells says whether an event is told: a status that changed after the payment
// was made, and whatever becomes of an instalment.
func tells(e event.Event, c invoice.Change) bool {
	if c.Instalment >= 0 {
		return e.Type == "invoice.instalment_paid" || e.Type == "invoice.instalment_failed"
	}
	if now := statusOf(c.Is); c.Is.Method == string(method.Terminal) && (now == Opened || now == Unknown) { // that is W2's
		return false
	}
	return c.Was.ID != "" && c.Was.State != invoice.Open && statusOf(c.Was) != statusOf(c.Is)
}

// Message is W1 or W2 for an event; none when the contract has nothing to say.
func (s *Surface) Message(e event.Event) (webhook.Message, error) {
	c, ok := e.Subject.(invoice.Change)
	switch {
	case ok && failedOnTerminal(e, c):
		return webhook.Message{Body: plainJSON(failureOf(c)), ContentType: "application/json"}, nil
	case !ok || !tells(e, c):
		return webhook.Message{}, nil
	}
	v := updateView{ID: string(c.Is.ID), Status: statusOf(c.Is), Method: methodName(c.Is)}
	if c.Instalment >= 0 {
		in := instalmentOf(c.Is, c.Instalment)
		v.Instalment = &in
	}
	return webhook.Message{Body: plainJSON(v), ContentType: "application/json"}, nil
}

// listed says whether a host is on a list of exact names, and of suffixes that
// begin with a dot; an entry may end in a port, or :* for any. Only https
// counts; a test realm takes http too, since a developer's machine has no
// certificate (where webhooks may be plain at all).
func listed(raw string, list []string, test bool) bool {
	u, err := url.Parse(raw)
	if err != nil || u.User != nil || u.Scheme != "https" && (u.Scheme != "http" || !test) {
		return false
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port == "" || u.Scheme == "https" && port == "443" {
		port = "443"
	}
	return host != "" && slices.ContainsFunc(list, func(entry string) bool {
		name, own, given := cutLast(strings.ToLower(entry), ":")
		if !given {
			name, own = strings.ToLower(entry), "443"
		}
		return (own == "*" || own == port) && (name == host || strings.HasPrefix(name, ".") && strings.HasSuffix(host, name))
	})
}

// serverOf is what an operator has to see of an address that is not called: its
// scheme, host and port, and nothing of what it may hold beside them.
func serverOf(raw string) string {
	if u, err := url.Parse(raw); err == nil && u.Host != "" {
		return strings.ToLower(u.Scheme + "://" + u.Host)
	}
	return "(none)"
}
