package app

import (
	"crypto/ecdh"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/api/wire"
	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/fault"
	"github.com/florinpay/florin/core/method"
	"github.com/florinpay/florin/core/vault/wallet"
	"github.com/florinpay/florin/store"
)

// wallets are what opens Apple Pay's and Google Pay's packets: in test mode the
// sandbox's own keys, live those that the configuration names.
func (a *App) wallets() (map[access.Environment]april.Wallets, error) {
	var err error
	if a.packets, err = wallet.NewSandbox(a.Keys.Pepper("wallet sandbox")); err != nil {
		return nil, err
	}
	live, err := a.liveWallets()
	return map[access.Environment]april.Wallets{access.Test: {Apple: a.packets.Apple, Google: a.packets.Google}, access.Live: live}, err
}

// liveWallets reads the keys and roots that the configuration names. Without
// them packets are refused.
func (a *App) liveWallets() (w april.Wallets, err error) {
	read := func(setting string, f func(text []byte) error) {
		if path := a.Config.Get(setting); path != "" && err == nil {
			var text []byte
			if text, err = os.ReadFile(path); err == nil {
				err = f(text)
			}
			if err != nil {
				err = fmt.Errorf("%s (from %s): %w", setting, a.Config[setting].Origin, err)
			}
		}
	}
	read("apple-pay-roots", func(text []byte) (err error) { w.Apple.Roots, err = wallet.ParseRoots(text); return err })
	read("google-pay-roots", func(text []byte) (err error) { w.Google.Roots, err = wallet.ParseGoogleRoots(text); return err })
	w.Google.Recipient = a.Config.Get("google-pay-recipient")
	for _, entry := range a.Config.List("apple-pay-keys") {
		merchant, path, named := strings.Cut(entry, "=")
		if !named {
			return w, fmt.Errorf("apple-pay-keys: %q is not merchant=file", entry)
		}
		key, err := readKey(path)
		if err != nil {
			return w, fmt.Errorf("apple-pay-keys: %w", err)
		}
		w.Apple.Merchants = append(w.Apple.Merchants, wallet.AppleMerchant{ID: merchant, Key: key})
	}
	for _, path := range a.Config.List("google-pay-keys") {
		key, err := readKey(path)
		if err != nil {
			return w, fmt.Errorf("google-pay-keys: %w", err)
		}
		w.Google.Keys = append(w.Google.Keys, key)
	}
	return w, err
}

func readKey(path string) (*ecdh.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	defer clear(text)
	return wallet.ParseKey(text)
}

// packetWish is a card that a packet of the sandbox is to hold.
type packetWish struct {
	Number     string `json:"number"`
	Month      int    `json:"expiryMonth"`
	Year       int    `json:"expiryYear"`
	Minor      int64  `json:"amount"`   // of Apple Pay
	Currency   string `json:"currency"` // of Apple Pay: three digits of ISO 4217
	MerchantID string `json:"merchantId"`
}

// makePacket makes a packet as a wallet does, for test mode.
func (a *App) makePacket(r *http.Request, actor access.Actor) (any, error) {
	body, err := wire.ReadBody(nil, r, 4<<10)
	if err != nil {
		return nil, err
	}
	var w packetWish
	if err := json.Unmarshal(body, &w); err != nil || !method.Luhn(w.Number) || w.Month < 1 || w.Month > 12 || w.Year < 2000 || w.Year > 2199 || w.Minor < 0 {
		return nil, fault.New("invalid.packet", "a card is needed: number, expiryMonth, expiryYear, and for Apple Pay amount and currency")
	}
	card := wallet.Card{Number: method.Conceal(w.Number), OnDevice: true, ExpiryMonth: w.Month, ExpiryYear: w.Year, ECI: "05", Amount: w.Minor, Currency: w.Currency}
	var out any
	err = a.DB.View(r.Context(), actor.Realm, func(tx *store.Tx) (err error) {
		switch chi.URLParam(r, "wallet") {
		case "apple":
			out, err = a.packets.ApplePacket(card, tx.Now())
		case "google":
			out, err = a.packets.GooglePacket(card, w.MerchantID, tx.Now())
		default:
			err = fault.New("not_found.wallet", "apple or google")
		}
		return err
	})
	return out, err
}
