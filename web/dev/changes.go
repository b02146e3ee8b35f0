package dev

import (
	"net/http"

	"github.com/florinpay/florin/web/docs"
)

// Changes are what was added to the contracts, and when.
type Changes struct{ Documents []Changed }

// Changed is what was added to one document, the newest first.
type Changed struct {
	Title, Path string // of its reference
	List        []docs.Change
}

// ShowChanges answers with the changes of all contracts.
func ShowChanges(w http.ResponseWriter, r *http.Request, links Links, c Changes) error {
	return show(w, r, "changes", "Changes", links, c)
}
