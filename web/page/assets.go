package page

import (
	"bytes"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var embedded embed.FS

// asset is a file as it is served: its address carries the hash of its
// content, so a browser may keep it for ever.
type asset struct {
	path      string // /assets/page.1f0c9a2b.css
	integrity string // sha384-..., for the integrity attribute
	body      []byte
}

var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// loadAssets reads the files of a flat folder.
func loadAssets(fsys fs.FS) (map[string]asset, error) {
	out := map[string]asset{}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		body, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return nil, err
		}
		ext := path.Ext(e.Name())
		if kinds[ext] == "" {
			return nil, fmt.Errorf("asset %s: no content type for %q", e.Name(), ext)
		}
		sum := sha512.Sum384(body)
		out[e.Name()] = asset{
			path:      "/assets/" + strings.TrimSuffix(e.Name(), ext) + "." + hex.EncodeToString(sum[:4]) + ext,
			integrity: Integrity(body),
			body:      body,
		}
	}
	return out, nil
}

// Integrity is the value of an integrity attribute for a script or style
// sheet: sha384- and the base64 of its hash.
func Integrity(body []byte) string {
	sum := sha512.Sum384(body)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}

// Assets serves the assets of all sets under /assets/. An address whose hash
// is not today's is not found, so an old page never gets a new script.
func Assets(sets ...*Set) http.Handler {
	files := map[string]asset{}
	for _, s := range sets {
		for _, a := range s.assets {
			files[a.path] = a
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		Policy{}.Write(w)
		a, ok := files[r.URL.Path]
		if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "not found", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", kinds[path.Ext(a.path)])
		w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	})
}
