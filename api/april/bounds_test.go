package april_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/florinpay/florin/api/april"
	"github.com/florinpay/florin/store/storetest"
)

// TestEveryIDAndPage: whatever operation is asked about an id that is of another
// kind, cut off or no id at all, there is none; and no list takes a page that it
// cannot give.
func TestEveryIDAndPage(t *testing.T) {
	for _, engine := range storetest.Engines {
		t.Run(engine, func(t *testing.T) {
			h := open(t, engine)
			a := h.sandbox.April
			bare := strings.TrimPrefix(a.MerchantID, "mcht_")
			asked := 0
			for _, o := range april.Operations() {
				if !o.Routed() {
					continue
				}
				key := a.SecretKey
				if !o.Takes(april.SecretKey) {
					key = a.MarketplaceKey
				}
				expect := func(path string, status int, code string) {
					asked++
					if got := h.ask(t, o.Method, path, key, ""); got.status != status || got.code() != code {
						t.Errorf("%s %s: got %d %s, want %d %s", o.Method, path, got.status, got.body, status, code)
					}
				}
				bodiless := strings.HasSuffix(o.Path, "/cancel") || strings.HasSuffix(o.Path, "/send")
				switch {
				case strings.Contains(o.Path, "{id}"):
					if o.Method != http.MethodGet && o.Method != http.MethodDelete && !bodiless {
						continue
					}
					for _, id := range []string{"x_" + bare, "garbage", bare, "%00", "ordr_" + bare[1:], "tran_" + strings.Repeat("A", 17)} {
						expect(strings.Replace(o.Path, "{id}", id, 1), http.StatusNotFound, "not_found")
					}
				case o.Method == http.MethodGet && !strings.HasSuffix(o.Path, "/report"):
					list := o.Path + "?merchantId=" + a.MerchantID + "&customerId=" + a.CustomerID + "&currency=AUD&createdAfter=2026-11-20T00:00:00Z&createdBefore=2026-11-22T00:00:00Z&"
					for _, q := range []string{"limit=1", "limit=500&page=2147483647"} {
						expect(list+q, http.StatusOK, "")
					}
					for _, q := range []string{"limit=0", "limit=501", "limit=-1", "limit=x", "page=0", "page=2147483648", "page=1.5", "sort=nonsense"} {
						expect(list+q, http.StatusBadRequest, "validation_failed")
					}
				}
			}
			if asked < 200 {
				t.Errorf("only %d requests", asked)
			}
		})
	}
}
