package fake

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/florinpay/florin/connector"
)

// The page on which a payer agrees to be charged again.

// placeToken names something of the books by its place, in an address that nobody
// can guess.
func placeToken(key, what string, n int) string {
	return strconv.FormatInt(int64(n)+1, 36) + "-" + placeMark(key, what, n)
}

func placeMark(key, what string, n int) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(what + "\x00" + strconv.Itoa(n)))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// placeOf reads the place back out of an address, where count are taken.
func (p *Provider) placeOf(what, token string, count int) (n int, ok bool) {
	place, given, _ := strings.Cut(token, "-")
	i, err := strconv.ParseInt(place, 36, 32)
	if err != nil || i < 1 || int(i) > count {
		return 0, false
	}
	found := 0
	for _, k := range p.keys {
		found |= subtle.ConstantTimeCompare([]byte(given), []byte(placeMark(k.Reveal(), what, int(i-1))))
	}
	return int(i - 1), found == 1
}

// agreementTime is the time of an agreement's account.
func (p *Provider) agreementTime(w *writing, a agreement) int64 {
	var wall time.Time
	if p.clock != nil {
		wall = p.clock()
	}
	return w.now(w.words.of(a.Account), wall)
}

func (p *Provider) showAgreement(w http.ResponseWriter, r *http.Request) {
	var v view
	var found bool
	err := p.books.do(func(b *writing) {
		var n int
		if n, found = p.placeOf(pageAgreement, r.PathValue("token"), len(b.agreements)); found {
			v = p.agreementView(b.agreements[n], p.agreementTime(b, b.agreements[n]))
		}
	})
	p.page(w, v, found, err, http.StatusOK)
}

// chooseAgreement takes the payer's choice.
func (p *Provider) chooseAgreement(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4096)
	if err := r.ParseForm(); err != nil {
		p.gone(w)
		return
	}
	if err := http.NewCrossOriginProtection().Check(r); err != nil {
		p.page(w, view{}, false, nil, http.StatusForbidden)
		return
	}
	var a agreement
	var v view
	var found bool
	err := p.books.do(func(b *writing) {
		var n int
		if n, found = p.placeOf(pageAgreement, r.PathValue("token"), len(b.agreements)); !found {
			return
		}
		at := p.agreementTime(b, b.agreements[n])
		a = b.turnAgreement(n, at)
		if a.decide(r.PostForm.Get("choice"), at) {
			b.agree(n, a)
			if a.State != connector.Pending {
				b.tellAgreement(n, a)
			}
		}
		v = p.agreementView(a, at)
	})
	switch {
	case err != nil || !found:
		p.page(w, v, found, err, http.StatusOK)
	case v.Open || v.Return == "":
		http.Redirect(w, r, p.base+Prefix+pageAgreement+"/"+url.PathEscape(r.PathValue("token")), http.StatusSeeOther)
	default:
		http.Redirect(w, r, v.Return, http.StatusSeeOther)
	}
}

func (p *Provider) agreementView(a agreement, at int64) view {
	late := a.Due > 0 && a.Due <= at
	v := view{Page: pageAgreement, Shop: a.Shop, Amount: a.Maximum, Currency: string(a.Currency), Kind: "At most, each time", Return: a.Return, State: a.State,
		Wallet: walletName(a.Brand), Title: "Agree with " + walletName(a.Brand), Open: a.State == connector.Pending && !a.Chosen && !late,
		Waits: a.State == connector.Pending && a.Chosen && !late, Paid: a.State == connector.Approved}
	if a.Currency == "" {
		v.Kind = "Later payments of any amount"
	}
	if v.Shop == "" {
		v.Shop = a.Account
	}
	return v
}
