package dev

import (
	"net/http"

	"github.com/florinpay/florin/web/docs"
)

// ShowDocs answers with the reference of a contract.
func ShowDocs(w http.ResponseWriter, r *http.Request, links Links, ref docs.Reference) error {
	return show(w, r, "docs", ref.Title, links, ref)
}
