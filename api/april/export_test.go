package april

import (
	"strings"

	"github.com/florinpay/florin/core/ident"
)

// Name is the contract's name of any object, by its prefix.
func Name(prefix string, id ident.ID) string { return idKind(prefix).wire(id) }

// Parse reads a name of any object.
func Parse(name string) (ident.ID, bool) {
	prefix, _, _ := strings.Cut(name, "_")
	return idKind(prefix).parse(name)
}
