package app

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/florinpay/florin/core/access"
	"github.com/florinpay/florin/core/audit"
	"github.com/florinpay/florin/core/bankfile"
	"github.com/florinpay/florin/core/ident"
)

// How many files of a creditor the sandbox lists.
const listedFiles = 100

// bankFile is a file as the sandbox shows it.
type bankFile struct {
	ID      ident.ID           `json:"id"`
	Bank    string             `json:"bank,omitempty"`
	Way     bankfile.Way       `json:"way"`
	Name    string             `json:"name"`
	State   bankfile.FileState `json:"state"`
	Entries int64              `json:"entries"`
	At      string             `json:"at"`
	Place   string             `json:"place,omitempty"` // what is wrong with it, and where
	Reason  string             `json:"reason,omitempty"`
	Text    string             `json:"text,omitempty"`
}

func shownFile(bank string, f bankfile.File) bankFile {
	return bankFile{ID: f.ID, Bank: bank, Way: f.Way, Name: f.Name, State: f.State, Entries: f.Entries, At: f.CreatedAt.Format(time.RFC3339), Place: f.Place, Reason: f.Reason}
}

// readBankFiles: GET /sandbox/bankfiles
func (a *App) readBankFiles(r *http.Request, actor access.Actor) (any, error) {
	list := []bankFile{}
	all, err := a.Banks.All(r.Context(), actor)
	for i := 0; i < len(all) && err == nil; i++ {
		var files []bankfile.File
		files, err = a.Banks.Files(r.Context(), actor, all[i].ID, "", listedFiles)
		for _, f := range files {
			list = append(list, shownFile(all[i].Bank, f))
		}
	}
	slices.SortFunc(list, func(x, y bankFile) int { return cmp.Compare(y.ID, x.ID) })
	return map[string]any{"files": list}, err
}

// readBankFile: GET /sandbox/bankfiles/{id}
func (a *App) readBankFile(r *http.Request, actor access.Actor) (any, error) {
	f, text, err := a.Banks.Text(r.Context(), actor, audit.By{Actor: actor.Kind, Origin: "sandbox"}, ident.ID(chi.URLParam(r, "id")))
	if err != nil {
		return nil, err
	}
	out := shownFile("", f)
	out.Text = string(text)
	return out, nil
}
