package bankfile_test

import (
	"context"
	"testing"

	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/method"
)

// After the realm's key has changed, files and accounts that wait are sealed by
// the new one, and read as before.
func TestKeysChange(t *testing.T) {
	each(t, func(h *house) {
		ctx := context.Background()
		owner := h.owner()
		h.want(h.no, owner, nil)
		h.until(12, 3)
		h.bill(h.no, owner, 34900, "2026-12-10")
		h.until(12, 5)
		swede := h.owner()
		h.want(h.se, swede, &bankfile.Account{Number: method.Conceal("3300001212121212"), Person: method.Conceal("191212121212")})
		files, err := h.Files(ctx, h.actor, h.no.ID, "", 10)
		if err != nil || len(files) < 2 {
			h.t.Fatalf("got %+v (%v)", files, err)
		}
		_, before, err := h.Text(ctx, h.actor, by, files[0].ID)
		h.must(err)
		_, err = h.Vault.NewKey(ctx, h.actor.Realm, by)
		h.must(err)
		for _, want := range []int{1, len(files) - 1 + 1, 0} { // one, then the other files and the account
			limit := 100
			if want == 1 {
				limit = 1
			}
			if n, err := h.Reseal(ctx, h.actor.Realm, limit); n != want || err != nil {
				h.t.Errorf("resealed %d (%v), want %d", n, err, want)
			}
		}
		if _, after, err := h.Text(ctx, h.actor, by, files[0].ID); err != nil || string(after) != string(before) {
			h.t.Errorf("got %q (%v), want %q", after, err, before)
		}
		h.until(12, 8) // the account is read once more, and goes out
		if m := h.mandate(h.se, swede); m.State != bankfile.Active {
			h.t.Errorf("got %s", m.State)
		}
	})
}
