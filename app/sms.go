package app

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/ident"
	"github.com/florinpay/florin/core/notify"
)

// smsGate is where SMS are handed over, as sms-url says: a POST of JSON
//
//	{"id", "to", "from", "text", "report"}
//
// whose 2xx answer may name the message in {"id"}. The provider tells later
// whether it arrived by posting {"state": "delivered" | "failed", "reason"} to
// the address in report. A gateway of another form needs a few lines of its
// owner's between the two.
type smsGate struct {
	address string
	user    *url.Userinfo
	from    string
	client  *http.Client
	report  func(realm, id ident.ID) string
}

// readSMSGate reads https://user:password@host/path, or https://token@host/path
// for a bearer token; plain http is for this machine alone.
func readSMSGate(raw, from string, report func(realm, id ident.ID) string) (*smsGate, error) {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && !net.ParseIP(u.Hostname()).IsLoopback()) {
		return nil, errors.New("an address such as https://user:password@sms.example.com/send is needed")
	}
	g := &smsGate{user: u.User, from: from, report: report, client: &http.Client{Timeout: 30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	u.User = nil
	g.address = u.String()
	return g, nil
}

// carry hands an SMS over. It is a notify.Carrier.
func (g *smsGate) carry(ctx context.Context, p notify.Parcel) (string, error) {
	from := g.from
	if from == "" {
		from = p.Sender
	}
	body, err := json.Marshal(map[string]string{"id": string(p.ID), "to": p.To, "from": from, "text": p.Text, "report": g.report(p.Realm, p.ID)})
	if err != nil {
		return "", fault.Wrap(err, "an SMS")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.address, bytes.NewReader(body))
	if err != nil {
		return "", fault.Wrap(err, "an SMS")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", string(p.ID))
	if password, ok := g.user.Password(); ok {
		req.SetBasicAuth(g.user.Username(), password)
	} else if g.user.Username() != "" {
		req.Header.Set("Authorization", "Bearer "+g.user.Username())
	}
	res, err := g.client.Do(req)
	if err != nil {
		return "", fault.New("unavailable.sms", "the SMS provider could not be reached")
	}
	defer res.Body.Close()
	var taken struct{ ID string }
	answer, err := io.ReadAll(io.LimitReader(res.Body, 64<<10))
	switch {
	case res.StatusCode >= 200 && res.StatusCode < 300:
		if err == nil {
			_ = json.Unmarshal(answer, &taken) // a provider may answer in words of its own
		}
		return taken.ID, nil
	case res.StatusCode == http.StatusRequestTimeout, res.StatusCode == http.StatusTooManyRequests, res.StatusCode >= 500, res.StatusCode < 400:
		return "", fault.New("unavailable.sms", "the SMS provider answered %d", res.StatusCode)
	}
	return "", fault.New("declined.number", "the SMS provider answered %d", res.StatusCode)
}

const reports = "/reports/sms/"

// reportURL is where the provider tells what became of an SMS. Whoever knows
// the address may tell: its last part is ours alone to make.
func (a *App) reportURL(realm, id ident.ID) string {
	return a.BaseURL + reports + string(realm) + "/" + string(id) + "/" + a.reportTag(realm, id)
}

func (a *App) reportTag(realm, id ident.ID) string {
	mac := hmac.New(sha256.New, a.Keys.Pepper("message reports"))
	mac.Write([]byte(string(realm) + "/" + string(id)))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// takeReport: POST /reports/sms/{realm}/{id}/{tag}
func (a *App) takeReport(w http.ResponseWriter, r *http.Request) {
	realm, id := ident.ID(chi.URLParam(r, "realm")), ident.ID(chi.URLParam(r, "id"))
	if !hmac.Equal([]byte(chi.URLParam(r, "tag")), []byte(a.reportTag(realm, id))) {
		a.sandboxFault(w, r, fault.New("not_found.message", "no such message"))
		return
	}
	var told struct{ State, Reason string }
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&told)
	if err != nil || told.State != "delivered" && told.State != "failed" {
		a.sandboxFault(w, r, fault.At("invalid.state", "state", "delivered or failed"))
		return
	}
	if err := a.Notify.Report(r.Context(), realm, id, told.State == "delivered", told.Reason); err != nil {
		a.Log.Info("report about an SMS refused", "request", wire.RequestID(r), "code", fault.Code(err))
		a.sandboxFault(w, r, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
