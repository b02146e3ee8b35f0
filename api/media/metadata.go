package media

import (
	"net/http"
	"strings"

	"github.com/florinpay/florin/api/wire"
)

// metadata tells clients where everything is (RFC 8414). It is served under the
// name that OpenID clients ask for too; there are no identity tokens here.
func (s *Surface) metadata(w http.ResponseWriter, r *http.Request) {
	mount, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	issuer := s.BaseURL + "/" + mount
	err := wire.WriteJSON(w, http.StatusOK, map[string]any{
		"issuer":                                issuer,
		"authorization_endpoint":                issuer + "/oauth/authorize",
		"token_endpoint":                        issuer + "/oauth/token",
		"revocation_endpoint":                   issuer + "/oauth/revoke",
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"grant_types_supported":                 []string{"authorization_code", "refresh_token", "client_credentials"},
		"scopes_supported":                      []string{"read", "write"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "none"},
		"ui_locales_supported":                  []string{"en", "nb", "sv", "da", "fi", "de"},
	})
	if err != nil { // nothing in it can fail to encode
		s.Log.Error("the metadata could not be written", "err", err)
	}
}
