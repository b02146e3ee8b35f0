package login_test

import (
	"strings"
	"testing"

	"github.com/florinpay/florin/store"
)

// What is kept proves nothing to whoever reads the database.
func TestNothingIsKeptInTheClear(t *testing.T) {
	each(t, func(d *desk) {
		out := d.tokens()
		session, _, err := d.Begin(ctx, d.client, d.ola, ola)
		if err != nil {
			t.Fatal(err)
		}
		if err := d.SendCode(ctx, d.client, ola, "en"); err != nil {
			t.Fatal(err)
		}
		secrets := []string{"hush", password, out.Access.Reveal(), out.Refresh.Reveal(), session.Reveal(), d.code(ola.Value)}
		for _, table := range []string{"person", "login_code", "login_session", "oauth_client", "oauth_code", "oauth_token", "message"} {
			column := map[string]string{"person": "password", "login_code": "hash", "login_session": "id", "oauth_client": "hash", "oauth_code": "id", "oauth_token": "id", "message": "sealed"}[table]
			err := d.DB.View(ctx, d.realm, func(tx *store.Tx) error {
				return tx.All(`SELECT `+column+` FROM `+table+` WHERE realm = $1`, []any{string(d.realm)}, func(scan func(...any) error) error {
					var got []byte
					if table == "message" {
						if err := scan(&got); err != nil {
							return err
						}
					} else {
						var text string
						if err := scan(&text); err != nil {
							return err
						}
						got = []byte(text)
					}
					for _, s := range secrets {
						if strings.Contains(string(got), s) {
							t.Errorf("%s holds a secret", table)
						}
					}
					return nil
				})
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	})
}
